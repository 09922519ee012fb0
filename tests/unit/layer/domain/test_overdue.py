"""What is overdue in a campaign that sends."""

import pytest

from factories import NOW_S, a_campaign, a_chunk, a_new_campaign
from wxlive.domain.campaigns import CampaignState
from wxlive.domain.chunks import Chunk, ChunkState
from wxlive.domain.overdue import (
    ENQUEUED_AT_ONCE,
    NOTHING_CLAIMED_S,
    PASSED_OVER,
    PLAN_STALLED_S,
    chunks_to_enqueue,
    plan_is_stalled,
)

LATE_S = NOW_S + NOTHING_CLAIMED_S + 1


def queued(number: int, at: int = NOW_S) -> Chunk:
    return a_chunk(number, ChunkState.QUEUED, queued_at=at)


def accepted(number: int, *, claimed_at: int, at: int = NOW_S) -> Chunk:
    return a_chunk(number, ChunkState.ACCEPTED, queued_at=at, claimed_at=claimed_at)


def test_a_chunk_that_nobody_claims_for_a_minute_is_overdue() -> None:
    assert chunks_to_enqueue(a_campaign(), [queued(1)], LATE_S) == [1]
    assert chunks_to_enqueue(a_campaign(), [queued(1)], LATE_S - 1) == []


def test_a_chunk_that_waits_before_it_is_called_again_is_not_overdue_until_then() -> None:
    waits = a_chunk(1, ChunkState.QUEUED, queued_at=NOW_S, waits_until=NOW_S + 90)
    assert chunks_to_enqueue(a_campaign(), [waits], LATE_S + 89) == []
    assert chunks_to_enqueue(a_campaign(), [waits], LATE_S + 90) == [1]


def test_calls_that_are_far_apart_at_the_campaigns_pace_are_not_overdue() -> None:
    """A chunk size that was lowered since leaves the chunks as large as they were planned."""
    campaign = a_campaign(per_second=17)
    waits = a_chunk(1, ChunkState.QUEUED, queued_at=NOW_S, openids=2000)
    half = a_chunk(2, ChunkState.QUEUED, queued_at=NOW_S, openids=1000)
    assert chunks_to_enqueue(campaign, [waits, half], LATE_S + 116) == []
    assert chunks_to_enqueue(campaign, [waits, half], LATE_S + 117) == [1, 2]


def test_thousands_of_chunks_that_wait_their_turn_are_not_overdue() -> None:
    ledger = [accepted(1, claimed_at=LATE_S - 1), *(queued(n) for n in range(2, 5001))]
    assert chunks_to_enqueue(a_campaign(), ledger, LATE_S) == []


def test_a_chunk_is_overdue_though_another_one_is_tried_again_and_again() -> None:
    tried = a_chunk(1, ChunkState.QUEUED, queued_at=LATE_S - 1, claimed_at=LATE_S - 1)
    assert chunks_to_enqueue(a_campaign(), [tried, queued(2)], LATE_S) == [2]


def test_a_chunk_that_many_later_ones_passed_is_overdue() -> None:
    passed = [accepted(n, claimed_at=LATE_S) for n in range(2, 2 + PASSED_OVER)]
    assert chunks_to_enqueue(a_campaign(), [queued(1), *passed], LATE_S) == [1]
    assert chunks_to_enqueue(a_campaign(), [queued(1), *passed[1:]], LATE_S) == []


def test_a_half_waits_its_turn_behind_the_chunks_that_were_queued_before_it() -> None:
    half = queued(500_001, at=NOW_S + 30)
    before_it = [accepted(n, claimed_at=LATE_S) for n in range(1, 400)]
    assert chunks_to_enqueue(a_campaign(), [*before_it, half], LATE_S) == []


def test_a_resumed_campaign_has_a_minute_to_claim_again() -> None:
    campaign = a_campaign(resumed_at=LATE_S - 1)
    assert chunks_to_enqueue(campaign, [queued(1)], LATE_S) == []


def test_not_everything_is_enqueued_at_once() -> None:
    ledger = [queued(n) for n in range(1, 1000)]
    assert chunks_to_enqueue(a_campaign(), ledger, LATE_S) == list(range(1, ENQUEUED_AT_ONCE + 1))


def test_what_is_not_queued_is_not_enqueued() -> None:
    ledger = [a_chunk(n, state) for n, state in enumerate(ChunkState) if state != "queued"]
    assert chunks_to_enqueue(a_campaign(), ledger, LATE_S) == []


@pytest.mark.parametrize("state", [CampaignState.PLANNED, CampaignState.SENDING])
def test_a_plan_without_progress_for_a_minute_is_stalled(state: CampaignState) -> None:
    campaign = a_new_campaign(state=state, planned_at=NOW_S)
    assert not plan_is_stalled(campaign, NOW_S + PLAN_STALLED_S)
    assert plan_is_stalled(campaign, NOW_S + PLAN_STALLED_S + 1)


def test_a_plan_that_never_began_is_stalled() -> None:
    assert plan_is_stalled(a_new_campaign(), NOW_S + PLAN_STALLED_S + 1)


@pytest.mark.parametrize(
    "state", [CampaignState.PAUSED, CampaignState.WAITING_LIVE, CampaignState.FAILED]
)
def test_a_campaign_that_is_held_or_ended_is_not_planned(state: CampaignState) -> None:
    assert not plan_is_stalled(a_new_campaign(state=state), NOW_S + 10_000)


def test_a_full_plan_is_not_stalled() -> None:
    assert not plan_is_stalled(a_campaign(), NOW_S + 10_000)
