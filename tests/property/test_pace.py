"""The pace: never more than the limit in any second, and hardly less."""

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from wxlive.domain.pace import (
    JITTER_MARGIN,
    MIDNIGHT_MARGIN_MS,
    Pace,
    Slot,
    TooFar,
    interval_ms,
    reserve,
)

quick = settings(deadline=None)

EPOCH_MS = 1_790_000_000_000
JITTER_MS = int(1000 * JITTER_MARGIN)
ROUNDING_MATTERS_FROM = 9
"""Calls a second from which spacing them by whole milliseconds can cost more than the 5 %."""

RATES = st.integers(1, 1_000_000)


@dataclass
class Shared:
    """The pace that senders share, and what each attempt came to."""

    rate: int
    pace: Pace = field(default_factory=Pace)
    midnights_ms: tuple[int, ...] = ()

    def attempt(self, openids: int, now_ms: int, max_wait_ms: int = 10**9) -> Slot | TooFar:
        slot = reserve(
            self.pace,
            openids=openids,
            rate=self.rate,
            now_ms=now_ms,
            max_wait_ms=max_wait_ms,
            midnights_ms=self.midnights_ms,
        )
        if isinstance(slot, Slot):
            self.pace = slot.pace
        return slot


@st.composite
def limits(draw: st.DrawFn, *, most_calls: int | None = None) -> tuple[int, int]:
    """A rate a second and a chunk that fits in it."""
    rate = draw(RATES)
    least = 1 if most_calls is None else rate // (most_calls + 1) + 1
    return rate, draw(st.integers(least, rate) | st.just(rate))


@st.composite
def nights(draw: st.DrawFn) -> tuple[int, list[tuple[int, int, int, int]]]:
    """A rate, and attempts of any sizes.

    Each: ms since the attempt before, openids, how long the sender may wait, and how much later
    its call arrives than it leaves.
    """
    rate = draw(st.integers(1, 5000))
    attempt = st.tuples(
        st.integers(0, 1500),
        st.integers(max(1, rate // 40), rate) | st.just(rate),
        st.integers(0, 20_000),
        st.integers(0, JITTER_MS // 2),
    )
    return rate, draw(st.lists(attempt, min_size=1, max_size=60))


@quick
@given(nights(), st.integers(-3000, 30_000))
def test_no_sliding_second_sees_more_than_the_rate_arrive_whatever_the_sizes(
    night: tuple[int, list[tuple[int, int, int, int]]], midnight_in_ms: int
) -> None:
    rate, attempts = night
    shared = Shared(rate, midnights_ms=(EPOCH_MS + midnight_in_ms,))
    now_ms = EPOCH_MS
    arrivals: list[tuple[int, int]] = []
    for later_ms, openids, max_wait_ms, delay_ms in attempts:
        now_ms += later_ms
        slot = shared.attempt(openids, now_ms, max_wait_ms)
        if isinstance(slot, Slot):
            arrivals.append((slot.at_ms + delay_ms, openids))
            assert abs(slot.at_ms - shared.midnights_ms[0]) >= MIDNIGHT_MARGIN_MS
    for start, _ in arrivals:
        assert sum(n for at, n in arrivals if start <= at < start + 1000) <= rate


@quick
@given(limits(), st.integers(2, 40))
def test_the_jitter_that_is_promised_is_absorbed_whole(limit: tuple[int, int], calls: int) -> None:
    """The worst case: the first call arrives as late as it may, all others at once."""
    rate, chunk = limit
    shared = Shared(rate)
    many = min(max(calls, rate // chunk + 1), 300)
    slots = [shared.attempt(chunk, EPOCH_MS) for _ in range(many)]
    starts = [slot.at_ms for slot in slots if isinstance(slot, Slot)]
    first, others = starts[0] + JITTER_MS, starts[1:]
    assert (1 + sum(at < first + 1000 for at in others)) * chunk <= rate


@quick
@given(limits(most_calls=ROUNDING_MATTERS_FROM - 1))
def test_while_there_is_work_at_least_95_percent_of_the_limit_is_used(
    limit: tuple[int, int],
) -> None:
    rate, chunk = limit
    used_a_second = 1000 / interval_ms(rate, chunk)
    assert used_a_second >= 0.95 * (rate // chunk)


@quick
@given(limits())
def test_beyond_the_margin_a_call_costs_less_than_a_millisecond(limit: tuple[int, int]) -> None:
    rate, chunk = limit
    needed_ms = 1000 * (1 + JITTER_MARGIN) / (rate // chunk)
    assert 0 <= interval_ms(rate, chunk) - needed_ms < 1


@quick
@given(limits(most_calls=100), st.integers(1, 100))
def test_senders_that_always_have_work_leave_no_gap(limit: tuple[int, int], calls: int) -> None:
    rate, chunk = limit
    shared = Shared(rate)
    slots = [shared.attempt(chunk, EPOCH_MS) for _ in range(calls)]
    starts = [slot.at_ms for slot in slots if isinstance(slot, Slot)]
    assert starts == [EPOCH_MS + i * interval_ms(rate, chunk) for i in range(calls)]


@quick
@given(nights())
def test_a_slot_is_within_the_wait_or_nothing_is_reserved(
    night: tuple[int, list[tuple[int, int, int, int]]],
) -> None:
    rate, attempts = night
    shared, now_ms = Shared(rate), EPOCH_MS
    for later_ms, openids, max_wait_ms, _ in attempts:
        now_ms, before = now_ms + later_ms, shared.pace
        slot = shared.attempt(openids, now_ms, max_wait_ms)
        if isinstance(slot, TooFar):
            assert slot.wait_ms > max_wait_ms
            assert shared.pace == before
        else:
            assert now_ms <= slot.at_ms <= now_ms + max_wait_ms
            assert slot.pace.next_free_ms > before.next_free_ms
