"""The shared pace, in the State table."""

from typing import TYPE_CHECKING, Any

from wxlive.domain import pace
from wxlive.domain.pace import Slot, TooFar
from wxlive.errors import Conflict
from wxlive.stores.dynamo import get, may_lose
from wxlive.wechat.apis import Api

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

_ROUNDS = 50


class PaceStore:
    """One next free slot that any number of senders share."""

    def __init__(self, table: "Table", api: Api) -> None:
        self._table = table
        self._key = {"pk": "pace", "sk": api.record}

    def reserve(self, *, now_ms: int, interval_ms: int, max_wait_ms: int) -> Slot | TooFar:
        """Reserve the next free slot for one call, or learn how far away it is.

        Raises:
            Conflict: so many senders reserve at once that none of many rounds was won.
        """
        for _ in range(_ROUNDS):
            item = get(self._table, **self._key)
            known: int | None = item["next_free_ms"] if item else None
            slot = pace.reserve(
                known, now_ms=now_ms, interval_ms=interval_ms, max_wait_ms=max_wait_ms
            )
            if isinstance(slot, TooFar) or self._move(known, slot.next_free_ms):
                return slot
        raise Conflict("Too many senders reserve a slot at once; try again")

    def _move(self, known: int | None, next_free_ms: int) -> bool:
        unchanged: dict[str, Any] = (
            {"ConditionExpression": "attribute_not_exists(next_free_ms)"}
            if known is None
            else {
                "ConditionExpression": "next_free_ms = :known",
                "ExpressionAttributeValues": {":known": known},
            }
        )
        try:
            with may_lose("the pace"):
                self._table.put_item(Item={**self._key, "next_free_ms": next_free_ms}, **unchanged)
        except Conflict:
            return False
        return True
