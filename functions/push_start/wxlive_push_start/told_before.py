"""Whom a room has notified before: a later campaign for the room leaves them out."""

from wxlive.digests import DigestSet, digest_of
from wxlive_push_start.dependencies import Dependencies

EXPIRED = (
    "Whom an earlier campaign for this room notified is no longer on record, so nobody can be left "
    "out; `wxlive push --again` includes them"
)


def told_before(room_id: int, deps: Dependencies, *, but: str = "") -> DigestSet | None:
    """Return the digests of whom the campaigns of a room may have notified.

    Args:
        room_id: the room.
        deps: what they are read from.
        but: a campaign that does not count.

    Returns:
        None if that is no longer known.
    """
    told = DigestSet()
    for campaign in deps.campaigns.of_room(room_id):
        if campaign.campaign == but:
            continue
        for chunk in deps.ledger.chunks(campaign.campaign):
            if not chunk.may_have_notified:
                continue
            openids = deps.ledger.openids(campaign.campaign, chunk.number)
            if openids is None:
                return None
            for openid in openids:
                told.slot(digest_of(openid))
    return told
