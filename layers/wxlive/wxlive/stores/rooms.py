"""The rooms that were seen, in the State table."""

from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Key

from wxlive.rooms import Room
from wxlive.stores.dynamo import query

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

_PK = "room"
_KEPT_S = 90 * 86_400


class RoomStore:
    """Remembers each room as it was last seen."""

    def __init__(self, table: "Table") -> None:
        self._table = table

    def all(self) -> dict[int, Room]:
        """Return every remembered room by its id."""
        rooms = (
            Room(
                room_id=item["room_id"],
                name=item["name"],
                status=item["status"],
                starts_at=item["starts_at"],
                ends_at=item["ends_at"],
            )
            for item in query(self._table, Key("pk").eq(_PK))
        )
        return {room.room_id: room for room in rooms}

    def save(self, room: Room, now_s: float) -> None:
        """Remember a room as it was seen now."""
        self._table.put_item(
            Item={
                "pk": _PK,
                "sk": str(room.room_id),
                "room_id": room.room_id,
                "name": room.name,
                "status": room.status,
                "starts_at": room.starts_at,
                "ends_at": room.ends_at,
                "seen_at": int(now_s),
                "expires_at": int(now_s) + _KEPT_S,
            }
        )
