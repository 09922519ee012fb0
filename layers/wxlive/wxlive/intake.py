"""What becomes of an authentic message: stored, or kept aside because it makes no sense.

The callback does it while WeChat waits, the backlog's consumer when the callback could not. Both
may do it to the same message, in any order and repeatedly: see ``record``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from wxlive.errors import Rejected
from wxlive.events import Event, FollowNotify, OtherEvent
from wxlive.messages import MalformedEvent, read_event
from wxlive.record import Followers, Outcome, Results, record
from wxlive.telemetry import Metric, Telemetry, short

AHEAD_ALLOWED_S = 86_400
"""How far a fact's time may lie ahead of our clock: one from the future would win for ever."""


class Shelf(Protocol):
    """Where messages are kept as they are."""

    def keep(self, text: str, why: str) -> None:
        """Keep a message, and why it is here."""
        ...


@dataclass(frozen=True, slots=True)
class Intake:
    """Takes authentic messages in."""

    followers: Followers
    results: Callable[[], Results]
    aside: Shelf
    telemetry: Telemetry

    def take(self, text: str, now_s: float) -> None:
        """Store what the message says; keep it aside for a human if it makes no sense.

        Raises:
            Exception: whatever the store or the queue raises; nothing is lost if the caller
                keeps the message, and it may be taken again.
        """
        try:
            event = understand(text, now_s)
        except Rejected as refusal:
            self.aside.keep(text, refusal.message)
            self.telemetry.count(Metric.CALLBACK_SET_ASIDE)
            self.telemetry.problem("callback set aside", refusal)
            return
        self._tell(event, record(event, self.followers, self.results, now_s))

    def _tell(self, event: Event, outcome: Outcome) -> None:
        ignored = isinstance(event, OtherEvent)
        self.telemetry.count(Metric.CALLBACK_IGNORED if ignored else Metric.CALLBACK_STORED)
        if outcome.odd:
            self.telemetry.count(Metric.RESULT_ODD)
            self.telemetry.logger.warning("odd push result", extra={"why": outcome.odd})
        follower = short(event.openid) if isinstance(event, FollowNotify) else None
        self.telemetry.logger.info(
            "callback taken",
            extra={"kind": outcome.kind, "changed": outcome.stored, "follower": follower},
        )


def understand(text: str, now_s: float) -> Event:
    """Read the event in an authentic message.

    Raises:
        Rejected: it can't be read, or says something senseless.
    """
    event = read_event(text)
    if isinstance(event, FollowNotify) and event.time_s > now_s + AHEAD_ALLOWED_S:
        raise MalformedEvent("time lies in the future; it is Unix seconds")
    return event
