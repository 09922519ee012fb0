"""``wxlive doctor``: every probe runs, whatever fails in the others."""

import json
from typing import Any, NoReturn

import boto3
import pytest
import requests

from factories import NOW_S, a_room
from support.chinese import english
from support.cli import SECRET, Operator
from support.doctor import QUEUES, URL, Aws, Callback, FailingAws
from wxlive.aws import OLDEST_BOTO3
from wxlive.domain.rooms import Choice
from wxlive.errors import Misconfigured
from wxlive.wechat.crypto import is_signed
from wxlive_cli.doctor import probes

PUSH_MESSAGE = "/wxa/business/push_message"


@pytest.fixture
def aws(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> Aws:
    aws = Aws()
    operator.sqs = aws
    operator.outputs |= {"CallbackUrl": URL, "AlarmTopic": "arn:alarms"}
    operator.outputs |= {"CallbackFunction": "wxlive-callback"}
    operator.outputs |= {f"{queue}Url": queue for queue in QUEUES}
    quota = {"daily_limit": 5000, "used": 1}
    operator.functions.answer = {
        "now": NOW_S,
        "apis": {PUSH_MESSAGE: quota},
        "ahead_of_wechat_s": 0.4,
        "boto3": "1.44.5",
    }
    monkeypatch.setattr(boto3, "client", lambda _: aws)
    monkeypatch.setattr(probes, "connect", operator.connect)
    return aws


@pytest.fixture(autouse=True)
def callback(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Callback:
    callback = Callback()
    monkeypatch.setattr(requests, "get", callback.get)
    return callback


def levels(facts: dict[str, Any]) -> dict[str, str]:
    return {finding["check"]: finding["level"] for finding in facts["checks"]}


def test_where_only_a_sync_is_missing_everything_else_is_ok(
    operator: Operator, callback: Callback
) -> None:
    facts = operator.json("doctor")

    found = levels(facts)
    assert {check for check, level in found.items() if level != "ok"} == {"sync"}
    assert found.keys() >= {"stack", "secret", "wechat", "quota push_message", "callback"}
    assert found.keys() >= {"queue PushQueue", "schedule live-watch", "alarms", "clock"}
    assert found.keys() >= {"architecture", "runtime", "concurrency", "schedule push-reconcile"}
    assert found.keys() >= {"wechat clock"}
    assert (facts["broken"], facts["warning"]) == (0, 1)
    assert operator.functions.invoked == [("wxlive-live-watch", {"check": True})]
    [(url, query)] = callback.requests
    assert url == URL
    assert is_signed(query["signature"], SECRET["token"], query["timestamp"], query["nonce"])


def test_a_person_sees_what_to_do(operator: Operator) -> None:
    shown = operator.run("doctor").stdout

    assert "→ run `wxlive sync --wait`" in shown
    assert SECRET["secret"] not in shown
    assert SECRET["token"] not in shown


@pytest.mark.parametrize("is_ready", [True, False])
def test_every_finding_is_chinese(is_ready: bool, operator: Operator, aws: Aws) -> None:  # noqa: FBT001 - a case
    if not is_ready:
        aws.messages = dict.fromkeys(QUEUES, 3)
        aws.unreserved = 7
        aws.layer = []
        aws.secret |= {"secret": "short", "previous_token": "aWord124"}
        operator.functions.answer |= {"now": NOW_S - 99, "ahead_of_wechat_s": -70, "boto3": None}
    shown = operator.run("doctor", "--lang", "zh").output

    assert "一切就绪" in shown
    assert english(shown) - {"create_complete", "us", "east", "arm", "boto", "rate"} == set()
    as_json = operator.run("doctor", "--json")
    assert operator.run("doctor", "--json", "--lang", "zh").stdout == as_json.stdout


def test_a_callback_at_another_url_is_verified_there(
    operator: Operator, callback: Callback
) -> None:
    operator.json("doctor", "--callback-url", "https://live.example.com/cb")

    assert [url for url, _ in callback.requests] == ["https://live.example.com/cb"]


ACCOUNT = "gh_97417a04a28d"


@pytest.mark.parametrize(
    ("addressees", "stored"),
    [
        ([], None),
        ([ACCOUNT, ACCOUNT, "toUser", ""], ACCOUNT),
        ([ACCOUNT, "gh_another"], None),
    ],
)
def test_in_plaintext_mode_the_one_account_that_messages_are_addressed_to_is_stored(
    operator: Operator, aws: Aws, addressees: list[str], stored: str | None
) -> None:
    aws.parameters["MessageMode"], aws.addressees = "plaintext", addressees

    facts = operator.json("doctor")

    [finding] = [each for each in facts["checks"] if each["check"] == "account"]
    assert finding["level"] == "warning"
    assert "configure --original-id" in finding["do"]
    assert all(each in finding["says"] for each in addressees if each.startswith("gh_"))
    assert aws.secret == SECRET | ({"original_id": stored} if stored else {})


@pytest.mark.parametrize(("key", "level"), [("0123456789abcdef", "ok"), ("", "broken")])
def test_where_somebody_was_forgotten_the_key_is_looked_for(
    operator: Operator, aws: Aws, key: str, level: str
) -> None:
    assert "forgotten" not in levels(operator.json("doctor"))
    operator.forgotten.begin()
    aws.secret["pseudonym_key"] = key

    assert levels(operator.json("doctor", code=int(level == "broken")))["forgotten"] == level


def test_an_account_that_is_pinned_stays_pinned(operator: Operator, aws: Aws) -> None:
    aws.parameters["MessageMode"], aws.addressees = "plaintext", ["gh_another"]
    aws.secret["original_id"] = ACCOUNT

    facts = operator.json("doctor")

    assert levels(facts)["account"] == "ok"
    assert aws.secret["original_id"] == ACCOUNT


def test_the_local_run_names_the_callback_in_the_environment(
    operator: Operator, callback: Callback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WXLIVE_CALLBACK_URL", "http://127.0.0.1:1/cb")
    operator.json("doctor")

    assert [url for url, _ in callback.requests] == ["http://127.0.0.1:1/cb"]


def test_a_machine_that_the_allow_list_does_not_admit_is_told_how_to_check(
    operator: Operator, aws: Aws, callback: Callback
) -> None:
    aws.parameters["CallbackAllowList"] = "on"
    callback.blocked = True

    facts = operator.json("doctor")

    [found] = [finding for finding in facts["checks"] if finding["check"] == "callback"]
    assert found["level"] == "warning"
    assert "console" in found["do"]


def test_a_callback_that_does_not_answer_is_broken_and_says_what_to_check(
    operator: Operator, callback: Callback
) -> None:
    callback.unreachable = True

    facts = operator.json("doctor", code=1)

    [found] = [finding for finding in facts["checks"] if finding["check"] == "callback"]
    assert (found["level"], found["says"]) == ("broken", f"{URL} does not answer")
    assert "--callback-url" in found["do"]


def test_a_layer_of_another_architecture_is_broken_and_few_executions_are_a_warning(
    operator: Operator, aws: Aws
) -> None:
    aws.layer, aws.unreserved = ["x86_64"], 10

    found = levels(operator.json("doctor", code=1))

    assert (found["architecture"], found["concurrency"]) == ("broken", "warning")


@pytest.mark.parametrize(
    ("boto3_version", "level"),
    [(OLDEST_BOTO3, "ok"), ("1.38.4", "warning"), ("1.100.0", "ok"), ("2.0.0rc1", "ok")],
)
def test_a_runtime_with_an_older_sdk_than_was_tested_is_a_warning(
    operator: Operator, boto3_version: str, level: str
) -> None:
    operator.functions.answer["boto3"] = boto3_version

    facts = operator.json("doctor")

    [found] = [finding for finding in facts["checks"] if finding["check"] == "runtime"]
    assert (found["level"], found["says"]) == (level, f"python3.11 with boto3 {boto3_version}")


def test_a_stack_that_does_not_know_its_sdk_is_no_warning(operator: Operator) -> None:
    del operator.functions.answer["boto3"]

    assert levels(operator.json("doctor"))["runtime"] == "ok"


def test_what_the_alarm_means_is_named(operator: Operator, aws: Aws) -> None:
    aws.recent = ["SyncDone", "QuotaLow", "CampaignHeld"]

    facts = operator.json("doctor")

    [found] = [finding for finding in facts["checks"] if finding["check"] == "operator"]
    assert found["level"] == "warning"
    assert found["says"].endswith("CampaignHeld, QuotaLow")


def test_what_is_planned_is_listed_with_a_warning_where_it_comes_to_nothing(
    operator: Operator, aws: Aws
) -> None:
    operator.rooms.rows = {
        8: a_room(8, status=102, name="新品"),
        9: a_room(9, status=103),
    }
    for days, room in enumerate((7, 8, 9)):
        planned = Choice(room, NOW_S, NOW_S + 1800 + days * 86_400)
        operator.rooms.chosen_rooms[f"2026-11-{22 + days}"] = planned

    facts = operator.json("doctor")

    found = [finding for finding in facts["checks"] if finding["check"] == "planned"]
    assert [finding["level"] for finding in found] == ["warning", "ok", "warning"]
    assert found[1]["says"] == "room 8 (新品) at 2026-11-23 20:00:00 UTC+8"
    assert "wxlive planned remove room-9" in found[2]["do"]


def test_a_callback_url_that_is_no_url_is_refused(operator: Operator) -> None:
    assert "must start with https://" in operator.refusal("doctor", "--callback-url", "wechat")


def test_the_teams_robot_is_checked_as_it_is_stored(operator: Operator, aws: Aws) -> None:
    aws.parameters["NotifyWebhookSecretName"] = "wxlive/robot"
    assert levels(operator.json("doctor", code=1))["robot"] == "broken", "there is no URL in it"
    aws.secret |= {"url": "https://open.feishu.cn/open-apis/bot/v2/hook/made-up"}

    [finding] = [f for f in operator.json("doctor")["checks"] if f["check"] == "robot"]
    assert finding["says"] == "feishu at open.feishu.cn, signed"


def test_dead_letters_and_a_refused_address_are_broken_and_exit_with_1(
    operator: Operator, aws: Aws
) -> None:
    aws.messages |= {"PushDeadLetters": 1, "CallbackQuarantine": 1}
    refusal = {"sentence": "add it in the console: 1.2.3.4 (errcode 40164)", "errcode": 40164}
    operator.functions.answer["apis"] = {PUSH_MESSAGE: refusal}

    facts = operator.json("doctor", code=1)

    broken = {check for check, level in levels(facts).items() if level == "broken"}
    assert broken == {"queue PushDeadLetters", "queue CallbackQuarantine", "wechat"}
    assert "1.2.3.4" in next(f["says"] for f in facts["checks"] if f["check"] == "wechat")


def test_probes_that_fail_are_broken_findings_and_show_no_secret(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise requests.ConnectionError("https://secret.example?access_token=t0k3n")

    failing: Any = FailingAws()
    operator.sqs = failing
    operator.forgotten.begin()
    operator.functions.answer = {"nonsense": 1}
    monkeypatch.setattr(boto3, "client", lambda _: failing)
    monkeypatch.setattr(requests, "get", fail)

    result = operator.run("doctor", "--json")

    facts = json.loads(result.stdout)
    assert result.exit_code == 1
    assert "t0k3n" not in result.output
    assert {check for check, level in levels(facts).items() if level == "broken"} == (
        probes.PROBES.keys() - {"sync", "planned"}
    )
    assert "wxlive configure" in next(f for f in facts["checks"] if f["check"] == "secret")["says"]


def test_without_a_stack_doctor_says_so(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def connect(name: str) -> NoReturn:
        raise Misconfigured(f"There is no stack {name}")

    monkeypatch.setattr(probes, "connect", connect)

    facts = operator.json("doctor", "--stack", "nowhere", code=1)

    assert levels(facts) == {"stack": "broken"}
    assert facts["checks"][0]["says"] == "There is no stack nowhere"
