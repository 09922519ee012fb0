"""Authentic messages become stored facts, or are quarantined if they are malformed.

The callback ingests it while WeChat waits, the backlog's consumer when the callback could not. Both
may ingest the same message, in any order and repeatedly.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from wxlive.domain.events import Event, FollowNotify, OtherEvent, PushResult
from wxlive.domain.followers import MAX_CLOCK_LEAD_S, Follower
from wxlive.errors import RequestRejected
from wxlive.telemetry import Metric, Telemetry, short
from wxlive.wechat.event_parser import MalformedEvent, parse_event


class Followers(Protocol):
    """Where facts about followers go."""

    def apply(self, fact: Follower) -> bool:
        """Store the fact unless something at least as new is known."""
        ...


class Results(Protocol):
    """Where results of pushes go."""

    def add(self, result: PushResult, now_s: float) -> PushResult:
        """Store a result once; returns the stored one."""
        ...


class RecentResults(Protocol):
    """Where the results that came last are found."""

    def add(self, result: PushResult) -> None:
        """Store a result as it was stored before; a repetition changes nothing."""
        ...


class Sink(Protocol):
    """Where messages are kept as they are."""

    def put(self, text: str, reason: str) -> None:
        """Keep a message, and why it is here."""
        ...


def _nobody_looks() -> None:
    return None


def everybody(_fact: Follower) -> bool:
    """Admit a fact about anybody, where nobody was forgotten."""
    return True


@dataclass(frozen=True, slots=True)
class EventIngestor:
    """Ingests authentic messages.

    ``results`` and ``recent_results`` are called only when a result comes: on a cold start they
    cost a client. The latter returns None where nobody looks at the results that came last.
    ``admits`` says of a fact whether it may be stored: nobody who was forgotten is brought back.
    """

    followers: Followers
    results: Callable[[], Results]
    quarantine: Sink
    telemetry: Telemetry
    recent_results: Callable[[], RecentResults | None] = _nobody_looks
    admits: Callable[[Follower], bool] = everybody

    def ingest(self, text: str, now_s: float) -> None:
        """Store what the message says; quarantine it for a human if it is malformed.

        Repetitions and late arrivals change nothing.

        Raises:
            Exception: whatever the store or the queue raises; nothing is lost if the caller
                keeps the message, and it may be ingested again.
        """
        try:
            event = read_event(text, now_s)
        except RequestRejected as rejection:
            self.quarantine.put(text, rejection.message)
            self.telemetry.count(Metric.CALLBACK_QUARANTINED)
            self.telemetry.problem("callback quarantined", rejection)
            return
        match event:
            case FollowNotify():
                self._ingest_follow(event)
            case PushResult():
                self._ingest_result(event, now_s)
            case OtherEvent():
                self.telemetry.count(Metric.CALLBACK_IGNORED)
                self._log(event.name, changed=False)

    def _ingest_follow(self, event: FollowNotify) -> None:
        fact = Follower.notified(event)
        changed = self.admits(fact) and self.followers.apply(fact)
        self._log(event.action.value, changed=changed, follower=short(event.openid))

    def _ingest_result(self, event: PushResult, now_s: float) -> None:
        stored = self.results().add(event, now_s)
        recent = self.recent_results()
        if recent is not None:
            recent.add(stored)
        anomaly = anomaly_of(event, stored)
        if anomaly:
            self.telemetry.count(Metric.RESULT_ANOMALY)
            self.telemetry.logger.warning("push result anomaly", extra={"reason": anomaly})
        self._log("push_result", changed=True)

    def _log(self, kind: str, *, changed: bool, follower: str | None = None) -> None:
        self.telemetry.logger.info(
            "callback ingested", extra={"kind": kind, "changed": changed, "follower": follower}
        )


def read_event(text: str, now_s: float) -> Event:
    """Read the event in an authentic message, as of now (Unix s).

    A result from the future is one of now: its counts matter, and its time only helps to name its
    call.

    Raises:
        RequestRejected: it is malformed.
    """
    event = parse_event(text)
    if isinstance(event, PushResult) and event.time_s > now_s + MAX_CLOCK_LEAD_S:
        return replace(event, time_s=int(now_s))
    if isinstance(event, FollowNotify) and event.time_s > now_s + MAX_CLOCK_LEAD_S:
        raise MalformedEvent("time is in the future; it must be Unix seconds")
    return event


def anomaly_of(event: PushResult, stored: PushResult) -> str | None:
    """Return why an operator should look at a result, given the one that is stored for its call."""
    if not event.adds_up:
        return "total_count is not the sum of the other counts"
    if replace(event, time_s=stored.time_s) != stored:
        return "a second result for this message_id says something else; the first is kept"
    return None
