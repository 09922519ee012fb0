"""What the stores share: keys, numbers, conditions that may fail.

Conditions are strings everywhere: a resource builds ``Attr`` and ``Key`` conditions in one place
for all its callers, and two threads that do so at once garble each other's.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

from boto3.dynamodb.types import TypeDeserializer
from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnection

from wxlive.errors import Conflict, StoreBusy

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

Item = dict[str, Any]

T = TypeVar("T")

CAMPAIGN_PK = "campaign"
"""The partition of the campaigns' own records."""

PATIENCE_S = 4
"""With a client that fails fast, a call to a busy table ends within six seconds."""

_PAUSES_S = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64)
"""Pauses between our own attempts, on top of the client's. A table that is busy for longer is left
to the caller, who knows how much time there is."""

_LOST = frozenset({"ConditionalCheckFailedException", "ConditionalCheckFailed"})

_BUSY = frozenset(
    {
        "InternalServerError",
        "InternalServerErrorException",
        "ProvisionedThroughputExceeded",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "ThrottlingError",
        "ThrottlingException",
        "TransactionConflict",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)
"""Nothing is wrong with the request: the same one may succeed a moment later."""


def plain(value: Any) -> Any:
    """Turn what boto3 reads (Decimal, Binary) into plain Python, all through a value."""
    if isinstance(value, Decimal):
        return int(value)
    if isinstance(value, Mapping):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return bytes(value) if hasattr(value, "value") and isinstance(value.value, bytes) else value


def from_wire(item: Mapping[str, Any]) -> Item:
    """Read an item that came with an error: boto3 leaves those as they were sent."""
    read = TypeDeserializer().deserialize
    return {key: plain(read(value)) for key, value in item.items()}


def present(item: Mapping[str, Any]) -> Item:
    """Leave out what is None: DynamoDB's absence is ours."""
    return {key: value for key, value in item.items() if value is not None}


def get(table: "Table", pk: str, sk: str) -> Item | None:
    """Read one item of the State table, consistently.

    Raises:
        StoreBusy: the table is busy.
    """
    answer = attempt(
        f"reading {pk}", lambda: table.get_item(Key={"pk": pk, "sk": sk}, ConsistentRead=True)
    )
    item = answer.get("Item")
    return plain(item) if item is not None else None


def query(
    table: "Table",
    pk: str,
    *,
    prefix: str = "",
    before: str = "",
    newest_first: bool = False,
    limit: int = 0,
) -> Iterator[Item]:
    """Walk the items of one partition, consistently, in order of their sort key.

    ``prefix`` and ``before`` leave those whose sort key begins so, or is smaller; one of them.
    """
    condition, values = "pk = :pk", {":pk": pk}
    if prefix:
        condition, values = f"{condition} AND begins_with(sk, :sk)", {**values, ":sk": prefix}
    elif before:
        condition, values = f"{condition} AND sk < :sk", {**values, ":sk": before}
    request: dict[str, Any] = {
        "KeyConditionExpression": condition,
        "ExpressionAttributeValues": values,
        "ConsistentRead": True,
        "ScanIndexForward": not newest_first,
    }
    if limit:
        request["Limit"] = limit
    while True:
        answer = attempt(f"reading {pk}", lambda: table.query(**request))
        yield from (plain(item) for item in answer["Items"])
        if limit or "LastEvaluatedKey" not in answer:
            return
        request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def attempt(what: str, call: Callable[[], T]) -> T:
    """Make a call to a table; one that the table is too busy for is repeated for a while.

    No repetition begins after ``PATIENCE_S``. How long one call takes is up to its client: a sender
    has one that makes a single attempt with short timeouts (``wxlive.aws.FAIL_FAST``).

    Returns:
        What the call returns.

    Raises:
        Conflict: a condition of the write failed. It may be our own write that made it fail, if
            the answer was lost: read the record again.
        StoreBusy: the table stayed busy, or did not answer. The write may have been carried out.
    """
    began_s = time.monotonic()
    for pause_s in (*_PAUSES_S, None):
        try:
            return call()
        except ClientError as error:
            if _codes(error) & _LOST:
                raise Conflict(f"Another worker changed {what} first; read it again") from error
            if not _is_busy(error):
                raise
            cause: Exception = error
        except (NoConnection, HTTPClientError) as error:
            cause = error
        if pause_s is None or time.monotonic() - began_s > PATIENCE_S:
            raise StoreBusy(f"The table was too busy for {what}; try again") from cause
        time.sleep(pause_s)
    raise AssertionError("unreachable: the last attempt returns or raises")


def transact(table: "Table", what: str, *writes: Item) -> None:
    """Write all or nothing; the table's name is filled in.

    Raises:
        Conflict: as for ``attempt``.
        StoreBusy: as for ``attempt``.
    """
    for write in writes:
        for request in write.values():
            request["TableName"] = table.name
    client = table.meta.client
    attempt(what, lambda: client.transact_write_items(TransactItems=list(writes)))  # type: ignore[arg-type]  # plain dicts


def _is_busy(error: ClientError) -> bool:
    """Whether the same request may succeed a moment later. Not every 5xx has a code of AWS's."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status >= HTTPStatus.INTERNAL_SERVER_ERROR or _codes(error) <= _BUSY


def _codes(error: ClientError) -> set[str]:
    """Return why a request failed: of a transaction, the reasons of all its parts."""
    reasons: Any = error.response.get("CancellationReasons", [])
    codes = {reason.get("Code", "None") for reason in reasons} - {"None"}
    return codes or {error.response["Error"]["Code"]}
