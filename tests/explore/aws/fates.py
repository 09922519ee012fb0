"""What a call of a boto3 client can come to when AWS or the network fails.

A client sends a request up to so many times. So a fate is a script: what becomes of each attempt,
until one is answered or the client gives up. Everything else follows from the script: how often the
service carries the request out, and what the caller gets.

A retry of a transaction carries the token of the first attempt, so a transaction that was carried
out is answered as such. Nothing else of ours has a token: it is carried out again, a condition is
checked against what the first attempt has written, ``ADD`` counts twice, a message is sent twice.

Left out: a request that is carried out only after its client has given up on it, and a client that
stops retrying because so many of its calls failed (botocore's retry quota: 100 failures or so).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, TypeVar

from botocore.config import Config

from explore.aws.outcomes import Answer, AwsError, Outcome, Unreachable
from explore.aws.transactions import cancelled

S = TypeVar("S")


class Attempt(Enum):
    """What becomes of one request on its way."""

    ANSWERED = "answered"
    THROTTLED = "throttled"
    FAILED = "failed"
    UNREACHABLE = "unreachable"
    LOST = "lost"
    FAILED_AFTER = "failed after it was done"
    COLLIDED = "collided"
    CANCELLED = "cancelled for throttling"

    @property
    def carried_out(self) -> bool:
        """Whether the service does what it is asked."""
        return self in {Attempt.ANSWERED, Attempt.LOST, Attempt.FAILED_AFTER}

    @property
    def retried(self) -> bool:
        """Whether the client sends the request again, if it may."""
        return self in {*REFUSALS, *LOSSES}


REFUSALS: Final = (Attempt.THROTTLED, Attempt.FAILED, Attempt.UNREACHABLE)
"""The ways in which a request is not carried out and the client retries."""

LOSSES: Final = (Attempt.LOST, Attempt.FAILED_AFTER)
"""The ways in which it is carried out, the caller can't know, and the client retries."""

DONE: Final = "done"


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a client sends a request, and how long it waits."""

    attempts: int
    connect_timeout_s: float
    read_timeout_s: float

    @classmethod
    def of(cls, config: Config) -> "Retries":
        """Read a client's configuration. Its ``max_attempts`` does not count the first attempt."""
        given: Any = config
        retries: Mapping[str, Any] = given.retries or {}
        if retries.get("mode") not in {"standard", "adaptive"}:
            raise NotImplementedError("Only botocore's standard retries are modelled")
        attempts = retries.get("total_max_attempts") or retries["max_attempts"] + 1
        return cls(attempts, given.connect_timeout, given.read_timeout)

    def longest_s(self, script: Sequence[Attempt], service: str) -> float:
        """Return how long the client takes at most: time-outs, and the pauses before retries."""
        pause_s = 0.025 if service == "dynamodb" else 0.05
        total_s = 0.0
        for number, attempt in enumerate(script):
            total_s += {
                Attempt.LOST: self.read_timeout_s,
                Attempt.UNREACHABLE: self.connect_timeout_s,
            }.get(attempt, 0.0)
            if number + 1 < len(script):
                scale_s = 1.0 if attempt is Attempt.THROTTLED else pause_s
                total_s += min(scale_s * 2**number, 20.0)
        return total_s


@dataclass(frozen=True, slots=True)
class Fate:
    """One thing that a call can come to.

    ``cost`` is the number of faults it takes: none if all is well, one for an outage, however many
    attempts it spoils. ``longest_s`` is how long the caller may have to wait.
    """

    name: str
    cost: int
    script: tuple[Attempt, ...]
    longest_s: float
    failures: Mapping[Attempt, Outcome]
    has_token: bool = False

    def apply(self, state: S, execute: Callable[[S], tuple[S, Outcome]]) -> tuple[S, Outcome]:
        """Return the state of the service afterwards, and what the caller of the client gets.

        Args:
            state: the state before.
            execute: carries the request out once.
        """
        outcome: Outcome = Unreachable.REFUSED
        done: Answer | None = None
        for attempt in self.script:
            if attempt.carried_out:
                if done is None or not self.has_token:
                    state, outcome = execute(state)
                    done = outcome if isinstance(outcome, Answer) else None
                else:
                    outcome = done
            outcome = self.failures.get(attempt, outcome)
        return state, outcome

    def __str__(self) -> str:
        return self.name


_READS = frozenset({"GetItem", "Query", "Scan", "GetSecretValue"})
_SINGLE_WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem"})
_TRANSACTION, _STATEMENTS = "TransactWriteItems", "BatchExecuteStatement"


def fates(
    service: str,
    operation: str,
    request: Mapping[str, Any],
    retries: Retries,
    *,
    refusals: Sequence[Attempt] = (Attempt.THROTTLED,),
    losses: Sequence[Attempt] = (Attempt.LOST,),
) -> list[Fate]:
    """Return what a call can come to.

    Args:
        service: boto3's name of the service.
        operation: as AWS spells it.
        request: as boto3's client takes it.
        retries: how its client retries.
        refusals: how the service or the network may refuse it, from ``REFUSALS``.
        losses: how an answer may be lost, from ``LOSSES``.

    Returns:
        ``DONE`` first. Those that name a refusal and "then done" end as ``DONE`` does, but later.
    """
    made = _Maker(service, operation, request, retries)
    most = retries.attempts
    found = [made.fate(DONE, 0, [Attempt.ANSWERED])]
    for refusal in refusals:
        if most > 1:
            found.append(made.fate(f"{refusal.value}, then done", 1, [refusal, Attempt.ANSWERED]))
        found.append(made.fate(f"{refusal.value} to the end", 1, [refusal] * most))
    for loss in losses:
        found.append(made.fate(f"{loss.value} to the end", 1, [loss] * most))
        if operation in _READS or most == 1:
            continue
        found.append(made.fate(f"{loss.value}, then done again", 1, [loss, Attempt.ANSWERED]))
        found += [
            made.fate(
                f"{loss.value}, then {refusal.value} to the end", 1, [loss] + [refusal] * (most - 1)
            )
            for refusal in refusals
        ]
    return found + made.conflicts()


