"""The sync's calls of the day, claimed before they are made and without waiting for it."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager

from wxlive.ahead import ahead
from wxlive.pace import day_of
from wxlive_follower_sync.parts import Parts


@contextmanager
def calls_of_the_day(parts: Parts) -> Iterator[Iterator[str]]:
    """Count each call while the one before is under way; what was not made is given back.

    Returns an iterator of calls that may be made, each named by the day that it is counted for.
    It raises ``QuotaUsedUp`` where the day has none left. A worker that is killed leaves two
    calls at most that were counted and not made.
    """
    counted: list[str] = []
    try:
        with ahead(_count_calls(counted, parts), 1) as coming:
            yield _made(coming, counted)
    finally:
        for day in counted:
            parts.quota.give_back(day)


def _count_calls(counted: list[str], parts: Parts) -> Generator[str]:
    while True:
        now = parts.now()
        day = day_of(now, parts.day_offset_hours)
        parts.quota.take(day, now)
        counted.append(day)
        yield day


def _made(coming: Iterator[str], counted: list[str]) -> Iterator[str]:
    for day in coming:
        counted.remove(day)
        yield day
