"""``wxlive rooms``: the rooms that live_watch has seen, and which of them is pushed."""

import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from gettext import gettext as _
from typing import Any

import click

from wxlive.domain.calendar import day_of
from wxlive.domain.rooms import Choice, Room
from wxlive.errors import InvalidCommand
from wxlive_cli.console import CommandResult, ListByDefault, say, stack_command
from wxlive_cli.language import shown
from wxlive_cli.planned.plans import PlannedPush, audience_words
from wxlive_cli.planned.plans import choose as choose_room
from wxlive_cli.planned.plans import unchoose as unchoose_room
from wxlive_cli.push.audience import AudienceOptions, audience_options, read_audience
from wxlive_cli.recording import note_option, recorded
from wxlive_cli.stack import Stack
from wxlive_cli.tables import Listing, facts_table
from wxlive_cli.time_parsing import format_time


def _day_option(help_text: str) -> Callable[..., Any]:
    return click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help=help_text)


@click.group(cls=ListByDefault)
def rooms() -> None:
    """List the rooms, and choose the one to push.

    With AutoPush=on, the chosen room of a day is pushed when it goes live; without a choice, the
    first room of the day that goes live, to the audience of `wxlive rooms audience`.

    \b
    Examples:
      wxlive rooms
      wxlive rooms choose 1001
      wxlive rooms unchoose
    """  # noqa: D301 - \b keeps click from wrapping the lines


@rooms.command("list")
@stack_command
def list_(stack: Stack) -> CommandResult:
    """List the rooms as live_watch last saw them, the latest start first.

    \b
    Examples:
      wxlive rooms
      wxlive rooms --json
    """  # noqa: D301 - \b keeps click from wrapping the lines
    offset_hours = stack.day_offset_hours
    known = sorted(stack.rooms.all().values(), key=lambda room: room.starts_at, reverse=True)
    today = _today(stack)
    choice, asked_at = stack.rooms.chosen(today), stack.rooms.asked().at
    chosen = choice.room_id if choice else None
    say(_how_recent(asked_at, known, offset_hours))
    facts = {
        "day": today,
        "chosen": chosen,
        "asked_at": asked_at or None,
        "rooms": [asdict(room) for room in known],
    }
    return CommandResult(facts, screen=_listing(known, chosen, offset_hours))


@rooms.command()
@click.argument("room_id", type=click.IntRange(min=0))
@_day_option("Day of the push; default: the day of the room's planned start, at least today.")
@audience_options
@note_option
@stack_command
def choose(
    stack: Stack,
    *,
    room_id: int,
    day: datetime | None,
    audience: AudienceOptions,
    note: str,
) -> CommandResult:
    """Have this room pushed when it goes live, instead of the first one. Needs AutoPush=on.

    Without an audience it is pushed to all followers.

    \b
    Examples:
      wxlive rooms choose 1001
      wxlive rooms choose 1001 --subscribed-in 900 --since 2026-11-01
      wxlive rooms choose 1001 --day 2026-11-23
    """  # noqa: D301 - \b keeps click from wrapping the lines
    if not stack.auto_push:
        raise InvalidCommand(
            "AutoPush is off, so nothing would push the chosen room; deploy with AutoPush=on, or "
            f"plan the push: `wxlive push --room {room_id} --at TIME`"
        )
    room = stack.rooms.all().get(room_id)
    if room is None:
        raise InvalidCommand(
            f"Room {room_id} is not known; check the id in `wxlive rooms`, where a new room "
            "appears within 15 minutes"
        )
    if room.is_over:
        raise InvalidCommand(f"Room {room_id} is {room.status_words}; choose another room")
    chosen_day = day.date().isoformat() if day else _day_for(room, stack)
    if chosen_day < _today(stack):
        raise InvalidCommand(f"{chosen_day} is past; choose today or a later day")
    holder = stack.room_of_day(chosen_day)
    if holder is not None:
        raise InvalidCommand(
            f"Room {holder} already has {chosen_day}, and WeChat allows one room per day; "
            "choose another day with --day"
        )
    stands = stack.rooms.chosen(chosen_day)
    if stands is not None and stands.push_at > time.time():
        plan = PlannedPush.of(stands, stack.day_offset_hours).planned
        raise InvalidCommand(
            f"Room {stands.room_id} is planned for {chosen_day} ({plan}); remove that plan first "
            "with `wxlive planned remove`"
        )
    target = read_audience(stack, audience)
    choice = Choice(room_id, int(time.time()), target=target)
    with recorded(stack, "rooms choose", note, room_id=room_id):
        choose_room(stack.rooms, chosen_day, choice, stands)
    facts = {"room_id": room_id, "day": chosen_day}
    lines = {**facts, "audience": audience_words(target, stack.day_offset_hours)}
    return CommandResult(
        {**facts, "audience": asdict(target)}, screen=facts_table(_("Chosen"), lines)
    )


