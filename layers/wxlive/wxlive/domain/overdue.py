"""What is overdue in a campaign: decided from its record, its ledger and the time. Pure."""

from bisect import bisect_right
from collections.abc import Sequence

from wxlive.domain.campaigns import Campaign, CampaignState
from wxlive.domain.chunks import Chunk, ChunkState

PLAN_STALLED_S = 60
"""A planner stores chunks all the time; one that stored none for so long has died."""

NOTHING_CLAIMED_S = 60
"""A campaign that sends claims a chunk each second or so, or as its pace says."""

PASSED_OVER = 150
"""Later chunks that may be claimed before a queued one: its message is lost."""

ENQUEUED_AT_ONCE = 150
"""Chunks to enqueue anew at most; the next minute enqueues more."""


def plan_is_stalled(campaign: Campaign, now_s: float) -> bool:
    """Whether a campaign that may be planned is not being planned."""
    if (
        campaign.fully_planned
        or campaign.awaits_trial
        or campaign.state
        not in {
            CampaignState.PLANNED,
            CampaignState.SENDING,
        }
    ):
        return False
    return now_s - max(campaign.created_at, campaign.planned_at) > PLAN_STALLED_S


def chunks_to_enqueue(campaign: Campaign, ledger: Sequence[Chunk], now_s: float) -> list[int]:
    """Return the queued chunks whose messages are probably lost, the longest waiting first.

    Thousands of chunks that wait their turn are not overdue: one is if nothing was sent for a
    minute, or if many that were queued after it were claimed before it. A chunk that is claimed and
    handed back again and again is no progress of the others.
    """
    queued = sorted(
        (chunk for chunk in ledger if chunk.state is ChunkState.QUEUED),
        key=lambda chunk: (chunk.queued_at, chunk.number),
    )
    if not queued:
        return []
    progress_at = max(
        [campaign.created_at, campaign.resumed_at, queued[0].queued_at]
        + [chunk.claimed_at for chunk in ledger if chunk.state is not ChunkState.QUEUED]
    )
    patience_s = NOTHING_CLAIMED_S + _interval_s(campaign, queued)
    if now_s - progress_at > patience_s:
        late = [chunk.number for chunk in queued if now_s - _due_at(chunk) > patience_s]
        return late[:ENQUEUED_AT_ONCE]
    claimed = sorted(
        (chunk.queued_at, chunk.number) for chunk in ledger if chunk.state is not ChunkState.QUEUED
    )
    return [
        chunk.number
        for chunk in queued
        if len(claimed) - bisect_right(claimed, (chunk.queued_at, chunk.number)) >= PASSED_OVER
    ][:ENQUEUED_AT_ONCE]


def _interval_s(campaign: Campaign, queued: Sequence[Chunk]) -> float:
    """Return how far apart calls may be at the pace that the operator has set."""
    if not campaign.per_second:
        return 0
    return max(chunk.openids for chunk in queued) / campaign.per_second


def _due_at(chunk: Chunk) -> int:
    return max(chunk.queued_at, chunk.waits_until)
