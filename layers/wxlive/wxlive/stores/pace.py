"""The shared pace and the day's call counters, in the State table."""

from typing import TYPE_CHECKING, Any

from wxlive import pace
from wxlive.errors import Conflict, QuotaUsedUp
from wxlive.pace import Slot, TooFar
from wxlive.stores.dynamo import Item, attempt, get, may_lose

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

_QUOTA_KEPT_S = 7 * 86_400
_ROUNDS = 50

LOW_PERCENT = 10


class PaceStore:
    """One next free slot that any number of senders share."""

    def __init__(self, table: "Table", api: str) -> None:
        self._table = table
        self._key = {"pk": "pace", "sk": api}

    def reserve(self, *, now_ms: int, interval_ms: int, max_wait_ms: int) -> Slot | TooFar:
        """Take the next free slot for one call, or learn how far away it is.

        Raises:
            Conflict: so many senders reserve at once that none of many rounds was won.
        """
        for _ in range(_ROUNDS):
            item = get(self._table, self._key["pk"], self._key["sk"])
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


class QuotaStore:
    """The calls of a day made to one API, counted before they are made; ``limit`` are allowed."""

    def __init__(self, table: "Table", api: str, limit: int) -> None:
        self._table = table
        self._api = api
        self.limit = limit

    def used(self, day: str) -> int:
        """Return the calls counted for a day."""
        item = get(self._table, f"quota#{self._api}", day)
        return item["used"] if item else 0

    def left(self, day: str) -> int:
        """Return the calls that may still be made that day."""
        return max(0, self.limit - self.used(day))

    def is_low(self, day: str) -> bool:
        """Say whether less than ``LOW_PERCENT`` of the day's calls are left."""
        return self.left(day) * 100 < self.limit * LOW_PERCENT

    def take(self, day: str, now_s: float) -> None:
        """Count one call.

        Raises:
            QuotaUsedUp: the day has none left; WeChat would refuse the call.
        """
        try:
            attempt("the quota", lambda: self._table.update_item(**self._taking(day, now_s)))
        except Conflict:
            raise QuotaUsedUp(
                f"All {self.limit} calls of {day} to {self._api} are used up; it goes on when "
                "WeChat's day turns"
            ) from None

    def give_back(self, day: str) -> None:
        """Count one call less: it was taken and not made."""
        attempt(
            "the quota",
            lambda: self._table.update_item(
                Key={"pk": f"quota#{self._api}", "sk": day},
                UpdateExpression="ADD used :less",
                ExpressionAttributeValues={":less": -1},
            ),
        )

    def taking(self, day: str, now_s: float) -> Item:
        """Return the same count as a part of a transaction."""
        return {"Update": self._taking(day, now_s)}

    def seed(self, day: str, used: int, now_s: float) -> None:
        """Raise the count to what WeChat has counted; never lower it."""
        try:
            attempt(
                "the quota",
                lambda: self._table.update_item(
                    Key={"pk": f"quota#{self._api}", "sk": day},
                    UpdateExpression="SET used = :used, expires_at = :expires_at",
                    ConditionExpression="attribute_not_exists(used) OR used < :used",
                    ExpressionAttributeValues={
                        ":used": used,
                        ":expires_at": int(now_s) + _QUOTA_KEPT_S,
                    },
                ),
            )
        except Conflict:
            return

    def _taking(self, day: str, now_s: float) -> dict[str, Any]:
        return {
            "Key": {"pk": f"quota#{self._api}", "sk": day},
            "UpdateExpression": "SET expires_at = :expires_at ADD used :one",
            "ConditionExpression": "attribute_not_exists(used) OR used < :limit",
            "ExpressionAttributeValues": {
                ":one": 1,
                ":limit": self.limit,
                ":expires_at": int(now_s) + _QUOTA_KEPT_S,
            },
        }
