"""``wxlive push --at`` and ``wxlive planned``: pushes that are planned for a time."""

from pathlib import Path

import pytest

from factories import CAMPAIGN, NOW_S, a_campaign, a_chunk, a_follower, a_room
from support.cli import Operator
from wxlive.domain.audience import MAX_ROOMS, Audience
from wxlive.domain.campaigns import CampaignState
from wxlive.domain.chunks import ChunkState
from wxlive.domain.rooms import Choice

DAY_S = 86_400
TONIGHT = ("push", "--room", "1001", "--at", "20:00")


@pytest.fixture(autouse=True)
def rooms(operator: Operator) -> None:
    operator.rooms.rows = {
        room: a_room(room, status=102, starts_at=starts_at)
        for room, starts_at in ((1001, NOW_S + 3600), (7, NOW_S + DAY_S), (8, NOW_S + 2 * DAY_S))
    }


def test_a_planned_push_is_the_choice_of_its_day(operator: Operator) -> None:
    facts = operator.json(*TONIGHT)

    assert facts == {
        "planned": "room-1001-20261122T200000",
        "room_id": 1001,
        "at": NOW_S + 1800,
        "audience": {"rooms": [], "since": 0, "before": 0, "exceptions": "", "room_status": 0},
    }
    assert operator.rooms.chosen_rooms == {"2026-11-22": Choice(1001, NOW_S, NOW_S + 1800)}


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


def test_a_push_is_planned_for_a_part_of_the_followers(operator: Operator, tmp_path: Path) -> None:
    operator.followers.add(a_follower("a"))
    staff = tmp_path / "staff.txt"
    staff.write_text("a\n")

    operator.json(
        *TONIGHT, "--subscribed-in", "9", "--subscribed-in", "7", "--since", "2026-11-01",
        "--except-file", str(staff),
    )  # fmt: skip

    [choice] = operator.rooms.chosen_rooms.values()
    [name] = operator.except_lists.rows
    assert choice.target == Audience((7, 9), since=1_793_462_400, exceptions=name)
    assert "subscribed in 7, 9" in operator.run("planned").stdout


def test_a_plan_for_another_audience_takes_the_place_of_one(operator: Operator) -> None:
    operator.json(*TONIGHT)

    assert "the new plan takes its place" in operator.run(*TONIGHT, "--subscribed-in", "7").stderr
    assert operator.json("planned")["planned"][0]["audience"]["rooms"] == [7]
    assert "is already planned" in operator.refusal(*TONIGHT, "--subscribed-in", "7")


def test_a_plan_names_no_more_rooms_than_a_push_does(operator: Operator) -> None:
    rooms = [word for room in range(MAX_ROOMS + 1) for word in ("--subscribed-in", str(room))]

    assert "may name 50 rooms" in operator.refusal(*TONIGHT, *rooms)
    assert not operator.rooms.chosen_rooms


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


@pytest.mark.parametrize("state", [ChunkState.ACCEPTED, ChunkState.UNKNOWN, ChunkState.REFUSED])
def test_a_day_is_another_rooms_once_that_may_have_notified_somebody(
    operator: Operator, state: ChunkState
) -> None:
    operator.campaign(a_chunk(1, state, claimed_at=NOW_S + DAY_S), room_id=8)
    operator.days.holders["2026-11-23"] = (8, CAMPAIGN)
    plan = ("push", "--room", "7", "--at", "2026-11-23 20:00")

    if state is ChunkState.REFUSED:
        assert operator.json(*plan)["room_id"] == 7
    else:
        assert "Room 8 already has 2026-11-23" in operator.refusal(*plan)


@pytest.mark.parametrize("state", [CampaignState.CANCELLED, CampaignState.FAILED])
def test_a_plan_after_a_campaign_that_ended_early_says_whom_it_notifies(
    operator: Operator, state: CampaignState
) -> None:
    operator.campaigns.rows = {"c": a_campaign("c", state=state)}
    operator.rooms.chosen_rooms["2026-11-22"] = Choice(8, NOW_S)

    result = operator.run(*TONIGHT)

    assert result.exit_code == 0
    assert "notifies those whom the room has not notified" in result.stderr
    assert "Room 8 was chosen for 2026-11-22" in result.stderr


