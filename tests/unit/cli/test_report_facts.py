"""The facts of a report: what left when, which errors occurred, what the results cover."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories import NOW_S, a_campaign, a_chunk, a_result
from wxlive.domain.chunks import ABANDONED, Chunk, ChunkState
from wxlive.domain.events import PushResult
from wxlive.domain.reports import report
from wxlive_cli.report.chart import chart
from wxlive_cli.report.facts import CampaignFacts, Second, derive_facts

LIMIT = 2000
ACCEPTED = a_chunk(1, ChunkState.ACCEPTED, openids=2000, claimed_at=NOW_S)
LOST = a_chunk(2, ChunkState.UNKNOWN, openids=2000, claimed_at=NOW_S + 1, reason=ABANDONED)
REFUSED = a_chunk(
    3,
    ChunkState.REFUSED,
    openids=1,
    claimed_at=NOW_S + 2,
    errcode=40003,
    rid="5f3e-0000-1111",
    reason="…",
)
QUEUED = a_chunk(4, openids=1999)


def facts_of(
    *chunks: Chunk, results: tuple[PushResult, ...] = (), limit: int = LIMIT
) -> CampaignFacts:
    return derive_facts(report(a_campaign(), chunks, results, 0), chunks, results, limit=limit)


def test_calls_are_counted_by_second_and_unknown_ones_apart() -> None:
    found = facts_of(ACCEPTED, LOST, REFUSED, QUEUED)

    assert found.seconds == (Second(NOW_S, 2000, 0), Second(NOW_S + 1, 0, 2000))
    assert (found.busiest, found.took_s, found.rate) == (2000, 2, 2000)
    assert found.unsent == 1999


def test_an_unknown_call_whose_result_arrived_counts_as_accepted() -> None:
    found = facts_of(LOST, results=(a_result("m-9", total=2000),))

    assert found.seconds == (Second(NOW_S + 1, 2000, 0),)
    assert (found.accepted, found.awaited, found.miscounted) == (2000, 0, 0)


def test_claims_of_one_second_are_spread_as_the_pace_spread_their_calls() -> None:
    crowded = [replace(ACCEPTED, number=n, message_id=f"m-{n}") for n in range(1, 4)]

    found = [second.at for second in facts_of(*crowded).seconds]

    assert found == [NOW_S, NOW_S + 1, NOW_S + 2]


@given(
    st.lists(st.integers(0, 30), min_size=1, max_size=40),
    st.sampled_from([(2000, 2000), (2000, 500), (2000, 300), (7, 3), (1, 1)]),
)
def test_no_second_shows_more_than_the_limit(claims: list[int], pace: tuple[int, int]) -> None:
    limit, size = pace
    chunks = [
        a_chunk(n, ChunkState.ACCEPTED, openids=size, claimed_at=NOW_S + at)
        for n, at in enumerate(claims)
    ]
    found = facts_of(*chunks, limit=limit)

    assert found.busiest <= limit
    assert sum(second.openids for second in found.seconds) == size * len(claims)


def test_calls_that_keep_the_pace_show_no_gap() -> None:
    """A call each 1.045 s: some seconds have none, and yet nothing was held."""
    calls = [
        replace(ACCEPTED, number=n, claimed_at=NOW_S + n, slot_ms=1000 * NOW_S + 1045 * n)
        for n in range(60)
    ]
    found = facts_of(*calls)

    assert (found.idle_s, found.busiest, found.took_s) == (0, 2000, 63)
    assert found.rate == pytest.approx(2000 / 1.045, rel=0.01)


def test_the_busiest_second_is_any_second_not_one_of_the_clock() -> None:
    slots = [900, 1100, 1899, 2101]
    calls = [
        replace(ACCEPTED, number=n, openids=600, slot_ms=1000 * NOW_S + at)
        for n, at in enumerate(slots, 1)
    ]
    assert facts_of(*calls).busiest == 1800


def test_errors_are_grouped_by_code_with_their_meaning() -> None:
    overcome = replace(ACCEPTED, errcode=45011, rid="5f3e-0000-2222", reason="Too many")
    found = facts_of(replace(LOST, openids=5), overcome, REFUSED).errors

    assert [error.errcode for error in found] == [45011, None, 40003]
    minute, lost, invalid = found
    assert (minute.calls, minute.overcome, minute.rid) == (1, 1, "5f3e-0000-2222")
    assert "Too many calls this minute" in minute.meaning
    assert (invalid.calls, invalid.openids, invalid.overcome) == (1, 1, 0)
    assert (lost.meaning, lost.overcome) == (ABANDONED, 0)


def test_awaited_results_are_distinguished_from_those_that_will_never_arrive() -> None:
    by_hand = replace(LOST, state=ChunkState.ACCEPTED, reason="Accepted by the operator")
    awaiting = replace(ACCEPTED, number=5, message_id="m-5")
    result = a_result("m-1", total=1990, time_s=NOW_S + 5)
    found = facts_of(ACCEPTED, awaiting, by_hand, results=(result,))

    assert (found.accepted, found.awaited, found.miscounted) == (6000, 2000, 2010)
    assert found.last_result_at == NOW_S + 5


def test_a_campaign_that_sent_nothing_has_no_seconds() -> None:
    found = facts_of(QUEUED)

    assert (found.seconds, found.busiest, found.took_s, found.rate) == ((), 0, 0, 0)
    assert found.summary()["first_call_at"] is None
    assert chart(found, NOW_S) is None
