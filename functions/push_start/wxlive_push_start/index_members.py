"""Once a campaign is planned, who is in which chunk is indexed, so that one person is found.

Level, not edge: each minute looks for campaigns that lack an index. What does not fit into an
invocation goes on in a later one, after the last part that was stored.
"""

from wxlive.digests import digest_of
from wxlive.domain.campaigns import Campaign
from wxlive.domain.member_index import PART_MEMBERS, PartBuilder, covered
from wxlive_push_start.dependencies import Dependencies

RESERVE_S = 60
"""Time kept at the end of an invocation for storing the part that is being built."""

LIFE_SIGN_S = 60
"""So often a builder records that it lives."""

GIVEN_UP_S = 180
"""A builder that has not done so for this long is gone, and another one goes on."""


def index_members(deps: Dependencies) -> int:
    """Index the campaigns that are planned and not indexed; returns how many indexes are whole."""
    waiting = [one for one in deps.members.pending() if one.busy_until <= deps.now()]
    return sum(_index(one.campaign, deps) for one in waiting)


def _index(campaign_id: str, deps: Dependencies) -> bool:
    campaign = deps.campaigns.get(campaign_id)
    if campaign is not None:
        if not (campaign.fully_planned or campaign.is_ended):
            return False
        while (done := covered(deps.members.parts(campaign_id))) < campaign.chunks:
            if deps.remaining_s() < RESERVE_S:
                return False
            _add_part(campaign, done + 1, deps)
    deps.members.finish(campaign_id)
    return True


def _add_part(campaign: Campaign, first: int, deps: Dependencies) -> None:
    """Store the members of the chunks from the first one on."""
    members, last, seen_s = PartBuilder(), first - 1, 0.0
    while last < campaign.chunks and members.members < PART_MEMBERS:
        if last >= first and deps.remaining_s() < RESERVE_S:
            break
        if deps.now() - seen_s >= LIFE_SIGN_S:
            seen_s = deps.now()
            deps.members.keep_busy(campaign.campaign, seen_s + GIVEN_UP_S, seen_s)
        last += 1
        _add_chunk(campaign.campaign, last, last, members, deps)
    _add_halves(campaign.campaign, first, last, members, deps)
    deps.members.save(campaign.campaign, first, last, members, deps.now())


def _add_halves(
    campaign: str, first: int, last: int, members: PartBuilder, deps: Dependencies
) -> None:
    """Add who was moved from these chunks before they were read.

    A half may be cut itself before it is read; its own half has a later number then.
    """
    known: set[int] = set()
    while fresh := [half for half in deps.ledger.halves(campaign) if half.number not in known]:
        for half in fresh:
            known.add(half.number)
            if first <= half.planned <= last:
                _add_chunk(campaign, half.number, half.planned, members, deps)


def _add_chunk(
    campaign: str, number: int, planned: int, members: PartBuilder, deps: Dependencies
) -> None:
    """Add who is in a chunk. One whose openids have expired has nobody."""
    for openid in deps.ledger.openids(campaign, number) or ():
        members.add(digest_of(openid), planned)
