"""The picture: two lines, a mark for each call, a band for each hold; all at their own time."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories import NOW_S, a_chunk
from support.cli import facts_of
from wxlive.domain.campaigns import CampaignState, HoldKind, PastHold
from wxlive.domain.chunks import Chunk, ChunkState
from wxlive_cli.report.axis import Interval, axis
from wxlive_cli.report.chart import Chart, chart, height, thinned
from wxlive_cli.report.fates import Fate

MS = 1000 * NOW_S
MINUTE_MS = 60_000


def call(number: int, state: ChunkState = ChunkState.ACCEPTED, *, at_s: float = 0) -> Chunk:
    """Return a call of 2000 openids that left at the pace, or at a time of its own."""
    slot_ms = MS + round(1000 * at_s or 1045 * number)
    facts: dict[str, Any] = {"claimed_at": slot_ms // 1000, "slot_ms": slot_ms}
    return a_chunk(number, state, openids=2000, **facts)


def drawn(*calls: Chunk, **facts: Any) -> Chart:
    found = chart(facts_of(*calls, **facts), NOW_S + 600)
    assert found is not None
    return found


def a_hold(since_s: int, until_s: int) -> PastHold:
    return PastHold(HoldKind.OPERATOR, "Paused by the operator", NOW_S + since_s, NOW_S + until_s)


def test_without_calls_and_holds_there_is_no_picture() -> None:
    assert chart(facts_of(a_chunk(1)), NOW_S) is None


def test_calls_at_the_pace_are_evenly_spaced_marks() -> None:
    [lane] = drawn(*map(call, range(1, 31))).lanes
    gaps = [after - before for before, after in pairwise(lane.marks)]
    assert (lane.fate, lane.calls, lane.openids) == (Fate.REPORTED, 30, 60_000)
    assert gaps == pytest.approx([gaps[0]] * 29)


def test_each_fate_has_a_lane_of_its_own() -> None:
    found = drawn(call(1), call(2, ChunkState.UNKNOWN), call(3, ChunkState.REFUSED), call(4))
    assert [(lane.fate, lane.calls) for lane in found.lanes] == [
        (Fate.REPORTED, 2),
        (Fate.REFUSED, 1),
        (Fate.UNKNOWN, 1),
    ]


def test_only_accepted_calls_raise_the_line_and_it_never_passes_the_limit() -> None:
    found = drawn(call(1), call(2, ChunkState.UNKNOWN), call(3), call(4))
    assert found.top == 8000
    assert height(found.accepted, 1) == pytest.approx(6000 / 8000)
    for place, told in found.accepted[:-1]:
        assert told <= height(found.allowed, place) + 1e-9
    assert height(found.allowed, 1) == 1
    assert height(found.accepted, 0) == height(found.allowed, 0) == 0


def test_a_hold_is_a_band_from_its_beginning_to_its_end() -> None:
    found = drawn(call(1), call(2, at_s=60), past_holds=(a_hold(10, 50),))
    [band] = found.bands
    assert band.left == pytest.approx(found.axis.place(MS + 10_000))
    assert band.right == pytest.approx(found.axis.place(MS + 50_000))
    assert (band.is_open, band.is_shortened) == (False, False)


def test_a_hold_that_stands_lasts_until_now() -> None:
    facts = {"state": CampaignState.PAUSED, "held_since": NOW_S + 10, "reason": "why"}
    [band] = drawn(call(1), a_chunk(2), **facts).bands
    assert (band.is_open, band.hold.until, band.hold.reason) == (True, NOW_S + 600, "why")


def test_a_campaign_that_has_ended_is_drawn_until_its_last_hold_ended() -> None:
    facts = {"state": CampaignState.CANCELLED, "past_holds": (a_hold(10, 50),)}
    assert drawn(call(1), a_chunk(2), **facts).axis.ends_ms < MS + 60_000


def test_a_night_on_hold_leaves_the_calls_room_and_says_so() -> None:
    before = map(call, range(1, 17))
    after = [call(n, at_s=36_000 + n) for n in range(17, 33)]
    found = drawn(*before, *after, past_holds=(a_hold(20, 36_000),))
    [band] = found.bands
    assert band.is_shortened
    assert band.right - band.left < 0.6
    assert len(thinned(found.lanes[0].marks, 200)) == 32


def test_a_night_on_hold_beside_one_call_is_drawn_to_scale() -> None:
    [band] = drawn(call(1, at_s=20), past_holds=(a_hold(20, 36_000),)).bands
    assert not band.is_shortened


@given(
    st.lists(st.integers(0, 40_000_000), max_size=8),
    st.lists(st.integers(0, 40_000_000), min_size=1, max_size=20),
)
def test_the_axis_keeps_the_order_of_times(edges: list[int], times: list[int]) -> None:
    edges = sorted(edges[: len(edges) // 2 * 2])
    holds = [Interval(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    found = axis(min(edges + times), max(edges + times), holds)

    places = [found.place(at_ms) for at_ms in sorted(times)]
    assert places == sorted(places)
    assert all(0 < place < 1 for place in places)


@pytest.mark.parametrize("span_ms", [0, 2000, 17_000, 90_000, 5_300_000, 90_000_000])
def test_the_ticks_are_round_times_well_apart(span_ms: int) -> None:
    found = axis(MS, MS + span_ms, [])
    ticks = found.ticks_s(8 * 3600)
    assert 1 <= len(ticks) <= 5
    places = [found.place(1000 * at_s) for at_s in ticks]
    assert all(after - before > 0.2 for before, after in pairwise(places))


def test_no_tick_stands_in_a_hold_that_is_drawn_shorter() -> None:
    hold = Interval(MS + MINUTE_MS, MS + 600 * MINUTE_MS)
    found = axis(MS, MS + 601 * MINUTE_MS, [hold])
    assert found.shortened == {hold}
    ticks = found.ticks_s(0)
    assert ticks
    assert not [at for at in ticks if hold.begins_ms < 1000 * at < hold.ends_ms]
