"""Faults of AWS: which call gets which one, and the answer as AWS words it."""

import json
import random
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from zlib import crc32

SHARE = 0.04
"""Share of the calls that get a fault."""

_RUNTIME = ("/2018-06-01/runtime/", "/2020-01-01/extension/")
_SERVICES = {"DynamoDB_20120810": "dynamodb", "AmazonSQS": "sqs", "AWSEvents": "events"}
"""Services by their name in ``X-Amz-Target``, where it is another one."""

_TRANSACTION, _BATCH = "TransactWriteItems", "BatchExecuteStatement"
_SINGLE_WRITES = {"PutItem", "UpdateItem", "DeleteItem"}

_DYNAMODB = "com.amazonaws.dynamodb.v20120810#"
_COMMON = "com.amazon.coral.availability#"

_THROTTLED = {
    "sqs": ("RequestThrottled", "Request is throttled."),
    "lambda": ("TooManyRequestsException", "Rate Exceeded."),
}
_FAILED = {
    "dynamodb": "InternalServerError",
    "events": "InternalException",
    "lambda": "ServiceException",
    "secretsmanager": "InternalServiceError",
}


class Fault(StrEnum):
    """What becomes of a call.

    Not carried out: ``throttled``, ``collided`` (with a transaction at work on the same item),
    ``unavailable`` (503), ``failed`` (500) and ``dropped`` (the connection is reset). Carried out:
    ``failed_late`` (500), ``lost`` (the connection is reset) and ``late`` (answered a second late).
    """

    THROTTLED = "throttled"
    COLLIDED = "collided"
    UNAVAILABLE = "unavailable"
    FAILED = "failed"
    DROPPED = "dropped"
    FAILED_LATE = "failed_late"
    LOST = "lost"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class AwsCall:
    """A call. ``parts`` is the number of its writes, if it is a transaction or a batch."""

    service: str
    operation: str
    parts: int = 1

    @property
    def is_write(self) -> bool:
        """Whether it may collide with a transaction."""
        return self.service == "dynamodb" and self.operation in {_TRANSACTION, *_SINGLE_WRITES}


@dataclass(frozen=True, slots=True)
class AwsAnswer:
    """An answer of AWS."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def read_call(path: str, target: str, body: bytes) -> AwsCall | None:
    """Return the call of a request with this path, ``X-Amz-Target`` and body.

    Returns:
        None for a request that is no call of AWS: the traffic of the Lambda runtime.
    """
    if path.startswith(_RUNTIME):
        return None
    if path.endswith("/invocations"):
        return AwsCall("lambda", "Invoke")
    prefix, _, operation = target.partition(".")
    if not operation:
        return AwsCall("other", path)
    return AwsCall(_SERVICES.get(prefix, prefix), operation, _parts(operation, body))


class AwsFaults:
    """Gives a share of the calls, 0 to 1, one of ``kinds``.

    The same seed and the same calls in the same order get the same faults.
    """

    def __init__(self, share: float, seed: int, kinds: Collection[Fault] = tuple(Fault)) -> None:
        self._share = share
        self._random = random.Random(seed)
        self._kinds = kinds

    def decide(self, call: AwsCall) -> Fault | None:
        """Return the fault of the next call, if any."""
        if self._random.random() >= self._share:
            return None
        return self._random.choice(
            [kind for kind in self._kinds if kind is not Fault.COLLIDED or call.is_write]
        )

    def answer(self, fault: Fault, call: AwsCall) -> AwsAnswer:
        """Return the answer in place of the call's own; only for a fault that has one."""
        match fault:
            case Fault.THROTTLED:
                return self._throttled(call)
            case Fault.COLLIDED:
                return self._collided(call)
            case Fault.UNAVAILABLE:
                kind = f"{_COMMON}ServiceUnavailableException"
                return _error(call, 503, kind, "The service is temporarily unavailable.")
            case Fault.FAILED | Fault.FAILED_LATE:
                return _failed(call)
        raise ValueError(f"a call that is {fault} has no such answer")

    def _throttled(self, call: AwsCall) -> AwsAnswer:
        if call.service == "dynamodb":
            return self._dynamodb_throttled(call)
        kind, message = _THROTTLED.get(call.service, ("ThrottlingException", "Rate exceeded"))
        if call.service == "lambda":
            reason = "ConcurrentInvocationLimitExceeded"
            body = {"Reason": reason, "Type": "User", "message": message}
            return _lambda_error(429, kind, body)
        return _error(call, 400, kind, message)

    def _dynamodb_throttled(self, call: AwsCall) -> AwsAnswer:
        """Refuse the request, or each write in it, as a table or a partition does."""
        whole = self._random.random() < 0.5  # noqa: PLR2004 - half
        if call.operation == _TRANSACTION and not whole:
            return self._cancelled(call, "ThrottlingError")
        if call.operation == _BATCH and not whole:
            refused = {"Code": "ThrottlingError", "Message": "Throughput exceeds the limit"}
            return _answer(call, 200, {"Responses": [{"Error": refused}] * call.parts})
        kind, message = self._random.choice(
            [
                (
                    f"{_COMMON}ThrottlingException",
                    "Rate of requests exceeds the allowed throughput",
                ),
                (
                    f"{_DYNAMODB}ProvisionedThroughputExceededException",
                    "The level of configured provisioned throughput for the table was exceeded",
                ),
            ]
        )
        return _error(call, 400, kind, message)

    def _collided(self, call: AwsCall) -> AwsAnswer:
        if call.operation == _TRANSACTION:
            return self._cancelled(call, "TransactionConflict")
        kind = f"{_DYNAMODB}TransactionConflictException"
        return _error(call, 400, kind, "Transaction is ongoing for the item")

    def _cancelled(self, call: AwsCall, code: str) -> AwsAnswer:
        """Cancel a transaction because of one of its writes."""
        reasons: list[dict[str, str]] = [{"Code": "None"}] * call.parts
        reasons[self._random.randrange(call.parts)] = {"Code": code, "Message": code}
        codes = ", ".join(reason["Code"] for reason in reasons)
        return _answer(
            call,
            400,
            {
                "__type": f"{_DYNAMODB}TransactionCanceledException",
                "CancellationReasons": reasons,
                "Message": "Transaction cancelled, please refer cancellation reasons for specific "
                f"reasons [{codes}]",
            },
        )


