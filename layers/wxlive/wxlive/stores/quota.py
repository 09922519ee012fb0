"""The calls of a day, counted before they are made.

A day allows as many as the template says, or fewer if WeChat says so (``daily_limit``).
"""

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from wxlive.domain.calendar import day_of_count
from wxlive.errors import Conflict, QuotaUsedUp
from wxlive.stores.dynamo import Item, attempt, get
from wxlive.wechat.answers import ApiQuota
from wxlive.wechat.apis import Api

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

LOW_PERCENT = 10

_KEPT_S = 7 * 86_400


class QuotaStore:
    """The calls of a day made to one API; ``limit`` are allowed, or fewer if WeChat says so."""

    def __init__(self, table: "Table", api: Api, limit: int) -> None:
        self._table = table
        self._api = api
        self.limit = limit

    def used(self, day: str) -> int:
        """Return the calls counted for a day."""
        return self._counted(day)[0]

    def left(self, day: str) -> int:
        """Return the calls that may still be made that day."""
        used, limit = self._counted(day)
        return max(0, limit - used)

    def is_low(self, day: str) -> bool:
        """Whether less than ``LOW_PERCENT`` of the day's calls are left."""
        used, limit = self._counted(day)
        return (limit - used) * 100 < limit * LOW_PERCENT

    def consume(self, day: str, now_s: float, call: str) -> None:
        """Count one call, which ``call`` names: once, although the answer of the table is lost.

        Raises:
            QuotaUsedUp: the day has none left; WeChat would refuse the call.
        """
        request = _named(call, self._consumption(day, now_s))
        try:
            attempt("the quota", lambda: self._table.update_item(**request))
        except Conflict:
            if self._was_counted(day, call):
                return
            raise QuotaUsedUp(
                f"All calls of {day} to {self._api.record} are used up; calls resume on WeChat's "
                "next day"
            ) from None

    def refund(self, day: str, call: str) -> None:
        """Count one call less, once: ``call`` was consumed and not made."""
        request = _named(f"-{call}", self._repayment(day))
        with suppress(Conflict):  # it was refunded, and the answer got lost
            attempt("the quota", lambda: self._table.update_item(**request))

    def consumption(self, day: str, now_s: float) -> Item:
        """Return the same count as a part of another store's transaction."""
        return {"Update": self._consumption(day, now_s)}

    def repayment(self, day: str) -> Item:
        """Return the refund of one call as a part of another store's transaction."""
        return {"Update": self._repayment(day)}

    def learn(
        self, said: ApiQuota, *, asked_s: float, answered_s: float, offset_hours: int
    ) -> None:
        """Learn what WeChat has counted and allows, if it is sure which day it is about.

        Args:
            said: WeChat's answer.
            asked_s: when it was asked, Unix s.
            answered_s: when it answered, Unix s.
            offset_hours: the offset of WeChat's day from UTC.
        """
        day = day_of_count(asked_s, answered_s, offset_hours)
        if day is None:
            return
        self.seed(day, said.used, answered_s)
        allowed = min(self.limit, said.daily_limit) if said.daily_limit > 0 else self.limit
        _, known = self._counted(day)
        if allowed != known:
            self._limit(day, allowed, answered_s)

    def note_used_up(self, *, asked_s: float, answered_s: float, offset_hours: int) -> None:
        """Learn that WeChat refused a call because none is left, if it is sure of which day."""
        day = day_of_count(asked_s, answered_s, offset_hours)
        if day is not None:
            self.seed(day, self.limit, answered_s)

    def seed(self, day: str, used: int, now_s: float) -> None:
        """Raise the count to what was counted elsewhere; never lower it."""
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

    def _was_counted(self, day: str, call: str) -> bool:
        item = get(self._table, **self._key(day))
        return item is not None and item.get("counted") == call

    def _limit(self, day: str, limit: int, now_s: float) -> None:
        attempt(
            "the quota",
            lambda: self._table.update_item(
                Key=self._key(day),
                UpdateExpression="SET daily_limit = :limit, expires_at = :expires_at",
                ExpressionAttributeValues={
                    ":limit": limit,
                    ":expires_at": int(now_s) + _KEPT_S,
                },
            ),
        )

    def _counted(self, day: str) -> tuple[int, int]:
        """Return the calls counted for a day, and how many it allows."""
        item = get(self._table, **self._key(day)) or {}
        return item.get("used", 0), min(self.limit, item.get("daily_limit", self.limit))

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
            "ConditionExpression": "attribute_not_exists(used) OR (used < :limit AND "
            "(attribute_not_exists(daily_limit) OR used < daily_limit))",
            "ExpressionAttributeValues": {
                ":one": 1,
                ":limit": self.limit,
                ":expires_at": int(now_s) + _KEPT_S,
            },
        }


def _named(name: str, request: dict[str, Any]) -> dict[str, Any]:
    """Have an update of the count carried out once, however often it is sent."""
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
