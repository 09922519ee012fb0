"""What the platform saw: every call, every push, every callback and what became of it.

Tests and the demo check the product against this, not against what the product says of itself.
"""

from collections import Counter
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from wxlive_local.simulator.facts import CallbackEvent, FollowEvent, PushResult
from wxlive_local.simulator.window import SlidingWindow


@dataclass(frozen=True, slots=True)
class PushCall:
    """One call of ``push_message`` that reached the platform. ``errcode`` 0 is accepted."""

    at: float
    room_id: int | None
    openids: tuple[str, ...]
    errcode: int
    message_id: str | None


class State(StrEnum):
    """What became of a callback. Doubled ones count as delivered if one copy was."""

    PENDING = "pending"
    DELIVERED = "delivered"
    GIVEN_UP = "given up"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request to the callback URL: the HTTP status, or the error in its place."""

    at: float
    took_s: float
    status: int | None
    body: str
    error: str | None = None


@dataclass(slots=True)
class CallbackRecord:
    """One event, how it was to be sent, and every attempt."""

    event: CallbackEvent
    copies: int = 1
    delay_s: float = 0.0
    early: bool = False
    state: State = State.PENDING
    attempts: list[Attempt] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The record for the control interface."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Mishap:
    """A rule of misbehaviour that was applied."""

    at: float
    path: str
    kind: str


class Ledger:
    """Append-only. Amounts are openids unless a name says otherwise."""

    def __init__(self, window_s: float = 1.0) -> None:
        self.pushes: list[PushCall] = []
        self.times_pushed: Counter[str] = Counter()
        self.calls: Counter[tuple[str, int]] = Counter()
        self.events: list[CallbackRecord] = []
        self.results: list[CallbackRecord] = []
        self.mishaps: list[Mishap] = []
        self.arrived = SlidingWindow(window_s)
        self.accepted = SlidingWindow(window_s)

    def called(self, path: str, errcode: int) -> None:
        """An API was called and answered so."""
        self.calls[path, errcode] += 1

    def push(self, call: PushCall) -> None:
        """A push was judged."""
        self.pushes.append(call)
        if call.errcode == 0:
            self.times_pushed.update(call.openids)

    def expect(self, record: CallbackRecord) -> CallbackRecord:
        """A callback is due."""
        records = self.events if isinstance(record.event, FollowEvent) else self.results
        records.append(record)
        return record

    @property
    def accepted_pushes(self) -> list[PushCall]:
        """The pushes that were accepted, in the order they came."""
        return [call for call in self.pushes if call.errcode == 0]

    def summary(self, *, openids: bool = False) -> dict[str, Any]:
        """All figures; with ``openids`` also every push, openid and callback in full."""
        figures = {
            "calls": self._calls(),
            "push": self._push(),
            "events": _callbacks(self.events),
            "results": _callbacks(self.results) | _counts(self.results),
            "mishaps": [asdict(mishap) for mishap in self.mishaps],
        }
        if not openids:
            return figures
        return figures | {
            "pushes": [asdict(call) for call in self.pushes],
            "times_pushed": dict(self.times_pushed),
            "event_records": [record.as_json() for record in self.events],
            "result_records": [record.as_json() for record in self.results],
        }

    def _calls(self) -> dict[str, dict[str, int]]:
        calls: dict[str, dict[str, int]] = {}
        for (path, errcode), times in self.calls.items():
            calls.setdefault(path, {})[str(errcode)] = times
        return calls

    def _push(self) -> dict[str, Any]:
        accepted = self.accepted_pushes
        return {
            "calls": len(self.pushes),
            "accepted_calls": len(accepted),
            "accepted_openids": sum(len(call.openids) for call in accepted),
            "distinct_openids": len(self.times_pushed),
            "most_often": max(self.times_pushed.values(), default=0),
            "largest_call": max((len(call.openids) for call in self.pushes), default=0),
            "busiest_second": {
                "arrived": self.arrived.busiest,
                "accepted": self.accepted.busiest,
            },
            "errcodes": {
                str(errcode): times
                for errcode, times in Counter(call.errcode for call in self.pushes).items()
            },
            "rooms": sorted({call.room_id for call in accepted if call.room_id is not None}),
        }


def _callbacks(records: list[CallbackRecord]) -> dict[str, int]:
    states = Counter(record.state for record in records)
    return {
        "generated": len(records),
        "attempts": sum(len(record.attempts) for record in records),
        **{state.replace(" ", "_"): states[state] for state in State},
    }


def _counts(records: list[CallbackRecord]) -> dict[str, int]:
    results = [record.event for record in records if isinstance(record.event, PushResult)]
    return {
        name: sum(getattr(result, f"{name}_count") for result in results)
        for name in (
            "total",
            "success",
            "openid_error",
            "relation_error",
            "user_recv_limit",
            "internal_error",
        )
    }
