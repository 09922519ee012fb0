"""What must be true before the first call, and what a push would take."""

import pytest

from factories import ROOM, a_room
from wxlive.domain.audience import EVERYBODY, Audience
from wxlive.errors import InvalidCommand
from wxlive_push_start.preflight import Forecast, check_audience, check_room, forecast


def test_a_live_room_may_be_pushed() -> None:
    check_room(ROOM, a_room())


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (102, "not started (102)"),
        (103, "ended (103)"),
        (104, "banned (104)"),
        (105, "paused (105)"),
        (106, "abnormal (106)"),
        (107, "expired (107)"),
        (999, "in an unknown state (999)"),
    ],
)
def test_a_room_in_any_other_state_is_refused_by_its_name(status: int, words: str) -> None:
    with pytest.raises(InvalidCommand) as refusal:
        check_room(ROOM, a_room(status=status))

    assert f"Room {ROOM} is {words}, not live" in str(refusal.value)
    assert "Nothing was sent" in str(refusal.value)


def test_a_room_that_wechat_does_not_list_is_refused() -> None:
    with pytest.raises(InvalidCommand, match="Room 7 is not among the rooms that WeChat lists"):
        check_room(7, None)


def a_forecast(audience: int, *, quota_left: int = 5000, day_left_s: float = 86_400) -> Forecast:
    return forecast(
        audience=audience,
        chunk=2000,
        interval_ms=1040,
        quota_left=quota_left,
        day_left_s=day_left_s,
    )


@pytest.mark.parametrize(
    ("audience", "calls", "minutes"),
    [(1, 1, 0.0), (2000, 1, 0.0), (2001, 2, 0.0), (120_000, 60, 1.0), (240_001, 121, 2.1)],
)
def test_a_forecast_counts_whole_calls_at_full_pace(
    audience: int, calls: int, minutes: float
) -> None:
    assert a_forecast(audience) == Forecast(
        audience=audience,
        calls=calls,
        minutes=minutes,
        quota_after=5000 - calls,
        crosses_midnight=False,
    )


@pytest.mark.parametrize(
    ("day_left_s", "crosses"), [(63, False), (62.4, False), (62.3, True), (0.5, True)]
)
def test_a_push_that_takes_longer_than_the_rest_of_the_day_crosses_midnight(
    day_left_s: float, *, crosses: bool
) -> None:
    assert a_forecast(120_000, day_left_s=day_left_s).crosses_midnight is crosses


def test_nobody_to_notify_is_a_refusal() -> None:
    with pytest.raises(InvalidCommand, match="run `wxlive sync` first"):
        check_audience(0, EVERYBODY, told=0, left_out=0)
    with pytest.raises(InvalidCommand, match="No subscribed follower is in this audience"):
        check_audience(0, Audience(rooms=(900,)), told=0, left_out=0)
    with pytest.raises(InvalidCommand, match="has notified 2 followers before"):
        check_audience(0, EVERYBODY, told=2, left_out=3)
    with pytest.raises(InvalidCommand, match="apart from those who are muted"):
        check_audience(0, EVERYBODY, told=0, left_out=3)
    check_audience(1, EVERYBODY, told=9, left_out=9)


def test_the_last_calls_of_the_day_may_be_used_up() -> None:
    assert a_forecast(4000, quota_left=2).quota_after == 0


def test_one_call_too_few_is_a_refusal_with_both_figures() -> None:
    with pytest.raises(InvalidCommand, match="4001 followers take 3 calls, but only 2"):
        a_forecast(4001, quota_left=2)
