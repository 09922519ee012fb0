"""The callback from API Gateway's event to the stored record, on the files of ``events/``."""

import base64
import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from wxlive.crypto import Envelope, signature
from wxlive.errors import Misconfigured
from wxlive.followers import Source, Status
from wxlive.intake import AHEAD_ALLOWED_S
from wxlive.messages import MAX_TEXT_BYTES
from wxlive.settings import Secrets
from wxlive.telemetry import Metric
from wxlive_callback import handler
from wxlive_callback.handler import answer

if TYPE_CHECKING:
    from tests.integration.conftest import Deployment, World

APP_SECRET = "never-shown-app-secret"
PAGE = Secrets("wxba5fad812f8e6fb9", APP_SECRET, ("AAAAA",), ("A" * 43,))
SAMPLE = Secrets(
    "wx2c2769f8efd9abc2",
    APP_SECRET,
    ("spamtest",),
    ("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",),
)
OPENID = "o9AgO5Kd5ggOC-bXrbNODIiE3bGY"


@pytest.fixture
def read(request: pytest.FixtureRequest) -> Any:
    """Read one file of ``events/callback/``."""
    folder = request.config.rootpath / "events" / "callback"
    return lambda name: json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))


def stored(world: "World") -> tuple[int, int]:
    """How many followers and how many other records there are."""
    return len(world.table()), len(world.state_items())


@pytest.mark.parametrize(
    ("name", "mode", "secrets", "status", "body", "records"),
    [
        ("verify_url", "secure", PAGE, 200, "4375120948345356249", (0, 0)),
        ("verify_url", "compatible", PAGE, 200, "4375120948345356249", (0, 0)),
        ("verify_url", "plaintext", PAGE, 200, "4375120948345356249", (0, 0)),
        ("verify_url_forged", "secure", PAGE, 403, "forbidden", (0, 0)),
        ("follow_secure_json", "secure", PAGE, 200, "success", (1, 0)),
        ("follow_secure_json", "compatible", PAGE, 200, "success", (1, 0)),
        ("unfollow_secure_json", "secure", PAGE, 200, "success", (1, 0)),
        ("push_result_secure_xml", "secure", PAGE, 200, "success", (0, 1)),
        ("debug_demo_secure_json", "secure", PAGE, 200, "success", (0, 0)),
        ("compatible_xml", "compatible", SAMPLE, 200, "success", (0, 0)),
        ("forged", "secure", PAGE, 403, "forbidden", (0, 0)),
        ("forged", "compatible", PAGE, 403, "forbidden", (0, 0)),
        ("follow_plaintext_xml", "plaintext", PAGE, 200, "success", (1, 0)),
        ("push_result_plaintext_xml", "plaintext", PAGE, 200, "success", (0, 1)),
        ("follow_plaintext_xml", "secure", PAGE, 400, "bad request", (0, 0)),
        ("follow_plaintext_xml", "compatible", PAGE, 400, "bad request", (0, 0)),
        ("follow_secure_json", "plaintext", PAGE, 200, "success", (0, 0)),
        ("follow_secure_json", "secure", SAMPLE, 403, "forbidden", (0, 0)),
    ],
)
def test_each_event_has_its_answer_and_its_record(
    world: "World",
    read: Any,
    name: str,
    mode: str,
    secrets: Secrets,
    status: int,
    body: str,
    records: tuple[int, int],
) -> None:
    reply = answer(read(name), world.callback_parts(secrets, mode))

    assert (reply["statusCode"], reply["body"]) == (status, body)
    assert stored(world) == records


def test_a_follow_event_makes_a_follower(world: "World", read: Any) -> None:
    answer(read("follow_secure_json"), world.callback_parts(PAGE))

    follower = world.table()[OPENID]
    assert (follower.status, follower.source) == (Status.SUBSCRIBED, Source.CALLBACK)
    assert follower.changed_at == follower.subscribed_at == 1_714_112_445
    assert world.telemetry.counted == {
        Metric.CALLBACK_STORED: 1,
        Metric.CALLBACK_CURRENT_SECRETS: 1,
    }


