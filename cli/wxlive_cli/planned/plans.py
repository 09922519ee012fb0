"""Planned pushes: choices of a day whose push has a time, in the State table."""

from dataclasses import dataclass
from gettext import gettext as _
from typing import Self

from wxlive.domain.audience import Audience
from wxlive.domain.calendar import day_of, stamp_of
from wxlive.domain.rooms import Choice
from wxlive.errors import Conflict, InvalidCommand
from wxlive.stores.rooms import RoomStore
from wxlive_cli.time_parsing import format_time


@dataclass(frozen=True, slots=True)
class PlannedPush:
    """A push of a room at a time (Unix s). ``planned`` is the name of the plan."""

    planned: str
    room_id: int
    at: int
    audience: Audience

    @classmethod
    def of(cls, choice: Choice, offset_hours: int) -> Self:
        """Return the planned push of a day's choice."""
        stamp = stamp_of(choice.push_at, offset_hours)
        name = f"room-{choice.room_id}-{stamp}"
        return cls(name, choice.room_id, choice.push_at, choice.target)


def planned_pushes(rooms: RoomStore, now_s: float, offset_hours: int) -> list[PlannedPush]:
    """Return the pushes that are planned for later than now (Unix s), the next one first."""
    today = day_of(now_s, offset_hours)
    planned = (
        PlannedPush.of(choice, offset_hours)
        for choice in rooms.choices(today).values()
        if choice.push_at > now_s
    )
    return sorted(planned, key=lambda push: push.at)


def audience_words(audience: Audience, offset_hours: int) -> str:
    """Say whom a planned push is for."""
    words = []
    if audience.rooms:
        words.append(_("subscribed in {rooms}").format(rooms=", ".join(map(str, audience.rooms))))
    if audience.since:
        words.append(_("since {time}").format(time=format_time(audience.since, offset_hours)))
    if audience.before:
        words.append(_("before {time}").format(time=format_time(audience.before, offset_hours)))
    if audience.exceptions:
        words.append(_("without a list of exceptions"))
    return _("; ").join(words) or _("everybody")


def choose(rooms: RoomStore, day: str, choice: Choice, before: Choice | None) -> None:
    """Choose a room for a day, or plan its push, in place of what was read before.

    Raises:
        InvalidCommand: somebody else has changed the choice of the day meanwhile.
    """
    try:
        rooms.choose(day, choice, before=before)
    except Conflict as error:
        raise InvalidCommand(
            f"Somebody else has chosen a room for {day} just now; see `wxlive rooms` and `wxlive "
            "planned`, then run the command again"
        ) from error
