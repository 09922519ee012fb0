"""Every kind of request, on the files of ``events/``: its answer and what is stored."""

import base64
import json
from typing import Any

import pytest

from support.callback import EVENT_TIME_S, FOLLOW, OPENID, PAGE, callback_deps, sealed, stored
from support.world import World
from wxlive.domain.followers import Source, Status
from wxlive.settings import Secrets
from wxlive.telemetry import Metric
from wxlive.wechat.crypto import signature
from wxlive.wechat.message_body import read_encrypted
from wxlive_callback.handler import answer

SAMPLE = Secrets(
    "wx2c2769f8efd9abc2",
    PAGE.secret,
    ("spamtest",),
    ("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",),
)


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
    world: World,
    read: Any,
    name: str,
    mode: str,
    secrets: Secrets,
    status: int,
    body: str,
    records: tuple[int, int],
) -> None:
    reply = answer(read(name), callback_deps(world, secrets, mode))

    assert (reply["statusCode"], reply["body"]) == (status, body)
    assert stored(world) == records


def test_a_follow_event_makes_a_follower(world: World, read: Any) -> None:
    answer(read("follow_secure_json"), callback_deps(world, PAGE))

    follower = world.table()[OPENID]
    assert (follower.status, follower.source) == (Status.SUBSCRIBED, Source.CALLBACK)
    assert follower.changed_at == follower.subscribed_at == EVENT_TIME_S
    assert not world.telemetry.counted


@pytest.mark.parametrize(
    "order", [["follow", "unfollow"], ["unfollow", "follow"], ["unfollow", "follow", "unfollow"]]
)
def test_unfollowing_in_the_same_second_wins_in_any_order(
    world: World, read: Any, order: list[str]
) -> None:
    deps = callback_deps(world, PAGE)

    answers = [answer(read(f"{name}_secure_json"), deps)["statusCode"] for name in order]

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
    world: World, read: Any, name: str, mode: str
) -> None:
    deps = callback_deps(world, PAGE, mode)
    answer(read(name), deps)
    before = world.table(), world.state_items()
    world.clock.now_s += 60

    assert answer(read(name), deps)["body"] == "success"
    assert (world.table(), world.state_items()) == before


@pytest.mark.parametrize("name", ["follow_secure_json", "push_result_secure_xml"])
def test_a_captured_request_whose_nonce_names_a_later_time_changes_nothing_at_that_time(
    world: World, read: Any, name: str
) -> None:
    event = read(name)
    encrypted = read_encrypted(event["body"].encode())
    sent_at, nonce = EVENT_TIME_S, EVENT_TIME_S + 86_400
    signed = {"msg_signature": signature(PAGE.tokens[0], str(sent_at), str(nonce), encrypted)}
    captured = event | {
        "queryStringParameters": signed | {"timestamp": str(sent_at), "nonce": str(nonce)}
    }
    exchanged = event | {
        "queryStringParameters": signed | {"timestamp": str(nonce), "nonce": str(sent_at)}
    }
    deps = callback_deps(world, PAGE, max_age_s=600)
    world.clock.now_s = sent_at
    assert answer(captured, deps)["body"] == "success"
    before = world.table(), world.state_items()

    world.clock.now_s = nonce
    assert answer(captured, deps)["statusCode"] == 403
    assert answer(exchanged, deps)["body"] == "success"
    assert (world.table(), world.state_items()) == before


def test_a_result_is_stored_by_its_message_id_before_any_chunk_is_known(
    world: World, read: Any
) -> None:
    answer(read("push_result_plaintext_xml"), callback_deps(world, PAGE, "plaintext"))

    [result] = world.results.of_room(1001)
    assert result.message_id == "1622047360795164672"
    assert (result.total, result.success, result.relation_error) == (2000, 1970, 20)
    assert Metric.RESULT_ANOMALY not in world.telemetry.counted


def test_a_result_that_does_not_add_up_is_stored_counted_and_answered_success(
    world: World, read: Any
) -> None:
    event = read("push_result_plaintext_xml")
    event["body"] = event["body"].replace("<total_count>2000", "<total_count>1999")

    assert answer(event, callback_deps(world, PAGE, "plaintext"))["body"] == "success"
    assert stored(world) == (0, 1)
    assert world.telemetry.counted[Metric.RESULT_ANOMALY] == 1


@pytest.mark.parametrize("age_s", [0, 600, 601])
def test_the_age_of_a_request_is_measured_by_our_clock(world: World, read: Any, age_s: int) -> None:
    world.clock.now_s = EVENT_TIME_S + age_s
    deps = callback_deps(world, PAGE, max_age_s=600)

    assert answer(read("follow_secure_json"), deps)["statusCode"] == (200 if age_s <= 600 else 403)


@pytest.mark.parametrize("name", ["follow_secure_json", "push_result_secure_xml"])
def test_a_base64_body_is_the_same_body(world: World, read: Any, name: str) -> None:
    event = read(name)
    event |= {
        "body": base64.b64encode(event["body"].encode()).decode(),
        "isBase64Encoded": True,
    }

    assert answer(event, callback_deps(world, PAGE))["body"] == "success"
    assert sum(stored(world)) == 1


@pytest.mark.parametrize("body", ["no base64!", "AAA", "\u4e2d\u6587"])
def test_a_body_that_is_not_the_base64_it_claims_is_refused(
    world: World, read: Any, body: str
) -> None:
    event = read("follow_secure_json") | {"body": body, "isBase64Encoded": True}

    assert answer(event, callback_deps(world, PAGE))["statusCode"] == 400


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
    world: World, read: Any, changes: dict[str, Any], status: int
) -> None:
    reply = answer(read("follow_secure_json") | changes, callback_deps(world, PAGE))

    assert reply["statusCode"] == status
    assert len(reply["body"].split()) <= 3
    assert stored(world) == (0, 0)
    assert world.telemetry.counted == {Metric.CALLBACK_REJECTED: 1}


def test_two_events_of_the_same_second_and_user_both_count(world: World) -> None:
    deps = callback_deps(world, PAGE)
    result = {
        "message_id": "1622047360795164672",
        "total_count": 1,
        "success_count": 1,
        "openid_error_count": 0,
        "relation_error_count": 0,
        "user_recv_limit_count": 0,
        "internal_error_count": 0,
    }
    report = FOLLOW | {"Event": "wxalive_push_message_notify", "PushMessageApiNotify": result}
    report["PushMessageApiNotify"] = result | {"room_id": 1}
    another = FOLLOW | {"user_openid": "oAnother"}
    for message in (FOLLOW, report, another, FOLLOW | {"action": "del_follow"}):
        answer(sealed(json.dumps(message)), deps)

    statuses = {openid: follower.status for openid, follower in world.table().items()}
    assert statuses == {OPENID: Status.UNSUBSCRIBED, "oAnother": Status.SUBSCRIBED}
    assert [result.message_id for result in world.results.of_room(1)] == ["1622047360795164672"]
