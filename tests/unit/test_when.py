"""When live_watch asks for the rooms: each minute where something may open, else rarely."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wxlive.pace import day_ends_at
from wxlive.rooms import OVER, Room, RoomStatus, newly_live, noticed
from wxlive_live_watch.when import EARLY_S, LATE_S, PATIENCE_S, RARELY_S, Reason, reason_to_ask

NOW_S = 1_795_347_000
"""2026-11-22 19:30 in Beijing."""

MIDNIGHT = day_ends_at(NOW_S, 8)
TONIGHT = Room(1001, "tonight", RoomStatus.NOT_STARTED, NOW_S, NOW_S + 7200)


def asked(*rooms: Room, now_s: float = NOW_S, asked_ago_s: int = 60, **facts: Any) -> Reason | None:
    return reason_to_ask(
        rooms,
        now_s=now_s,
        asked_at=int(now_s) - asked_ago_s,
        calls_left=facts.pop("calls_left", 400),
        day_ends_at=MIDNIGHT,
        **facts,
    )


@pytest.mark.parametrize("off_s", [-EARLY_S, -60, 0, 60, LATE_S])
def test_around_a_planned_start_it_asks_each_minute(off_s: int) -> None:
    assert asked(TONIGHT, now_s=NOW_S + off_s) is Reason.OPENING


@pytest.mark.parametrize("off_s", [-EARLY_S - 1, LATE_S + 1])
def test_long_before_and_long_after_it_asks_rarely(off_s: int) -> None:
    assert asked(TONIGHT, now_s=NOW_S + off_s) is None
    assert asked(TONIGHT, now_s=NOW_S + off_s, asked_ago_s=RARELY_S) is Reason.RARELY


@pytest.mark.parametrize("status", [RoomStatus.LIVE, *OVER])
def test_a_room_that_is_open_or_over_is_not_expected(status: RoomStatus) -> None:
    assert asked(replace(TONIGHT, status=status)) is None


@pytest.mark.parametrize("status", [RoomStatus.PAUSED, RoomStatus.ABNORMAL, 199])
def test_a_room_that_may_open_again_is_expected(status: int) -> None:
    assert asked(replace(TONIGHT, status=status)) is Reason.OPENING


def test_a_room_without_a_planned_start_is_not_expected() -> None:
    assert asked(replace(TONIGHT, starts_at=0)) is None


def test_the_first_time_it_asks() -> None:
    assert asked(asked_ago_s=NOW_S) is Reason.RARELY


def test_a_campaign_that_waits_is_asked_for_each_minute() -> None:
    assert asked(campaign_waits=True) is Reason.WAITING


@pytest.mark.parametrize(
    ("since_s", "reason"),
    [(0, Reason.PUSHING), (PATIENCE_S, Reason.PUSHING), (PATIENCE_S + 1, None)],
)
def test_a_room_that_should_be_pushed_is_asked_for_until_patience_ends(
    since_s: int, reason: Reason | None
) -> None:
    assert asked(push_wanted_since=NOW_S - since_s) is reason


@pytest.mark.parametrize("facts", [{}, {"campaign_waits": True}, {"push_wanted_since": NOW_S}])
def test_a_used_up_budget_asks_nothing(facts: dict[str, int]) -> None:
    assert asked(TONIGHT, calls_left=0, **facts) is None


@pytest.mark.parametrize(("calls_left", "reason"), [(75, None), (76, Reason.RARELY)])
def test_rare_asking_leaves_the_calls_for_what_is_expected_today(
    calls_left: int, reason: Reason | None
) -> None:
    before = NOW_S - 2 * 3600
    same_time = replace(TONIGHT, room_id=7)

    rooms = (TONIGHT, same_time)
    assert asked(*rooms, now_s=before, asked_ago_s=RARELY_S, calls_left=calls_left) is reason


def test_tomorrows_rooms_are_paid_from_tomorrows_budget() -> None:
    tomorrow = replace(TONIGHT, starts_at=MIDNIGHT + EARLY_S + 60)

    assert asked(tomorrow, asked_ago_s=RARELY_S, calls_left=1) is Reason.RARELY


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(60, 20 * 60), st.integers(-EARLY_S, LATE_S - 60) | st.none()),
        max_size=4,
    )
)
def test_a_day_of_early_late_and_missing_rooms_is_noticed_in_a_minute_within_the_budget(
    shows: list[tuple[int, int | None]],
) -> None:
    """Each show: the minute of the day it is planned for, and how late it opens, if ever."""
    began_at = MIDNIGHT - 86_400
    known: dict[int, Room] = {}
    asked_at = calls = 0
    noticed_at: dict[int, int] = {}
    for now_s in range(began_at, MIDNIGHT, 60):
        reason = reason_to_ask(
            known.values(),
            now_s=now_s,
            asked_at=asked_at,
            calls_left=400 - calls,
            day_ends_at=MIDNIGHT,
        )
        if reason is None:
            continue
        asked_at, calls = now_s, calls + 1
        rooms = []
        for number, (minute, late_s) in enumerate(shows):
            starts_at = began_at + 60 * minute
            opened = late_s is not None and now_s >= starts_at + late_s
            status = RoomStatus.LIVE if opened else RoomStatus.NOT_STARTED
            rooms.append(Room(number, "", status, starts_at, starts_at + 3600))
        seen = noticed(known, rooms, now_s)
        for room in newly_live(known, seen.values()):
            noticed_at[room.room_id] = now_s
        known = seen

    assert calls <= 400
    for number, (minute, late_s) in enumerate(shows):
        if late_s is None:
            assert number not in noticed_at
        else:
            assert 0 <= noticed_at[number] - (began_at + 60 * minute + late_s) <= 60
