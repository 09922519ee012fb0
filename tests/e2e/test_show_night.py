"""An operator's evening on the deployed template: the checks, the plans, the choice, the mail."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from wxlive_local.simulator import Simulator
from wxlive_local.up import Stack

SHOW, NOT_STARTED, LIVE, ENDED = 4711, 102, 101, 103


@pytest.fixture
def mail(stack: Stack) -> Callable[[], list[str]]:
    """What the alarm topic sends from now on."""
    sqs, sns = stack.client("sqs"), stack.client("sns")
    url = sqs.create_queue(QueueName=f"mail-{time.monotonic_ns()}")["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    endpoint = found["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=stack.outputs["AlarmTopic"], Protocol="sqs", Endpoint=endpoint)

    def receive() -> list[str]:
        answer = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=10, MaxNumberOfMessages=10)
        return [json.loads(message["Body"])["Message"] for message in answer.get("Messages", [])]

    return receive


def look(stack: Stack) -> dict[str, Any]:
    """Have live_watch look once, as its schedule does."""
    client = stack.client("lambda")
    answer = client.invoke(FunctionName=stack.outputs["LiveWatchFunction"], Payload=b"{}")
    told = answer["Payload"].read()
    assert "FunctionError" not in answer, told
    seen: dict[str, Any] = json.loads(told)
    return seen


def test_the_doctor_finds_the_stack_well(stack: Stack, operator: Callable[..., Any]) -> None:
    answer = operator("doctor", "--callback-url", stack.callback_url)

    levels = {finding["check"]: finding["level"] for finding in answer.facts["checks"]}
    assert levels["wechat"] == levels["callback"] == levels["secret"] == "ok"
    assert levels["schedule live-watch"] == levels["schedule follower-sync"] == "ok"
    assert levels["stack"] == levels["clock"] == "ok", answer.facts


def test_a_push_is_planned_listed_and_removed(operator: Callable[..., Any]) -> None:
    planned = operator("push", "--room", str(SHOW), "--at", "2099-01-01T20:00").facts

    assert operator("planned").facts == {"planned": [planned]}
    assert operator("planned", "remove", planned["planned"]).code == 0
    assert operator("planned").facts == {"planned": []}


def test_a_room_that_goes_live_is_noticed_and_mailed(
    stack: Stack, wechat: Simulator, operator: Callable[..., Any], mail: Callable[[], list[str]]
) -> None:
    wechat.set_room(SHOW, NOT_STARTED, name="冬季新品", start_time=int(time.time()))
    choosing = ("rooms", "choose", str(SHOW), "--day", "2099-01-01")
    assert operator(*choosing).code == 2, "nobody has seen it yet"
    look(stack)
    assert operator(*choosing).facts == {"room_id": SHOW, "day": "2099-01-01"}
    assert SHOW in [room["room_id"] for room in operator("rooms").facts["rooms"]]

    wechat.set_room(SHOW, LIVE)
    seen = look(stack)

    assert (seen["asked"], seen["pushed"]) == ("opening", None)
    assert SHOW in seen["went_live"]
    [letter] = [letter for letter in mail() if str(SHOW) in letter]
    assert f"wxlive push --room {SHOW} --wait" in letter
    assert "冬季新品" in letter
    wechat.set_room(SHOW, ENDED)
    look(stack)
