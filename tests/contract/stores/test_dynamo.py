"""What an error of DynamoDB means: a condition failed, the table is busy, the request is wrong."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    ParamValidationError,
    ProxyConnectionError,
    ReadTimeoutError,
    SSLError,
)

from support.backends import Tables, mostly_in_memory
from support.push_stores import PushStores
from support.table_faults import BUSY, Fault, Faults
from wxlive.errors import Conflict, StoreBusy
from wxlive.stores.dynamo import attempt, get, query

URL = "https://dynamodb.invalid/"
CONDITION, COLLISION, THROTTLING = (
    "ConditionalCheckFailed",
    "TransactionConflict",
    "ThrottlingError",
)


def an_error(code: str, *reasons: str, status: int = 400) -> ClientError:
    """Return an error as boto3 raises it; ``reasons`` are those of a transaction's parts."""
    response: dict[str, Any] = {
        "Error": {"Code": code, "Message": "as the test wants"},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    if reasons:
        response["CancellationReasons"] = [{"Code": reason} for reason in reasons]
    return ClientError(response, "AnyOperation")  # type: ignore[arg-type]  # as boto3 makes them


def cancelled(*reasons: str) -> ClientError:
    return an_error("TransactionCanceledException", *reasons)


class Answers:
    """A call that raises one error after the other, and then answers."""

    def __init__(self, *errors: Exception) -> None:
        self._errors = list(errors)
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        if self._errors:
            raise self._errors.pop(0)
        return "answer"


@pytest.fixture(autouse=True)
def pauses_s(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the pauses that were asked for; nobody really pauses."""
    pauses: list[float] = []
    monkeypatch.setattr("wxlive.stores.dynamo.time.sleep", pauses.append)
    return pauses


BUSY_TABLE = {
    "throttled": an_error("ThrottlingException"),
    "beyond its throughput": an_error("ProvisionedThroughputExceededException"),
    "too many requests": an_error("RequestLimitExceeded"),
    "an error of AWS's": an_error("InternalServerError", status=500),
    "unavailable": an_error("ServiceUnavailable", status=503),
    "an answer without a code": an_error("502", status=502),
    "a collision": an_error("TransactionConflictException"),
    "the same transaction, still in progress": an_error("TransactionInProgressException"),
    "a transaction that collided": cancelled("None", COLLISION),
    "a transaction that was throttled": cancelled("None", THROTTLING, "None"),
    "a transaction beyond the throughput": cancelled("ProvisionedThroughputExceeded"),
    "a transaction that collided and was throttled": cancelled(COLLISION, THROTTLING),
    "no answer in time": ReadTimeoutError(endpoint_url=URL),
    "no connection in time": ConnectTimeoutError(endpoint_url=URL),
    "no connection": EndpointConnectionError(endpoint_url=URL),
    "a connection that closed": ConnectionClosedError(endpoint_url=URL),
    "a connection that broke": HTTPClientError(error="reset"),
    "no connection by a proxy": ProxyConnectionError(proxy_url=URL),
    "no connection by TLS": SSLError(endpoint_url=URL, error=OSError("reset")),
}


@pytest.mark.parametrize("error", BUSY_TABLE.values(), ids=BUSY_TABLE)
def test_a_busy_table_is_tried_again(error: Exception, pauses_s: list[float]) -> None:
    call = Answers(error, error, error)
    assert attempt("it", call) == "answer"
    assert call.calls == 4
    assert pauses_s == sorted(pauses_s)


@pytest.mark.parametrize("error", BUSY_TABLE.values(), ids=BUSY_TABLE)
def test_a_table_that_stays_busy_says_so_within_seconds(
    error: Exception, pauses_s: list[float]
) -> None:
    with pytest.raises(StoreBusy, match="too busy for it") as busy:
        attempt("it", Answers(*[error] * 99))
    assert busy.value.__cause__ is error
    assert 1 < sum(pauses_s) < 2


@pytest.mark.parametrize(
    "error",
    [
        an_error("ConditionalCheckFailedException"),
        cancelled("None", CONDITION),
        cancelled(CONDITION, COLLISION),
        cancelled(THROTTLING, CONDITION),
    ],
    ids=["of a write", "of a transaction", "beside a collision", "beside throttling"],
)
def test_a_condition_that_failed_is_a_conflict_at_once(
    error: Exception, pauses_s: list[float]
) -> None:
    call = Answers(error)
    with pytest.raises(Conflict, match="changed it first"):
        attempt("it", call)
    assert (call.calls, pauses_s) == (1, [])


def test_a_condition_that_failed_after_a_collision_is_a_conflict() -> None:
    with pytest.raises(Conflict):
        attempt("it", Answers(cancelled(COLLISION), cancelled(CONDITION)))


@pytest.mark.parametrize(
    "error",
    [
        an_error("ValidationException"),
        an_error("ResourceNotFoundException"),
        an_error("AccessDeniedException"),
        cancelled("None", "ValidationError"),
        cancelled(THROTTLING, "ItemCollectionSizeLimitExceeded"),
        ParamValidationError(report="wrong"),
        ValueError("a bug"),
    ],
    ids=["malformed", "no table", "denied", "malformed part", "too large", "not sent", "a bug"],
)
def test_a_request_that_can_never_succeed_fails_as_it_does(
    error: Exception, pauses_s: list[float]
) -> None:
    call = Answers(error)
    with pytest.raises(type(error)) as raised:
        attempt("it", call)
    assert raised.value is error
    assert (call.calls, pauses_s) == (1, [])


# ------------------------------------------------------------------- reading


@mostly_in_memory
@pytest.mark.parametrize("fault", BUSY)
@pytest.mark.parametrize(
    "read",
    [
        lambda tables: get(tables.state, "campaign", "c"),
        lambda tables: list(query(tables.state, "campaign")),
    ],
    ids=["get", "query"],
)
def test_a_read_waits_for_a_busy_table_and_never_takes_it_for_empty(
    tables: Tables, faults: Faults, fault: Fault, read: Callable[[Tables], object]
) -> None:
    tables.state.put_item(Item={"pk": "campaign", "sk": "c"})
    found = read(tables)
    faults.reads = [fault, fault]
    assert read(tables) == found
    faults.reads = [fault] * 99
    with pytest.raises(StoreBusy, match="reading campaign"):
        read(tables)


@mostly_in_memory
def test_a_walk_that_meets_a_busy_table_goes_on_where_it_was(
    tables: Tables, faults: Faults, stores: PushStores, in_pages: Callable[[str, int], None]
) -> None:
    for number in range(7):
        tables.state.put_item(Item={"pk": "p", "sk": str(number)})
    in_pages("Query", 2)
    faults.reads = [None, Fault.LOST, Fault.THROTTLED]
    assert [item["sk"] for item in query(tables.state, "p")] == list("0123456")
