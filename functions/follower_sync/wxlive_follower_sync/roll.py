"""The roll of a run: what the table held when the turn began, and who has been listed since.

The table is read once, from front to back, and WeChat's rows are compared in memory. So an
unchanged follower costs a share of a scan (a fortieth of a read unit) rather than a read of its
own, and when everybody answered there is nothing left to sweep.

What somebody else writes while the turn lasts is not on the roll. That does no harm: every
write that follows is conditional on the record as it then is.
"""

from collections.abc import Iterable
from enum import Enum, auto

from wxlive.followers import Follower, ListedRow, Source, Status
from wxlive.sync_runs import SyncRun
from wxlive_follower_sync.digests import DigestTable, cut, digest_of

_SUBSCRIBED, _SWEEPABLE, _WRITTEN, _LISTED = 1, 2, 4, 8
_64_BITS = (1 << 64) - 1


class Answer(Enum):
    """What a listed row says beside the record."""

    NEW = auto()
    """Nobody knew this openid."""
    RETURNED = auto()
    """The record says that they had left."""
    CHANGED = auto()
    UNCHANGED = auto()
    WRITTEN = auto()
    """An earlier turn of this run wrote it and died before it stored the page."""


class Roll:
    """Everybody whom the table or the list knows. At most 23 to 46 bytes an openid.

    ``listed`` counts those whom the run listed, ``subscribed`` those whom the table has
    subscribed, ``absent`` the part of them that the run may sweep and has not listed, and
    ``removed`` those whom an earlier turn of this run has swept.
    """

    def __init__(self, run: SyncRun) -> None:
        self._run = run
        self._resumed = run.turns > 1
        self._table = DigestTable()
        self.listed = self.subscribed = self.absent = self.removed = 0

    def enter(self, follower: Follower) -> None:
        """Take in a record of the table. All of them go first."""
        slot = self._table.slot(digest_of(follower.openid))
        if follower.status is Status.SUBSCRIBED:
            self.subscribed += 1
            self._table.facts[slot] = _fact(follower)
            self._table.marks[slot] = self._marks_of(follower)
            self.absent += bool(self._table.marks[slot] & _SWEEPABLE)
        elif self._resumed and _is_removed_by(self._run, follower):
            self.removed += 1

    def repeat(self, digests: bytes) -> None:
        """Take in whom a stored page of this run listed: what ``answer_all`` returned for it."""
        for digest in cut(digests):
            self._tick(self._table.slot(digest))

    def answer_all(self, rows: Iterable[ListedRow]) -> tuple[list[Answer], bytes]:
        """Take in the rows of a page, each openid once.

        Returns:
            What each row means for the record, and the digests of those whom no earlier page
            of this run listed.
        """
        answers, fresh = [], bytearray()
        for row in rows:
            digest, listed = digest_of(row.openid), self.listed
            answers.append(self._answer(row, digest))
            if self.listed > listed:
                fresh += digest
        return answers, bytes(fresh)

    def lacks(self, follower: Follower) -> bool:
        """Whether the run, now complete, is to sweep this subscribed follower."""
        slot = self._table.slot(digest_of(follower.openid))
        return not self._table.marks[slot] & _LISTED and self._may_sweep(follower)

    def _answer(self, row: ListedRow, digest: bytes) -> Answer:
        before = len(self._table)
        slot = self._table.slot(digest)
        marks, fact = self._table.marks[slot], self._table.facts[slot]
        self._tick(slot)
        self._table.marks[slot] |= _SUBSCRIBED
        self._table.facts[slot] = _fact(row)
        if not marks & _SUBSCRIBED:
            self.subscribed += 1
            return Answer.NEW if len(self._table) > before else Answer.RETURNED
        if fact != self._table.facts[slot]:
            return Answer.CHANGED
        unstored = marks & _WRITTEN and not marks & _LISTED
        return Answer.WRITTEN if unstored else Answer.UNCHANGED

    def _tick(self, slot: int) -> None:
        marks = self._table.marks[slot]
        if not marks & _LISTED:
            self._table.marks[slot] = marks | _LISTED
            self.listed += 1
            self.absent -= bool(marks & _SWEEPABLE)

    def _marks_of(self, follower: Follower) -> int:
        marks = _SUBSCRIBED
        if self._may_sweep(follower):
            marks |= _SWEEPABLE
        if self._resumed and _is_written_by(self._run, follower):
            marks |= _WRITTEN
        return marks

    def _may_sweep(self, subscribed: Follower) -> bool:
        # Whether Follower.unlisted(…) beats it, at a tenth of the time.
        return subscribed.changed_at < self._run.started_at


def _is_removed_by(run: SyncRun, follower: Follower) -> bool:
    """Whether this tombstone is the run's own."""
    return follower == Follower.unlisted(follower.openid, run.started_at)


def _is_written_by(run: SyncRun, follower: Follower) -> bool:
    """One run works at a time, so what was listed since its start was listed by it."""
    return follower.source is Source.SYNC and follower.changed_at >= run.started_at


def _fact(of: Follower | ListedRow) -> int:
    return hash((of.subscribed_at, of.room_id, of.room_status)) & _64_BITS
