"""``wxlive doctor``: every check is done whatever ails the others, and none breaks off."""

import io
import json
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
import requests
from tests.unit.cli.conftest import OUTPUTS, SECRET

from wxlive.crypto import is_signed
from wxlive_cli import doctor
from wxlive_cli.stack import Stack, connect

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Desk

NOW_S = 1_795_347_000.0
CHECKS = {"stack", "secret", "wechat", "callback", "sync", "alarms", "clock"}


class WechatConsole:
    """Verifies a URL as WeChat would, and answers what it is told."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.status = 200

    def get(self, url: str, *, params: dict[str, str], timeout: int) -> requests.Response:
        self.asked.append((url, params))
        answer = requests.Response()
        answer.status_code = self.status
        answer._content = params["echostr"].encode()
        return answer


class Inside:
    """Stands where the Lambda client does: what live_watch says of WeChat."""

    def __init__(self) -> None:
        quota = {"daily_limit": 5000, "used": 1}
        self.answer: dict[str, Any] = {"now": NOW_S, "apis": {"/wxa/business/push_message": quota}}

    def invoke(self, *, FunctionName: str, Payload: str) -> dict[str, Any]:  # noqa: N803 - its names
        assert (FunctionName, json.loads(Payload)) == ("wxlive-live-watch", {"check": True})
        return {"Payload": io.BytesIO(json.dumps(self.answer).encode())}


@pytest.fixture
def console(monkeypatch: pytest.MonkeyPatch) -> WechatConsole:
    console = WechatConsole()
    monkeypatch.setattr(requests, "get", console.get)
    return console


@pytest.fixture
def inside(monkeypatch: pytest.MonkeyPatch) -> Inside:
    inside = Inside()

    def connected(name: str) -> Stack:
        functions: Any = inside
        return replace(connect(name), functions=functions)

    monkeypatch.setattr(doctor, "connect", connected)
    monkeypatch.setattr(doctor, "time", SimpleNamespace(time=lambda: NOW_S))
    return inside


@pytest.fixture
def well(desk: "Desk", inside: Inside, console: WechatConsole) -> "Desk":
    """A stack that lacks nothing but a sync."""
    boto3.client("secretsmanager").create_secret(
        Name="wxlive/wechat", SecretString=json.dumps(SECRET)
    )
    topic = boto3.client("sns").create_topic(Name="alarms")["TopicArn"]
    boto3.client("sns").subscribe(TopicArn=topic, Protocol="email", Endpoint="ops@example.com")
    scheduler: Any = boto3.client("scheduler")
    for name in ("wxlive-follower-sync", "wxlive-follower-sync-continue", "wxlive-live-watch"):
        scheduler.create_schedule(
            Name=name,
            ScheduleExpression="rate(1 minute)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={
                "Arn": f"arn:aws:lambda:us-east-1:123456789012:function:{name}",
                "RoleArn": "r",
            },
        )
    url = boto3.client("sqs").create_queue(QueueName="letters")["QueueUrl"]
    desk.outputs(
        **OUTPUTS, CallbackUrl="https://x.example/cb", AlarmTopic=topic, PushDeadLettersUrl=url
    )
    return desk


def levels(facts: dict[str, Any]) -> dict[str, str]:
    return {finding["check"]: finding["level"] for finding in facts["checks"]}


def test_a_stack_that_is_well_is_well_in_every_check(well: "Desk", console: WechatConsole) -> None:
    facts = well.json("doctor")

    found = levels(facts)
    assert set(found) >= CHECKS
    assert [f for f in facts["checks"] if f["level"] != "ok"] == [
        f for f in facts["checks"] if f["check"] == "sync"
    ]
    assert (facts["broken"], facts["warning"]) == (0, 1)
    [(url, query)] = console.asked
    assert url == "https://x.example/cb"
    assert is_signed(query["signature"], SECRET["token"], query["timestamp"], query["nonce"])


def test_a_person_sees_what_to_do(well: "Desk") -> None:
    shown = well.run("doctor").stdout

    assert "→ wxlive sync --wait" in shown
    assert SECRET["secret"] not in shown
    assert SECRET["token"] not in shown


def test_a_callback_at_a_domain_of_ones_own_is_asked_there(
    well: "Desk", console: WechatConsole
) -> None:
    well.json("doctor", "--callback-url", "https://live.example.com/cb")

    assert [url for url, _ in console.asked] == ["https://live.example.com/cb"]


def test_a_dead_letter_and_a_refused_address_are_broken_and_exit_1(
    well: "Desk", inside: Inside
) -> None:
    url = boto3.client("sqs").get_queue_url(QueueName="letters")["QueueUrl"]
    boto3.client("sqs").send_message(QueueUrl=url, MessageBody="x")
    refusal = {"sentence": "add it in the console: 1.2.3.4 (errcode 40164)", "errcode": 40164}
    inside.answer["apis"] = {"/wxa/business/push_message": refusal}

    facts = well.json("doctor", code=1)

    found = levels(facts)
    assert (found["queue PushDeadLetters"], found["wechat"]) == ("broken", "broken")
    assert "1.2.3.4" in next(f["says"] for f in facts["checks"] if f["check"] == "wechat")


def test_what_ails_one_check_leaves_the_others(
    desk: "Desk", inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No secret, no schedule, no queue, no topic, no network: every line says so, none raises."""

    def fail(*_: object, **__: object) -> None:
        raise requests.ConnectionError("https://secret.example?access_token=t0k3n")

    monkeypatch.setattr(requests, "get", fail)
    inside.answer = {"nonsense": 1}

    result = desk.run("doctor", "--json")
    facts = json.loads(result.stdout)

    assert result.exit_code == 1
    assert "t0k3n" not in result.output
    found = levels(facts)
    assert set(found) >= {"stack", "secret", "wechat", "quota", "callback", "schedules", "clock"}
    assert found["secret"] == found["wechat"] == found["callback"] == "broken"
    assert "wxlive configure" in next(f for f in facts["checks"] if f["check"] == "secret")["says"]


def test_without_a_stack_the_doctor_says_so(desk: "Desk") -> None:
    facts = desk.json("doctor", "--stack", "nowhere", code=1)

    assert levels(facts) == {"stack": "broken"}
    assert "There is no stack nowhere" in facts["checks"][0]["says"]