@rooms.command("audience")
@audience_options
@click.option("--everybody", is_flag=True, help="Notify all followers again.")
@note_option
@stack_command
def audience_(
    stack: Stack,
    *,
    audience: AudienceOptions,
    everybody: bool,
    note: str,
) -> CommandResult:
    """Show or set whom AutoPush notifies of a room that nobody has chosen.

    A chosen room has the audience of its choice.

    \b
    Examples:
      wxlive rooms audience
      wxlive rooms audience --room-status live
      wxlive rooms audience --everybody
    """  # noqa: D301 - \b keeps click from wrapping the lines
    if audience.except_file is not None:
        raise click.UsageError(
            _("--except-file is kept for 90 days only: use it with `wxlive rooms choose`")
        )
    target = read_audience(stack, audience)
    if everybody and not target.is_everybody:
        raise click.UsageError(_("--everybody contradicts the other options: omit one of them"))
    if everybody or not target.is_everybody:
        with recorded(stack, "rooms audience", note):
            stack.rooms.set_usual_audience(target)
    usual = stack.rooms.usual_audience()
    words = {"audience": audience_words(usual, stack.day_offset_hours)}
    return CommandResult({"audience": asdict(usual)}, screen=facts_table(_("AutoPush"), words))


@rooms.command()
@_day_option("Day of the choice; default: today.")
@note_option
@stack_command
def unchoose(stack: Stack, *, day: datetime | None, note: str) -> CommandResult:
    """Remove the choice of a day, or its planned push.

    \b
    Example:
      wxlive rooms unchoose
    """  # noqa: D301 - \b keeps click from wrapping the lines
    chosen_day = day.date().isoformat() if day else _today(stack)
    chosen = stack.rooms.chosen(chosen_day)
    if chosen is None:
        say(_("No room was chosen for {day}.").format(day=chosen_day))
    with recorded(stack, "rooms unchoose", note):
        if chosen is not None:
            unchoose_room(stack.rooms, chosen_day, chosen)
    facts = {"chosen": None, "day": chosen_day}
    return CommandResult(facts, screen=facts_table(_("No room is chosen"), {"day": chosen_day}))


def _day_for(room: Room, stack: Stack) -> str:
    """Return the day of a room's planned start, or today if that is past or unknown."""
    return max(day_of(room.starts_at, stack.day_offset_hours), _today(stack))


def _today(stack: Stack) -> str:
    return day_of(time.time(), stack.day_offset_hours)


def _how_recent(asked_at: int, known: list[Room], offset_hours: int) -> str:
    if asked_at:
        return _("As of {time}.").format(time=format_time(asked_at, offset_hours))
    if known:
        return _("As the last push saw them; live_watch lists all rooms within 15 minutes.")
    return _("live_watch has not asked WeChat yet; it does so within 15 minutes.")


def _listing(known: list[Room], chosen: int | None, offset_hours: int) -> Listing:
    rows = [
        (
            str(room.room_id),
            _("yes") if room.room_id == chosen else "",
            shown(room.status_words),
            format_time(room.starts_at, offset_hours),
            room.name,
        )
        for room in known
    ]
    headings = ("room", "chosen", "state", "planned start", "name")
    return Listing(_("Rooms: {number}").format(number=len(known)), headings, rows)
