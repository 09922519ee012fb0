"""How the end of the list is read, and what is doubt."""

import pytest

from factories import a_row
from wxlive.wechat.answers import FollowerPage
from wxlive_follower_sync.pages import IDLE_PAGES_ALLOWED, PAGE_LIMIT, Judgement, Next, judge


def page(rows: int, cursor: int | str | None) -> FollowerPage:
    return FollowerPage(tuple(a_row(f"o{i}") for i in range(rows)), cursor)


@pytest.mark.parametrize("cursor", [None, 0, "0", ""])
@pytest.mark.parametrize("rows", [0, 3, PAGE_LIMIT])
def test_a_missing_or_zero_cursor_is_the_end(cursor: int | str | None, rows: int) -> None:
    assert judge(page(rows, cursor), asked=7, fresh=rows, idle_pages=0) == Judgement(Next.END)


@pytest.mark.parametrize(("asked", "cursor"), [(7, 7), (7, "7"), ("7", 7), ("ab", "ab")])
@pytest.mark.parametrize(("rows", "fresh"), [(0, 0), (3, 3), (PAGE_LIMIT - 1, 1), (PAGE_LIMIT, 0)])
def test_a_cursor_that_does_not_change_is_the_end(
    asked: int | str, cursor: int | str, rows: int, fresh: int
) -> None:
    assert judge(page(rows, cursor), asked=asked, fresh=fresh, idle_pages=0).next is Next.END


def test_a_cursor_that_stops_on_a_full_page_with_somebody_new_is_doubt() -> None:
    judgement = judge(page(PAGE_LIMIT, 7), asked=7, fresh=1, idle_pages=0)

    assert judgement.next is Next.DOUBT
    assert "the cursor stopped moving" in str(judgement.why)


@pytest.mark.parametrize("asked", [None, 6, "6"])
@pytest.mark.parametrize("cursor", [7, "7", "opaque", -1])
@pytest.mark.parametrize("rows", [0, 3])
def test_a_new_cursor_means_more_even_after_an_empty_page(
    asked: int | str | None, cursor: int | str, rows: int
) -> None:
    judgement = judge(page(rows, cursor), asked=asked, fresh=rows, idle_pages=int(not rows))

    assert judgement == Judgement(Next.MORE, cursor=cursor)


@pytest.mark.parametrize(
    ("idle_pages", "next_"),
    [(IDLE_PAGES_ALLOWED, Next.MORE), (IDLE_PAGES_ALLOWED + 1, Next.DOUBT)],
)
def test_too_many_pages_without_anybody_new_are_a_circle(idle_pages: int, next_: Next) -> None:
    judgement = judge(page(3, 8), asked=7, fresh=0, idle_pages=idle_pages)

    assert judgement.next is next_
    assert (judgement.why is None) == (next_ is Next.MORE)