@pytest.mark.parametrize(
    "order", [["follow", "unfollow"], ["unfollow", "follow"], ["unfollow", "follow", "unfollow"]]
)
def test_unfollowing_in_the_same_second_wins_in_any_order(
    world: "World", read: Any, order: list[str]
) -> None:
    parts = world.callback_parts(PAGE)

    answers = [answer(read(f"{name}_secure_json"), parts)["statusCode"] for name in order]

    assert answers == [200] * len(order)
    assert world.table()[OPENID].status is Status.UNSUBSCRIBED


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("follow_secure_json", "secure"),
        ("unfollow_secure_json", "secure"),
        ("push_result_secure_xml", "secure"),
        ("push_result_plaintext_xml", "plaintext"),
    ],
)
def test_a_replay_is_answered_success_and_changes_nothing(
    world: "World", read: Any, name: str, mode: str
) -> None:
    parts = world.callback_parts(PAGE, mode)
    answer(read(name), parts)
    before = world.table(), world.state_items()
    world.clock.now_s += 60

    assert answer(read(name), parts)["body"] == "success"
    assert (world.table(), world.state_items()) == before


def test_a_result_is_kept_by_its_message_id_before_any_chunk_is_known(
    world: "World", read: Any
) -> None:
    answer(read("push_result_plaintext_xml"), world.callback_parts(PAGE, "plaintext"))

    [result] = world.campaigns.results(1001)
    assert result.message_id == "1622047360795164672"
    assert (result.total, result.success, result.relation_error) == (2000, 1970, 20)
    assert Metric.RESULT_ODD not in world.telemetry.counted


def test_an_odd_result_is_kept_counted_and_answered_success(world: "World", read: Any) -> None:
    event = read("push_result_plaintext_xml")
    event["body"] = event["body"].replace("<total_count>2000", "<total_count>1999")

    assert answer(event, world.callback_parts(PAGE, "plaintext"))["body"] == "success"
    assert stored(world) == (0, 1)
    assert world.telemetry.counted[Metric.RESULT_ODD] == 1


@pytest.mark.parametrize("age_s", [0, 600, 601])
def test_the_age_is_told_by_our_clock(world: "World", read: Any, age_s: int) -> None:
    world.clock.now_s = 1_714_112_445 + age_s
    parts = world.callback_parts(PAGE, max_age_s=600)

    assert answer(read("follow_secure_json"), parts)["statusCode"] == (200 if age_s <= 600 else 403)


@pytest.mark.parametrize("name", ["follow_secure_json", "push_result_secure_xml"])
def test_a_base64_body_is_the_same_body(world: "World", read: Any, name: str) -> None:
    event = read(name)
    event |= {
        "body": base64.b64encode(event["body"].encode()).decode(),
        "isBase64Encoded": True,
    }

    assert answer(event, world.callback_parts(PAGE))["body"] == "success"
    assert sum(stored(world)) == 1


@pytest.mark.parametrize("body", ["no base64!", "AAA", "\u4e2d\u6587"])
def test_a_body_that_is_not_the_base64_it_claims_is_refused(
    world: "World", read: Any, body: str
) -> None:
    event = read("follow_secure_json") | {"body": body, "isBase64Encoded": True}

    assert answer(event, world.callback_parts(PAGE))["statusCode"] == 400


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"httpMethod": "PUT"}, 405),
        ({"httpMethod": "DELETE"}, 405),
        ({"httpMethod": None}, 405),
        ({"body": None}, 400),
        ({"body": ""}, 400),
        ({"body": "x" * 200_000}, 413),
        ({"body": "<xml><Encrypt>" + "&a;" * 9 + "</Encrypt></xml>"}, 400),
        ({"queryStringParameters": None}, 403),
        ({"queryStringParameters": {}}, 403),
    ],
)
def test_what_wechat_never_sends_is_refused_and_changes_nothing(
    world: "World", read: Any, changes: dict[str, Any], status: int
) -> None:
    reply = answer(read("follow_secure_json") | changes, world.callback_parts(PAGE))

    assert reply["statusCode"] == status
    assert len(reply["body"].split()) <= 3
    assert stored(world) == (0, 0)
    assert world.telemetry.counted == {Metric.CALLBACK_REJECTED: 1}


# ------------------------------------------------------ what makes no sense


