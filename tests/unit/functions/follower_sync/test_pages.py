"""How the end of the list is read, and what is doubt."""

from dataclasses import replace
from typing import Any

import pytest

from factories import a_row, a_run
from wxlive.wechat.answers import FollowerPage, SkippedRow
from wxlive_follower_sync.pages import (
    IDLE_PAGES_ALLOWED,
    PAGE_LIMIT,
    Judgement,
    Next,
    first_limit,
    judge,
    limit_of,
)


def page(rows: int, cursor: int | str | None) -> FollowerPage:
    return FollowerPage(tuple(a_row(f"o{i}", subscribed_at=i) for i in range(rows)), cursor)


def judge_page(found: FollowerPage, *, limit: int = PAGE_LIMIT, **facts: Any) -> Judgement:
    return judge(found, limit=limit, **facts)


@pytest.mark.parametrize("cursor", [None, 0, "0", ""])
@pytest.mark.parametrize("rows", [0, 3, PAGE_LIMIT])
def test_a_missing_or_zero_cursor_is_the_end(cursor: int | str | None, rows: int) -> None:
    assert judge_page(page(rows, cursor), asked=7, fresh=rows, idle_pages=0) == Judgement(Next.END)


@pytest.mark.parametrize(("asked", "cursor"), [(7, 7), (7, "7"), ("7", 7), ("ab", "ab")])
@pytest.mark.parametrize(("rows", "fresh"), [(0, 0), (3, 3), (PAGE_LIMIT - 1, 1), (PAGE_LIMIT, 0)])
def test_a_cursor_that_does_not_change_is_the_end(
    asked: int | str, cursor: int | str, rows: int, fresh: int
) -> None:
    assert judge_page(page(rows, cursor), asked=asked, fresh=fresh, idle_pages=0).next is Next.END


def test_a_cursor_that_stops_on_a_full_page_with_somebody_new_is_doubt() -> None:
    judgement = judge_page(page(PAGE_LIMIT, 7), asked=7, fresh=1, idle_pages=0)

    assert judgement.next is Next.DOUBT
    assert "the cursor stopped moving" in str(judgement.why)


def test_a_cursor_that_stops_on_a_full_page_of_one_second_is_doubt() -> None:
    rows = tuple(a_row(f"o{i}") for i in range(PAGE_LIMIT))

    judgement = judge_page(FollowerPage(rows, 7), asked=7, fresh=0, idle_pages=1)

    assert judgement.next is Next.DOUBT


def test_a_cursor_that_stops_on_one_second_may_be_stuck() -> None:
    one_second = FollowerPage((a_row("a"), a_row("b")), 7)
    assert judge_page(one_second, asked=7, fresh=1, idle_pages=0).may_be_stuck
    assert judge_page(page(2, 7), asked=7, fresh=1, idle_pages=0) == Judgement(Next.END)
    assert judge_page(page(0, 7), asked=7, fresh=0, idle_pages=1) == Judgement(Next.END)


def test_a_page_is_full_when_it_has_as_many_rows_as_were_asked_for() -> None:
    few = page(3, 7)
    assert judge_page(few, asked=7, limit=4, fresh=1, idle_pages=0).next is Next.END
    assert judge_page(few, asked=7, limit=3, fresh=1, idle_pages=0).next is Next.DOUBT
    with_skipped = replace(few, skipped=(SkippedRow(None, "it is no object"),))
    assert judge_page(with_skipped, asked=7, limit=4, fresh=1, idle_pages=0).next is Next.DOUBT


def test_the_first_pages_of_successive_runs_end_at_other_rows() -> None:
    run = None
    limits = []
    for _ in range(4):
        run = a_run(first_limit=first_limit(run))
        limits.append(limit_of(run, None))
        assert limit_of(run, 7) == PAGE_LIMIT
    assert limits == [2000, 1334, 668, 2000]


def test_a_run_of_version_0_1_asks_for_whole_pages() -> None:
    assert limit_of(a_run(), None) == PAGE_LIMIT
    assert first_limit(a_run()) == PAGE_LIMIT


@pytest.mark.parametrize("asked", [None, 6, "6"])
@pytest.mark.parametrize("cursor", [7, "7", "opaque", -1])
@pytest.mark.parametrize("rows", [0, 3])
def test_a_new_cursor_means_more_even_after_an_empty_page(
    asked: int | str | None, cursor: int | str, rows: int
) -> None:
    judgement = judge_page(page(rows, cursor), asked=asked, fresh=rows, idle_pages=int(not rows))

    assert judgement == Judgement(Next.MORE, cursor=cursor)


@pytest.mark.parametrize(
    ("idle_pages", "next_"),
    [(IDLE_PAGES_ALLOWED, Next.MORE), (IDLE_PAGES_ALLOWED + 1, Next.DOUBT)],
)
def test_too_many_pages_without_anybody_new_are_a_circle(idle_pages: int, next_: Next) -> None:
    judgement = judge_page(page(3, 8), asked=7, fresh=0, idle_pages=idle_pages)

    assert judgement.next is next_
    assert (judgement.why is None) == (next_ is Next.MORE)
