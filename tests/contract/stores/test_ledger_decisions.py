"""The ledger: what the operator decides about an unknown chunk."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from factories import CAMPAIGN, NOW_S
from support.backends import Tables
from support.push_ledger import (
    ACCEPTED,
    QUEUED,
    REFUSED,
    UNKNOWN,
    accept,
    finish,
    left_unknown,
    resend,
)
from support.push_stores import LATER, SLOT_MS, PushStores
from wxlive.domain.campaigns import Campaign
from wxlive.domain.chunks import Chunk, ChunkState, EarlierCall
from wxlive.domain.outcomes import Outcome

# ----------------------------------------------------------------- decisions


@pytest.mark.parametrize("state", [ChunkState.UNKNOWN, ChunkState.SENDING])
def test_a_chunk_that_is_sent_again_remembers_its_call(
    stores: PushStores, sending: Campaign, state: ChunkState
) -> None:
    read = left_unknown(stores, state)
    assert resend(stores, read)
    assert stores.chunk() == replace(
        read,
        state=ChunkState.QUEUED,
        queued_at=LATER,
        reason="again",
        earlier_calls=(EarlierCall(NOW_S, 4, "a", slot_ms=SLOT_MS),),
        slot_ms=0,
    )
    assert stores.chunk().may_have_notified


def test_a_chunk_remembers_every_call_that_was_decided_about(
    stores: PushStores, sending: Campaign
) -> None:
    resend(stores, left_unknown(stores, ChunkState.UNKNOWN))
    stores.claim("b")
    finish(stores, UNKNOWN, "b")
    resend(stores, stores.chunk())
    assert stores.chunk().earlier_calls == (
        EarlierCall(NOW_S, 4, "a", slot_ms=SLOT_MS),
        EarlierCall(NOW_S, 4, "b", slot_ms=SLOT_MS),
    )


@pytest.mark.parametrize("state", [ChunkState.UNKNOWN, ChunkState.SENDING])
def test_an_unknown_chunk_can_be_taken_for_sent(
    stores: PushStores, sending: Campaign, state: ChunkState
) -> None:
    read, living = left_unknown(stores, state), stores.lives()
    assert stores.ledger.accept(CAMPAIGN, read, reason="so be it")
    assert stores.chunk() == replace(read, state=ChunkState.ACCEPTED, reason="so be it")
    assert stores.lives() == living


@pytest.mark.parametrize("decide", [resend, accept])
@pytest.mark.parametrize("outcome", [REFUSED, QUEUED])
def test_a_chunk_that_has_an_outcome_by_now_is_not_decided_about(
    stores: PushStores,
    sending: Campaign,
    tables: Tables,
    outcome: Outcome,
    decide: Callable[[PushStores, Chunk], bool],
) -> None:
    read = left_unknown(stores, ChunkState.UNKNOWN)
    finish(stores, outcome)
    before = tables.rows()
    assert not decide(stores, read)
    assert tables.rows() == before


@pytest.mark.parametrize("decide", [resend, accept])
def test_a_chunk_that_was_claimed_anew_is_not_decided_about(
    stores: PushStores,
    sending: Campaign,
    tables: Tables,
    decide: Callable[[PushStores, Chunk], bool],
) -> None:
    read = left_unknown(stores, ChunkState.UNKNOWN)
    finish(stores, QUEUED)
    stores.claim("b")
    before = tables.rows()
    assert not decide(stores, read)
    assert tables.rows() == before


def test_of_two_decisions_the_first_counts(
    stores: PushStores, sending: Campaign, tables: Tables
) -> None:
    read = left_unknown(stores, ChunkState.UNKNOWN)
    assert resend(stores, read)
    before = tables.rows()
    assert not accept(stores, read)
    assert resend(stores, read), "it is sent again, as this decision wants"
    assert tables.rows() == before


def test_an_accepted_chunk_is_not_sent_again(
    stores: PushStores, sending: Campaign, tables: Tables
) -> None:
    read = left_unknown(stores, ChunkState.UNKNOWN)
    finish(stores, ACCEPTED)
    before = tables.rows()
    assert not resend(stores, read)
    assert tables.rows() == before
