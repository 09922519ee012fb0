"""Whom a campaign leaves out of its audience: who was notified before, and who is muted."""

from dataclasses import dataclass

from wxlive.digests import DigestSet, digest_of
from wxlive_push_start.dependencies import Dependencies
from wxlive_push_start.told_before import told_before


@dataclass(frozen=True, slots=True)
class LeftOut:
    """The digests of who is left out, of whom the room has notified ``told`` before."""

    digests: DigestSet
    told: int


def left_out(room_id: int, deps: Dependencies, *, again: bool, but: str = "") -> LeftOut | None:
    """Return whom a campaign for a room leaves out.

    Args:
        room_id: the room.
        deps: what they are read from.
        again: whether followers whom the room has notified before are included.
        but: the campaign itself, whose own chunks don't count.

    Returns:
        None if it is no longer known whom the room has notified.
    """
    digests = DigestSet() if again else told_before(room_id, deps, but=but)
    if digests is None:
        return None
    told = len(digests)
    for openid in deps.muted.openids():
        digests.slot(digest_of(openid))
    return LeftOut(digests, told)
