"""What WeChat saw: every call, every push, every callback and its delivery.

Tests and the demo compare wxlive's own account with this one.
"""

from collections import Counter
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from wxlive_local.simulator.entities import CallbackEvent, FollowEvent, PushResult
from wxlive_local.simulator.window import SlidingWindow


@dataclass(frozen=True, slots=True)
class PushCall:
    """A call of ``push_message`` that reached WeChat. ``errcode`` 0 means accepted."""

    at: float
    room_id: int | None
    openids: tuple[str, ...]
    errcode: int
    message_id: str | None


class DeliveryState(StrEnum):
    """How far a callback is. A doubled one is delivered once one of its copies is."""

    PENDING = "pending"
    DELIVERED = "delivered"
    GIVEN_UP = "given up"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Attempt:
    """A request to the callback URL: its HTTP status, or the error instead."""

    at: float
    took_s: float
    status: int | None
    body: str
    error: str | None = None


@dataclass(slots=True)
class CallbackRecord:
    """An event, how it is to be delivered, and every attempt."""

    event: CallbackEvent
    copies: int = 1
    delay_s: float = 0.0
    early: bool = False
    state: DeliveryState = DeliveryState.PENDING
    attempts: list[Attempt] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return the record for the control interface."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class InjectedFault:
    """A fault that was injected."""

    at: float
    path: str
    kind: str


class Ledger:
    """Append-only. Amounts are openids unless their name says otherwise."""

    def __init__(self, window_s: float = 1.0) -> None:
        self.pushes: list[PushCall] = []
        self.times_pushed: Counter[str] = Counter()
        self.calls: Counter[tuple[str, int]] = Counter()
        self.events: list[CallbackRecord] = []
        self.results: list[CallbackRecord] = []
        self.faults: list[InjectedFault] = []
        self.arrived = SlidingWindow(window_s)
        self.accepted = SlidingWindow(window_s)

    def called(self, path: str, errcode: int) -> None:
        """Count a call of an API by its errcode."""
        self.calls[path, errcode] += 1

    def push(self, call: PushCall) -> None:
        """Enter a push that was answered."""
        self.pushes.append(call)
        if call.errcode == 0:
            self.times_pushed.update(call.openids)

    def expect(self, record: CallbackRecord) -> CallbackRecord:
        """Enter a callback that is due."""
        records = self.events if isinstance(record.event, FollowEvent) else self.results
        records.append(record)
        return record

    @property
    def accepted_pushes(self) -> list[PushCall]:
        """The accepted pushes, in the order of their arrival."""
        return [call for call in self.pushes if call.errcode == 0]

    def summary(self, *, openids: bool = False) -> dict[str, Any]:
        """Return all figures; with ``openids`` also every push, openid and callback in full."""
        figures = {
            "calls": self._calls(),
            "push": self._push(),
            "events": _callbacks(self.events),
            "results": _callbacks(self.results) | _counts(self.results),
            "mishaps": [asdict(fault) for fault in self.faults],
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
        **{state.replace(" ", "_"): states[state] for state in DeliveryState},
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
