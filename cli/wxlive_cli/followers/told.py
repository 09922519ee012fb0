"""Was this person told? Reads what each campaign on record means for one follower."""

import time
from collections.abc import Sequence

from wxlive.digests import digest_of
from wxlive.domain.campaigns import CAMPAIGN_KEPT_S, Campaign, CampaignState
from wxlive.domain.followers import Follower
from wxlive.domain.reports import as_it_stands
from wxlive.domain.tellings import Telling, Told, Why, of_chunk, of_nobody, why_absent
from wxlive_cli.followers.members import NotIndexed, find_chunk
from wxlive_cli.stack import Stack

ATTRIBUTED_CHUNKS = 300
"""A call without an answer is compared with the results of its room where the room had at most so
many calls: ledgers and results take 40 read units then."""

_MAY_BE_TOLD = frozenset({Told.TOLD, Told.PROBABLY_TOLD, Told.UNKNOWN})

_CERTAIN = frozenset(
    {
        Why.NOT_SUBSCRIBED,
        Why.SUBSCRIBED_LATER,
        Why.OUTSIDE,
        Why.MUTED,
        Why.EXCEPTED,
        Why.TOLD_BEFORE,
    }
)
"""Why somebody was left out, however far the planning came."""


def read_tellings(
    stack: Stack, openid: str, follower: Follower | None, muted_at: int
) -> list[Telling]:
    """Return what each campaign of the last 90 days means for somebody, the newest first."""
    since_s = time.time() - CAMPAIGN_KEPT_S
    campaigns = [each for each in stack.campaigns.newest_first() if each.created_at >= since_s]
    told_rooms: set[int] = set()
    tellings: list[Telling] = []
    for campaign in reversed(campaigns):
        telling = _in_chunk(stack, campaign, openid, campaigns)
        if telling is None:
            was_told = campaign.room_id in told_rooms
            telling = _in_no_chunk(stack, campaign, openid, follower, muted_at, was_told=was_told)
        elif telling.chunk is not None and telling.outcome in _MAY_BE_TOLD:
            told_rooms.add(campaign.room_id)
        tellings.append(telling)
    return tellings[::-1]


def is_known(telling: Telling) -> bool:
    """Whether a campaign knows the person."""
    return telling.chunk is not None


def _in_chunk(
    stack: Stack, campaign: Campaign, openid: str, campaigns: Sequence[Campaign]
) -> Telling | None:
    """Return what became of the call that somebody is in, None if they are in none.

    Where that is not known, the telling has no chunk.
    """
    try:
        number = find_chunk(stack, campaign, openid)
    except NotIndexed:
        is_planned = campaign.fully_planned or campaign.is_ended
        why = Why.NOT_INDEXED if is_planned else Why.BEING_PLANNED
        return of_nobody(campaign, Told.UNKNOWN, why)
    if number is None:
        return None
    now_s = time.time()
    chunk = stack.ledger.chunk(campaign.campaign, number)
    if chunk is None:  # it expires in a moment
        return of_nobody(campaign, Told.UNKNOWN, Why.NOT_ON_RECORD)
    row = as_it_stands(campaign, chunk, now_s)
    if row.message_id is not None:
        result = stack.results.get(campaign.room_id, row.message_id)
        return of_chunk(campaign, row, result, now_s)
    of_room = sum(each.chunks for each in campaigns if each.room_id == campaign.room_id)
    if row.may_have_notified and of_room <= ATTRIBUTED_CHUNKS:
        joined = stack.joined(campaign)
        row = next(each for each in joined.rows if each.number == number)
        return of_chunk(campaign, row, joined.result_of(row), now_s)
    return of_chunk(campaign, row, None, now_s)


def _in_no_chunk(
    stack: Stack,
    campaign: Campaign,
    openid: str,
    follower: Follower | None,
    muted_at: int,
    *,
    was_told: bool,
) -> Telling:
    exceptions = campaign.target.exceptions
    why = why_absent(
        campaign,
        follower,
        muted_at=muted_at,
        is_excepted=bool(exceptions and stack.except_lists.has(exceptions, digest_of(openid))),
        was_told=was_told,
    )
    if why in _CERTAIN or campaign.fully_planned:
        return of_nobody(campaign, Told.NOT_IN_AUDIENCE, why)
    if campaign.is_ended:
        return of_nobody(campaign, Told.NOT_TOLD, Why.ENDED_BEFORE)
    if campaign.state is CampaignState.TRIAL:
        return of_nobody(campaign, Told.QUEUED, Why.TRIAL)
    return of_nobody(campaign, Told.UNKNOWN, Why.BEING_PLANNED)
