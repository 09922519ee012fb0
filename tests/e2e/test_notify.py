"""What happens on the deployed stack, told to the team's robot."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from support.stack_jobs import IN_VAIN, ROOM, Campaigns
from support.waiting import wait_for
from wxlive_local.simulator import Simulator
from wxlive_local.up import LocalStack

PATIENCE_S = 60
ACCOUNT = "000000000000"

Told = Callable[[str], str]


@pytest.fixture
def told(stack: LocalStack, wechat: Simulator) -> Told:
    """Wait until the group has seen a text; returns the lines with it."""

    def shown_lines(text: str) -> str:
        lines = [line for shown in wechat.robots.shown for line in shown.text.splitlines()]
        return "\n".join(line for line in lines if text in line)

    def wait(text: str) -> str:
        found = wait_for(lambda: shown_lines(text), PATIENCE_S)
        assert found, f"{text!r} was not told: {wechat.robots}"
        return found

    return wait


@pytest.fixture
def impatient(stack: LocalStack) -> Iterator[None]:
    """Have messages come again after two seconds, not three minutes."""
    sqs, url = stack.client("sqs"), stack.outputs["NotifyQueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "2"})
    yield
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "180"})


def state_change(stack: LocalStack, alarm: str, now: str = "ALARM") -> dict[str, Any]:
    """What CloudWatch sends when an alarm of a stack has changed its state."""
    name = f"{stack.stack_name}-Monitoring-1A2B3C-{alarm}Alarm-X9Y8Z7"
    return {
        "source": "aws.cloudwatch",
        "detail-type": "CloudWatch Alarm State Change",
        "account": ACCOUNT,
        "region": stack.region,
        "resources": [f"arn:aws:cloudwatch:{stack.region}:{ACCOUNT}:alarm:{name}"],
        "detail": {
            "alarmName": name,
            "state": {"value": now},
            "previousState": {"value": "OK" if now == "ALARM" else "ALARM"},
            "configuration": {"description": "Look."},
        },
    }


def ring(stack: LocalStack, alarm: str, now: str = "ALARM") -> None:
    """Queue what the rule for alarms queues.

    EventBridge takes events of AWS's from AWS alone, and the local CloudWatch sends none.
    """
    body = json.dumps(state_change(stack, alarm, now)["detail"])
    stack.client("sqs").send_message(
        QueueUrl=stack.outputs["NotifyQueueUrl"],
        MessageBody=body,
        MessageGroupId="team",
        MessageDeduplicationId=f"{alarm}{now}",
    )


def matches(stack: LocalStack, event: dict[str, Any]) -> bool:
    """Whether the deployed rule for alarms passes an event on."""
    events = stack.client("events")
    rules = {rule["Name"]: rule["EventPattern"] for rule in events.list_rules()["Rules"]}
    [pattern] = [pattern for pattern in rules.values() if "aws.cloudwatch" in pattern]
    envelope = {"id": "1", "time": "2026-11-22T11:30:00Z", **event}
    answer = events.test_event_pattern(EventPattern=pattern, Event=json.dumps(envelope))
    return bool(answer["Result"])


def test_the_team_is_told_of_each_campaign_from_its_start_to_its_end(
    campaigns: Campaigns, wechat: Simulator, told: Told
) -> None:
    assert f"for room {ROOM} started." in told(f"for room {ROOM} started")
    assert "is done: WeChat reports" in told(f"for room {ROOM} is done")
    assert "held: " in told(f"for room {IN_VAIN} is held")
    assert "Another room was already pushed" in told(f"for room {IN_VAIN} FAILED")
    assert wechat.robots.refused == []
    shown = "\n".join(message.text for message in wechat.robots.shown)
    openids = wechat.run_on_loop(lambda platform: [row.openid for row in platform.followers])
    assert openids
    assert not any(openid in shown for openid in openids)


def test_the_team_is_told_of_an_alarm_that_rings_and_clears(stack: LocalStack, told: Told) -> None:
    ring(stack, "SyncStale")
    assert "ALARM SyncStale: Look." in told("ALARM SyncStale")
    ring(stack, "SyncStale", "OK")
    assert told("SyncStale has cleared")


def test_only_this_stacks_alarms_reach_the_team(stack: LocalStack) -> None:
    assert matches(stack, state_change(stack, "SyncStale"))
    assert matches(stack, state_change(stack, "SyncStale", "OK"))
    assert not matches(stack, state_change(stack, "SyncStale", "INSUFFICIENT_DATA"))
    assert not matches(stack, state_change(replace(stack, stack_name="other"), "SyncStale"))
    staging = replace(stack, stack_name=f"{stack.stack_name}-staging")
    assert not matches(stack, state_change(staging, "SyncStale"))


def test_a_robot_that_is_away_is_told_everything_when_it_is_back(
    stack: LocalStack, wechat: Simulator, told: Told, impatient: None
) -> None:
    wechat.robots.away = True
    missed = wechat.robots.missed
    ring(stack, "First")
    assert wait_for(lambda: wechat.robots.missed > missed, PATIENCE_S)
    ring(stack, "Second")
    wechat.robots.away = False

    told("ALARM Second")
    shown = "\n".join(message.text for message in wechat.robots.shown)
    assert shown.index("ALARM First") < shown.index("ALARM Second")
