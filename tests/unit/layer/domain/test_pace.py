"""The pace, by its figures."""

import pytest

from wxlive.domain.pace import Slot, TooFar, interval_ms, reserve

NOW_MS = 1_790_000_000_000


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
