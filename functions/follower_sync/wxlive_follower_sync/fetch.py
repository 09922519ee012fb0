"""Fetching the list, page after page, within the day's budget of calls and the turn's time."""

from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass

from wxlive.domain.sync_runs import SyncRun
from wxlive.errors import OutcomeUnknown, RateLimited, RetryLater, WxliveError
from wxlive.wechat.answers import FollowerPage
from wxlive.wechat.apis import Api
from wxlive_follower_sync import pages
from wxlive_follower_sync.budget import Call, Refusal, calls_of_the_day
from wxlive_follower_sync.dependencies import Dependencies
from wxlive_follower_sync.waiting_pages import WaitingPages

TRIES_A_PAGE = 5


@dataclass(frozen=True, slots=True)
class Fetched:
    """The answer to the request for the page after the cursor ``asked``: a page or an error.

    ``limit`` is how many rows were asked for, ``requested_at`` when (Unix s).
    """

    asked: int | str | None
    limit: int
    answer: FollowerPage | WxliveError
    requested_at: int


Fetching = Generator[Fetched | None]
"""Pages as they come; None says that the present one takes another try, or a minute."""


def fetch_pages(run: SyncRun, waiting: WaitingPages, deps: Dependencies) -> Fetching:
    """Ask for page after page from the run's cursor, to the list's end or an error.

    It ends early when the time that is left is needed to merge what was fetched.
    """
    _learn_quota(deps)
    cursor = run.cursor
    with calls_of_the_day(deps) as calls:
        while deps.has_time_for(waiting.merge_s):
            fetched = yield from _fetch(cursor, run, calls, waiting, deps)
            if fetched is None:
                return
            waiting.fetched()
            yield fetched
            if isinstance(fetched.answer, WxliveError):
                return
            cursor = pages.next_cursor(fetched.answer, cursor)
            if cursor is None:
                return


def _fetch(
    cursor: int | str | None,
    run: SyncRun,
    calls: Iterator[Call | Refusal],
    waiting: WaitingPages,
    deps: Dependencies,
) -> Generator[None, None, Fetched | None]:
    """Ask for a page; returns None where the next try doesn't fit into the turn."""
    limit = pages.limit_of(run, cursor)
    for tries_left in reversed(range(TRIES_A_PAGE)):
        call = next(calls)
        if isinstance(call, Refusal):
            return Fetched(cursor, limit, call.error, int(call.at_s))
        now = deps.now()
        waiting.all_calls += 1
        try:
            answer: FollowerPage | WxliveError = deps.wechat.followers(cursor, limit)
        except (RetryLater, OutcomeUnknown, RateLimited) as error:
            if tries_left:
                minute_is_used_up = isinstance(error, RateLimited)
                pause_s = (
                    60 - now % 60 if minute_is_used_up else 2 ** (TRIES_A_PAGE - 1 - tries_left)
                )
                if not deps.has_time_for(pause_s):
                    return None
                yield None
                deps.sleep(pause_s)
                yield None
                continue
            answer = error
        except WxliveError as error:
            answer = error
        return Fetched(cursor, limit, answer, int(now))
    raise AssertionError("unreachable: the last try returns")


def _learn_quota(deps: Dependencies) -> None:
    """Learn what other programs of the merchant have used today, if WeChat answers."""
    asked_s = deps.now()
    with suppress(WxliveError):
        said = deps.wechat.quota(Api.GET_FOLLOWERS)
        deps.quota.learn(
            said, asked_s=asked_s, answered_s=deps.now(), offset_hours=deps.day_offset_hours
        )
