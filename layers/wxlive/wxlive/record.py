"""What an authentic message changes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from wxlive.events import Event, FollowNotify, PushResult
from wxlive.followers import Follower


class Followers(Protocol):
    """Where facts about followers go."""

    def apply(self, fact: Follower) -> bool:
        """Store the fact unless something at least as new is known."""
        ...


class Results(Protocol):
    """Where results of pushes go."""

    def add_result(self, result: PushResult, now_s: float) -> PushResult:
        """Store a result once; returns the stored one."""
        ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done: ``stored`` says whether the message was one of ours, ``odd`` why to look."""

    kind: str
    stored: bool
    odd: str | None = None


def record(
    event: Event, followers: Followers, results: Callable[[], Results], now_s: float
) -> Outcome:
    """Store what the event says. Repetitions and late arrivals change nothing.

    ``results`` is asked for only when a result comes: on a cold start it costs a client.
    """
    if isinstance(event, FollowNotify):
        won = followers.apply(Follower.notified(event))
        return Outcome(kind=event.action.value, stored=won)
    if isinstance(event, PushResult):
        return _record_result(event, results().add_result(event, now_s))
    return Outcome(kind=event.name, stored=False)


def _record_result(event: PushResult, kept: PushResult) -> Outcome:
    odd = None
    if not event.adds_up:
        odd = "total_count is not the sum of the other counts"
    elif _counts(kept) != _counts(event):
        odd = "a second result for this message_id says something else; the first is kept"
    return Outcome(kind="push_result", stored=True, odd=odd)


def _counts(result: PushResult) -> tuple[int, ...]:
    return (
        result.total,
        result.success,
        result.openid_error,
        result.relation_error,
        result.user_recv_limit,
        result.internal_error,
    )
