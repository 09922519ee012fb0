"""A chunk of the ledger: when its claim is stale, when its result is overdue, how large it is."""

from dataclasses import replace
from typing import Any

import pytest

from factories import NOW_S, a_chunk
from wxlive.domain.chunks import (
    ABANDONED,
    CALL_DELAY_S,
    CALL_LIMIT_S,
    CLAIM_STALE_S,
    MAX_OPENIDS_PER_CALL,
    REFUSED_CALLS_KEPT,
    RESULT_OVERDUE_S,
    SIZE_SPREAD_PERCENT,
    ChunkState,
    EarlierCall,
    RefusedCall,
    cut_at,
    size_of,
    spread_of,
)
from wxlive.wechat.client import CONNECT_TIMEOUT_S, READ_TIMEOUT_S


def test_a_claim_is_abandoned_when_it_outlived_its_worker() -> None:
    chunk = a_chunk(state=ChunkState.SENDING, claimed_at=NOW_S)
    assert not chunk.is_abandoned(NOW_S + CLAIM_STALE_S)
    assert chunk.is_abandoned(NOW_S + CLAIM_STALE_S + 1)


def test_an_abandoned_claim_is_seen_as_unknown_before_that_is_recorded() -> None:
    chunk = a_chunk(state=ChunkState.SENDING, claimed_at=NOW_S)
    assert chunk.as_seen(NOW_S + CLAIM_STALE_S) is chunk
    seen = chunk.as_seen(NOW_S + CLAIM_STALE_S + 1)
    assert (seen.state, seen.reason) == (ChunkState.UNKNOWN, ABANDONED)
    assert replace(seen, state=chunk.state, reason=chunk.reason) == chunk


@pytest.mark.parametrize("state", [s for s in ChunkState if s is not ChunkState.SENDING])
def test_only_a_chunk_under_way_can_be_abandoned(state: ChunkState) -> None:
    assert not a_chunk(state=state).is_abandoned(NOW_S)


@pytest.mark.parametrize(
    ("since", "is_same"),
    [
        ({"attempts": 2, "reason": "no connection"}, True),
        ({"openids": 5}, False),
        ({"claim": "another", "waits_until": NOW_S + 30}, False),
        ({"state": ChunkState.SENDING}, False),
    ],
    ids=["tried in vain", "cut", "called and answered busy", "claimed"],
)
def test_a_chunk_is_queued_as_it_was_read_until_it_is_cut_or_called(
    since: dict[str, Any], *, is_same: bool
) -> None:
    read = a_chunk(state=ChunkState.QUEUED)
    assert replace(read, **since).is_queued_as(read) is is_same


def test_a_result_is_overdue_an_hour_after_the_claim() -> None:
    chunk = a_chunk(state=ChunkState.ACCEPTED, claimed_at=NOW_S)
    assert not chunk.is_overdue(NOW_S + RESULT_OVERDUE_S)
    assert chunk.is_overdue(NOW_S + RESULT_OVERDUE_S + 1)


def test_a_claim_is_not_stale_before_its_call_has_certainly_ended() -> None:
    """The answer is stored after the call, so there is time left for that too."""
    assert CONNECT_TIMEOUT_S + READ_TIMEOUT_S <= CALL_LIMIT_S
    assert CALL_DELAY_S + CALL_LIMIT_S + 5 <= CLAIM_STALE_S


# ---------------------------------------------------------------- who may have been notified


@pytest.mark.parametrize("state", ChunkState)
def test_a_chunk_may_have_notified_once_it_was_claimed_and_not_refused(state: ChunkState) -> None:
    called = {ChunkState.SENDING, ChunkState.ACCEPTED, ChunkState.UNKNOWN}
    assert a_chunk(state=state).may_have_notified is (state in called)


def test_a_chunk_knows_when_it_may_have_notified() -> None:
    chunk = a_chunk(state=ChunkState.ACCEPTED, claimed_at=9, earlier_calls=(EarlierCall(5, 10),))
    assert chunk.called_at == (5, 9)
    assert replace(chunk, state=ChunkState.QUEUED).called_at == (5,)


