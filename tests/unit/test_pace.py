"""The pace, the day and the stamp, by their figures."""

from datetime import UTC, datetime

import pytest

from wxlive.pace import (
    Slot,
    TooFar,
    day_ends_at,
    day_of,
    interval_ms,
    reserve,
    stamp_of,
)

NOW_MS = 1_790_000_000_000


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("rate", "chunk", "interval"),
    [
        (2000, 2000, 1045),
        (2000, 1001, 1045),
        (2000, 1000, 523),
        (2000, 999, 523),
        (2000, 500, 262),
        (2000, 667, 523),
        (1, 1, 1045),
        (2000, 1, 1),
    ],
)
def test_calls_are_spaced_by_how_many_whole_ones_fit_in_a_second(
    rate: int, chunk: int, interval: int
) -> None:
    assert interval_ms(rate, chunk) == interval


@pytest.mark.parametrize("next_free_ms", [None, 0, NOW_MS - 1, NOW_MS])
def test_a_free_slot_is_now(next_free_ms: int | None) -> None:
    slot = reserve(next_free_ms, now_ms=NOW_MS, interval_ms=1040, max_wait_ms=0)
    assert slot == Slot(at_ms=NOW_MS, next_free_ms=NOW_MS + 1040)


def test_a_taken_slot_means_the_next_one() -> None:
    slot = reserve(NOW_MS + 300, now_ms=NOW_MS, interval_ms=1040, max_wait_ms=300)
    assert slot == Slot(at_ms=NOW_MS + 300, next_free_ms=NOW_MS + 1340)


def test_a_slot_farther_than_one_may_wait_says_how_far() -> None:
    slot = reserve(NOW_MS + 301, now_ms=NOW_MS, interval_ms=1040, max_wait_ms=300)
    assert slot == TooFar(wait_ms=301)


@pytest.mark.parametrize(
    ("moment", "offset", "day"),
    [
        ("2026-11-22T15:59:59", 8, "2026-11-22"),
        ("2026-11-22T16:00:00", 8, "2026-11-23"),
        ("2026-11-22T23:59:59", 0, "2026-11-22"),
        ("2026-11-22T11:59:59", -12, "2026-11-21"),
        ("2026-12-31T16:00:00", 8, "2027-01-01"),
    ],
)
def test_a_moment_belongs_to_the_day_where_wechat_counts(
    moment: str, offset: int, day: str
) -> None:
    assert day_of(at(moment), offset) == day


@pytest.mark.parametrize(
    ("moment", "offset", "end"),
    [
        ("2026-11-22T15:59:59", 8, "2026-11-22T16:00:00"),
        ("2026-11-22T16:00:00", 8, "2026-11-23T16:00:00"),
        ("2026-11-22T00:00:00", 0, "2026-11-23T00:00:00"),
        ("2026-12-31T20:00:00", -5, "2027-01-01T05:00:00"),
    ],
)
def test_the_day_ends_at_midnight_where_wechat_counts(moment: str, offset: int, end: str) -> None:
    assert day_ends_at(at(moment), offset) == at(end)


def test_fractions_of_a_second_do_not_move_the_end_of_the_day() -> None:
    assert day_ends_at(at("2026-11-22T15:59:59") + 0.9, 8) == at("2026-11-22T16:00:00")


def test_the_moment_a_day_ends_is_the_next_day() -> None:
    end = day_ends_at(at("2026-11-22T03:00:00"), 8)
    assert day_of(end - 1, 8) == "2026-11-22"
    assert day_of(end, 8) == "2026-11-23"


def test_stamps_are_local_and_sort_by_time() -> None:
    assert stamp_of(at("2026-11-22T11:30:05"), 8) == "20261122T193005"
    moments = [at(f"2026-{month:02}-09T23:10:00") for month in range(1, 13)]
    assert sorted(stamp_of(m, 8) for m in moments) == [stamp_of(m, 8) for m in moments]
