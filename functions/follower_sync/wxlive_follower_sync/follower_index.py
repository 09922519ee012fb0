"""An index of the followers: what the table held when the turn began, and who was listed since.

The table is read once, from front to back, and WeChat's rows are compared in memory. So an
unchanged follower costs a share of a scan (a fortieth of a read unit) instead of a read of its
own, and when every follower was listed there is nothing to sweep.

The index does not contain what others write during the turn. That does no harm: every write that
follows is conditional on the record as it is then.
"""

from collections.abc import Iterable
from enum import Enum, auto

from wxlive.digests import DigestTable, cut, digest_of
from wxlive.domain.followers import Follower, ListedRow, Source, Status
from wxlive.domain.sync_runs import SyncRun

_SUBSCRIBED, _SWEEPABLE, _WRITTEN, _LISTED = 1, 2, 4, 8
_64_BITS = (1 << 64) - 1


class Comparison(Enum):
    """How a listed row compares with the record."""

    NEW = auto()
    """The openid is new."""
    RETURNED = auto()
    """The record says that the follower had unsubscribed."""
    CHANGED = auto()
    UNCHANGED = auto()
    WRITTEN = auto()
    """An earlier turn of this run wrote it and died before it stored the page."""


class FollowerIndex:
    """Every openid that is in the table or in the list. At most 23 to 46 bytes an openid.

    ``listed`` counts those that the run listed, ``subscribed`` those that are subscribed in the
    table, ``absent`` those of them that the run may sweep and has not listed, and ``removed``
    those that an earlier turn of this run has swept.
    """

    def __init__(self, run: SyncRun) -> None:
        self._run = run
        self._resumed = run.turns > 1
        self._table = DigestTable()
        self.listed = self.subscribed = self.absent = self.removed = 0

    def add(self, follower: Follower) -> None:
        """Add a record of the table. All records are added before any page."""
        slot = self._table.slot(digest_of(follower.openid))
        if follower.status is Status.SUBSCRIBED:
            self.subscribed += 1
            self._table.facts[slot] = _fact(follower)
            self._table.marks[slot] = self._marks_of(follower)
            self.absent += bool(self._table.marks[slot] & _SWEEPABLE)
        elif self._resumed and _is_removed_by(self._run, follower):
            self.removed += 1

    def restore_page(self, digests: bytes) -> None:
        """Restore a stored page of this run: the digests that ``compare_page`` returned for it."""
        for digest in cut(digests):
            self._tick(self._table.slot(digest))

    def compare_page(self, rows: Iterable[ListedRow]) -> tuple[list[Comparison], bytes]:
        """Compare the rows of a page, each openid once.

        Returns:
            What each row means for the record, and the digests of those that no earlier page
            of this run listed.
        """
        answers, fresh = [], bytearray()
        for row in rows:
            digest, listed = digest_of(row.openid), self.listed
            answers.append(self._answer(row, digest))
            if self.listed > listed:
                fresh += digest
        return answers, bytes(fresh)

    def is_missing(self, follower: Follower) -> bool:
        """Whether the run, now complete, is to sweep this subscribed follower."""
        slot = self._table.slot(digest_of(follower.openid))
        return not self._table.marks[slot] & _LISTED and self._may_sweep(follower)

    def _answer(self, row: ListedRow, digest: bytes) -> Comparison:
        before = len(self._table)
        slot = self._table.slot(digest)
        marks, fact = self._table.marks[slot], self._table.facts[slot]
        self._tick(slot)
        self._table.marks[slot] |= _SUBSCRIBED
        self._table.facts[slot] = _fact(row)
        if not marks & _SUBSCRIBED:
            self.subscribed += 1
            return Comparison.NEW if len(self._table) > before else Comparison.RETURNED
        if fact != self._table.facts[slot]:
            return Comparison.CHANGED
        unstored = marks & _WRITTEN and not marks & _LISTED
        return Comparison.WRITTEN if unstored else Comparison.UNCHANGED

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
