"""The pace: never more than the limit in any second, and hardly less; and the day it counts in."""

from dataclasses import dataclass

from hypothesis import assume, given
from hypothesis import strategies as st

from factories import NOW_S
from support.budget import budget
from wxlive.domain.calendar import day_ends_at, day_of, stamp_of
from wxlive.domain.pace import JITTER_MARGIN, Slot, TooFar, interval_ms, reserve

examples = budget(fast=50, thorough=2000)

EPOCH_MS = NOW_S * 1000
JITTER_MS = int(1000 * JITTER_MARGIN)
ROUNDING_MATTERS_FROM = 9
"""Calls a second from which spacing them by whole milliseconds can cost more than the 5 %."""

RATES = st.integers(1, 1_000_000)
MOMENTS = st.integers(0, 4_000_000_000)
OFFSETS = st.integers(-12, 14)


@st.composite
def limits(draw: st.DrawFn, *, most_calls: int | None = None) -> tuple[int, int]:
    """A rate a second and a chunk that fits in it."""
    rate = draw(RATES)
    least = 1 if most_calls is None else rate // (most_calls + 1) + 1
    return rate, draw(st.integers(least, rate) | st.just(rate))


@dataclass
class Shared:
    """The one next free slot, and what each sender's attempt came to."""

    interval: int
    next_free_ms: int | None = None

    def attempt(self, now_ms: int, max_wait_ms: int) -> Slot | TooFar:
        slot = reserve(
            self.next_free_ms, now_ms=now_ms, interval_ms=self.interval, max_wait_ms=max_wait_ms
        )
        if isinstance(slot, Slot):
            self.next_free_ms = slot.next_free_ms
        return slot


ATTEMPTS = st.lists(
    st.tuples(
        st.integers(0, 1500),  # ms since the attempt before, whoever made it
        st.integers(0, 20_000),  # how long this sender may wait
        st.integers(0, JITTER_MS // 2),  # how much later its call arrives than it leaves
    ),
    min_size=1,
    max_size=60,
)


@examples
@given(limits(), ATTEMPTS)
def test_no_sliding_second_sees_more_than_the_rate_arrive(
    limit: tuple[int, int], attempts: list[tuple[int, int, int]]
) -> None:
    rate, chunk = limit
    shared = Shared(interval_ms(rate, chunk))
    now_ms, arrivals = EPOCH_MS, []
    for later_ms, max_wait_ms, delay_ms in attempts:
        now_ms += later_ms
        slot = shared.attempt(now_ms, max_wait_ms)
        if isinstance(slot, Slot):
            arrivals.append(slot.at_ms + delay_ms)
    for start in arrivals:
        within = [at for at in arrivals if start <= at < start + 1000]
        assert len(within) * chunk <= rate


@examples
@given(limits(), st.integers(2, 40))
def test_the_jitter_that_is_promised_is_absorbed_whole(limit: tuple[int, int], calls: int) -> None:
    """The worst case: the first call arrives as late as it may, all others at once."""
    rate, chunk = limit
    shared = Shared(interval_ms(rate, chunk))
    calls = min(max(calls, rate // chunk + 1), 3000)
    slots = [shared.attempt(EPOCH_MS, 10**9) for _ in range(calls)]
    starts = [slot.at_ms for slot in slots if isinstance(slot, Slot)]
    first, others = starts[0] + JITTER_MS, starts[1:]
    assert (1 + sum(at < first + 1000 for at in others)) * chunk <= rate


@examples
@given(limits(most_calls=ROUNDING_MATTERS_FROM - 1))
def test_while_there_is_work_at_least_95_percent_of_the_limit_is_used(
    limit: tuple[int, int],
) -> None:
    rate, chunk = limit
    used_a_second = 1000 / interval_ms(rate, chunk)
    assert used_a_second >= 0.95 * (rate // chunk)


@examples
@given(limits())
def test_beyond_the_margin_a_call_costs_less_than_a_millisecond(limit: tuple[int, int]) -> None:
    rate, chunk = limit
    needed_ms = 1000 * (1 + JITTER_MARGIN) / (rate // chunk)
    assert 0 <= interval_ms(rate, chunk) - needed_ms < 1


@examples
@given(limits(), st.integers(1, 200))
def test_senders_that_always_have_work_leave_no_gap(limit: tuple[int, int], calls: int) -> None:
    shared = Shared(interval_ms(*limit))
    slots = [shared.attempt(EPOCH_MS, 10**9) for _ in range(calls)]
    starts = [slot.at_ms for slot in slots if isinstance(slot, Slot)]
    assert starts == [EPOCH_MS + i * shared.interval for i in range(calls)]


@examples
@given(
    st.none() | st.integers(0, 2 * EPOCH_MS),
    st.integers(0, 2 * EPOCH_MS),
    st.integers(1, 2000),
    st.integers(0, 20_000),
)
def test_a_slot_is_within_the_wait_or_nothing_is_taken(
    next_free_ms: int | None, now_ms: int, interval: int, max_wait_ms: int
) -> None:
    shared = Shared(interval, next_free_ms)
    slot = shared.attempt(now_ms, max_wait_ms)
    if isinstance(slot, TooFar):
        assert shared.next_free_ms == next_free_ms
        assert next_free_ms == now_ms + slot.wait_ms
        assert slot.wait_ms > max_wait_ms
    else:
        assert now_ms <= slot.at_ms <= now_ms + max_wait_ms
        assert slot.at_ms >= (next_free_ms or 0)
        assert slot.next_free_ms == slot.at_ms + interval


@examples
@given(limits(), ATTEMPTS)
def test_a_sender_that_gave_up_leaves_no_mark_on_the_others(
    limit: tuple[int, int], attempts: list[tuple[int, int, int]]
) -> None:
    everybody, winners = Shared(interval_ms(*limit)), Shared(interval_ms(*limit))
    now_ms = EPOCH_MS
    for later_ms, max_wait_ms, _ in attempts:
        now_ms += later_ms
        slot = everybody.attempt(now_ms, max_wait_ms)
        if isinstance(slot, Slot):
            assert winners.attempt(now_ms, max_wait_ms) == slot
    assert everybody.next_free_ms == winners.next_free_ms


@examples
@given(MOMENTS, OFFSETS)
def test_a_day_lasts_until_its_end_and_no_second_longer(moment: int, offset: int) -> None:
    end = day_ends_at(moment, offset)
    assert 0 < end - moment <= 86_400
    assert (end + offset * 3600) % 86_400 == 0
    assert day_of(end - 1, offset) == day_of(moment, offset) != day_of(end, offset)


@examples
@given(MOMENTS, MOMENTS, OFFSETS)
def test_days_and_stamps_sort_as_their_moments(one: int, two: int, offset: int) -> None:
    assume(one < two)
    assert day_of(one, offset) <= day_of(two, offset)
    assert stamp_of(one, offset) < stamp_of(two, offset)
