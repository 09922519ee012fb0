"""DynamoDB's capacity units, computed from requests and answers.

The local AWS reports no capacity, so units are computed from sizes as DynamoDB's developer guide
defines them: a write unit per started KB of an item, twice as many in a transaction; a read unit
per started 4 KB of a consistent read, half as many for an eventual one. The size of an item is
that of its names and values; a number takes a byte per two digits and one more. An update of an
existing item counts one unit: the items that wxlive updates are smaller than 1 KB.
"""

import json
import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

from wxlive.domain.followers import Follower, ListedRow
from wxlive.stores import followers

_SAMPLE = 50
"""How many items of an answer are measured, so that metering takes next to no time."""

_RECORD = followers._to_item(  # noqa: SLF001 - to know its size
    Follower.listed(ListedRow("o" * 28, 1_700_000_000, 1001, 101), 1_700_000_100)
)


class DynamodbMeter:
    """Counts DynamoDB's requests and units: ``requests`` by operation, units by table."""

    def __init__(self) -> None:
        self.requests: Counter[str] = Counter()
        self.read_units: Counter[str] = Counter()
        self.write_units: Counter[str] = Counter()

    def watch(self, client: Any) -> None:
        """Count the calls of a DynamoDB client from now on."""
        client.meta.events.register("before-call.dynamodb", self._before)
        # First, while the values in the answer are still in the wire format.
        client.meta.events.register_first("after-call.dynamodb", self._after)

    def count(self, operation: str, request: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        """Count one call; parameters and answer are in the wire format."""
        self.requests[operation] += 1
        self._count_writes(operation, request)
        self._count_reads(operation, request, answer)

    def _count_writes(self, operation: str, request: Mapping[str, Any]) -> None:
        match operation:
            case "PutItem":
                self.write_units[request["TableName"]] += _write_units(request["Item"])
            case "UpdateItem" | "DeleteItem":
                self.write_units[request["TableName"]] += 1
            case "TransactWriteItems":
                for part in request["TransactItems"]:
                    [write] = part.values()
                    self.write_units[write["TableName"]] += 2 * _write_units(write.get("Item", {}))
            case "BatchExecuteStatement":
                for statement in request["Statements"]:
                    name = statement["Statement"].split('"')[1]
                    size = sum(map(_value_size, statement["Parameters"])) + sum(map(len, _RECORD))
                    self.write_units[name] += math.ceil(size / 1024)

    def _count_reads(
        self, operation: str, request: Mapping[str, Any], answer: Mapping[str, Any]
    ) -> None:
        match operation:
            case "GetItem":
                self._read(request["TableName"], request, _item_size(answer.get("Item", {})))
            case "BatchGetItem":
                for name, items in answer.get("Responses", {}).items():
                    for item in items:
                        self._read(name, request["RequestItems"][name], _item_size(item))
            case "Scan" | "Query":
                self._read(request["TableName"], request, _scanned_size(request, answer))

    def _read(self, table: str, request: Mapping[str, Any], size: float) -> None:
        units = max(1, math.ceil(size / 4096))
        self.read_units[table] += units if request.get("ConsistentRead") else math.ceil(units / 2)

    def _before(self, params: Mapping[str, Any], context: dict[str, Any], **_: object) -> None:
        context["metered_request"] = json.loads(params["body"])

    def _after(
        self, model: Any, parsed: Mapping[str, Any], context: Mapping[str, Any], **_: object
    ) -> None:
        self.count(model.name, context["metered_request"], parsed)


def _scanned_size(request: Mapping[str, Any], answer: Mapping[str, Any]) -> float:
    """Return what was read; a filter, a projection or a count may have returned less."""
    scanned, items = int(answer.get("ScannedCount", 0)), answer.get("Items", [])[:_SAMPLE]
    if not items or "ProjectionExpression" in request:
        return float(scanned * _item_size(_RECORD))
    return sum(map(_item_size, items)) / len(items) * scanned


def _write_units(item: Mapping[str, Any]) -> int:
    return max(1, math.ceil(_item_size(item) / 1024))


def _item_size(item: Mapping[str, Any]) -> int:
    return sum(len(name) + _value_size(value) for name, value in item.items())


def _value_size(value: Any) -> int:
    [(kind, held)] = value.items()
    match kind:
        case "N":
            return len(str(held)) // 2 + 1
        case "B":
            return len(held) * 3 // 4
        case "M":
            return _item_size(held) + 3
        case "L":
            return sum(map(_value_size, held)) + 3
    return len(str(held))
