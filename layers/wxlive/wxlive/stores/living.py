"""Which campaign lives: at most one, whatever the day. In the State table."""

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wxlive.errors import Conflict
from wxlive.stores.dynamo import CAMPAIGN_PK, Item, attempt, get, query

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

_KEY = {"pk": "push", "sk": "living"}

_UNCHANGED = "attribute_not_exists(pk) OR (campaign = :campaign AND revision = :revision)"
"""The record is as it was read. Version 0.1 kept none, and none is ever deleted."""

_NO_OTHER = "attribute_not_exists(pk) OR campaign = :campaign"


@dataclass(frozen=True, slots=True)
class Living:
    """The campaign that lives, or lived last. ``revision`` changes when it is revived.

    ``finished`` says that it was seen to have nothing left to send.
    """

    campaign: str
    revision: int
    finished: bool = False


class LivingStore:
    """Names the living campaign."""

    def __init__(self, table: "Table") -> None:
        self._table = table

    def load(self) -> Living | None:
        """Return the campaign that lives, or lived last; None before the first.

        Version 0.1 kept no record of it: it is the newest one.
        """
        item = get(self._table, **_KEY)
        if item is None:
            newest = next(iter(query(self._table, CAMPAIGN_PK, newest_first=True, limit=1)), None)
            return Living(newest["sk"], 0) if newest else None
        return Living(item["campaign"], item["revision"], finished=item.get("finished", False))

    def is_replaced(self, campaign: str) -> bool:
        """Whether another campaign is recorded as the living one."""
        item = get(self._table, **_KEY)
        return item is not None and item["campaign"] != campaign

    def finish(self, living: Living) -> None:
        """Record that the campaign has nothing left to send, unless it was revived meanwhile."""
        with suppress(Conflict):
            attempt(
                "the living campaign",
                lambda: self._table.update_item(
                    Key=_KEY,
                    UpdateExpression="SET campaign = :campaign, revision = :revision, "
                    "finished = :true",
                    ConditionExpression=_UNCHANGED,
                    ExpressionAttributeValues={**_as_read(living), ":true": True},
                ),
            )


def succession(campaign: str, before: Living | None) -> Item:
    """Return the write by which a campaign becomes the living one, as a part of a transaction.

    It fails if another campaign has become the living one, or ``before`` was revived, since
    ``before`` was read.
    """
    unchanged: dict[str, Any] = (
        {"ConditionExpression": "attribute_not_exists(pk)"}
        if before is None
        else {
            "ConditionExpression": _UNCHANGED,
            "ExpressionAttributeValues": _as_read(before),
        }
    )
    revision = before.revision + 1 if before is not None else 0
    return {"Put": {"Item": {**_KEY, "campaign": campaign, "revision": revision}, **unchanged}}


def is_living(campaign: str) -> Item:
    """Return the condition that a campaign is the living one, as a part of a transaction."""
    return {
        "ConditionCheck": {
            "Key": _KEY,
            "ConditionExpression": _NO_OTHER,
            "ExpressionAttributeValues": {":campaign": campaign},
        }
    }


def is_superseded(campaign: str) -> Item:
    """Return the condition that another campaign is the living one, as a part of a transaction."""
    return {
        "ConditionCheck": {
            "Key": _KEY,
            "ConditionExpression": "attribute_exists(pk) AND campaign <> :campaign",
            "ExpressionAttributeValues": {":campaign": campaign},
        }
    }


def revival(campaign: str) -> Item:
    """Return the write that comes with everything that gives the living campaign more to send.

    It is a part of a transaction, and fails if another campaign is the living one by now. Whoever
    has read the campaign as finished before cannot replace it any more.
    """
    return {
        "Update": {
            "Key": _KEY,
            "UpdateExpression": "SET campaign = :campaign, finished = :false ADD revision :one",
            "ConditionExpression": _NO_OTHER,
            "ExpressionAttributeValues": {":campaign": campaign, ":false": False, ":one": 1},
        }
    }


def _as_read(living: Living) -> dict[str, Any]:
    return {":campaign": living.campaign, ":revision": living.revision}
