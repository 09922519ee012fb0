"""What it means that a complete list lacks somebody: docs/wechat-protocol.md#follower-list.

Neither the list's order nor its behaviour between two pages is documented, so absence is evidence
only where a page shows that the list went past somebody's place: strictly between the times of
subscription of the page's first and last row. Whoever lies in the gap between two pages, its ends
included, is spared. The first page reaches back to the beginning and the last one to the run's
start; the second of its last row is spared too if a page without rows follows.

What slips through in one run, such as a neighbour of the list's end whom somebody else's leaving
moved, is listed by the next one, whose pages end at other rows.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate
from math import inf

from wxlive.domain.sync_runs import SyncRun


@dataclass(frozen=True, slots=True)
class Span:
    """The times of subscription (Unix s) on a page, and in which orders its rows are."""

    low: int
    high: int
    rises: bool = True
    falls: bool = True


@dataclass(frozen=True, slots=True)
class ListedPage:
    """What is kept of a page of the list.

    ``digests`` are those of the openids that no earlier page of the run listed, ``span`` is of all
    its rows, None if there is none. A page is ``blind`` if one of its rows could be anybody's,
    or none of its rows has a time: it proves nobody's absence.
    """

    digests: bytes
    span: Span | None = None
    blind: bool = False


class Absence(StrEnum):
    """What becomes of a follower whom a complete run did not list."""

    SPARED = "spared"
    """The list may have skipped them."""
    MISSING = "missing"
    """The first complete run that lacks them."""
    REMOVED = "removed"
    """The second in a row, or the operator vouches for the list."""


def span_of(times: Sequence[int]) -> Span | None:
    """Return the span of rows with these times of subscription, as listed; 0 is unknown."""
    known = [time for time in times if time > 0]
    if not known:
        return None
    rising = sorted(known)
    return Span(rising[0], rising[-1], rises=known == rising, falls=known == rising[::-1])


class Coverage:
    """The times of subscription at which a list, read page by page, had nobody else."""

    def __init__(self) -> None:
        self._rises = self._falls = True
        self._first: Span | None = None
        self._last: Span | None = None
        self._blind_before_first = self._blind_after_last = self._ends_without_rows = False
        self._between: list[tuple[float, float]] = []
        self._sorted: list[tuple[float, float]] | None = None
        """Where each gap begins, and the last end of it and all that begin before it."""

    def add(self, page: ListedPage) -> None:
        """Add the next page."""
        self._sorted = None
        span, last = page.span, self._last
        if page.blind:
            self._blind_after_last = True
        elif span is None:
            self._ends_without_rows = True
        elif last is None:
            self._blind_before_first = self._blind_after_last
            self._first = span
            self._append(span)
        else:
            start, end = sorted((min(last.high, span.high), max(last.low, span.low)))
            self._between.append((start, end))  # rows that repeat may make the pages overlap
            self._rises &= last.low <= span.low and last.high <= span.high
            self._falls &= last.low >= span.low and last.high >= span.high
            self._append(span)

    @property
    def is_ordered(self) -> bool:
        """Whether the pages are in order of subscription, either way, as far as they show it."""
        shows_none = self._last is None and self._blind_after_last
        return (self._rises or self._falls) and not shows_none

    def covers(self, subscribed_at: int) -> bool:
        """Whether the list would have shown a follower who subscribed then (Unix s; 0: unknown)."""
        if not self.is_ordered or subscribed_at <= 0:
            return False
        if self._sorted is None:
            gaps = sorted(self._gaps())
            ends = accumulate((end for _, end in gaps), max)
            self._sorted = [(start, end) for (start, _), end in zip(gaps, ends, strict=True)]
        at = bisect_right(self._sorted, (subscribed_at, inf)) - 1
        return at < 0 or subscribed_at > self._sorted[at][1]

    def _append(self, span: Span) -> None:
        self._rises &= span.rises
        self._falls &= span.falls
        self._last, self._blind_after_last, self._ends_without_rows = span, False, False

    def _gaps(self) -> Iterator[tuple[float, float]]:
        yield from self._between
        first, last = self._first, self._last
        if first is None or last is None:
            return
        if self._ends_without_rows and self._rises:
            yield last.high, last.high
        if self._ends_without_rows and self._falls:
            yield last.low, last.low
        # Few rows may be in both orders at once: then a blind page may be on either side.
        if (self._blind_before_first and self._rises) or (self._blind_after_last and self._falls):
            yield -inf, min(first.low, last.low)
        if (self._blind_before_first and self._falls) or (self._blind_after_last and self._rises):
            yield max(first.high, last.high), inf


def absence_of(subscribed_at: int, run: SyncRun, coverage: Coverage, *, again: bool) -> Absence:
    """Judge a follower whom a complete run did not list and for whom no newer fact vouches.

    Args:
        subscribed_at: when they subscribed, Unix s, 0 if that is not known.
        run: the run.
        coverage: what its pages cover.
        again: whether the complete run before it lacked them too.
    """
    if run.trusted or (run.sweep_confirmed and not coverage.is_ordered):
        return Absence.REMOVED
    if not coverage.covers(subscribed_at):
        return Absence.SPARED
    return Absence.REMOVED if again or run.sweep_confirmed else Absence.MISSING
