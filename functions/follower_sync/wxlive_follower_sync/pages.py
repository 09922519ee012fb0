"""What a page of the list means for the walk: docs/wechat-protocol.md#end-of-the-list.

The end of the list is not documented. It is inferred from a missing or zero ``page_break`` or a
cursor that does not change; anything else that looks wrong is doubt: a run in doubt fails and
removes no follower.
"""

from dataclasses import dataclass
from enum import StrEnum

from wxlive.domain.sync_runs import SyncRun
from wxlive.wechat.answers import FollowerPage
from wxlive.wechat.apis import FOLLOWERS_PER_PAGE

PAGE_LIMIT = FOLLOWERS_PER_PAGE
"""Rows requested in one call, but for the first of a run."""

_FIRST_LIMITS = 3
"""The first limits take turns, so the pages of successive runs begin at other rows. With two of
them, somebody who left and lies in the gap of every other run would never be missed twice."""

IDLE_PAGES_ALLOWED = 5
"""Pages in a row without a new openid before the walk is considered circular."""


class Next(StrEnum):
    """What to do after a page."""

    MORE = "more"
    END = "end"
    DOUBT = "doubt"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What to do next, and why if it is doubt. ``cursor`` is the next page's.

    ``may_be_stuck`` says that the end may be a cursor that can't get past a second: then nobody
    behind this page is absent.
    """

    next: Next
    cursor: int | str | None = None
    why: str | None = None
    may_be_stuck: bool = False


def first_limit(before: SyncRun | None) -> int:
    """Return how many rows the first page of a run asks for; ``before`` is the last complete run.

    It differs from that of the run before by a third of a page or more.
    """
    step = PAGE_LIMIT // _FIRST_LIMITS
    limits = [PAGE_LIMIT - step * turn for turn in range(_FIRST_LIMITS)]
    last = before.first_limit if before is not None else limits[-1]
    return limits[(limits.index(last) + 1) % _FIRST_LIMITS] if last in limits else limits[0]


def limit_of(run: SyncRun, cursor: int | str | None) -> int:
    """Return how many rows to ask for after a cursor."""
    return run.first_limit or PAGE_LIMIT if cursor is None else PAGE_LIMIT


def next_cursor(page: FollowerPage, asked: int | str | None) -> int | str | None:
    """Return the cursor to ask with after this page, None where the list seems to end."""
    if page.cursor in {None, 0, "0", ""} or str(page.cursor) == str(asked):
        return None
    return page.cursor


def judge(
    page: FollowerPage, *, asked: int | str | None, limit: int, fresh: int, idle_pages: int
) -> Judgement:
    """Judge a page.

    Args:
        page: what WeChat answered.
        asked: the cursor it was asked with, None for the first page.
        limit: how many rows were asked for.
        fresh: how many of its openids no earlier page of this run had.
        idle_pages: how many pages in a row, this one included, had no new openid.
    """
    cursor = next_cursor(page, asked)
    if cursor is None:
        stopped_moving = asked is not None and str(page.cursor) == str(asked)
        is_full = len(page.rows) + len(page.skipped) >= limit
        is_one_second = len({row.subscribed_at for row in page.rows}) == 1
        if stopped_moving and is_full and (fresh or is_one_second):
            return Judgement(
                Next.DOUBT, why="the cursor stopped moving on a full page: more may follow"
            )
        return Judgement(Next.END, may_be_stuck=stopped_moving and is_one_second)
    if idle_pages > IDLE_PAGES_ALLOWED:
        return Judgement(
            Next.DOUBT,
            why=f"{idle_pages} pages in a row had no new follower: the list repeats itself",
        )
    return Judgement(Next.MORE, cursor=cursor)
