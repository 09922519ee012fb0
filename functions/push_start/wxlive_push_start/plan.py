"""Planning: the subscribed followers of this moment, cut into chunks, queued as they are cut.

Each chunk and the cursors behind it are stored in one transaction, so a planner killed at any
point goes on where it was: no chunk is lost, none planned under two numbers.
"""

from enum import StrEnum

from wxlive.campaigns import ENDED, HELD, Campaign, CampaignState, ChunkState
from wxlive.errors import Conflict
from wxlive_push_start.start import Parts

RESERVE_S = 30
"""Time kept back at the end of an invocation for what is under way."""


class Planning(StrEnum):
    """How a turn of planning ended."""

    DONE = "done"
    OUT_OF_TIME = "out_of_time"
    NOTHING_TO_DO = "nothing_to_do"
    LOST = "lost"


def plan(campaign_id: str, parts: Parts) -> Planning:
    """Plan as far as this turn's time goes. Two planners at once do no harm: one loses."""
    parts.campaigns.move(campaign_id, CampaignState.SENDING, out_of=[CampaignState.PLANNED])
    campaign = parts.campaigns.get(campaign_id)
    if campaign is None or campaign.fully_planned or campaign.state in ENDED:
        return Planning.NOTHING_TO_DO
    _ring_last(campaign, parts)
    try:
        return _plan_on(campaign, parts)
    except Conflict:
        return Planning.LOST


def _plan_on(campaign: Campaign, parts: Parts) -> Planning:
    openids: list[str] = []
    cursors = dict(campaign.cursors)
    for segment, openid in parts.followers.snapshot(campaign.target, campaign.cursors):
        openids.append(openid)
        cursors[segment] = openid
        if len(openids) < parts.chunk:
            continue
        campaign = _queue(campaign, openids, cursors, parts)
        openids = []
        if parts.remaining_s() < RESERVE_S:
            return Planning.OUT_OF_TIME
    if openids:
        campaign = _queue(campaign, openids, cursors, parts)
    parts.campaigns.finish_plan(campaign, parts.now())
    if not campaign.audience:
        _end_for_nobody(campaign, parts)
    return Planning.DONE


def _queue(
    campaign: Campaign, openids: list[str], cursors: dict[str, str], parts: Parts
) -> Campaign:
    campaign = parts.campaigns.add_chunk(campaign, openids, parts.now(), cursors=cursors)
    parts.queue.ring(campaign.campaign, campaign.chunks)
    return campaign


def _end_for_nobody(campaign: Campaign, parts: Parts) -> None:
    """Give the day up: an audience of nobody must not keep the right one from being told."""
    parts.campaigns.move(
        campaign.campaign,
        CampaignState.FAILED,
        out_of={CampaignState.PLANNED, CampaignState.SENDING} | HELD,
        reason="No subscribed follower is in this audience; nothing was sent",
    )


def _ring_last(campaign: Campaign, parts: Parts) -> None:
    """A planner killed between the transaction and the ring left its last chunk unrung."""
    last = parts.campaigns.chunk(campaign.campaign, campaign.chunks)
    if last is not None and last.state is ChunkState.QUEUED:
        parts.queue.ring(campaign.campaign, last.number)
