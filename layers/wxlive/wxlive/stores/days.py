"""Which room has which of WeChat's days, in the State table.

WeChat allows one room a day. A claim holds the day of its slot for its room. Version 0.1 named
only the campaign of a day, whose id ends with the room.
"""

from typing import TYPE_CHECKING

from wxlive.stores.dynamo import Item, get

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

_PK = "day"
_KEPT_S = 90 * 86_400


class DayStore:
    """Tells which room has a day."""

    def __init__(self, table: "Table") -> None:
        self._table = table

    def holder(self, day: str) -> tuple[int, str] | None:
        """Return the room that has the day, and the campaign that pushed it first."""
        item = get(self._table, _PK, day)
        if item is None:
            return None
        campaign = item["campaign"]
        return item.get("room_id") or int(campaign.rpartition("-")[2]), campaign


def day_claim(day: str, room_id: int, campaign: str, now_s: float) -> Item:
    """Return the write that holds a day for a room, as a part of a transaction.

    It fails if another room has the day.
    """
    return {
        "Update": {
            "Key": {"pk": _PK, "sk": day},
            "UpdateExpression": "SET room_id = :room, campaign = if_not_exists(campaign, "
            ":campaign), expires_at = :expires_at",
            "ConditionExpression": "attribute_not_exists(room_id) OR room_id = :room",
            "ExpressionAttributeValues": {
                ":room": room_id,
                ":campaign": campaign,
                ":expires_at": int(now_s) + _KEPT_S,
            },
        }
    }


def day_release(day: str, room_id: int, campaign: str) -> Item:
    """Return the write that frees a day whose campaign notified nobody, as a part of a transaction.

    It fails if the day has changed hands.
    """
    return {
        "Delete": {
            "Key": {"pk": _PK, "sk": day},
            "ConditionExpression": "(attribute_not_exists(room_id) OR room_id = :room) "
            "AND campaign = :campaign",
            "ExpressionAttributeValues": {":room": room_id, ":campaign": campaign},
        }
    }
