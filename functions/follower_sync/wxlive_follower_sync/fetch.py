"""Fetching the list, page after page, within the day's budget of calls."""

from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass

from wxlive.domain.calendar import day_of_count
from wxlive.errors import OutcomeUnknown, QuotaUsedUp, RateLimited, RetryLater, WxliveError
from wxlive.wechat.answers import FollowerPage
from wxlive.wechat.apis import Api
from wxlive_follower_sync import pages
from wxlive_follower_sync.budget import calls_of_the_day
from wxlive_follower_sync.dependencies import Dependencies

TRIES_A_PAGE = 5


@dataclass(frozen=True, slots=True)
class Fetched:
    """The answer to the request for the page after the cursor ``asked``: a page or an error.

    ``requested_at`` is Unix seconds, ``calls`` what it took of the day's budget.
    """

    asked: int | str | None
    answer: FollowerPage | WxliveError
    requested_at: int
    calls: int


def fetch_pages(cursor: int | str | None, deps: Dependencies) -> Generator[Fetched]:
    """Ask for page after page from ``cursor``, to the list's end, an error, or a lack of time."""
    _learn_quota(deps)
    with calls_of_the_day(deps) as calls:
        while not deps.time_is_short:
            fetched = _fetch(cursor, calls, deps)
            yield fetched
            if isinstance(fetched.answer, WxliveError):
                return
            cursor = pages.next_cursor(fetched.answer, cursor)
            if cursor is None:
                return


def _fetch(cursor: int | str | None, calls: Iterator[str], deps: Dependencies) -> Fetched:
    for call in range(1, TRIES_A_PAGE + 1):
        try:
            next(calls)
        except QuotaUsedUp as error:
            return Fetched(cursor, error, int(deps.now()), call - 1)
        now = deps.now()
        try:
            page = deps.wechat.followers(cursor, pages.PAGE_LIMIT)
        except (RetryLater, OutcomeUnknown, RateLimited) as error:
            if call == TRIES_A_PAGE:
                return Fetched(cursor, error, int(now), call)
            minute_is_used_up = isinstance(error, RateLimited)
            deps.sleep(60 - now % 60 if minute_is_used_up else 2 ** (call - 1))
            deps.renew_lease()
        except WxliveError as error:
            return Fetched(cursor, error, int(now), call)
        else:
            return Fetched(cursor, page, int(now), call)
    raise AssertionError("unreachable: the last call returns")


def _learn_quota(deps: Dependencies) -> None:
    """Learn what other programs of the merchant have used today, if WeChat answers."""
    asked_s = deps.now()
    with suppress(WxliveError):
        used = deps.wechat.quota(Api.GET_FOLLOWERS).used
        day = day_of_count(asked_s, deps.now(), deps.day_offset_hours)
        if day is not None:
            deps.quota.seed(day, used, deps.now())
