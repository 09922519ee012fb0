"""What WeChat saw of the pushes to a deployed stack, beside what wxlive reports."""

import csv
import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bench_harness.local_tables import dynamodb_resource
from bench_harness.operator_command import Operator
from wxlive.stores.ledger import LedgerStore
from wxlive_local.simulator import DeliveryState, Platform, PushCall, PushResult, Simulator
from wxlive_local.simulator.quota import beijing_day
from wxlive_local.up import LocalStack


@dataclass(frozen=True)
class PushAccount:
    """The pushes as WeChat saw them.

    ``notified`` counts for each room how often each openid was in an accepted call.
    ``reported`` has the openids of the accepted calls whose result was delivered. ``busiest`` is
    the largest number of openids that arrived within a second.
    """

    calls: tuple[PushCall, ...]
    notified: dict[int, Counter[str]]
    reported: frozenset[frozenset[str]]
    busiest: int

    @property
    def twice(self) -> int:
        """The number of followers who were notified more than once of one room."""
        return sum(times > 1 for counts in self.notified.values() for times in counts.values())

    @property
    def rooms_by_day(self) -> dict[int, set[int]]:
        """The rooms that were pushed on each of WeChat's days."""
        rooms: dict[int, set[int]] = {}
        for call in self.calls:
            if call.errcode == 0 and call.room_id is not None:
                rooms.setdefault(beijing_day(call.at), set()).add(call.room_id)
        return rooms

    @property
    def errcodes(self) -> Counter[int]:
        """The number of calls by errcode; 0 are accepted."""
        return Counter(call.errcode for call in self.calls)

    def missed(self, followers: Iterable[str], room: int) -> int:
        """Return how many of the followers were not notified of that room."""
        return len(set(followers) - self.notified.get(room, Counter()).keys())


def simulator_of(stack: LocalStack) -> Simulator:
    """Return the simulator that the stack talks to."""
    assert stack.simulator is not None  # noqa: S101 - no option names another server
    return stack.simulator


def read_account(platform: Platform) -> PushAccount:
    """Read the simulated WeChat's ledger; on the simulator's event loop."""
    ledger = platform.ledger
    delivered = {
        record.event.message_id
        for record in ledger.results
        if record.state is DeliveryState.DELIVERED and isinstance(record.event, PushResult)
    }
    notified: dict[int, Counter[str]] = {}
    for call in ledger.accepted_pushes:
        if call.room_id is not None:
            notified.setdefault(call.room_id, Counter()).update(call.openids)
    return PushAccount(
        calls=tuple(ledger.pushes),
        notified=notified,
        reported=frozenset(
            frozenset(call.openids)
            for call in ledger.accepted_pushes
            if call.message_id in delivered
        ),
        busiest=ledger.arrived.busiest,
    )


def unknown_chunks(stack: LocalStack, operator: Operator, campaign: str) -> list[frozenset[str]]:
    """Return the openids of each chunk that wxlive reports as unknown."""
    ledger = LedgerStore(dynamodb_resource(stack.env).Table(stack.outputs["StateTable"]))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "calls.csv"
        operator("report", campaign, "--csv", str(path))
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    return [
        frozenset(ledger.openids(campaign, int(row["chunk"])) or ())
        for row in rows
        if row["state"] == "unknown"
    ]