def sealed(text: str, secrets: Secrets = PAGE) -> dict[str, Any]:
    """What the API hands on when WeChat sends this message."""
    encrypted = Envelope(secrets.aes_keys[0], secrets.appid).encrypt(text)
    query = {
        "timestamp": "1714112445",
        "nonce": "1",
        "msg_signature": signature(secrets.tokens[0], "1714112445", "1", encrypted),
    }
    body = json.dumps({"ToUserName": "gh_1", "Encrypt": encrypted})
    return {"httpMethod": "POST", "queryStringParameters": query, "body": body}


FOLLOW = {
    "FromUserName": OPENID,
    "CreateTime": 1_714_112_445,
    "MsgType": "event",
    "Event": "wxalive_follow_notify",
    "room_id": 1,
    "user_openid": OPENID,
    "time": 1_714_112_445,
    "live_status": 101,
    "action": "add_follow",
}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (json.dumps(FOLLOW | {"user_openid": ""}), "user_openid is missing"),
        (json.dumps(FOLLOW | {"user_openid": "o\ufffd"}), "user_openid is not 1 to 128 visible"),
        (json.dumps(FOLLOW | {"action": "like"}), "action is none of"),
        (json.dumps(FOLLOW | {"time": 1_714_112_445_000}), "time lies in the future"),
        (json.dumps(FOLLOW | {"Event": ["a", "b"]}), "Event is not text"),
        (json.dumps(FOLLOW)[:-1], "can't be read"),
        ("<xml><a>&b;</a></xml>", "can't be read"),
        ('{"a":' + "[" * 50 + "]" * 50 + "}", "nested too deeply"),
        ("hello", "neither XML nor a JSON object"),
        ("", "neither XML nor a JSON object"),
        ("x" * 70_000, "more than 65536 bytes"),
    ],
)
def test_an_authentic_message_that_makes_no_sense_is_acknowledged_and_kept_aside(
    world: "World", text: str, why: str
) -> None:
    assert answer(sealed(text), world.callback_parts(PAGE))["body"] == "success"

    [kept] = world.aside
    assert kept["message"] == text[:MAX_TEXT_BYTES]
    assert why in kept["why"]
    assert world.telemetry.counted[Metric.CALLBACK_SET_ASIDE] == 1
    assert (stored(world), world.backlog) == ((0, 0), [])


def test_a_fact_from_the_future_would_win_for_ever_so_it_is_kept_aside(world: "World") -> None:
    parts = world.callback_parts(PAGE)
    tomorrow = int(world.clock()) + AHEAD_ALLOWED_S
    for openid, time_s in (("oSoon", tomorrow), ("oLater", tomorrow + 1)):
        answer(sealed(json.dumps(FOLLOW | {"user_openid": openid, "time": time_s})), parts)

    assert set(world.table()) == {"oSoon"}
    assert len(world.aside) == 1


def test_bytes_that_are_no_text_spoil_only_the_field_they_are_in(world: "World") -> None:
    clear = json.dumps(FOLLOW | {"nickname": "?"}, ensure_ascii=False).encode()
    query = {"timestamp": "1714112445", "nonce": "1"}
    query["signature"] = signature("AAAAA", "1714112445", "1")
    event = {
        "httpMethod": "POST",
        "queryStringParameters": query,
        "body": base64.b64encode(clear.replace(b"?", b"\xe4\xb8")).decode(),
        "isBase64Encoded": True,
    }

    assert answer(event, world.callback_parts(PAGE, "plaintext"))["body"] == "success"
    assert set(world.table()) == {OPENID}


def test_an_unknown_event_is_acknowledged_and_counted(world: "World", read: Any) -> None:
    answer(read("debug_demo_secure_json"), world.callback_parts(PAGE))

    assert world.telemetry.counted[Metric.CALLBACK_IGNORED] == 1
    assert (stored(world), world.aside, world.backlog) == ((0, 0), [], [])


# ------------------------------------------------- each thing fails in its turn


def _fail() -> None:
    raise OSError("the store is down, at line 42 of some file")


