"""The rooms that were seen, in the State table."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from wxlive.domain.rooms import Choice, Room
from wxlive.stores.dynamo import attempt, get, query

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

_PK = "room"
_ASKED = {"pk": "watch", "sk": "asked"}
_KEPT_S = 90 * 86_400


class RoomStore:
    """Remembers each room as it was last seen, when WeChat was asked, and the day's choice."""

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
                live_since=item.get("live_since", 0),
                closed_since=item.get("closed_since", 0),
                unlisted_since=item.get("unlisted_since", 0),
            )
            for item in query(self._table, _PK)
        )
        return {room.room_id: room for room in rooms}

    def save(self, room: Room, now_s: float) -> None:
        """Remember a room as it was seen now.

        Whoever saves a live room without knowing since when leaves what is remembered of that.
        """
        facts = asdict(room) | {"seen_at": int(now_s), "expires_at": int(now_s) + _KEPT_S}
        if room.is_live and not room.live_since:
            del facts["live_since"]
        attempt(
            f"room {room.room_id}",
            lambda: self._table.update_item(
                Key={"pk": _PK, "sk": str(room.room_id)},
                UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in facts),
                ExpressionAttributeNames={f"#{name}": name for name in facts},
                ExpressionAttributeValues={f":{name}": value for name, value in facts.items()},
            ),
        )

    def asked_at(self) -> int:
        """Return when live_watch last asked WeChat for the rooms (Unix s), 0 if never."""
        item = get(self._table, _ASKED["pk"], _ASKED["sk"])
        return item["asked_at"] if item else 0

    def note_asked(self, now_s: float) -> None:
        """Remember that live_watch asks now."""
        item: dict[str, Any] = {**_ASKED, "asked_at": int(now_s)}
        attempt("when WeChat was asked", lambda: self._table.put_item(Item=item))

    def chosen(self, day: str) -> Choice | None:
        """Return the room chosen for a day, if any."""
        item = get(self._table, "choice", day)
        return Choice(item["room_id"], item["chosen_at"], due=item["due"]) if item else None

    def choose(self, day: str, choice: Choice) -> None:
        """Choose a room for a day; an earlier choice is forgotten."""
        item: dict[str, Any] = {
            "pk": "choice",
            "sk": day,
            **asdict(choice),
            "expires_at": choice.chosen_at + _KEPT_S,
        }
        attempt(f"the choice for {day}", lambda: self._table.put_item(Item=item))

    def unchoose(self, day: str) -> None:
        """Leave the day without a choice."""
        key = {"pk": "choice", "sk": day}
        attempt(f"the choice for {day}", lambda: self._table.delete_item(Key=key))
