"""The sync's calls of the day, claimed before they are made and without waiting for it."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager

from wxlive.domain.calendar import day_of
from wxlive.prefetch import prefetch
from wxlive_follower_sync.dependencies import Dependencies


@contextmanager
def calls_of_the_day(deps: Dependencies) -> Iterator[Iterator[str]]:
    """Count each call while the one before is under way; what was not made is given back.

    Returns an iterator of calls that may be made, each named by the day that it is counted for.
    It raises ``QuotaUsedUp`` where the day has none left. A worker that is killed leaves two
    calls at most that were counted and not made.
    """
    counted: list[str] = []
    try:
        with prefetch(_count_calls(counted, deps), 1) as coming:
            yield _made(coming, counted)
    finally:
        for day in counted:
            deps.quota.refund(day)


def _count_calls(counted: list[str], deps: Dependencies) -> Generator[str]:
    while True:
        now = deps.now()
        day = day_of(now, deps.day_offset_hours)
        deps.quota.consume(day, now)
        counted.append(day)
        yield day


def _made(coming: Iterator[str], counted: list[str]) -> Iterator[str]:
    for day in coming:
        counted.remove(day)
        yield day