def test_another_time_takes_the_place_of_the_first(operator: Operator) -> None:
    operator.json(*TONIGHT)

    said = operator.run("push", "--room", "1001", "--at", "21:00").stderr

    assert "was planned for 2026-11-22 20:00:00 UTC+8; the new plan takes its place" in said
    [plan] = operator.json("planned")["planned"]
    assert plan["at"] == NOW_S + 5400


def test_a_plan_whose_time_has_come_is_listed_and_removed_as_a_choice(operator: Operator) -> None:
    name = operator.json(*TONIGHT)["planned"]
    operator.clock.now_s += 1801

    assert operator.json("planned") == {"planned": []}
    assert operator.json("rooms")["chosen"] == 1001
    assert f"There is no planned push {name}" in operator.refusal("planned", "remove", name)
    operator.json("rooms", "unchoose")
    assert operator.rooms.chosen_rooms == {}


@pytest.mark.parametrize("room", ["1001", "8"])
def test_a_day_that_is_planned_takes_no_other_choice(operator: Operator, room: str) -> None:
    plan = operator.json(*TONIGHT)["planned"]

    refusal = operator.refusal("rooms", "choose", room, "--day", "2026-11-22")

    assert f"Room 1001 is planned for 2026-11-22 ({plan})" in refusal
    assert "`wxlive planned remove`" in refusal


@pytest.mark.parametrize("command", [TONIGHT, ("rooms", "choose", "1001")])
def test_of_two_who_choose_at_once_one_is_refused(
    operator: Operator, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    chosen = operator.rooms.chosen

    def chosen_meanwhile(day: str) -> Choice | None:
        before = chosen(day)
        operator.rooms.chosen_rooms[day] = Choice(7, NOW_S)
        return before

    monkeypatch.setattr(operator.rooms, "chosen", chosen_meanwhile)

    result = operator.run(*command)

    assert result.exit_code == 2
    assert "Somebody else has chosen a room for 2026-11-22 just now" in result.stderr
    assert operator.rooms.chosen_rooms == {"2026-11-22": Choice(7, NOW_S)}


@pytest.mark.parametrize("day", ["2026-11-22", "2026-11-21"])
def test_a_plan_for_a_room_that_was_pushed_on_whatever_day_is_refused(
    operator: Operator, day: str
) -> None:
    operator.campaigns.rows = {"c": a_campaign("c", day=day)}

    assert "is pushed by campaign c" in operator.refusal(*TONIGHT)


def test_a_plan_for_a_room_that_was_pushed_to_a_part_of_the_followers_reaches_the_rest(
    operator: Operator,
) -> None:
    operator.campaigns.rows = {"c": a_campaign("c", target=Audience(rooms=(900,)))}

    assert operator.json(*TONIGHT)["room_id"] == 1001


def test_a_time_that_makes_no_sense_is_refused(operator: Operator) -> None:
    assert "'soon' is not a time" in operator.refusal("push", "--room", "1001", "--at", "soon")


@pytest.mark.parametrize("flag", ["--wait", "--dry-run", "--again"])
def test_a_planned_push_neither_waits_nor_rehearses(operator: Operator, flag: str) -> None:
    result = operator.run(*TONIGHT, flag)

    assert result.exit_code == 2
    assert "omit --dry-run, --again and --wait" in " ".join(result.stderr.split())


@pytest.mark.parametrize(
    "command", [("planned", "remove", "room-1001-20261122T200000"), ("rooms", "unchoose")]
)
def test_nobody_removes_what_somebody_else_has_planned_meanwhile(
    operator: Operator, command: tuple[str, ...]
) -> None:
    operator.json(*TONIGHT)
    theirs = Choice(7, NOW_S, NOW_S + 3600)

    def plan_another() -> str:
        operator.rooms.chosen_rooms["2026-11-22"] = theirs
        return "somebody"

    operator.caller = plan_another

    result = operator.run(*command)

    assert result.exit_code == 2
    assert "Somebody else has chosen a room" in result.stderr
    assert operator.rooms.chosen_rooms == {"2026-11-22": theirs}
