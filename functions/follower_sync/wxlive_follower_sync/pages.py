"""What a page of the list means for the walk: docs/wechat-protocol.md#end-of-the-list.

The end of the list is not documented. It is inferred from a missing or zero ``page_break`` or a
cursor that does not change; anything else that looks wrong is doubt: a run in doubt fails and
removes no follower.
"""

from dataclasses import dataclass
from enum import StrEnum

from wxlive.wechat.answers import FollowerPage
from wxlive.wechat.apis import FOLLOWERS_PER_PAGE

PAGE_LIMIT = FOLLOWERS_PER_PAGE
"""Rows requested in one call."""

IDLE_PAGES_ALLOWED = 5
"""Pages in a row without a new openid before the walk is considered circular."""


class Next(StrEnum):
    """What to do after a page."""

    MORE = "more"
    END = "end"
    DOUBT = "doubt"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What to do next, and why if it is doubt. ``cursor`` is the next page's."""

    next: Next
    cursor: int | str | None = None
    why: str | None = None


def next_cursor(page: FollowerPage, asked: int | str | None) -> int | str | None:
    """Return the cursor to ask with after this page, None where the list seems to end."""
    if page.cursor in {None, 0, "0", ""} or str(page.cursor) == str(asked):
        return None
    return page.cursor


def judge(page: FollowerPage, *, asked: int | str | None, fresh: int, idle_pages: int) -> Judgement:
    """Judge a page.

    Args:
        page: what WeChat answered.
        asked: the cursor it was asked with, None for the first page.
        fresh: how many of its openids no earlier page of this run had.
        idle_pages: how many pages in a row, this one included, had no new openid.
    """
    cursor = next_cursor(page, asked)
    if cursor is None:
        stopped_moving = asked is not None and str(page.cursor) == str(asked)
        if stopped_moving and fresh and len(page.rows) >= PAGE_LIMIT:
            return Judgement(
                Next.DOUBT, why="the cursor stopped moving on a full page: more may follow"
            )
        return Judgement(Next.END)
    if idle_pages > IDLE_PAGES_ALLOWED:
        return Judgement(
            Next.DOUBT,
            why=f"{idle_pages} pages in a row had no new follower: the list repeats itself",
        )
    return Judgement(Next.MORE, cursor=cursor)
