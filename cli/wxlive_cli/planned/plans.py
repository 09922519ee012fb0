"""Planned pushes: choices of a day whose push has a time, in the State table."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from gettext import gettext as _
from typing import Self

from wxlive.domain.audience import Audience
from wxlive.domain.calendar import day_of, stamp_of
from wxlive.domain.rooms import Choice, words_of
from wxlive.errors import Conflict, InvalidCommand
from wxlive.stores.rooms import RoomStore
from wxlive_cli.language import shown
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
    choices = planned_choices(rooms, now_s, offset_hours).values()
    planned = (PlannedPush.of(choice, offset_hours) for choice in choices)
    return sorted(planned, key=lambda push: push.at)


def planned_choices(rooms: RoomStore, now_s: float, offset_hours: int) -> dict[str, Choice]:
    """Return the choices, by their days, whose push is planned for later than now (Unix s)."""
    chosen = rooms.choices(day_of(now_s, offset_hours))
    return {day: choice for day, choice in chosen.items() if choice.push_at > now_s}


def audience_words(audience: Audience, offset_hours: int) -> str:
    """Say whom a planned push is for."""
    words = []
    if audience.rooms:
        words.append(_("subscribed in {rooms}").format(rooms=", ".join(map(str, audience.rooms))))
    if audience.since:
        words.append(_("since {time}").format(time=format_time(audience.since, offset_hours)))
    if audience.before:
        words.append(_("before {time}").format(time=format_time(audience.before, offset_hours)))
    if audience.room_status:
        words.append(
            _("whose room was {status}").format(status=shown(words_of(audience.room_status)))
        )
    if audience.exceptions:
        words.append(_("without a list of exceptions"))
    return _("; ").join(words) or _("everybody")


def choose(rooms: RoomStore, day: str, choice: Choice, before: Choice | None) -> None:
    """Choose a room for a day, or plan its push, in place of what was read before.

    Raises:
        InvalidCommand: somebody else has changed the choice of the day meanwhile.
    """
    with _as_read(day):
        rooms.choose(day, choice, before=before)


def unchoose(rooms: RoomStore, day: str, before: Choice) -> None:
    """Leave a day without the choice, or the planned push, that was read before.

    Raises:
        InvalidCommand: somebody else has changed the choice of the day meanwhile.
    """
    with _as_read(day):
        rooms.unchoose(day, before)


@contextmanager
def _as_read(day: str) -> Iterator[None]:
    try:
        yield
    except Conflict as error:
        raise InvalidCommand(
            f"Somebody else has chosen a room for {day} just now; see `wxlive rooms` and `wxlive "
            "planned`, then run the command again"
        ) from error