@pytest.mark.parametrize("state", ChunkState)
def test_a_chunk_whose_earlier_call_was_unknown_may_have_notified_whatever_follows(
    state: ChunkState,
) -> None:
    assert a_chunk(state=state, earlier_calls=(EarlierCall(NOW_S, 10),)).may_have_notified
    assert a_chunk(state=state, was_called=True).may_have_notified


# ---------------------------------------------------------------- sizes


@pytest.mark.parametrize(
    ("chunk_openids", "spread"), [(1, 1), (100, 1), (133, 1), (134, 2), (500, 4), (2000, 16)]
)
def test_large_chunks_have_several_sizes_and_small_ones_have_one(
    chunk_openids: int, spread: int
) -> None:
    assert spread_of(chunk_openids) == spread


def test_chunks_that_follow_each_other_differ_in_size_and_the_sizes_repeat() -> None:
    sizes = [size_of(number, 2000, 16) for number in range(1, 34)]
    assert sizes[:16] == list(range(2000, 1984, -1))
    assert sizes[16:32] == sizes[:16]
    assert all(len(set(sizes[at : at + 16])) == 16 for at in range(18))


def test_without_a_spread_every_chunk_is_full() -> None:
    assert {size_of(number, 2000, 1) for number in range(1, 100)} == {2000}


def test_a_spread_that_is_too_wide_for_a_chunk_size_that_was_lowered_is_narrowed() -> None:
    """The spread is stored with the campaign; PushChunkSize may change while it is planned."""
    assert [size_of(number, 500, 16) for number in range(1, 6)] == [500, 499, 498, 497, 500]
    assert [size_of(number, 1, 16) for number in range(1, 6)] == [1] * 5


def test_sizes_cost_less_than_seven_calls_in_a_thousand() -> None:
    for chunk_openids in range(1, MAX_OPENIDS_PER_CALL + 1):
        spread = spread_of(chunk_openids)
        sizes = [size_of(number, chunk_openids, spread) for number in range(1, spread + 1)]
        assert 1 <= min(sizes) <= max(sizes) == chunk_openids
        assert sum(sizes) >= (1 - 0.007) * chunk_openids * spread


def test_a_million_followers_take_at_most_506_calls() -> None:
    left, calls = 1_000_000, 0
    while left > 0:
        calls += 1
        left -= size_of(calls, MAX_OPENIDS_PER_CALL, spread_of(MAX_OPENIDS_PER_CALL))
    assert 500 <= calls <= 506


def test_a_row_keeps_a_bounded_number_of_refused_calls() -> None:
    calls = tuple(RefusedCall(n, 10, 45011) for n in range(REFUSED_CALLS_KEPT))
    chunk = a_chunk(slot_ms=99, errcode=45009, refused_calls=calls)

    kept = (*calls[1:], RefusedCall(99, 10, 45009))
    assert chunk.all_refused_calls == kept
    split = RefusedCall(100, 10, 40003)
    assert chunk.with_refused(split) == (*kept[1:], split)


# ---------------------------------------------------------------- halves


def test_the_calls_of_halves_that_are_cut_in_a_row_differ_in_size() -> None:
    """So a result without a known message_id names its call."""
    sizes = [size for cut in range(1, 8) for size in (cut_at(2000, cut), 2000 - cut_at(2000, cut))]
    assert len(set(sizes)) == len(sizes)
    assert max(sizes) - min(sizes) <= 2000 * SIZE_SPREAD_PERCENT / 100 + 1


@pytest.mark.parametrize("openids", [2, 3, 10, 100, 267])
def test_a_small_chunk_is_cut_in_the_middle(openids: int) -> None:
    assert {cut_at(openids, cut) for cut in range(20)} == {openids // 2}


@pytest.mark.parametrize("cut", range(40))
def test_a_cut_leaves_two_parts_whatever_the_size(cut: int) -> None:
    assert all(0 < cut_at(openids, cut) < openids for openids in range(2, 2001))
