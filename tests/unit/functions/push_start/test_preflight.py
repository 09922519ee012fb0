"""What must be true before the first call, and what a push would take."""

import pytest

from factories import ROOM, a_room
from wxlive.errors import InvalidCommand
from wxlive_push_start.preflight import Forecast, check_room, forecast


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


@pytest.mark.parametrize(
    ("audience", "calls", "minutes"),
    [(1, 1, 0.0), (2000, 1, 0.0), (2001, 2, 0.0), (120_000, 60, 1.0), (240_001, 121, 2.1)],
)
def test_a_forecast_counts_whole_calls_at_full_pace(
    audience: int, calls: int, minutes: float
) -> None:
    expected = forecast(audience=audience, chunk=2000, interval_ms=1040, quota_left=5000)

    assert expected == Forecast(
        audience=audience, calls=calls, minutes=minutes, quota_after=5000 - calls
    )


def test_nobody_to_notify_is_a_refusal() -> None:
    with pytest.raises(InvalidCommand, match="run `wxlive sync` first"):
        forecast(audience=0, chunk=2000, interval_ms=1040, quota_left=5000)


def test_the_last_calls_of_the_day_may_be_used_up() -> None:
    assert forecast(audience=4000, chunk=2000, interval_ms=1040, quota_left=2).quota_after == 0


def test_one_call_too_few_is_a_refusal_with_both_figures() -> None:
    with pytest.raises(InvalidCommand, match="4001 followers take 3 calls, but only 2"):
        forecast(audience=4001, chunk=2000, interval_ms=1040, quota_left=2)