class Again(Enum):
    """What an attempt comes to after which the client sends the request again."""

    AGAIN = "again"


@dataclass(frozen=True, slots=True)
class Step:
    """What one attempt of a call can come to; others may act before the next one."""

    name: str
    cost: int
    attempt: Attempt
    failure: Outcome | None
    is_last: bool

    def apply(
        self, state: S, execute: Callable[[S], tuple[S, Outcome]]
    ) -> tuple[S, Outcome | Again]:
        """Return the state afterwards, and what the caller gets or that the client asks again."""
        outcome: Outcome | None = None
        if self.attempt.carried_out:
            state, outcome = execute(state)
        if self.failure is not None:
            outcome = self.failure
        if self.attempt.retried and not self.is_last:
            return state, Again.AGAIN
        assert outcome is not None
        return state, outcome


def steps(
    service: str,
    operation: str,
    request: Mapping[str, Any],
    retries: Retries,
    *,
    number: int = 1,
    kinds: Sequence[Attempt] = (Attempt.LOST,),
) -> list[Step]:
    """Return what the attempt of a call with this number (from 1) can come to.

    Finer than ``fates``: between a write whose answer was lost and its repetition others may act,
    which matters for writes without a token. The outage that begins with one attempt costs nothing
    more in the next one.

    Raises:
        ValueError: for a transaction, whose token makes its fates as fine.
    """
    if operation == _TRANSACTION:
        raise ValueError("A transaction has a token: use its fates")
    made = _Maker(service, operation, request, retries)
    is_last = number == retries.attempts
    found = [Step(DONE, 0, Attempt.ANSWERED, None, is_last)]
    for kind in kinds:
        failure = made.failures.get(kind)
        if failure is not None:
            found.append(Step(kind.value, 1 if number == 1 else 0, kind, failure, is_last))
    return found


class _Maker:
    """Makes the fates of one call."""

    def __init__(
        self, service: str, operation: str, request: Mapping[str, Any], retries: Retries
    ) -> None:
        self._service = service
        self._retries = retries
        self._has_token = operation == _TRANSACTION
        self.failures: dict[Attempt, Outcome] = {
            Attempt.THROTTLED: _THROTTLED.get(service, _THROTTLED_ELSEWHERE),
            Attempt.FAILED: _FAILED.get(service, _FAILED_ELSEWHERE),
            Attempt.UNREACHABLE: Unreachable.REFUSED,
            Attempt.LOST: Unreachable.TIMED_OUT,
            Attempt.FAILED_AFTER: _FAILED.get(service, _FAILED_ELSEWHERE),
        }
        if operation in _SINGLE_WRITES:
            self.failures[Attempt.COLLIDED] = _CONFLICT
        elif operation == _TRANSACTION:
            actions = len(request["TransactItems"])
            self.failures[Attempt.COLLIDED] = _first(actions, *_COLLISION)
            self.failures[Attempt.CANCELLED] = _first(actions, *_OVERLOAD)
        elif operation == _STATEMENTS:
            refused = Answer.of(Error=Answer.of(Code=_OVERLOAD[0], Message=_OVERLOAD[1]))
            self.failures[Attempt.CANCELLED] = Answer.of(
                Responses=(refused,) * len(request["Statements"])
            )

    def fate(self, name: str, cost: int, script: Sequence[Attempt]) -> Fate:
        longest_s = self._retries.longest_s(script, self._service)
        return Fate(name, cost, tuple(script), longest_s, self.failures, self._has_token)

    def conflicts(self) -> list[Fate]:
        """Return the refusals that only DynamoDB has, and no client retries."""
        return [
            self.fate(attempt.value, 1, [attempt])
            for attempt in (Attempt.COLLIDED, Attempt.CANCELLED)
            if attempt in self.failures
        ]


def _first(actions: int, code: str, message: str) -> AwsError:
    """Return the error of a transaction that is cancelled because of its first action."""
    return cancelled([(code, message, None), *[("None", "", None)] * (actions - 1)])


_COLLISION = ("TransactionConflict", "Transaction is ongoing for the item")
_OVERLOAD = ("ThrottlingError", "Throughput exceeds the current capacity of your table or index.")
_CONFLICT = AwsError("TransactionConflictException", "Transaction is ongoing for the item")

_THROTTLED: Mapping[str, AwsError] = {
    "lambda": AwsError("TooManyRequestsException", "Rate Exceeded.", 429),
    "sqs": AwsError("RequestThrottled", "Request is throttled."),
}
_THROTTLED_ELSEWHERE = AwsError("ThrottlingException", "Rate of requests exceeds the allowed")
_FAILED: Mapping[str, AwsError] = {
    "dynamodb": AwsError("InternalServerError", "Internal server error", 500),
    "lambda": AwsError("ServiceException", "The service encountered an internal error.", 500),
}
_FAILED_ELSEWHERE = AwsError("InternalFailure", "Internal failure", 500)
