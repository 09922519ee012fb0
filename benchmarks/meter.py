"""Counting what DynamoDB would charge for, from the requests and answers themselves.

The local AWS reports no capacity, so units are computed from sizes as the developer guide
defines them: a write unit for each begun KB of an item, twice in a transaction; a read unit for
each begun 4 KB of a consistent request, half of it for an eventual one. An item is as large as
its names and values; a number takes a byte for two digits and one more.
"""

import json
import math
from collections import Counter
from collections.abc import Mapping
from typing import Any


class Meter:
    """Counts the requests and units of the clients it is put on, by table."""

    def __init__(self) -> None:
        self.requests: Counter[str] = Counter()
        self.read_units: Counter[str] = Counter()
        self.write_units: Counter[str] = Counter()

    def put_on(self, client: Any) -> None:
        """Count the calls of a DynamoDB client from now on."""
        client.meta.events.register("before-call.dynamodb", self._before)
        # First, while the answer's values are as they were sent.
        client.meta.events.register_first("after-call.dynamodb", self._after)

    def _before(self, model: Any, params: Mapping[str, Any], **_: object) -> None:
        request = json.loads(params["body"])
        self.requests[model.name] += 1
        table = request.get("TableName", "")
        match model.name:
            case "PutItem":
                self.write_units[table] += _write_units(request["Item"])
            case "UpdateItem" | "DeleteItem":
                self.write_units[table] += 1
            case "TransactWriteItems":
                for part in request["TransactItems"]:
                    [write] = part.values()
                    item = write.get("Item", {})
                    self.write_units[write["TableName"]] += 2 * _write_units(item)
            case "BatchExecuteStatement":
                for statement in request["Statements"]:
                    name = statement["Statement"].split('"')[1]
                    size = sum(map(_value_size, statement["Parameters"])) + _NAMES
                    self.write_units[name] += math.ceil(size / 1024)

    def _after(self, model: Any, parsed: Mapping[str, Any], **_: object) -> None:
        if model.name in {"Scan", "Query"} and parsed.get("Items"):
            sample = parsed["Items"][:_SAMPLE]
            item_size = sum(map(_item_size, sample)) / len(sample)
            self.read_units[model.name] += math.ceil(item_size * parsed["ScannedCount"] / 4096)
        elif model.name == "GetItem":
            self.read_units[model.name] += 1


_SAMPLE = 50
"""Items of an answer that are measured, so that measuring takes no time."""

_NAMES = sum(
    map(
        len,
        "openid status changed_at precedence subscribed_at room_id room_status source".split(),  # noqa: SIM905 - as read
    )
)


def _write_units(item: Mapping[str, Any]) -> int:
    return max(1, math.ceil(_item_size(item) / 1024))


def _item_size(item: Mapping[str, Any]) -> int:
    return sum(len(name) + _value_size(value) for name, value in item.items())


def _value_size(value: Any) -> int:
    [(kind, held)] = value.items()
    if kind == "N":
        return len(str(held)) // 2 + 1
    return len(held) * 3 // 4 if kind == "B" else len(str(held))
