"""The ledger: each chunk is claimed once, its outcome written once, and it is split in halves."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from factories import CAMPAIGN, DAY, NOW_S, a_chunk, a_new_campaign
from support.backends import Collisions, Tables
from wxlive.domain.campaigns import Campaign, CampaignState
from wxlive.domain.chunks import Chunk, ChunkState
from wxlive.errors import Conflict
from wxlive.stores.campaigns import CampaignStore
from wxlive.stores.ledger import LedgerStore
from wxlive.stores.quota import QuotaStore

TWO = ["o-1", "o-2"]
"""The openids of the first chunk of the campaign that is ``sending``."""


def chunk_of(ledger: LedgerStore, number: int = 1) -> Chunk:
    chunk = ledger.chunk(CAMPAIGN, number)
    assert chunk is not None
    return chunk


def claim(ledger: LedgerStore, quota: QuotaStore, name: str = "a", number: int = 1) -> None:
    """Claim as a worker that believes the chunk to be queued."""
    believed = a_chunk(number)
    ledger.claim(CAMPAIGN, believed, claim=name, now_s=NOW_S, quota=quota, day=DAY)


def test_openids_that_have_expired_are_a_conflict(ledger: LedgerStore) -> None:
    with pytest.raises(Conflict, match="chunk 4"):
        ledger.openids(CAMPAIGN, 4)


def test_the_ledger_is_walked_in_order_page_by_page(
    campaigns: CampaignStore, ledger: LedgerStore, in_pages: Callable[[str, int], None]
) -> None:
    campaign = a_new_campaign()
    campaigns.open(campaign)
    for i in range(12):
        campaign = campaigns.add_chunk(campaign, [f"o-{i}"], NOW_S)
    in_pages("Query", 5)
    assert [chunk.number for chunk in ledger.chunks(CAMPAIGN)] == list(range(1, 13))


def test_a_claim_marks_the_chunk_and_counts_the_call(
    ledger: LedgerStore, quota: QuotaStore, sending: Campaign
) -> None:
    claim(ledger, quota)
    assert chunk_of(ledger) == Chunk(
        number=1,
        state=ChunkState.SENDING,
        openids=2,
        claim="a",
        claimed_at=NOW_S,
        attempts=1,
    )
    assert chunk_of(ledger, 2).state is ChunkState.QUEUED
    assert quota.used(DAY) == 1


def test_of_two_claims_of_one_chunk_one_wins_and_one_call_is_counted(
    ledger: LedgerStore, quota: QuotaStore, sending: Campaign
) -> None:
    claim(ledger, quota, "a")
    with pytest.raises(Conflict, match="chunk 1"):
        claim(ledger, quota, "b")
    assert (chunk_of(ledger).claim, chunk_of(ledger).attempts) == ("a", 1)
    assert quota.used(DAY) == 1


def test_of_claims_at_once_exactly_one_wins(
    ledger: LedgerStore, quota: QuotaStore, sending: Campaign
) -> None:

    def try_to_claim(name: str) -> bool:
        try:
            claim(ledger, quota, name)
        except Conflict:
            return False
        return True

    names = [f"w-{i}" for i in range(8)]
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(try_to_claim, names))
    assert sum(won) == 1
    assert chunk_of(ledger).claim == names[won.index(True)]
    assert quota.used(DAY) == 1


@pytest.mark.parametrize("state", [s for s in CampaignState if s is not CampaignState.SENDING])
def test_no_chunk_is_claimed_unless_its_campaign_is_sending(
    campaigns: CampaignStore,
    ledger: LedgerStore,
    quota: QuotaStore,
    sending: Campaign,
    tables: Tables,
    state: CampaignState,
) -> None:
    campaigns.move(CAMPAIGN, state, out_of=[CampaignState.SENDING])
    before = tables.rows()
    with pytest.raises(Conflict):
        claim(ledger, quota)
    assert tables.rows() == before


def test_no_chunk_is_claimed_when_the_quota_is_used_up(
    ledger: LedgerStore, quota: QuotaStore, sending: Campaign, tables: Tables
) -> None:
    quota.seed(DAY, 3, NOW_S)
    before = tables.rows()
    with pytest.raises(Conflict):
        claim(ledger, quota)
    assert tables.rows() == before


@pytest.mark.parametrize("state", [s for s in ChunkState if s is not ChunkState.QUEUED])
def test_no_chunk_is_claimed_that_is_not_queued(
    ledger: LedgerStore, quota: QuotaStore, sending: Campaign, tables: Tables, state: ChunkState
) -> None:
    claim(ledger, quota)
    if state is not ChunkState.SENDING:
        ledger.finish(CAMPAIGN, 1, state, claim="a")
    before = tables.rows()
    with pytest.raises(Conflict):
        claim(ledger, quota, "b")
    assert tables.rows() == before


def test_a_chunk_that_does_not_exist_is_not_claimed_into_being(
    ledger: LedgerStore, quota: QuotaStore, sending: Campaign, tables: Tables
) -> None:
    before = tables.rows()
    with pytest.raises(Conflict):
        claim(ledger, quota, number=9)
    assert tables.rows() == before


def test_a_chunk_that_was_surely_not_sent_is_claimed_again(
    ledger: LedgerStore, quota: QuotaStore, sending: Campaign
) -> None:
    claim(ledger, quota, "a")
    assert ledger.finish(CAMPAIGN, 1, ChunkState.QUEUED, claim="a")
    claim(ledger, quota, "b")
    assert (chunk_of(ledger).claim, chunk_of(ledger).attempts) == ("b", 2)
    assert quota.used(DAY) == 2


@pytest.mark.parametrize(
    ("to", "facts"),
    [
        (ChunkState.ACCEPTED, {"message_id": "1622047360795164672"}),
        (ChunkState.REFUSED, {"errcode": 9410005, "rid": "r-1", "reason": "taken"}),
        (ChunkState.UNKNOWN, {"reason": "cut"}),
    ],
)
def test_the_outcome_of_a_claimed_chunk_is_written_down(
    ledger: LedgerStore,
    quota: QuotaStore,
    sending: Campaign,
    to: ChunkState,
    facts: dict[str, Any],
) -> None:
    claim(ledger, quota)
    claimed = chunk_of(ledger)
    assert ledger.finish(CAMPAIGN, 1, to, claim="a", **facts)
    assert chunk_of(ledger) == replace(claimed, state=to, **facts)


def test_nobody_writes_for_a_claim_that_is_not_theirs(
    ledger: LedgerStore, quota: QuotaStore, sending: Campaign
) -> None:
    claim(ledger, quota, "a")
    claimed = chunk_of(ledger)
    assert not ledger.finish(CAMPAIGN, 1, ChunkState.ACCEPTED, claim="b", message_id="m")
    assert chunk_of(ledger) == claimed


def test_an_outcome_is_written_once(
    ledger: LedgerStore, quota: QuotaStore, sending: Campaign
) -> None:
    claim(ledger, quota, "a")
    ledger.finish(CAMPAIGN, 1, ChunkState.UNKNOWN, claim="a", reason="abandoned")
    assert not ledger.finish(CAMPAIGN, 1, ChunkState.ACCEPTED, claim="a", message_id="m")
    assert chunk_of(ledger).state is ChunkState.UNKNOWN


def test_a_chunk_that_was_never_claimed_has_no_outcome(
    ledger: LedgerStore, sending: Campaign
) -> None:
    assert not ledger.finish(CAMPAIGN, 1, ChunkState.ACCEPTED, claim="")
    assert not ledger.finish(CAMPAIGN, 9, ChunkState.ACCEPTED, claim="")
    assert chunk_of(ledger).state is ChunkState.QUEUED
    assert ledger.chunk(CAMPAIGN, 9) is None


@pytest.mark.parametrize("times", [1, 4])
def test_a_claim_that_collides_with_another_transaction_is_retried(
    ledger: LedgerStore,
    quota: QuotaStore,
    sending: Campaign,
    collisions: Collisions,
    times: int,
) -> None:
    collisions.left = times
    claim(ledger, quota)
    assert chunk_of(ledger).claim == "a"
    assert quota.used(DAY) == 1
    assert collisions.pauses_s == sorted(collisions.pauses_s)
    assert len(collisions.pauses_s) == times


def test_a_claim_that_collides_every_time_is_a_conflict(
    ledger: LedgerStore, quota: QuotaStore, sending: Campaign, collisions: Collisions
) -> None:
    collisions.left = 99
    with pytest.raises(Conflict):
        claim(ledger, quota)
    assert sum(collisions.pauses_s) < 1
    collisions.left = 0
    assert chunk_of(ledger).state is ChunkState.QUEUED


def test_a_claim_whose_condition_failed_is_not_retried(
    ledger: LedgerStore, quota: QuotaStore, sending: Campaign, collisions: Collisions
) -> None:
    claim(ledger, quota, "a")
    with pytest.raises(Conflict):
        claim(ledger, quota, "b")
    assert collisions.pauses_s == []


def test_an_outcome_is_not_lost_because_a_claim_of_the_same_chunk_was_under_way(
    ledger: LedgerStore, quota: QuotaStore, sending: Campaign, collisions: Collisions
) -> None:
    claim(ledger, quota)
    collisions.left = 2
    assert ledger.finish(CAMPAIGN, 1, ChunkState.ACCEPTED, claim="a", message_id="m-1")
    assert chunk_of(ledger).message_id == "m-1"


@pytest.mark.parametrize("state", [ChunkState.UNKNOWN, ChunkState.SENDING])
def test_an_unknown_chunk_is_decided_by_hand_once(
    ledger: LedgerStore, quota: QuotaStore, sending: Campaign, state: ChunkState
) -> None:
    claim(ledger, quota)
    if state is ChunkState.UNKNOWN:
        ledger.finish(CAMPAIGN, 1, state, claim="a")
    believed = chunk_of(ledger)
    assert ledger.decide(CAMPAIGN, believed, ChunkState.QUEUED, reason="again")
    assert (chunk_of(ledger).state, chunk_of(ledger).reason) == (ChunkState.QUEUED, "again")
    assert not ledger.decide(CAMPAIGN, believed, ChunkState.ACCEPTED, reason="late")
    assert chunk_of(ledger).state is ChunkState.QUEUED


def test_a_chunk_that_was_claimed_anew_is_not_decided(
    ledger: LedgerStore, quota: QuotaStore, sending: Campaign
) -> None:
    claim(ledger, quota)
    believed = chunk_of(ledger)
    ledger.finish(CAMPAIGN, 1, ChunkState.QUEUED, claim="a")
    claim(ledger, quota, "b")
    assert not ledger.decide(CAMPAIGN, believed, ChunkState.QUEUED, reason="again")
    assert (chunk_of(ledger).state, chunk_of(ledger).claim) == (ChunkState.SENDING, "b")


def test_a_claimed_chunk_is_split_in_two_queued_halves(
    ledger: LedgerStore, quota: QuotaStore, sending: Campaign
) -> None:
    claim(ledger, quota)
    half = ledger.split(CAMPAIGN, chunk_of(ledger), claim="a", now_s=NOW_S)
    one = (ChunkState.QUEUED, 1)
    rows = {row.number: (row.state, row.openids) for row in ledger.chunks(CAMPAIGN)}
    assert rows == {1: one, 2: one, half: one}
    assert ledger.openids(CAMPAIGN, 1) + ledger.openids(CAMPAIGN, half) == TWO


def test_a_chunk_whose_claim_was_lost_is_not_split(
    ledger: LedgerStore, quota: QuotaStore, sending: Campaign
) -> None:
    claim(ledger, quota)
    with pytest.raises(Conflict):
        ledger.split(CAMPAIGN, chunk_of(ledger), claim="b", now_s=NOW_S)
    assert ledger.openids(CAMPAIGN, 1) == TWO
    assert len(list(ledger.chunks(CAMPAIGN))) == 2


def test_halves_of_halves_have_numbers_of_their_own(
    campaigns: CampaignStore, ledger: LedgerStore, quota: QuotaStore
) -> None:
    campaign = a_new_campaign()
    campaigns.open(campaign)
    campaigns.add_chunk(campaign, ["a", "b", "c", "d"], NOW_S)
    campaigns.move(CAMPAIGN, CampaignState.SENDING, out_of=[CampaignState.PLANNED])
    claim(ledger, quota, "a", 1)
    first = ledger.split(CAMPAIGN, chunk_of(ledger), claim="a", now_s=NOW_S)
    claim(ledger, quota, "b", first)
    second = ledger.split(CAMPAIGN, chunk_of(ledger, first), claim="b", now_s=NOW_S)
    assert first != second
    assert [ledger.openids(CAMPAIGN, number) for number in (1, first, second)] == [
        ["a", "b"],
        ["c"],
        ["d"],
    ]