@pytest.mark.parametrize("name", ["follow_secure_json", "push_result_secure_xml"])
def test_what_could_not_be_stored_is_queued_and_stored_later(
    world: "World", read: Any, name: str
) -> None:
    world.steps.before("PutItem", _fail)

    reply = answer(read(name), world.callback_parts(PAGE))

    assert (reply["statusCode"], reply["body"]) == (200, "success")
    assert stored(world) == (0, 0)
    assert world.telemetry.counted[Metric.CALLBACK_QUEUED] == 1
    [waiting] = world.backlog
    assert waiting["why"] == "OSError"
    world.backlog_parts().intake.take(waiting["message"], world.clock())
    assert sum(stored(world)) == 1


@pytest.mark.parametrize("name", ["follow_secure_json", "push_result_secure_xml"])
def test_what_can_be_neither_stored_nor_queued_is_asked_for_again_without_a_trace(
    world: "World", read: Any, name: str
) -> None:
    world.steps.before("PutItem", _fail)
    world.steps.before("SendMessage", _fail)
    parts = world.callback_parts(PAGE)

    reply = answer(read(name), parts)

    assert (reply["statusCode"], reply["body"]) == (500, "try again")
    assert world.telemetry.counted[Metric.CALLBACK_FAILED] == 1
    assert answer(read(name), parts)["body"] == "success"
    assert sum(stored(world)) == 1


def test_what_can_not_be_kept_aside_goes_to_the_backlog(world: "World") -> None:
    world.steps.before("SendMessage", _fail)

    assert answer(sealed("hello"), world.callback_parts(PAGE))["body"] == "success"
    assert [waiting["message"] for waiting in world.backlog] == ["hello"]


def test_what_can_not_be_kept_anywhere_is_asked_for_again(world: "World") -> None:
    world.steps.before("SendMessage", _fail, _fail)

    assert answer(sealed("hello"), world.callback_parts(PAGE))["statusCode"] == 500
    assert (world.aside, world.backlog) == ([], [])


@pytest.mark.parametrize("call", ["PutItem", "SendMessage"])
def test_nothing_is_answered_when_the_process_dies(world: "World", read: Any, call: str) -> None:
    def die() -> None:
        raise KeyboardInterrupt  # passes every `except Exception`, as a killed process does

    if call == "SendMessage":
        world.steps.before("PutItem", _fail)
    world.steps.before(call, die)

    with pytest.raises(KeyboardInterrupt):
        answer(read("follow_secure_json"), world.callback_parts(PAGE))

    assert stored(world) == (0, 0)


def test_two_events_of_the_same_second_and_user_both_count(world: "World") -> None:
    parts = world.callback_parts(PAGE)
    result = {
        "message_id": "1622047360795164672",
        "total_count": 1,
        "success_count": 1,
        "openid_error_count": 0,
        "relation_error_count": 0,
        "user_recv_limit_count": 0,
        "internal_error_count": 0,
    }
    told = FOLLOW | {"Event": "wxalive_push_message_notify", "PushMessageApiNotify": result}
    told["PushMessageApiNotify"] = result | {"room_id": 1}
    another = FOLLOW | {"user_openid": "oAnother"}
    for message in (FOLLOW, told, another, FOLLOW | {"action": "del_follow"}):
        answer(sealed(json.dumps(message)), parts)

    statuses = {openid: follower.status for openid, follower in world.table().items()}
    assert statuses == {OPENID: Status.UNSUBSCRIBED, "oAnother": Status.SUBSCRIBED}
    assert [kept.message_id for kept in world.campaigns.results(1)] == ["1622047360795164672"]


# ---------------------------------------------------------------- the secrets


@pytest.mark.parametrize(
    ("tokens", "keys", "metric"),
    [
        (("AAAAA", "old"), ("A" * 43, "B" * 43), Metric.CALLBACK_CURRENT_SECRETS),
        (("new", "AAAAA"), ("A" * 43,), Metric.CALLBACK_PREVIOUS_SECRETS),
        (("AAAAA",), ("B" * 43, "A" * 43), Metric.CALLBACK_PREVIOUS_SECRETS),
    ],
)
def test_it_is_counted_which_secrets_fit(
    world: "World", read: Any, tokens: tuple[str, ...], keys: tuple[str, ...], metric: Metric
) -> None:
    rotated = replace(PAGE, tokens=tokens, aes_keys=keys)

    answer(read("follow_secure_json"), world.callback_parts(rotated))

    assert world.telemetry.counted == {Metric.CALLBACK_STORED: 1, metric: 1}


