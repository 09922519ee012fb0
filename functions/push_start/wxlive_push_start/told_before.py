"""Whom a room has notified before: a later campaign for the room leaves them out."""

from wxlive.digests import DigestSet, digest_of
from wxlive.domain.forgotten import is_pseudonym
from wxlive.errors import InvalidCommand
from wxlive_push_start.dependencies import Dependencies

EXPIRED = (
    "Whom an earlier campaign for this room notified is no longer on record, so nobody can be left "
    "out; `wxlive push --again` includes them"
)

NO_KEY = (
    "An earlier campaign for this room notified somebody who was forgotten since, and the secret "
    "has no pseudonym_key to recognise them by; put the former version of the secret back, then "
    "try again"
)


def told_before(
    room_id: int, deps: Dependencies, *, knows_forgotten: bool, but: str = ""
) -> DigestSet:
    """Return the digests of whom the campaigns of a room may have notified.

    Args:
        room_id: the room.
        deps: what they are read from.
        knows_forgotten: whether those who are there by their pseudonyms can be recognised.
        but: a campaign that does not count.

    Raises:
        InvalidCommand: that is no longer known.
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
                raise InvalidCommand(EXPIRED)
            for openid in openids:
                if is_pseudonym(openid) and not knows_forgotten:
                    raise InvalidCommand(NO_KEY)
                told.slot(digest_of(openid))
    return told
