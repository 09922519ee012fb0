"""Planning: the audience is cut into chunks, which are queued as they are cut.

Each chunk and the cursors after it are stored in one transaction, so a planner that was killed at
any point resumes where it was: no chunk is lost, none is planned under two numbers.
"""

from enum import StrEnum

from wxlive.domain.campaigns import ENDED, HELD, Campaign, CampaignState
from wxlive.domain.chunks import ChunkState
from wxlive.errors import Conflict
from wxlive_push_start.dependencies import Dependencies

RESERVE_S = 30
"""Time kept at the end of an invocation for what is in progress."""


class Planning(StrEnum):
    """How a turn of planning ended."""

    DONE = "done"
    OUT_OF_TIME = "out_of_time"
    NOTHING_TO_DO = "nothing_to_do"
    LOST = "lost"


def plan(campaign_id: str, deps: Dependencies) -> Planning:
    """Plan until done or out of time. Two planners at once do no harm: one loses."""
    deps.campaigns.move(campaign_id, CampaignState.SENDING, out_of=[CampaignState.PLANNED])
    campaign = deps.campaigns.get(campaign_id)
    if campaign is None or campaign.fully_planned or campaign.state in ENDED:
        return Planning.NOTHING_TO_DO
    _enqueue_last(campaign, deps)
    try:
        return _plan_on(campaign, deps)
    except Conflict:
        return Planning.LOST


def _plan_on(campaign: Campaign, deps: Dependencies) -> Planning:
    openids: list[str] = []
    cursors = dict(campaign.cursors)
    for segment, openid in deps.followers.snapshot(campaign.target, campaign.cursors):
        openids.append(openid)
        cursors[segment] = openid
        if len(openids) < deps.chunk:
            continue
        campaign = _queue(campaign, openids, cursors, deps)
        openids = []
        if deps.remaining_s() < RESERVE_S:
            return Planning.OUT_OF_TIME
    if openids:
        campaign = _queue(campaign, openids, cursors, deps)
    deps.campaigns.finish_plan(campaign, deps.now())
    if not campaign.audience:
        _end_empty(campaign, deps)
    return Planning.DONE


def _queue(
    campaign: Campaign, openids: list[str], cursors: dict[str, str], deps: Dependencies
) -> Campaign:
    campaign = deps.campaigns.add_chunk(campaign, openids, deps.now(), cursors=cursors)
    deps.queue.enqueue(campaign.campaign, campaign.chunks)
    return campaign


def _end_empty(campaign: Campaign, deps: Dependencies) -> None:
    """Release the day: an empty audience must not block a push to the right one."""
    deps.campaigns.move(
        campaign.campaign,
        CampaignState.FAILED,
        out_of={CampaignState.PLANNED, CampaignState.SENDING} | HELD,
        reason="No subscribed follower is in this audience; nothing was sent",
    )


def _enqueue_last(campaign: Campaign, deps: Dependencies) -> None:
    """A planner killed between the transaction and the message left its last chunk unqueued."""
    last = deps.ledger.chunk(campaign.campaign, campaign.chunks)
    if last is not None and last.state is ChunkState.QUEUED:
        deps.queue.enqueue(campaign.campaign, last.number)