@pytest.mark.parametrize("problem", [Misconfigured("no secret"), OSError("no network")])
def test_a_secret_that_cannot_be_read_is_not_wechats_fault(
    world: "World", read: Any, problem: Exception
) -> None:
    def secrets() -> Secrets:
        raise problem

    parts = replace(world.callback_parts(PAGE), secrets=secrets)

    assert answer(read("follow_secure_json"), parts)["statusCode"] == 500


def test_a_missing_aes_key_is_not_wechats_fault(world: "World", read: Any) -> None:
    parts = world.callback_parts(replace(PAGE, aes_keys=()))

    assert answer(read("follow_secure_json"), parts)["statusCode"] == 500


def test_the_log_tells_each_outcome_and_neither_a_secret_nor_a_whole_openid(
    world: "World",
    read: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", f"test-{uuid4().hex}")
    world.telemetry = type(world.telemetry)()
    rotated = replace(PAGE, tokens=("token-in-use", "AAAAA"), aes_keys=("B" * 43, "A" * 43))
    parts = world.callback_parts(rotated)
    for name in ("follow_secure_json", "push_result_secure_xml", "forged", "verify_url_forged"):
        answer(read(name), parts)
    world.steps.before(
        "PutItem",
        lambda: (_ for _ in ()).throw(OSError(f"{APP_SECRET} access_token=TOKEN {'A' * 43}")),
    )
    answer(read("unfollow_secure_json"), parts)

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert "…" in lines[1]["follower"]
    messages = [line["message"] for line in lines]
    assert messages == [
        "callback by previous secrets",
        "callback taken",
        "callback by previous secrets",
        "callback taken",
        "callback rejected",
        "callback rejected",
        "callback by previous secrets",
        "callback queued",
    ]
    text = json.dumps(lines)
    for hidden in (OPENID, APP_SECRET, "token-in-use", "AAAAA", "B" * 43, "TOKEN"):
        assert hidden not in text
    assert "***" in lines[-1]["exception"]


# ----------------------------------------------------------- the real parts


def test_the_deployed_handler_answers_and_counts(
    capsys: pytest.CaptureFixture[str], deployment: "Deployment"
) -> None:
    deployment.store_secret(appid=PAGE.appid, secret=APP_SECRET, token="AAAAA", aes_key="A" * 43)
    context: Any = deployment.context

    reply = handler.lambda_handler(deployment.event("callback/follow_secure_json.json"), context)
    refused = handler.lambda_handler(deployment.event("callback/forged.json"), context)

    assert (reply["statusCode"], reply["body"]) == (200, "success")
    assert reply["headers"]["Content-Type"].startswith("text/plain")
    assert refused["statusCode"] == 403
    assert set(deployment.world.table()) == {OPENID}
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    metrics = [line for line in lines if "_aws" in line]
    assert [line for line in metrics if "CallbackStored" in line]
    assert [line for line in metrics if "CallbackRejected" in line]
    logged = [line for line in lines if "_aws" not in line]
    assert {line["request"] for line in logged} == {deployment.context.aws_request_id}


def test_the_deployed_handler_refuses_what_is_too_old(deployment: "Deployment") -> None:
    deployment.configure(CALLBACK_MAX_AGE_S="600")
    account = deployment.world.wechat.account
    context: Any = deployment.context

    def ask(at: int) -> dict[str, Any]:
        query = {
            "signature": signature(account.token, str(at), "n"),
            "timestamp": str(at),
            "nonce": "n",
            "echostr": "echo",
        }
        return handler.lambda_handler(
            {"httpMethod": "GET", "queryStringParameters": query}, context
        )

    assert ask(int(time.time()))["body"] == "echo"
    assert ask(int(time.time()) - 1000)["statusCode"] == 403


def test_the_deployed_handler_without_its_secret_asks_wechat_to_come_again(
    deployment: "Deployment",
) -> None:
    deployment.delete_secret()
    context: Any = deployment.context
    event = deployment.event("callback/follow_secure_json.json")

    assert handler.lambda_handler(event, context)["statusCode"] == 500
