"""The calls of a day, counted before they are made."""

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from wxlive.errors import Conflict, QuotaUsedUp
from wxlive.stores.dynamo import Item, attempt, get
from wxlive.wechat.apis import Api

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

LOW_PERCENT = 10

_KEPT_S = 7 * 86_400


class QuotaStore:
    """The calls of a day made to one API; ``limit`` are allowed."""

    def __init__(self, table: "Table", api: Api, limit: int) -> None:
        self._table = table
        self._api = api
        self.limit = limit

    def used(self, day: str) -> int:
        """Return the calls counted for a day."""
        item = get(self._table, **self._key(day))
        return item["used"] if item else 0

    def left(self, day: str) -> int:
        """Return the calls that may still be made that day."""
        return max(0, self.limit - self.used(day))

    def is_low(self, day: str) -> bool:
        """Whether less than ``LOW_PERCENT`` of the day's calls are left."""
        return self.left(day) * 100 < self.limit * LOW_PERCENT

    def consume(self, day: str, now_s: float, call: str = "") -> None:
        """Count one call.

        ``call`` names it: a named call is counted once, although the answer of the table is lost.
        One without a name may be counted twice then.

        Raises:
            QuotaUsedUp: the day has none left; WeChat would refuse the call.
        """
        request = _named(call, self._consumption(day, now_s))
        try:
            attempt("the quota", lambda: self._table.update_item(**request))
        except Conflict:
            if call and self._was_counted(day, call):
                return
            raise QuotaUsedUp(
                f"All {self.limit} calls of {day} to {self._api.record} are used up; calls "
                "resume on WeChat's next day"
            ) from None

    def refund(self, day: str, call: str = "") -> None:
        """Count one call less: it was consumed and not made. ``call`` is as for ``consume``."""
        request = _named(call and f"-{call}", self._repayment(day))
        with suppress(Conflict):  # of a named call: it was refunded, and the answer got lost
            attempt("the quota", lambda: self._table.update_item(**request))

    def _was_counted(self, day: str, call: str) -> bool:
        item = get(self._table, **self._key(day))
        return item is not None and item.get("counted") == call

    def consumption(self, day: str, now_s: float) -> Item:
        """Return the same count as a part of another store's transaction."""
        return {"Update": self._consumption(day, now_s)}

    def repayment(self, day: str) -> Item:
        """Return the refund of one call as a part of another store's transaction."""
        return {"Update": self._repayment(day)}

    def seed(self, day: str, used: int, now_s: float) -> None:
        """Raise the count to what WeChat has counted; never lower it."""
        try:
            attempt(
                "the quota",
                lambda: self._table.update_item(
                    Key=self._key(day),
                    UpdateExpression="SET used = :used, expires_at = :expires_at",
                    ConditionExpression="attribute_not_exists(used) OR used < :used",
                    ExpressionAttributeValues={
                        ":used": used,
                        ":expires_at": int(now_s) + _KEPT_S,
                    },
                ),
            )
        except Conflict:
            return

    def _key(self, day: str) -> dict[str, str]:
        return {"pk": f"quota#{self._api.record}", "sk": day}

    def _repayment(self, day: str) -> dict[str, Any]:
        return {
            "Key": self._key(day),
            "UpdateExpression": "ADD used :less",
            "ExpressionAttributeValues": {":less": -1},
        }

    def _consumption(self, day: str, now_s: float) -> dict[str, Any]:
        return {
            "Key": self._key(day),
            "UpdateExpression": "ADD used :one SET expires_at = :expires_at",
            "ConditionExpression": "attribute_not_exists(used) OR used < :limit",
            "ExpressionAttributeValues": {
                ":one": 1,
                ":limit": self.limit,
                ":expires_at": int(now_s) + _KEPT_S,
            },
        }


def _named(name: str, request: dict[str, Any]) -> dict[str, Any]:
    """Have an update of the count carried out once, however often it is sent."""
    if not name:
        return request
    condition = "(attribute_not_exists(counted) OR counted <> :counted)"
    if "ConditionExpression" in request:
        condition = f"({request['ConditionExpression']}) AND {condition}"
    update = request["UpdateExpression"]
    return {
        **request,
        "UpdateExpression": f"{update}{',' if ' SET ' in update else ' SET'} counted = :counted",
        "ConditionExpression": condition,
        "ExpressionAttributeValues": {**request["ExpressionAttributeValues"], ":counted": name},
    }
