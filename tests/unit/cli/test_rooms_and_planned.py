"""``wxlive rooms``, ``wxlive planned``, ``wxlive push --at``: what an operator decides ahead."""

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from tests.unit.cli.conftest import OUTPUTS

from wxlive.campaigns import Chunk, ChunkState
from wxlive.errors import Refused
from wxlive.rooms import Choice, Room
from wxlive_cli import planned, rooms
from wxlive_cli.moments import read_moment, show_moment

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Desk

NOW_S, DAY = 1_795_347_000, "2026-11-22"
TONIGHT = Room(1001, "冬季[red]新品", 102, NOW_S + 1800, NOW_S + 9000)
TOMORROW = Room(1002, "", 102, NOW_S + 86_400, 0)
OVER = Room(7, "", 103, NOW_S - 9000, 0)
PLAN_OUTPUTS = {
    "PlannedPushes": "wxlive-planned",
    "LiveWatchArn": "arn:aws:lambda:us-east-1:123456789012:function:wxlive-live-watch",
    "PlannedPushRole": "arn:aws:iam::123456789012:role/planned",
}


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SimpleNamespace(time=lambda: float(NOW_S))
    monkeypatch.setattr(planned, "time", clock)
    monkeypatch.setattr(rooms, "time", clock)


@pytest.fixture
def seen(desk: "Desk") -> "Desk":
    for room in (TONIGHT, TOMORROW, OVER):
        desk.rooms.save(room, NOW_S)
    return desk


@pytest.fixture
def scheduler(desk: "Desk") -> Any:
    client: Any = boto3.client("scheduler")
    client.create_schedule_group(Name="wxlive-planned")
    desk.outputs(**OUTPUTS, **PLAN_OUTPUTS)
    return client


# ----------------------------------------------------------------------- rooms


def test_rooms_are_listed_latest_first_with_the_choice(seen: "Desk") -> None:
    seen.rooms.choose(DAY, Choice(1001, NOW_S, due=False))
    seen.rooms.note_asked(NOW_S - 60)

    facts = seen.json("rooms")

    assert [room["room_id"] for room in facts["rooms"]] == [1002, 1001, 7]
    assert (facts["day"], facts["chosen"], facts["asked_at"]) == (DAY, 1001, NOW_S - 60)
    shown = seen.run("rooms")
    assert "chosen" in shown.stdout
    assert "冬季[red]新品" in shown.stdout
    assert seen.run("rooms", "list").stdout == shown.stdout


def test_before_the_first_look_nothing_is_known(desk: "Desk") -> None:
    assert desk.json("rooms")["rooms"] == []
    assert "has not asked WeChat yet" in desk.run("rooms").stderr


def test_a_room_is_chosen_for_the_day_of_its_planned_start(seen: "Desk") -> None:
    assert seen.json("rooms", "choose", "1001") == {"room_id": 1001, "day": DAY}
    assert seen.json("rooms", "choose", "1002")["day"] == "2026-11-23"
    assert seen.json("rooms", "choose", "1002", "--day", "2026-11-24")["day"] == "2026-11-24"

    assert seen.rooms.chosen(DAY) == Choice(1001, NOW_S, due=False)


def test_a_room_whose_start_has_passed_or_is_unknown_is_chosen_for_today(seen: "Desk") -> None:
    for room_id, starts_at in ((8, 0), (9, NOW_S - 3 * 86_400)):
        seen.rooms.save(Room(room_id, "", 102, starts_at, 0), NOW_S)
        assert seen.json("rooms", "choose", str(room_id))["day"] == DAY


def test_a_choice_is_taken_back(seen: "Desk") -> None:
    seen.json("rooms", "choose", "1001")

    assert seen.json("rooms", "unchoose") == {"chosen": None, "day": DAY}
    assert seen.rooms.chosen(DAY) is None


def test_a_room_that_nobody_saw_or_that_is_over_is_not_chosen(seen: "Desk") -> None:
    assert "is not among the rooms" in seen.json("rooms", "choose", "1", code=2)["refused"]
    assert "is ended (103)" in seen.json("rooms", "choose", "7", code=2)["refused"]


