"""The sync's calls of the day, claimed before they are made and without waiting for it."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count

from wxlive.domain.calendar import day_of
from wxlive.errors import QuotaUsedUp
from wxlive.prefetch import prefetch
from wxlive_follower_sync.dependencies import Dependencies


@dataclass(frozen=True, slots=True)
class Call:
    """A call that may be made: the day that it is counted for, and its name in the count."""

    day: str
    name: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """No call may be made: the day had none left at ``at_s`` (Unix s)."""

    error: QuotaUsedUp
    at_s: float


@contextmanager
def calls_of_the_day(deps: Dependencies) -> Iterator[Iterator[Call | Refusal]]:
    """Count each call while the one before is under way; what was not made is given back.

    Returns an iterator of calls that may be made; a refusal is the last of it. A worker that is
    killed leaves two calls at most that were counted and not made.
    """
    counted: list[Call] = []
    try:
        with prefetch(_count_calls(counted, deps), 1) as coming:
            yield _made(coming, counted, deps)
    finally:
        for call in counted:
            deps.quota.refund(call.day, call.name)


def _count_calls(counted: list[Call], deps: Dependencies) -> Generator[Call | Refusal]:
    for number in count(1):
        now = deps.now()
        call = Call(day_of(now, deps.day_offset_hours), f"{deps.owner}-{number}")
        try:
            deps.quota.consume(call.day, now, call.name)
        except QuotaUsedUp as error:
            yield Refusal(error, now)
            return
        counted.append(call)
        yield call


def _made(
    coming: Iterator[Call | Refusal], counted: list[Call], deps: Dependencies
) -> Iterator[Call | Refusal]:
    """Hand out the calls in their day; one that was counted before midnight is given back."""
    for call in coming:
        if isinstance(call, Call):
            if call.day != day_of(deps.now(), deps.day_offset_hours):
                continue
            counted.remove(call)
        yield call
