"""What the pages of a list cover, and what becomes of whom they lack."""

import pytest

from factories import a_run
from wxlive.domain.absence import Absence, Coverage, ListedPage, Span, absence_of, span_of
from wxlive.domain.sync_runs import SyncRun

BLIND = ListedPage(b"", blind=True)
EMPTY = ListedPage(b"")


def page(*times: int) -> ListedPage:
    return ListedPage(b"", span_of(times))


def coverage_of(*pages: ListedPage) -> Coverage:
    coverage = Coverage()
    for each in pages:
        coverage.add(each)
    return coverage


def covered(*pages: ListedPage) -> set[int]:
    coverage = coverage_of(*pages)
    return {time for time in range(12) if coverage.covers(time)}


@pytest.mark.parametrize(
    ("times", "span"),
    [
        ([], None),
        ([0, 0], None),
        ([5], Span(5, 5)),
        ([5, 5], Span(5, 5)),
        ([5, 0, 6], Span(5, 6, falls=False)),
        ([6, 5], Span(5, 6, rises=False)),
        ([5, 7, 6], Span(5, 7, rises=False, falls=False)),
    ],
)
def test_a_span_is_of_the_times_that_are_known(times: list[int], span: Span | None) -> None:
    assert span_of(times) == span


@pytest.mark.parametrize(
    ("pages", "times"),
    [
        ([], range(1, 12)),
        ([EMPTY], range(1, 12)),
        ([page(5)], range(1, 12)),
        ([page(3, 5), page(8, 9)], [1, 2, 3, 4, 9, 10, 11]),
        ([page(3, 5), EMPTY, page(8, 9), EMPTY], [1, 2, 3, 4, 10, 11]),
        ([page(3, 5, 9), EMPTY], [1, 2, 3, 4, 5, 6, 7, 8, 10, 11]),
        ([page(3, 5), page(5, 9)], [1, 2, 3, 4, 6, 7, 8, 9, 10, 11]),
        ([page(9, 8), page(5, 3)], [1, 2, 3, 4, 9, 10, 11]),
        ([page(2), page(4), page(6), page(8)], [1, 9, 10, 11]),
        ([page(5, 5), page(5, 5)], [1, 2, 3, 4, 6, 7, 8, 9, 10, 11]),
        ([BLIND], []),
        ([BLIND, page(5, 7)], [6, 7, 8, 9, 10, 11]),
        ([page(5, 7), BLIND], [1, 2, 3, 4, 5, 6]),
        ([page(7, 5), BLIND], [6, 7, 8, 9, 10, 11]),
        ([BLIND, page(7, 5)], [1, 2, 3, 4, 5, 6]),
        ([page(2, 4), BLIND, page(6, 8)], [1, 2, 3, 7, 8, 9, 10, 11]),
        ([page(5, 7, 6)], []),
        ([page(3, 5), page(4, 9)], [1, 2, 3, 6, 7, 8, 9, 10, 11]),
        ([page(3, 5), page(2, 9)], []),
        ([page(3, 5), page(9, 8)], []),
    ],
)
def test_a_list_covers_what_lies_strictly_inside_a_page(
    pages: list[ListedPage], times: list[int]
) -> None:
    assert covered(*pages) == set(times)


def test_a_page_that_comes_later_widens_a_gap() -> None:
    coverage = coverage_of(page(3, 5))
    assert coverage.covers(8)
    coverage.add(page(9))
    assert not coverage.covers(8)


ORDERED, UNORDERED = coverage_of(page(3, 5), page(8, 9)), coverage_of(page(5, 7, 6))


@pytest.mark.parametrize(
    ("run", "coverage", "subscribed_at", "again", "absence"),
    [
        (a_run(), ORDERED, 4, False, Absence.MISSING),
        (a_run(), ORDERED, 4, True, Absence.REMOVED),
        (a_run(), ORDERED, 5, True, Absence.SPARED),
        (a_run(), ORDERED, 0, True, Absence.SPARED),
        (a_run(), UNORDERED, 6, True, Absence.SPARED),
        (a_run(sweep_confirmed=True), ORDERED, 4, False, Absence.REMOVED),
        (a_run(sweep_confirmed=True), ORDERED, 5, False, Absence.SPARED),
        (a_run(sweep_confirmed=True), UNORDERED, 6, False, Absence.REMOVED),
        (a_run(trusted=True), ORDERED, 5, False, Absence.REMOVED),
        (a_run(trusted=True), UNORDERED, 0, False, Absence.REMOVED),
    ],
)
def test_the_absent_are_missing_once_and_removed_the_second_time(
    run: SyncRun, coverage: Coverage, subscribed_at: int, absence: Absence, *, again: bool
) -> None:
    assert absence_of(subscribed_at, run, coverage, again=again) is absence
