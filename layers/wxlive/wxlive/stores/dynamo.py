"""What the stores share: keys, numbers, conditions that may fail.

Conditions are strings everywhere: a resource builds ``Attr`` and ``Key`` conditions in one place
for all its callers, and two threads that do so at once garble each other's.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer
from botocore.exceptions import ClientError

from wxlive.errors import Conflict

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

Item = dict[str, Any]

_PAUSES_S = (0.01, 0.02, 0.04, 0.08)

_LOST = frozenset(
    {
        "ConditionalCheckFailedException",
        "TransactionCanceledException",
        "TransactionConflictException",
    }
)


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


@contextmanager
def may_lose(what: str) -> Iterator[None]:
    """Turn a lost condition into ``Conflict``; everything else passes through."""
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] in _LOST:
            raise Conflict(f"Another worker changed {what} first; read it again") from error
        raise


def get(table: "Table", pk: str, sk: str) -> Item | None:
    """Read one item of the State table, consistently."""
    answer = table.get_item(Key={"pk": pk, "sk": sk}, ConsistentRead=True)
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
        answer = table.query(**request)
        yield from (plain(item) for item in answer["Items"])
        if limit or "LastEvaluatedKey" not in answer:
            return
        request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def attempt(what: str, write: Callable[[], object]) -> None:
    """Make a conditional write.

    A write that meets a transaction at work on the same item is refused although no condition
    failed; such a one is tried again a few times.

    Raises:
        Conflict: a condition failed, or others were quicker every time.
    """
    with may_lose(what):
        for pause_s in (*_PAUSES_S, None):
            try:
                write()
            except ClientError as error:
                if pause_s is None or not _only_collided(error):
                    raise
                time.sleep(pause_s)
            else:
                return


def transact(table: "Table", what: str, *writes: Item) -> None:
    """Write all or nothing; the table's name is filled in.

    Raises:
        Conflict: as for ``attempt``.
    """
    for write in writes:
        for request in write.values():
            request["TableName"] = table.name
    client = table.meta.client
    attempt(what, lambda: client.transact_write_items(TransactItems=list(writes)))  # type: ignore[arg-type]  # plain dicts


def _only_collided(error: ClientError) -> bool:
    if error.response["Error"]["Code"] == "TransactionConflictException":
        return True
    reasons: Any = error.response.get("CancellationReasons", [])
    codes = {reason.get("Code", "None") for reason in reasons} - {"None"}
    return codes == {"TransactionConflict"}
