"""A table whose calls fail on purpose, in the ways in which AWS and the network let calls fail."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

T = TypeVar("T")

_ENDPOINT = "https://dynamodb.invalid/"
_READS = frozenset({"get_item", "query"})
_WRITES = frozenset({"put_item", "update_item", "delete_item", "transact_write_items"})


class Fault(Enum):
    """What becomes of one call, as its caller meets it after the client's own retries."""

    THROTTLED = "throttled"
    COLLIDED = "collided with a transaction"
    FAILED = "failed inside AWS"
    UNREACHABLE = "no connection"
    MALFORMED = "refused for good"
    DONE_TWICE = "done, answer lost, done again by the client"
    LOST = "done, answer lost"
    FAILED_AFTER = "done, then failed inside AWS"


BUSY = (Fault.THROTTLED, Fault.COLLIDED, Fault.FAILED, Fault.UNREACHABLE)
"""The call is not carried out, and the same one may succeed a moment later."""

LOST = (Fault.DONE_TWICE, Fault.LOST, Fault.FAILED_AFTER)
"""The call is carried out, and its caller may take it for one that is not."""


@dataclass
class Faults:
    """What becomes of the next reads and writes, call by call; then all is well again.

    ``pauses_s`` are the pauses that were asked for and not made, ``reads_made`` counts the reads.
    """

    reads: list[Fault | None] = field(default_factory=list)
    writes: list[Fault | None] = field(default_factory=list)
    pauses_s: list[float] = field(default_factory=list)
    reads_made: int = 0

    def clear(self) -> None:
        """Forget what was to come, and what was made."""
        self.reads, self.writes, self.reads_made = [], [], 0
        self.pauses_s.clear()

    def call(self, operation: str, carry_out: Callable[[], T]) -> T:
        """Make a call, or have it fail as it is its turn to."""
        coming = self.reads if operation in _READS else self.writes
        self.reads_made += operation in _READS
        fault = coming.pop(0) if coming else None
        if fault is Fault.DONE_TWICE:
            answer = carry_out()
            # A transaction carries the token of its first attempt, and is answered as that was.
            return answer if operation == "transact_write_items" else carry_out()
        if fault in LOST:
            with suppress(ClientError):  # whatever was answered: it is lost
                carry_out()
        if fault is None:
            return carry_out()
        raise _ERRORS[fault](operation)


def _lost(_: str) -> Exception:
    return ReadTimeoutError(endpoint_url=_ENDPOINT)


def _unreachable(_: str) -> Exception:
    return EndpointConnectionError(endpoint_url=_ENDPOINT)


def _failed(operation: str) -> Exception:
    """Return what botocore makes of an answer that is no JSON, as a proxy may send it."""
    return _error(operation, "502", status=502)


def _refused(single: str, in_transaction: str) -> Callable[[str], Exception]:
    def refuse(operation: str) -> Exception:
        if operation != "transact_write_items":
            return _error(operation, single)
        reasons = [{"Code": "None"}, {"Code": in_transaction}]
        code = "TransactionCanceledException"
        return _error(operation, code, CancellationReasons=reasons)

    return refuse


def _error(operation: str, code: str, *, status: int = 400, **details: Any) -> ClientError:
    response: Any = {
        "Error": {"Code": code, "Message": "made by a test"},
        "ResponseMetadata": {"HTTPStatusCode": status},
        **details,
    }
    return ClientError(response, operation)


_ERRORS: dict[Fault, Callable[[str], Exception]] = {
    Fault.THROTTLED: _refused("ProvisionedThroughputExceededException", "ThrottlingError"),
    Fault.COLLIDED: _refused("TransactionConflictException", "TransactionConflict"),
    Fault.FAILED: _failed,
    Fault.UNREACHABLE: _unreachable,
    Fault.MALFORMED: _refused("ValidationException", "ValidationError"),
    Fault.LOST: _lost,
    Fault.FAILED_AFTER: _failed,
}


class FaultyTable:
    """A ``Table`` with these faults; everything else is the table's own."""

    def __init__(self, table: "Table", faults: Faults) -> None:
        self._table = table
        self._faults = faults
        self.meta: Any = _Meta(_FaultyCalls(table.meta.client, faults))

    def __getattr__(self, name: str) -> Any:
        return _faulty(self._table, name, self._faults)


@dataclass(frozen=True)
class _Meta:
    client: Any


class _FaultyCalls:
    def __init__(self, client: Any, faults: Faults) -> None:
        self._client = client
        self._faults = faults

    def __getattr__(self, name: str) -> Any:
        return _faulty(self._client, name, self._faults)


def _faulty(owner: Any, name: str, faults: Faults) -> Any:
    own = getattr(owner, name)
    if name not in _READS | _WRITES:
        return own
    return lambda **request: faults.call(name, lambda: own(**request))
