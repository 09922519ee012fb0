"""The pace, by its figures."""

import pytest

from wxlive.domain.pace import Call, Pace, Slot, TooFar, interval_ms, reserve

NOW_MS = 1_790_000_000_000
RATE = 2000


def reserved(pace: Pace, openids: int = 2000, *, now_ms: int = NOW_MS, **changes: int) -> Slot:
    slot = reserve(
        pace,
        openids=openids,
        rate=changes.get("rate", RATE),
        now_ms=now_ms,
        max_wait_ms=10**9,
        midnights_ms=(),
    )
    assert isinstance(slot, Slot)
    return slot


@pytest.mark.parametrize(
    ("rate", "openids", "interval"),
    [
        (2000, 2000, 1045),
        (2000, 1001, 1045),
        (2000, 1000, 523),
        (2000, 999, 523),
        (2000, 500, 262),
        (2000, 667, 523),
        (1, 1, 1045),
        (2000, 1, 1),
        (500, 2000, 4180),
        (67, 2000, 31195),
        (1999, 2000, 1046),
    ],
)
def test_equal_calls_are_spaced_by_how_many_fit_in_a_second(
    rate: int, openids: int, interval: int
) -> None:
    assert interval_ms(rate, openids) == interval


@pytest.mark.parametrize("next_free_ms", [0, NOW_MS - 1, NOW_MS])
def test_a_free_slot_is_now(next_free_ms: int) -> None:
    assert reserved(Pace(next_free_ms)).at_ms == NOW_MS


def test_calls_of_different_sizes_follow_each_other_like_whole_ones() -> None:
    pace, at_ms = Pace(), list[int]()
    for openids in (2000, 1999, 1985, 1990):
        slot = reserved(pace, openids)
        pace, at_ms = slot.pace, [*at_ms, slot.at_ms - NOW_MS]
    assert at_ms == [0, 1045, 2090, 3135]


def test_calls_larger_than_the_pace_are_farther_apart() -> None:
    pace, at_ms = reserved(Pace()).pace, list[int]()
    for _ in range(3):
        slot = reserved(pace, rate=500)
        pace, at_ms = slot.pace, [*at_ms, slot.at_ms - NOW_MS]
    assert at_ms == [4180, 8360, 12540]


def test_back_to_full_pace_the_next_call_follows_at_full_pace() -> None:
    slow = reserved(Pace(), rate=500)
    assert reserved(slow.pace).at_ms - slow.at_ms == 1045


def test_small_calls_share_a_second() -> None:
    pace, at_ms = Pace(), list[int]()
    for _ in range(5):
        slot = reserved(pace, 500)
        pace, at_ms = slot.pace, [*at_ms, slot.at_ms - NOW_MS]
    assert at_ms == [0, 262, 524, 786, 1048]


def test_a_large_call_after_small_ones_waits_until_they_are_a_second_old() -> None:
    pace = Pace()
    for _ in range(3):
        pace = reserved(pace, 500).pace
    assert reserved(pace, 2000).at_ms == NOW_MS + 524 + 1045


def test_a_small_call_after_a_large_one_waits_as_long_as_a_large_one() -> None:
    assert reserved(reserved(Pace(), 2000).pace, 500).at_ms == NOW_MS + 1045


def test_the_log_forgets_what_is_older_than_a_second() -> None:
    pace = reserved(Pace(), 500).pace
    later = reserved(pace, 500, now_ms=NOW_MS + 2000).pace
    assert later.recent == (Call(NOW_MS + 2000, 500),)


def test_a_record_of_version_0_1_says_only_when_the_next_call_may_leave() -> None:
    assert reserved(Pace(next_free_ms=NOW_MS + 300)).at_ms == NOW_MS + 300


def test_every_reservation_moves_the_next_free_time_on() -> None:
    pace = Pace(next_free_ms=NOW_MS + 5000, recent=(Call(NOW_MS - 9000, 2000),))
    assert reserved(pace).pace.next_free_ms == NOW_MS + 5001


def test_a_slot_too_far_away_says_how_far_and_reserves_nothing() -> None:
    taken = reserved(Pace()).pace
    slot = reserve(taken, openids=2000, rate=RATE, now_ms=NOW_MS, max_wait_ms=1044, midnights_ms=())
    assert slot == TooFar(wait_ms=1045)


@pytest.mark.parametrize(
    ("before_midnight_ms", "delay_ms"),
    [(2001, 0), (2000, 0), (1999, 3999), (0, 2000), (-1, 2001 - 2), (-1999, 1), (-2000, 0)],
)
def test_no_slot_is_close_to_midnight(before_midnight_ms: int, delay_ms: int) -> None:
    midnight_ms = NOW_MS + before_midnight_ms
    slot = reserve(
        Pace(),
        openids=2000,
        rate=RATE,
        now_ms=NOW_MS,
        max_wait_ms=10_000,
        midnights_ms=(midnight_ms,),
    )
    assert isinstance(slot, Slot)
    assert slot.at_ms == NOW_MS + delay_ms