def test_a_day_that_a_campaign_has_takes_no_choice(seen: "Desk") -> None:
    seen.campaign(Chunk(1, ChunkState.QUEUED, 1))

    assert "has 2026-11-22 already" in seen.json("rooms", "choose", "1001", code=2)["refused"]


# --------------------------------------------------------------------- planned


def test_a_push_is_planned_as_a_one_off_schedule(desk: "Desk", scheduler: Any) -> None:
    facts = desk.json("push", "--room", "1001", "--at", "20:00")

    assert facts == {"planned": "room-1001-20261122T200000", "room_id": 1001, "at": NOW_S + 1800}
    schedule = scheduler.get_schedule(Name=facts["planned"], GroupName="wxlive-planned")
    assert schedule["ScheduleExpression"] == "at(2026-11-22T12:00:00)"
    assert schedule["FlexibleTimeWindow"] == {"Mode": "OFF"}
    assert schedule["ActionAfterCompletion"] == "DELETE"
    assert schedule["Target"]["Arn"] == PLAN_OUTPUTS["LiveWatchArn"]
    assert json.loads(schedule["Target"]["Input"]) == {"push": 1001}


def test_what_is_planned_is_listed_nearest_first_and_removed(desk: "Desk", scheduler: Any) -> None:
    for room, at in (("8", "2026-11-24T20:00"), ("7", "2026-11-23 20:00:30")):
        desk.json("push", "--room", room, "--at", at)

    listed = desk.json("planned")["planned"]
    assert [plan["room_id"] for plan in listed] == [7, 8]
    assert listed[0]["at"] == NOW_S + 86_400 + 1830
    assert "2026-11-24 20:00:00 UTC+8" in desk.run("planned").stdout

    assert desk.json("planned", "remove", listed[0]["planned"]) == {"removed": listed[0]["planned"]}
    assert desk.json("planned")["planned"] == listed[1:]
    again = desk.json("planned", "remove", listed[0]["planned"], code=2)
    assert again["refused"].startswith("Nothing is planned as room-7-")


def test_the_same_push_is_not_planned_twice(desk: "Desk", scheduler: Any) -> None:
    desk.json("push", "--room", "1001", "--at", "20:00")

    again = desk.json("push", "--room", "1001", "--at", "20:00", code=2)

    assert "is planned already" in again["refused"]


@pytest.mark.parametrize("flag", ["--wait", "--dry-run", "--since=2026-11-01"])
def test_a_planned_push_is_to_everybody_and_neither_waits_nor_rehearses(
    desk: "Desk", flag: str
) -> None:
    result = desk.run("push", "--room", "1001", "--at", "20:00", flag)

    assert result.exit_code == 2
    assert "goes with no audience, --dry-run or --wait" in result.stderr


# --------------------------------------------------------------------- moments


@pytest.mark.parametrize(
    ("text", "later_s"),
    [("19:31", 60), ("19:30", 86_400), ("00:00", 4.5 * 3600), ("2026-11-22T19:30:01", 1)],
)
def test_a_time_means_the_next_such_time_in_wechats_zone(text: str, later_s: float) -> None:
    assert read_moment(text, now_s=NOW_S, offset_hours=8) == NOW_S + later_s


@pytest.mark.parametrize("text", ["soon", "25:00", "2026-11-22", "", "20:00 +08:00"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(Refused, match=r"is no moment; write 20:00 or"):
        read_moment(text, now_s=NOW_S, offset_hours=8)


def test_a_moment_that_has_passed_is_refused() -> None:
    with pytest.raises(Refused, match=r"2026-11-22 19:29:00 UTC\+8 has passed"):
        read_moment("2026-11-22T19:29", now_s=NOW_S, offset_hours=8)


def test_no_moment_is_shown_as_a_dash() -> None:
    assert show_moment(0, 8) == "-"
