"""The rooms that were seen, in the State table."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from wxlive.domain.audience import EVERYBODY, Audience
from wxlive.domain.rooms import Choice, Room
from wxlive.errors import Conflict
from wxlive.stores.audiences import audience_item, read_audience
from wxlive.stores.dynamo import attempt, get, query

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

_PK = "room"
_CHOICE_PK = "choice"
_ASKED = {"pk": "watch", "sk": "asked"}
_USUAL = {"pk": "auto-push", "sk": "audience"}
_KEPT_S = 90 * 86_400
_CLOCKS_DIFFER_S = 60
"""Clocks of our own functions differ by less."""


@dataclass(frozen=True, slots=True)
class Asked:
    """When WeChat was asked for the rooms, and when the run began that asked (Unix s); 0 if never.

    A run that begins later takes over: see ``RoomStore.ask``. ``failures`` is how often in a row
    the list could not be read.
    """

    at: int = 0
    run_s: int = 0
    failures: int = 0

    def as_of(self, now_s: float) -> Self:
        """Return it without a time from the future: the clock of that run was wrong."""
        is_ahead = max(self.at, self.run_s) > now_s + _CLOCKS_DIFFER_S
        return replace(self, at=0, run_s=0) if is_ahead else self


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

    def asked(self) -> Asked:
        """Return when live_watch last asked WeChat for the rooms, and which run of it."""
        item = get(self._table, _ASKED["pk"], _ASKED["sk"]) or {}
        return Asked(item.get("asked_at", 0), item.get("run_s", 0), item.get("failures", 0))

    def ask(self, now_s: float, *, run_s: int, before: Asked) -> bool:
        """Take the turn to ask WeChat now, for the run that began at ``run_s``.

        Returns:
            False if the turn is not ours: another run has asked since ``before``, or has begun
            since and taken over.
        """
        ours = Asked(int(now_s), run_s, before.failures)
        unchanged = "attribute_not_exists(asked_at)"
        values: dict[str, Any] = {}
        if before.at:
            unchanged = (
                "asked_at = :before AND "
                "(attribute_not_exists(run_s) OR run_s <= :run_s OR run_s > :future)"
            )
            future = int(now_s) + _CLOCKS_DIFFER_S
            values = {":before": before.at, ":run_s": run_s, ":future": future}
        request: dict[str, Any] = {
            "Item": {
                **_ASKED,
                "asked_at": ours.at,
                "run_s": ours.run_s,
                "failures": ours.failures,
            },
            "ConditionExpression": unchanged,
        }
        if values:
            request["ExpressionAttributeValues"] = values
        try:
            attempt("when WeChat was asked", lambda: self._table.put_item(**request))
        except Conflict:
            return self.asked() == ours
        return True

    def note_failures(self, failures: int) -> None:
        """Remember how often in a row the list could not be read."""
        attempt(
            "when WeChat was asked",
            lambda: self._table.update_item(
                Key=_ASKED,
                UpdateExpression="SET failures = :failures",
                ExpressionAttributeValues={":failures": failures},
            ),
        )

    def chosen(self, day: str) -> Choice | None:
        """Return the room chosen for a day, if any."""
        item = get(self._table, _CHOICE_PK, day)
        return _read_choice(item) if item else None

    def usual_audience(self) -> Audience:
        """Return whom AutoPush notifies of a room that nobody has chosen."""
        item = get(self._table, _USUAL["pk"], _USUAL["sk"])
        return read_audience(item["target"]) if item else EVERYBODY

    def set_usual_audience(self, target: Audience) -> None:
        """Have AutoPush notify this audience of a room that nobody has chosen."""
        item: dict[str, Any] = {**_USUAL, "target": audience_item(target)}
        attempt("AutoPush's audience", lambda: self._table.put_item(Item=item))

    def choices(self, since: str) -> dict[str, Choice]:
        """Return the rooms chosen for each day from one on."""
        return {
            item["sk"]: _read_choice(item)
            for item in query(self._table, _CHOICE_PK)
            if item["sk"] >= since
        }

    def choose(self, day: str, choice: Choice, *, before: Choice | None = None) -> None:
        """Choose a room for a day, in place of the choice that was read before.

        Raises:
            Conflict: somebody else has changed the day's choice meanwhile.
        """
        item: dict[str, Any] = {
            "pk": _CHOICE_PK,
            "sk": day,
            "room_id": choice.room_id,
            "chosen_at": choice.chosen_at,
            "push_at": choice.push_at,
            **({} if choice.target.is_everybody else {"target": audience_item(choice.target)}),
            "due": False,  # for workers of the version before, to which True means now
            "expires_at": max(choice.chosen_at, choice.push_at) + _KEPT_S,
        }
        unchanged: dict[str, Any] = (
            {"ConditionExpression": "attribute_not_exists(pk)"}
            if before is None
            else _unchanged(before)
        )
        try:
            attempt(f"the choice for {day}", lambda: self._table.put_item(Item=item, **unchanged))
        except Conflict:
            if self.chosen(day) != choice:
                raise

    def unchoose(self, day: str, before: Choice) -> None:
        """Leave the day without the choice that was read before.

        Raises:
            Conflict: somebody else has changed the day's choice meanwhile.
        """
        request = {"Key": {"pk": _CHOICE_PK, "sk": day}, **_unchanged(before)}
        try:
            attempt(f"the choice for {day}", lambda: self._table.delete_item(**request))
        except Conflict:
            if self.chosen(day) is not None:
                raise


def _unchanged(before: Choice) -> dict[str, Any]:
    """Return the condition that a choice is as it was read."""
    return {
        "ConditionExpression": "room_id = :room AND chosen_at = :chosen_at",
        "ExpressionAttributeValues": {":room": before.room_id, ":chosen_at": before.chosen_at},
    }


def _read_choice(item: Mapping[str, Any]) -> Choice:
    """Read a choice. Version 0.1 stored a planned push when it was due, as chosen at that time."""
    due_at = item["chosen_at"] if item.get("due") else 0
    target = read_audience(item["target"]) if "target" in item else EVERYBODY
    return Choice(item["room_id"], item["chosen_at"], item.get("push_at", due_at), target)
