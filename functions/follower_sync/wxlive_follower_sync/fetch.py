"""Asking WeChat for the list, page after page, within the day's budget of calls."""

from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass

from wxlive.errors import OutcomeUnknown, QuotaUsedUp, RateLimited, RetryLater, WxliveError
from wxlive.pace import day_of
from wxlive.wechat import GET_FOLLOWERS, FollowerPage
from wxlive_follower_sync import pages
from wxlive_follower_sync.budget import calls_of_the_day
from wxlive_follower_sync.parts import Parts

TRIES_A_PAGE = 5


@dataclass(frozen=True, slots=True)
class Fetched:
    """What became of asking for the page behind the cursor ``asked``: the page or an error.

    ``requested_at`` is Unix seconds, ``calls`` what it took of the day's budget.
    """

    asked: int | str | None
    answer: FollowerPage | WxliveError
    requested_at: int
    calls: int


def fetch_pages(cursor: int | str | None, parts: Parts) -> Generator[Fetched]:
    """Ask for page after page from ``cursor``, to the list's end, an error, or a lack of time."""
    _learn_quota(parts)
    with calls_of_the_day(parts) as calls:
        while not parts.time_is_short:
            fetched = _fetch(cursor, calls, parts)
            yield fetched
            if isinstance(fetched.answer, WxliveError):
                return
            cursor = pages.next_cursor(fetched.answer, cursor)
            if cursor is None:
                return


def _fetch(cursor: int | str | None, calls: Iterator[str], parts: Parts) -> Fetched:
    for call in range(1, TRIES_A_PAGE + 1):
        try:
            next(calls)
        except QuotaUsedUp as error:
            return Fetched(cursor, error, int(parts.now()), call - 1)
        now = parts.now()
        try:
            page = parts.wechat.followers(cursor, pages.PAGE_LIMIT)
        except (RetryLater, OutcomeUnknown, RateLimited) as error:
            if call == TRIES_A_PAGE:
                return Fetched(cursor, error, int(now), call)
            minute_is_used_up = isinstance(error, RateLimited)
            parts.sleep(60 - now % 60 if minute_is_used_up else 2 ** (call - 1))
            parts.renew_lease()
        except WxliveError as error:
            return Fetched(cursor, error, int(now), call)
        else:
            return Fetched(cursor, page, int(now), call)
    raise AssertionError("unreachable: the last call returns")


def _learn_quota(parts: Parts) -> None:
    """Learn what other programs of the merchant have used up today, where WeChat says it."""
    with suppress(WxliveError):
        used = parts.wechat.quota(GET_FOLLOWERS).used
        parts.quota.seed(day_of(parts.now(), parts.day_offset_hours), used, parts.now())