class ThrottlingBursts(AwsFaults):
    """Throttles a share of the calls for ``burst_s`` in every ``period_s``, and spoils no other.

    That is how a table behaves that has not grown yet, or an account at its limit.
    """

    def __init__(
        self,
        share: float,
        seed: int,
        *,
        burst_s: float,
        period_s: float,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(share, seed, (Fault.THROTTLED,))
        self._burst_s, self._period_s, self._now = burst_s, period_s, now
        self._began = now()

    def decide(self, call: AwsCall) -> Fault | None:
        """Return the fault of the next call, if any."""
        in_burst = (self._now() - self._began) % self._period_s < self._burst_s
        return super().decide(call) if in_burst else None


def _parts(operation: str, body: bytes) -> int:
    listed = {_TRANSACTION: "TransactItems", _BATCH: "Statements"}
    return len(json.loads(body)[listed[operation]]) if operation in listed else 1


def _failed(call: AwsCall) -> AwsAnswer:
    kind, message = _FAILED.get(call.service, "InternalFailure"), "Internal server error"
    if call.service == "lambda":
        return _lambda_error(500, kind, {"Type": "Service", "Message": message})
    prefix = _DYNAMODB if call.service == "dynamodb" else ""
    return _error(call, 500, f"{prefix}{kind}", message)


def _error(call: AwsCall, status: int, kind: str, message: str) -> AwsAnswer:
    if call.service == "lambda":
        return _lambda_error(status, kind.rpartition("#")[2], {"message": message})
    return _answer(call, status, {"__type": kind, "message": message})


def _lambda_error(status: int, kind: str, body: Mapping[str, str]) -> AwsAnswer:
    headers = {"Content-Type": "application/json", "x-amzn-ErrorType": kind}
    return AwsAnswer(status, headers, json.dumps(body).encode())


def _answer(call: AwsCall, status: int, body: Mapping[str, Any]) -> AwsAnswer:
    """Return an answer of a service that speaks JSON; DynamoDB's have a checksum."""
    raw = json.dumps(body).encode()
    headers = {"Content-Type": "application/x-amz-json-1.0"}
    if call.service == "dynamodb":
        headers["x-amz-crc32"] = str(crc32(raw))
    return AwsAnswer(status, headers, raw)
