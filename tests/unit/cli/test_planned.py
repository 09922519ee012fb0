"""``wxlive push --at`` and ``wxlive planned``: pushes that are planned for a time."""

import json
from typing import Any

import boto3
import pytest

from factories import NOW_S, a_campaign, a_room
from support.cli import Operator
from wxlive.domain.campaigns import CampaignState
from wxlive.domain.rooms import Choice

OUTPUTS = {
    "PlannedPushes": "wxlive-planned",
    "LiveWatchArn": "arn:aws:lambda:us-east-1:123456789012:function:wxlive-live-watch",
    "PlannedPushRole": "arn:aws:iam::123456789012:role/planned",
}
DAY_S = 86_400
TONIGHT = ("push", "--room", "1001", "--at", "20:00")


@pytest.fixture(autouse=True)
def scheduler(operator: Operator, aws: None) -> Any:
    client: Any = boto3.client("scheduler")
    client.create_schedule_group(Name="wxlive-planned")
    operator.outputs |= OUTPUTS
    operator.rooms.rows = {
        room: a_room(room, status=102, starts_at=starts_at)
        for room, starts_at in ((1001, NOW_S + 3600), (7, NOW_S + DAY_S), (8, NOW_S + 2 * DAY_S))
    }
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


@pytest.mark.parametrize(
    ("room", "at", "says"),
    [
        (1001, "19:29", "is in the past: it is 2026-11-22 19:30:00 UTC+8"),
        (1001, "2030-01-01 20:00", "is more than 30 days away"),
        (1001, "2026-11-23 20:00", "Room 1001 is planned for 2026-11-22 20:30:00 UTC+8"),
        (404, "20:00", "Room 404 is not known; check the id in `wxlive rooms`"),
        (9, "20:00", "Room 9 is ended (103)"),
    ],
)
def test_a_plan_that_would_come_to_nothing_is_refused(
    operator: Operator, room: int, at: str, says: str
) -> None:
    operator.rooms.rows[9] = a_room(9, status=103)

    assert says in operator.refusal("push", "--room", str(room), "--at", at)
    assert operator.json("planned") == {"planned": []}


def test_a_room_that_is_still_live_after_its_planned_end_may_be_planned_today(
    operator: Operator,
) -> None:
    operator.rooms.rows[1001] = a_room(starts_at=NOW_S - 2 * DAY_S, ends_at=NOW_S - DAY_S)

    assert operator.json(*TONIGHT)["room_id"] == 1001


def test_a_day_takes_one_room(operator: Operator) -> None:
    operator.rooms.rows[8] = a_room(8, status=102)
    operator.json("push", "--room", "8", "--at", "21:00")

    assert "remove that plan first with `wxlive planned remove`" in operator.refusal(*TONIGHT)
    operator.days.holders["2026-11-23"] = (8, "20261123T000000-8")
    refusal = operator.refusal("push", "--room", "7", "--at", "2026-11-23 20:00")
    assert "Room 8 already has 2026-11-23" in refusal


@pytest.mark.parametrize("state", [CampaignState.CANCELLED, CampaignState.FAILED])
def test_a_plan_after_a_campaign_that_ended_early_says_whom_it_notifies(
    operator: Operator, state: CampaignState
) -> None:
    operator.campaigns.rows = {"c": a_campaign("c", state=state)}
    operator.rooms.choices["2026-11-22"] = Choice(8, NOW_S, due=False)

    result = operator.run(*TONIGHT)

    assert result.exit_code == 0
    assert "notifies those whom it has not notified" in result.stderr
    assert "Room 8 is chosen for 2026-11-22" in result.stderr


def test_a_second_plan_for_the_same_day_names_the_first(operator: Operator) -> None:
    first = operator.json(*TONIGHT)["planned"]

    said = operator.run("push", "--room", "1001", "--at", "21:00").stderr

    assert f"already planned for 2026-11-22 ({first}); the earlier plan pushes it." in said


def test_a_plan_for_a_room_that_is_pushed_that_day_is_refused(operator: Operator) -> None:
    operator.campaigns.rows = {"c": a_campaign("c")}

    assert "is pushed that day by campaign c" in operator.refusal(*TONIGHT)


def test_a_time_that_makes_no_sense_is_refused(operator: Operator) -> None:
    assert "'soon' is not a time" in operator.refusal("push", "--room", "1001", "--at", "soon")


@pytest.mark.parametrize("flag", ["--wait", "--dry-run", "--again", "--since=2026-11-01"])
def test_a_planned_push_is_to_all_followers_and_neither_waits_nor_rehearses(
    operator: Operator, flag: str
) -> None:
    result = operator.run(*TONIGHT, flag)

    assert result.exit_code == 2
    assert "omit --dry-run, --again, --wait and the audience" in " ".join(result.stderr.split())
