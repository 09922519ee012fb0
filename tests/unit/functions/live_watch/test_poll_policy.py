"""When live_watch asks for the rooms: each minute while a room may open, else rarely."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factories import NOW_S, a_room
from wxlive.domain.calendar import day_ends_at
from wxlive.domain.rooms import OVER, Room, RoomStatus, newly_live, noticed
from wxlive_live_watch.poll_policy import (
    EARLY_S,
    LATE_S,
    PATIENCE_S,
    RARELY_S,
    Reason,
    reason_to_ask,
)

MIDNIGHT = day_ends_at(NOW_S, 8)
TONIGHT = a_room(status=RoomStatus.NOT_STARTED, starts_at=NOW_S, ends_at=NOW_S + 7200)


def reason(
    *rooms: Room, now_s: float = NOW_S, asked_ago_s: int = 60, **facts: Any
) -> Reason | None:
    return reason_to_ask(
        rooms,
        now_s=now_s,
        asked_at=int(now_s) - asked_ago_s,
        calls_left=facts.pop("calls_left", 400),
        day_ends_at=MIDNIGHT,
        **facts,
    )


@pytest.mark.parametrize("off_s", [-EARLY_S, -60, 0, 60, LATE_S])
def test_around_a_planned_start_the_rooms_are_asked_for_each_minute(off_s: int) -> None:
    assert reason(TONIGHT, now_s=NOW_S + off_s) is Reason.OPENING


@pytest.mark.parametrize("off_s", [-EARLY_S - 1, LATE_S + 1])
def test_long_before_and_long_after_they_are_asked_for_rarely(off_s: int) -> None:
    assert reason(TONIGHT, now_s=NOW_S + off_s) is None
    assert reason(TONIGHT, now_s=NOW_S + off_s, asked_ago_s=RARELY_S) is Reason.RARELY


@pytest.mark.parametrize("status", [RoomStatus.LIVE, *OVER])
def test_a_room_that_is_open_or_over_is_not_expected(status: RoomStatus) -> None:
    assert reason(replace(TONIGHT, status=status)) is None


@pytest.mark.parametrize("status", [RoomStatus.PAUSED, RoomStatus.ABNORMAL, 199])
def test_a_room_that_may_open_again_is_expected(status: int) -> None:
    assert reason(replace(TONIGHT, status=status)) is Reason.OPENING


def test_a_room_without_a_planned_start_is_not_expected() -> None:
    assert reason(replace(TONIGHT, starts_at=0)) is None


def test_the_first_poll_asks_for_the_rooms() -> None:
    assert reason(asked_ago_s=NOW_S) is Reason.RARELY


def test_while_a_campaign_waits_the_rooms_are_asked_for_each_minute() -> None:
    assert reason(campaign_waits=True) is Reason.WAITING


@pytest.mark.parametrize(
    ("since_s", "expected"),
    [(0, Reason.PUSHING), (PATIENCE_S, Reason.PUSHING), (PATIENCE_S + 1, None)],
)
def test_while_a_push_is_wanted_the_rooms_are_asked_for_each_minute_for_an_hour(
    since_s: int, expected: Reason | None
) -> None:
    assert reason(push_wanted_since=NOW_S - since_s) is expected


@pytest.mark.parametrize("facts", [{}, {"campaign_waits": True}, {"push_wanted_since": NOW_S}])
def test_nothing_is_asked_for_once_the_budget_is_used_up(facts: dict[str, int]) -> None:
    assert reason(TONIGHT, calls_left=0, **facts) is None


@pytest.mark.parametrize(("calls_left", "expected"), [(75, None), (76, Reason.RARELY)])
def test_asking_rarely_leaves_the_calls_that_todays_expected_rooms_need(
    calls_left: int, expected: Reason | None
) -> None:
    before = NOW_S - 2 * 3600
    same_time = replace(TONIGHT, room_id=7)

    rooms = (TONIGHT, same_time)
    assert reason(*rooms, now_s=before, asked_ago_s=RARELY_S, calls_left=calls_left) is expected


def test_tomorrows_rooms_need_none_of_todays_calls() -> None:
    tomorrow = replace(TONIGHT, starts_at=MIDNIGHT + EARLY_S + 60)

    assert reason(tomorrow, asked_ago_s=RARELY_S, calls_left=1) is Reason.RARELY


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
        asked = reason_to_ask(
            known.values(),
            now_s=now_s,
            asked_at=asked_at,
            calls_left=400 - calls,
            day_ends_at=MIDNIGHT,
        )
        if asked is None:
            continue
        asked_at, calls = now_s, calls + 1
        rooms = []
        for number, (minute, late_s) in enumerate(shows):
            starts_at = began_at + 60 * minute
            opened = late_s is not None and now_s >= starts_at + late_s
            status = RoomStatus.LIVE if opened else RoomStatus.NOT_STARTED
            rooms.append(a_room(number, status=status, starts_at=starts_at))
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
