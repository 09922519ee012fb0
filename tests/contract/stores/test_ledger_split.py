"""The ledger: a chunk is cut in two, all or nothing."""

from collections.abc import Callable
from typing import Any

import pytest

from factories import CAMPAIGN, DAY, NOW_S
from support.backends import Tables
from support.push_ledger import (
    ACCEPTED,
    FOUR,
    TOO_MANY,
    UNKNOWN,
    call_it,
    claim_it,
    cut_it,
    finish,
    left_unknown,
    resend,
)
from support.push_stores import LATER, SLOT_MS, PushStores
from support.table_faults import Fault, Faults
from wxlive.domain.campaigns import Campaign
from wxlive.domain.chunks import ChunkState, RefusedCall
from wxlive.errors import Conflict
from wxlive.stores.ledger import FIRST_HALF

# --------------------------------------------------------------------- split


def split(stores: PushStores, number: int = 1, claim: str = "a") -> int:
    """Cut a chunk, which succeeds; returns the number of its other half."""
    chunk = stores.chunk(number)
    half = stores.ledger.split(CAMPAIGN, chunk, claim=claim, now_s=LATER)
    assert half is not None
    return half


def _rows(stores: PushStores) -> dict[int, tuple[ChunkState, int, list[str] | None]]:
    """Return of each chunk its state, its size and its openids."""
    return {
        row.number: (row.state, row.openids, stores.ledger.openids(CAMPAIGN, row.number))
        for row in stores.ledger.chunks(CAMPAIGN)
    }


def test_a_claimed_chunk_is_split_in_two_queued_halves(
    stores: PushStores, sending: Campaign
) -> None:
    stores.claim()
    half = split(stores)
    assert half > FIRST_HALF
    assert _rows(stores) == {
        1: (ChunkState.QUEUED, 2, FOUR[:2]),
        2: (ChunkState.QUEUED, 1, ["o-5"]),
        half: (ChunkState.QUEUED, 2, FOUR[2:]),
    }
    assert stores.chunk().queued_at == stores.chunk(half).queued_at == LATER
    assert stores.quota.used(DAY) == 1, "the call was made"


def test_halves_of_halves_have_numbers_of_their_own(stores: PushStores, sending: Campaign) -> None:
    stores.claim()
    first = split(stores)
    stores.claim("b", first)
    second = split(stores, first, "b")
    assert len({1, 2, first, second}) == 4
    openids = [stores.ledger.openids(CAMPAIGN, number) for number in (1, first, second)]
    assert openids == [["o-1", "o-2"], ["o-3"], ["o-4"]]
    halves = {half.number: half.planned for half in stores.ledger.halves(CAMPAIGN)}
    assert halves == {first: 1, second: 1}
    assert stores.ledger.cuts(CAMPAIGN) == 2
    assert stores.ledger.cuts("another") == 0


def test_the_call_that_a_split_follows_stays_on_record(
    stores: PushStores, sending: Campaign
) -> None:
    stores.claim()
    finish(stores, TOO_MANY)
    read = stores.chunk()
    stores.claim("b")
    call = RefusedCall(SLOT_MS, 4, 40003)
    half = stores.ledger.split(CAMPAIGN, read, claim="b", now_s=LATER, refused=call)
    assert half is not None
    calls = (RefusedCall(SLOT_MS, 4, 45011), call)
    assert (stores.chunk().refused_calls, stores.chunk(half).refused_calls) == (calls, ())
    assert stores.chunk().all_refused_calls == calls


@pytest.mark.parametrize(
    "before", [lambda s: None, lambda s: s.unclaim("a"), lambda s: finish(s, ACCEPTED)]
)
def test_a_chunk_whose_claim_was_lost_is_not_split(
    stores: PushStores, sending: Campaign, before: Callable[[PushStores], object]
) -> None:
    stores.claim("a")
    before(stores)
    claim = "a" if stores.chunk().state is not ChunkState.SENDING else "b"
    rows = _rows(stores)
    assert stores.ledger.split(CAMPAIGN, stores.chunk(), claim=claim, now_s=NOW_S) is None
    assert _rows(stores) == rows


def test_a_chunk_that_was_settled_as_unknown_can_still_be_split(
    stores: PushStores, sending: Campaign
) -> None:
    stores.claim()
    finish(stores, UNKNOWN)
    half = split(stores)
    assert {state for state, _, _ in _rows(stores).values()} == {ChunkState.QUEUED}
    assert stores.ledger.openids(CAMPAIGN, half) == FOUR[2:]


@pytest.mark.parametrize("fault", [Fault.DONE_TWICE, Fault.LOST])
def test_a_number_of_a_half_that_was_lost_is_used_by_nobody(
    stores: PushStores, sending: Campaign, faults: Faults, fault: Fault
) -> None:
    stores.claim()
    faults.writes = [fault]
    first = split(stores)
    stores.claim("b", first)
    second = split(stores, first, "b")
    assert first < second
    openids = [openid for _, _, openids in _rows(stores).values() for openid in openids or []]
    assert sorted(openids) == [*FOUR, "o-5"]


def test_a_queued_chunk_that_is_too_large_by_now_is_cut(
    stores: PushStores, sending: Campaign
) -> None:
    half = split(stores, claim="")
    assert _rows(stores)[1] == (ChunkState.QUEUED, 2, FOUR[:2])
    assert _rows(stores)[half] == (ChunkState.QUEUED, 2, FOUR[2:])


@pytest.mark.parametrize("spoil", [claim_it, cut_it, call_it])
def test_a_chunk_that_is_not_queued_as_it_was_read_is_not_cut(
    stores: PushStores,
    sending: Campaign,
    tables: Tables,
    spoil: Callable[[PushStores, Tables], None],
) -> None:
    read = stores.chunk()
    spoil(stores, tables)
    rows = _rows(stores)
    assert stores.ledger.split(CAMPAIGN, read, claim="", now_s=NOW_S) is None
    assert _rows(stores) == rows


def test_a_chunk_whose_openids_have_expired_is_not_cut(
    stores: PushStores, sending: Campaign, tables: Tables
) -> None:
    stores.claim()
    key = {"pk": f"openids#{CAMPAIGN}#000001", "sk": "openids"}
    tables.state.delete_item(Key=key)
    before = tables.rows()
    assert stores.ledger.split(CAMPAIGN, stores.chunk(), claim="a", now_s=NOW_S) is None
    assert tables.rows() == before


def test_both_halves_remember_that_a_call_may_have_reached_wechat(
    stores: PushStores, sending: Campaign
) -> None:
    resend(stores, left_unknown(stores, ChunkState.UNKNOWN))
    stores.claim("b")
    half = split(stores, claim="b")
    assert stores.chunk().may_have_notified
    assert stores.chunk(half).may_have_notified
    assert stores.chunk(half).earlier_calls == (), "the call is remembered once"
    stores.claim("c", half)
    quarter = split(stores, half, "c")
    assert stores.chunk(quarter).may_have_notified
    assert not stores.chunk(2).may_have_notified


def test_a_worker_that_has_read_a_chunk_before_it_was_cut_can_not_claim_it(
    stores: PushStores, sending: Campaign
) -> None:
    read: Any = stores.chunk()
    stores.claim("a")
    stores.ledger.split(CAMPAIGN, stores.chunk(), claim="a", now_s=NOW_S)
    with pytest.raises(Conflict):
        stores.claim("b", chunk=read)
    stores.claim("b")
    assert stores.chunk().openids == 2
