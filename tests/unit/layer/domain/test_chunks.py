"""A chunk of the ledger: when its claim has outlived its worker, when its result is overdue."""

from dataclasses import replace

import pytest

from factories import NOW_S, a_chunk
from wxlive.domain.chunks import ABANDONED, CLAIM_STALE_S, RESULT_OVERDUE_S, ChunkState


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


def test_a_result_is_overdue_an_hour_after_the_claim() -> None:
    chunk = a_chunk(state=ChunkState.ACCEPTED, claimed_at=NOW_S)
    assert not chunk.is_overdue(NOW_S + RESULT_OVERDUE_S)
    assert chunk.is_overdue(NOW_S + RESULT_OVERDUE_S + 1)
