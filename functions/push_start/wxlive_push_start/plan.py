"""Planning: the audience is cut into chunks, which are queued as they are cut.

Each chunk and the cursors after it are stored in one transaction, so a planner that was killed at
any point resumes where it was: no chunk is lost, none is planned under two numbers.
"""

from enum import StrEnum

from wxlive.domain.campaigns import Campaign, CampaignState
from wxlive.domain.chunks import ChunkState, size_of
from wxlive.errors import Conflict, InvalidCommand
from wxlive_push_start.dependencies import Dependencies
from wxlive_push_start.left_out import left_out

NO_LIMIT = 1_000_000

RESERVE_S = 30
"""Time kept at the end of an invocation for what is in progress."""

LIFE_SIGN_S = 20
"""A planner that stores nothing for much longer is taken for dead: ``domain.overdue``."""

EMPTY = (
    "No subscribed follower is in this audience, apart from those who are left out, are muted, "
    "or whom the room has notified before; nothing was sent"
)


class Planning(StrEnum):
    """How a turn of planning ended."""

    DONE = "done"
    AWAITS_TRIAL = "awaits_trial"
    OUT_OF_TIME = "out_of_time"
    NOTHING_TO_DO = "nothing_to_do"
    LOST = "lost"


def plan(campaign_id: str, deps: Dependencies, *, max_chunks: int = NO_LIMIT) -> Planning:
    """Plan until done, out of time or at the limit. Two planners at once do no harm: one loses.

    Raises:
        StoreBusy: the table is busy; a later turn resumes.
    """
    deps.campaigns.activate(campaign_id)
    campaign = deps.campaigns.get(campaign_id)
    if campaign is None or campaign.fully_planned or campaign.is_ended:
        return Planning.NOTHING_TO_DO
    _enqueue_last(campaign, deps)
    if campaign.awaits_trial:
        return Planning.AWAITS_TRIAL
    try:
        last_chunk = 1 if campaign.trial_is_open else campaign.chunks + max_chunks
        return _plan_on(campaign, deps, last_chunk)
    except Conflict:
        return Planning.LOST


def _plan_on(campaign: Campaign, deps: Dependencies, last_chunk: int) -> Planning:
    try:
        out = left_out(
            campaign.room_id,
            campaign.target,
            deps,
            again=campaign.again,
            but=campaign.campaign,
            members=campaign.trial.members if campaign.trial else "",
        )
    except InvalidCommand as error:
        fail(campaign, str(error), deps)
        return Planning.NOTHING_TO_DO
    openids: list[str] = []
    cursors = dict(campaign.cursors)
    campaign = _show_life(campaign, deps)
    for segment, key, openid in deps.followers.snapshot(campaign.target, campaign.cursors):
        cursors[segment] = key
        if openid is not None and openid not in out:
            openids.append(openid)
        if len(openids) >= _next_size(campaign, deps):
            campaign = _queue(campaign, openids, cursors, deps)
            openids = []
        elif openid is not None:
            continue
        if deps.remaining_s() < RESERVE_S or campaign.chunks >= last_chunk:
            _stop(campaign, openids, cursors, deps)
            return Planning.AWAITS_TRIAL if campaign.awaits_trial else Planning.OUT_OF_TIME
        campaign = _show_life(campaign, deps)
    if openids:
        campaign = _queue(campaign, openids, cursors, deps)
    campaign = deps.campaigns.finish_plan(campaign, deps.now(), plan_id=deps.new_id())
    if not campaign.audience:
        fail(campaign, EMPTY, deps)
    return Planning.DONE


def _next_size(campaign: Campaign, deps: Dependencies) -> int:
    """Return how many openids the next chunk gets."""
    if campaign.trial is not None and campaign.trial_is_open:
        return min(campaign.trial.openids, deps.chunk)
    return size_of(campaign.chunks + 1, deps.chunk, campaign.spread)


def fail(campaign: Campaign, reason: str, deps: Dependencies) -> None:
    """End a campaign as failed."""
    deps.campaigns.end(campaign.campaign, CampaignState.FAILED, reason, deps.now())


def _show_life(campaign: Campaign, deps: Dependencies) -> Campaign:
    """Store from time to time that this planner lives, so that no other one is started."""
    if deps.now() - max(campaign.created_at, campaign.planned_at) < LIFE_SIGN_S:
        return campaign
    return deps.campaigns.move_cursors(
        campaign, deps.now(), plan_id=deps.new_id(), cursors=campaign.cursors
    )


def _stop(
    campaign: Campaign, openids: list[str], cursors: dict[str, str], deps: Dependencies
) -> None:
    """Store how far this turn came."""
    if openids:
        _queue(campaign, openids, cursors, deps)
    elif cursors != campaign.cursors:
        deps.campaigns.move_cursors(campaign, deps.now(), plan_id=deps.new_id(), cursors=cursors)


def _queue(
    campaign: Campaign, openids: list[str], cursors: dict[str, str], deps: Dependencies
) -> Campaign:
    campaign = deps.campaigns.add_chunk(
        campaign, openids, deps.now(), plan_id=deps.new_id(), cursors=cursors
    )
    deps.queue.enqueue(campaign.campaign, campaign.chunks)
    return campaign


def _enqueue_last(campaign: Campaign, deps: Dependencies) -> None:
    """A planner killed between the transaction and the message left its last chunk unqueued."""
    last = deps.ledger.chunk(campaign.campaign, campaign.chunks)
    if last is not None and last.state is ChunkState.QUEUED:
        deps.queue.enqueue(campaign.campaign, last.number)
