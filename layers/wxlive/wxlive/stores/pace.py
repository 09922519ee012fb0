"""The shared pace, in the State table."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from wxlive.domain import pace
from wxlive.domain.pace import Call, Pace, Slot, TooFar
from wxlive.errors import Conflict
from wxlive.stores.dynamo import attempt, get
from wxlive.wechat.apis import Api

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

_ROUNDS = 50


class PaceStore:
    """The calls of the last second, shared by any number of senders."""

    def __init__(self, table: "Table", api: Api) -> None:
        self._table = table
        self._key = {"pk": "pace", "sk": api.record}

    def reserve(
        self,
        *,
        openids: int,
        rate: int,
        now_ms: int,
        max_wait_ms: int,
        midnights_ms: Sequence[int],
    ) -> Slot | TooFar:
        """Reserve the earliest slot for a call: see ``wxlive.domain.pace.reserve``.

        Raises:
            Conflict: so many senders reserve at once that none of many rounds was won.
            StoreBusy: the table is busy; a slot may have been reserved and stays unused.
        """
        for _ in range(_ROUNDS):
            known = self._load()
            slot = pace.reserve(
                known or Pace(),
                openids=openids,
                rate=rate,
                now_ms=now_ms,
                max_wait_ms=max_wait_ms,
                midnights_ms=midnights_ms,
            )
            if isinstance(slot, TooFar) or self._save(known, slot.pace):
                return slot
        raise Conflict("Too many senders reserve a slot at once; try again")

    def _load(self) -> Pace | None:
        item = get(self._table, **self._key)
        if item is None:
            return None
        recent = tuple(Call(at_ms, openids) for at_ms, openids in item.get("recent", ()))
        return Pace(item["next_free_ms"], recent)

    def _save(self, known: Pace | None, moved: Pace) -> bool:
        unchanged: dict[str, Any] = (
            {"ConditionExpression": "attribute_not_exists(next_free_ms)"}
            if known is None
            else {
                "ConditionExpression": "next_free_ms = :known",
                "ExpressionAttributeValues": {":known": known.next_free_ms},
            }
        )
        item: dict[str, Any] = {
            **self._key,
            "next_free_ms": moved.next_free_ms,
            "recent": [[call.at_ms, call.openids] for call in moved.recent],
        }
        try:
            attempt("the pace", lambda: self._table.put_item(Item=item, **unchanged))
        except Conflict:
            return False
        return True
