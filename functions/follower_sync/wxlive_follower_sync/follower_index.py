"""An index of the followers: what the table held when the turn began, and who was listed since.

The table is read once, from front to back, and WeChat's rows are compared in memory. So an
unchanged follower costs a share of a scan (a fortieth of a read unit) instead of a read of its
own, and when every follower was listed there is nothing to sweep.

The index does not contain what others write during the turn. That does no harm: every write that
follows is conditional on the record as it is then.
"""

from collections import Counter
from enum import Enum, auto

from wxlive.digests import DigestSet, DigestTable, cut, digest_of
from wxlive.domain.absence import Absence, Coverage, ListedPage, absence_of, span_of
from wxlive.domain.followers import Follower, ListedRow, Mark, Status, mark_of
from wxlive.domain.sync_runs import SyncRun
from wxlive.wechat.answers import FollowerPage

_SUBSCRIBED, _SWEEPABLE, _LISTED, _MISSED, _ADDED, _CHANGED = 1, 2, 4, 8, 16, 32
_32_BITS = (1 << 32) - 1


class Comparison(Enum):
    """How a listed row compares with the record."""

    NEW = auto()
    """The openid is new."""
    RETURNED = auto()
    """The record says that the follower had unsubscribed, or a turn that died added another row."""
    CHANGED = auto()
    UNCHANGED = auto()
    WAS_ADDED = auto()
    """An earlier turn of this run added it and died before it stored the page."""
    WAS_CHANGED = auto()
    """An earlier turn of this run changed it and died before it stored the page."""


class ListedOpenids:
    """Whom the stored pages of a run listed: what a sweep needs that is resumed."""

    def __init__(self) -> None:
        self._digests = DigestSet()
        self.coverage = Coverage()

    @property
    def listed(self) -> int:
        """How many openids the run listed."""
        return len(self._digests)

    def restore_page(self, page: ListedPage) -> None:
        """Add a stored page of the run."""
        self.coverage.add(page)
        for digest in cut(page.digests):
            self._digests.slot(digest)

    def lists(self, openid: str) -> bool:
        """Whether the run listed this openid."""
        return digest_of(openid) in self._digests


class FollowerIndex:
    """Every openid that is in the table or in the list. At most 23 to 46 bytes an openid.

    ``listed`` counts those that the run listed, ``subscribed`` those that are subscribed in the
    table, ``added`` those of them that this run has added, and ``absent`` those for whom no newer
    fact vouches and whom the run has not listed. ``coverage`` is what its pages cover.
    """

    def __init__(self, run: SyncRun) -> None:
        self._run = run
        self._marks = {
            mark_of(Mark.ADDED, run.run): _ADDED,
            mark_of(Mark.CHANGED, run.run): _CHANGED,
            mark_of(Mark.MISSING, run.previous): _MISSED,
        }
        self._table = DigestTable()
        self.coverage = Coverage()
        self.listed = self.subscribed = self.added = self.absent = 0

    def add(self, follower: Follower) -> None:
        """Add a record of the table. All records are added before any page."""
        slot = self._table.slot(digest_of(follower.openid))
        if follower.status is Status.SUBSCRIBED:
            marks = _SUBSCRIBED | self._marks.get(follower.sync_mark, 0)
            if follower.changed_at < self._run.absent_as_of:
                marks |= _SWEEPABLE
                self.absent += 1
            self.subscribed += 1
            self.added += bool(marks & _ADDED)
            self._table.facts[slot] = _fact(follower)
            self._table.marks[slot] = marks

    def restore_page(self, page: ListedPage) -> None:
        """Restore a stored page of this run."""
        self.coverage.add(page)
        for digest in cut(page.digests):
            self._tick(self._table.slot(digest))

    def compare_page(self, page: FollowerPage) -> tuple[list[Comparison], ListedPage]:
        """Compare the rows of a page.

        Returns:
            What each row means for the record, and what is to be kept of the page and added to
            the coverage.
        """
        answers, fresh = [], bytearray()
        for row in page.rows:
            digest, listed = digest_of(row.openid), self.listed
            answers.append(self._answer(row, digest))
            if self.listed > listed:
                fresh += digest
        unreadable = False
        for skipped in page.skipped:
            unreadable |= skipped.openid is None
            if skipped.openid is not None:
                fresh += self._list_only(digest_of(skipped.openid))
        span = span_of([row.subscribed_at for row in page.rows])
        blind = unreadable or bool(page.rows and span is None)
        return answers, ListedPage(bytes(fresh), span, blind)

    def knows(self, openid: str) -> bool:
        """Whether an openid is in the table or on a page of this run."""
        return digest_of(openid) in self._table

    def lists(self, openid: str) -> bool:
        """Whether the run listed this openid."""
        return bool(self._table.marks[self._table.slot(digest_of(openid))] & _LISTED)

    def count_absences(self) -> Counter[Absence]:
        """Count what the run, now complete, says of those whom it did not list."""
        counts: Counter[Absence] = Counter()
        if not self.absent:
            return counts
        for marks, fact in zip(self._table.marks, self._table.facts, strict=True):
            if marks & _SWEEPABLE and not marks & _LISTED:
                again = bool(marks & _MISSED)
                counts[absence_of(fact >> 32, self._run, self.coverage, again=again)] += 1
        return counts

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
            added_before = marks & _ADDED and not marks & _LISTED
            return Comparison.RETURNED if added_before else Comparison.CHANGED
        if marks & _LISTED:
            return Comparison.UNCHANGED
        if marks & _ADDED:
            return Comparison.WAS_ADDED
        return Comparison.WAS_CHANGED if marks & _CHANGED else Comparison.UNCHANGED

    def _list_only(self, digest: bytes) -> bytes:
        """Note that an openid is listed, with what else its row says unknown."""
        listed = self.listed
        self._tick(self._table.slot(digest))
        return digest if self.listed > listed else b""

    def _tick(self, slot: int) -> None:
        marks = self._table.marks[slot]
        if not marks & _LISTED:
            self._table.marks[slot] = marks | _LISTED
            self.listed += 1
            self.absent -= bool(marks & _SWEEPABLE)


def _fact(of: Follower | ListedRow) -> int:
    """Return when they subscribed, and a hash of the rest."""
    rest = hash((of.room_id, of.room_status)) & _32_BITS
    return min(of.subscribed_at, _32_BITS) << 32 | rest
