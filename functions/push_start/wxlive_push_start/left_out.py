"""Whom a campaign leaves out: who was notified before, who is muted, who is on a list for that.

Those of its own trial are on a list as well.
"""

from dataclasses import dataclass

from wxlive.digests import DigestSet, digest_of
from wxlive.domain.audience import Audience
from wxlive.domain.forgotten import Forgotten, pseudonym_of
from wxlive.errors import InvalidCommand, Misconfigured
from wxlive_push_start.dependencies import Dependencies
from wxlive_push_start.told_before import told_before

NO_LIST = (
    "The list of those to leave out is not on record; run `wxlive push` with --except-file again"
)

NO_MEMBERS = (
    "The list of those in the trial is not on record; push the room again, which leaves them out"
)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """The digests of who is left out, of whom the room has notified ``told`` before.

    Those who were forgotten are among them by their pseudonyms, which ``key`` makes.
    """

    digests: DigestSet
    told: int
    key: str = ""

    def __len__(self) -> int:
        return len(self.digests)

    def __contains__(self, openid: str) -> bool:
        if not self.digests:
            return False
        if digest_of(openid) in self.digests:
            return True
        return bool(self.key) and digest_of(pseudonym_of(openid, self.key)) in self.digests


def left_out(
    room_id: int,
    target: Audience,
    deps: Dependencies,
    *,
    again: bool,
    but: str = "",
    members: str = "",
) -> LeftOut:
    """Return whom a campaign for a room leaves out of its audience.

    Args:
        room_id: the room.
        target: the audience.
        deps: what they are read from.
        again: whether followers whom the room has notified before are included.
        but: the campaign itself, whose own chunks don't count.
        members: the list of its trial's openids, "" if there is none.

    Raises:
        InvalidCommand: it is no longer known who they are.
    """
    forgotten = _forgotten(deps)
    digests = (
        DigestSet()
        if again
        else told_before(room_id, deps, knows_forgotten=bool(forgotten.key), but=but)
    )
    told = len(digests)
    for openid in deps.muted.openids():
        digests.slot(digest_of(openid))
    for name, missing in ((target.exceptions, NO_LIST), (members, NO_MEMBERS)):
        listed = deps.except_lists.digests(name) if name else ()
        if listed is None:
            raise InvalidCommand(missing)
        for digest in listed:
            digests.slot(digest)
    for pseudonym in forgotten.since:
        digests.slot(digest_of(pseudonym))
    return LeftOut(digests, told, forgotten.key)


def _forgotten(deps: Dependencies) -> Forgotten:
    """Return who was forgotten.

    If their key is lost they are in no table all the same, so a push goes on: only for a room that
    has notified one of them it does not.
    """
    try:
        return deps.forgotten.load()
    except Misconfigured as error:
        deps.telemetry.problem("who was forgotten is not known", error)
        return Forgotten()
