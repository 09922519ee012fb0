"""``wxlive push --at`` and ``wxlive planned``: pushes that are planned for a time."""

import json
from typing import Any

import boto3
import pytest

from factories import NOW_S
from support.cli import Operator

OUTPUTS = {
    "PlannedPushes": "wxlive-planned",
    "LiveWatchArn": "arn:aws:lambda:us-east-1:123456789012:function:wxlive-live-watch",
    "PlannedPushRole": "arn:aws:iam::123456789012:role/planned",
}
TONIGHT = ("push", "--room", "1001", "--at", "20:00")


@pytest.fixture(autouse=True)
def scheduler(operator: Operator, aws: None) -> Any:
    client: Any = boto3.client("scheduler")
    client.create_schedule_group(Name="wxlive-planned")
    operator.outputs |= OUTPUTS
    return client


def test_a_push_is_planned_as_a_one_off_schedule(operator: Operator, scheduler: Any) -> None:
    facts = operator.json(*TONIGHT)

    assert facts == {"planned": "room-1001-20261122T200000", "room_id": 1001, "at": NOW_S + 1800}
    schedule = scheduler.get_schedule(Name=facts["planned"], GroupName="wxlive-planned")
    assert schedule["ScheduleExpression"] == "at(2026-11-22T12:00:00)"
    assert schedule["FlexibleTimeWindow"] == {"Mode": "OFF"}
    assert schedule["ActionAfterCompletion"] == "DELETE"
    assert schedule["Target"]["Arn"] == OUTPUTS["LiveWatchArn"]
    assert json.loads(schedule["Target"]["Input"]) == {"push": 1001, "at": NOW_S + 1800}


def test_planned_pushes_are_listed_next_first_and_removed(operator: Operator) -> None:
    for room, at in (("8", "2026-11-24T20:00"), ("7", "2026-11-23 20:00:30")):
        operator.json("push", "--room", room, "--at", at)

    listed = operator.json("planned")["planned"]
    assert [plan["room_id"] for plan in listed] == [7, 8]
    assert listed[0]["at"] == NOW_S + 86_400 + 1830
    assert "2026-11-24 20:00:00 UTC+8" in operator.run("planned").stdout

    first = listed[0]["planned"]
    assert operator.json("planned", "remove", first) == {"removed": first}
    assert operator.json("planned")["planned"] == listed[1:]
    assert f"There is no planned push {first}" in operator.refusal("planned", "remove", first)


def test_the_same_push_is_not_planned_twice(operator: Operator) -> None:
    operator.json(*TONIGHT)

    assert "is already planned" in operator.refusal(*TONIGHT)


def test_a_time_that_makes_no_sense_is_refused(operator: Operator) -> None:
    assert "'soon' is not a time" in operator.refusal("push", "--room", "1001", "--at", "soon")


@pytest.mark.parametrize("flag", ["--wait", "--dry-run", "--again", "--since=2026-11-01"])
def test_a_planned_push_is_to_all_followers_and_neither_waits_nor_rehearses(
    operator: Operator, flag: str
) -> None:
    result = operator.run(*TONIGHT, flag)

    assert result.exit_code == 2
    assert "omit --dry-run, --again, --wait and the audience" in " ".join(result.stderr.split())
