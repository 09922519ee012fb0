"""When live_watch polls WeChat: every few seconds while a room is likely to open, else evenly."""

from dataclasses import replace
from typing import Any

import pytest

from factories import NOW_S, a_room
from wxlive.domain.calendar import day_ends_at
from wxlive.domain.rooms import OVER, Room, RoomStatus
from wxlive_live_watch.poll_policy import (
    EARLY_S,
    LATE_S,
    MINUTE_S,
    NEAR_EARLY_S,
    NEAR_LATE_S,
    PATIENCE_S,
    RARELY_S,
    SOON_S,
    NextPoll,
    Reason,
    is_due,
    next_poll,
)

MIDNIGHT = day_ends_at(NOW_S, 8)
LEFT_S = MIDNIGHT - NOW_S
TONIGHT = a_room(status=RoomStatus.NOT_STARTED, starts_at=NOW_S, ends_at=NOW_S + 7200)
ASKED_AT = NOW_S - 1


def after(*rooms: Room, now_s: float = NOW_S, **facts: Any) -> tuple[Reason, float]:
    """Return why WeChat is polled next, and how long after the last time."""
    facts = {"calls_left": 400, "push_may_follow": True, "asked_at": now_s - 1} | facts
    poll = next_poll(rooms, now_s=now_s, day_ends_at=MIDNIGHT, **facts)
    assert poll is not None
    return poll.reason, poll.at - facts["asked_at"]


@pytest.mark.parametrize("off_s", [-EARLY_S, -60, 0, 60, LATE_S])
def test_about_a_planned_start_wechat_is_polled_every_few_seconds(off_s: int) -> None:
    assert after(TONIGHT, now_s=NOW_S + off_s) == (Reason.OPENING, SOON_S)


def test_where_no_push_may_follow_each_minute_is_enough() -> None:
    assert after(TONIGHT, push_may_follow=False) == (Reason.OPENING, MINUTE_S)


@pytest.mark.parametrize("off_s", [-NEAR_EARLY_S, LATE_S + SOON_S, NEAR_LATE_S])
def test_long_before_and_after_it_is_polled_each_minute(off_s: int) -> None:
    assert after(TONIGHT, now_s=NOW_S + off_s) == (Reason.NEAR, MINUTE_S)


@pytest.mark.parametrize("off_s", [-NEAR_EARLY_S, LATE_S + SOON_S])
def test_but_not_where_the_rest_of_the_day_needs_the_calls(off_s: int) -> None:
    calls = LEFT_S // RARELY_S - 1

    reason, after_s = after(TONIGHT, now_s=NOW_S + off_s, calls_left=calls)

    assert reason is not Reason.NEAR
    assert after_s > MINUTE_S


@pytest.mark.parametrize("status", [RoomStatus.LIVE, *OVER])
def test_a_room_that_is_open_or_over_is_not_expected(status: RoomStatus) -> None:
    assert after(replace(TONIGHT, status=status))[0] is Reason.EVENLY


@pytest.mark.parametrize("status", [RoomStatus.PAUSED, RoomStatus.ABNORMAL, 199])
def test_a_room_that_may_open_again_is_expected(status: int) -> None:
    assert after(replace(TONIGHT, status=status))[0] is Reason.OPENING


def test_a_room_without_a_planned_start_is_not_expected() -> None:
    assert after(replace(TONIGHT, starts_at=0))[0] is Reason.EVENLY


def test_without_rooms_the_days_calls_are_spread_evenly() -> None:
    assert after(calls_left=100) == (Reason.EVENLY, LEFT_S / 100)


def test_but_never_oftener_than_the_schedule_runs() -> None:
    assert after(calls_left=100_000) == (Reason.EVENLY, MINUTE_S)


def test_what_the_rooms_to_come_are_likely_to_need_is_kept_for_them() -> None:
    later = replace(TONIGHT, starts_at=NOW_S + 3600)
    same_time = replace(later, room_id=7)

    _, after_s = after(later, calls_left=100)
    assert after_s > LEFT_S / 100
    assert after(later, same_time, calls_left=100) == (Reason.EVENLY, after_s)


def test_tomorrows_rooms_need_none_of_todays_calls() -> None:
    tomorrow = replace(TONIGHT, starts_at=MIDNIGHT + EARLY_S)

    assert after(tomorrow, calls_left=100) == (Reason.EVENLY, LEFT_S / 100)


def test_calls_that_do_not_suffice_are_spread_over_the_time_in_which_a_room_is_likely() -> None:
    reason, after_s = after(TONIGHT, calls_left=10)

    assert reason is Reason.OPENING
    assert after_s == pytest.approx((LATE_S + SOON_S) / 10)


def test_a_run_is_awake_when_the_time_begins_in_which_a_room_is_likely() -> None:
    now_s = NOW_S - EARLY_S - 20
    poll = next_poll(
        [TONIGHT],
        now_s=now_s,
        asked_at=now_s,
        calls_left=400,
        day_ends_at=MIDNIGHT,
        push_may_follow=True,
    )

    assert poll == NextPoll(Reason.OPENING, NOW_S - EARLY_S, is_soon=True)


def test_while_a_campaign_waits_wechat_is_polled_each_minute() -> None:
    assert after(calls_left=10, campaign_waits=True) == (Reason.WAITING, MINUTE_S)


@pytest.mark.parametrize(
    ("since_s", "expected"),
    [(0, Reason.PUSHING), (PATIENCE_S, Reason.PUSHING), (PATIENCE_S + 1, Reason.EVENLY)],
)
def test_while_a_push_is_wanted_it_is_polled_each_minute_for_an_hour(
    since_s: int, expected: Reason
) -> None:
    assert after(calls_left=10, push_wanted_since=NOW_S - since_s)[0] is expected


@pytest.mark.parametrize("facts", [{}, {"campaign_waits": True}, {"push_wanted_since": NOW_S}])
def test_nothing_is_polled_once_the_budget_is_used_up(facts: dict[str, Any]) -> None:
    poll = next_poll(
        [TONIGHT],
        now_s=NOW_S,
        asked_at=0,
        calls_left=0,
        day_ends_at=MIDNIGHT,
        push_may_follow=True,
        **facts,
    )
    assert poll is None


@pytest.mark.parametrize(
    ("is_soon", "ahead_s", "due"),
    [(True, 0, True), (True, 1, False), (False, MINUTE_S / 2, True), (False, 31, False)],
)
def test_what_can_wait_for_the_schedule_is_polled_at_the_nearest_run(
    ahead_s: float, *, is_soon: bool, due: bool
) -> None:
    assert is_due(NextPoll(Reason.EVENLY, NOW_S + ahead_s, is_soon=is_soon), NOW_S) is due
