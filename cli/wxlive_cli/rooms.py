"""``wxlive rooms``: the rooms that live_watch has seen, and which of them is pushed."""

import time
from dataclasses import asdict
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from wxlive.errors import Refused
from wxlive.pace import day_of
from wxlive.rooms import Choice, Room
from wxlive.stores.rooms import RoomStore
from wxlive_cli.console import Listing, Outcome, facts_table, stack_command, words
from wxlive_cli.moments import show_moment
from wxlive_cli.stack import Stack

_day_option = click.option(
    "--day", type=click.DateTime(["%Y-%m-%d"]), help="For which day; else the room's, else today."
)


@click.group(cls=Listing)
def rooms() -> None:
    """List the rooms, choose the one to push.

    With AutoPush=on the first room of a day that goes live is pushed, or the chosen one.

    \b
    Examples:
      wxlive rooms
      wxlive rooms choose 1001
      wxlive rooms unchoose
    """  # noqa: D301 - \b keeps click from wrapping the lines


@rooms.command("list")
@stack_command
def list_(stack: Stack) -> Outcome:
    """List the rooms as live_watch saw them last, latest start first.

    \b
    Examples:
      wxlive rooms
      wxlive rooms --json
    """  # noqa: D301 - \b keeps click from wrapping the lines
    store = RoomStore(stack.state)
    offset_hours = int(stack.output("DayOffsetHours"))
    known = sorted(store.all().values(), key=lambda room: room.starts_at, reverse=True)
    today = day_of(time.time(), offset_hours)
    choice, asked_at = store.chosen(today), store.asked_at()
    chosen = choice.room_id if choice else None
    words.print(
        f"As seen {show_moment(asked_at, offset_hours)}."
        if asked_at
        else "live_watch has not asked WeChat yet; it does within a quarter of an hour."
    )
    facts = {
        "day": today,
        "chosen": chosen,
        "asked_at": asked_at or None,
        "rooms": [asdict(room) for room in known],
    }
    return Outcome(facts, table=_table(known, chosen, offset_hours))


@rooms.command()
@click.argument("room_id", type=click.IntRange(min=0))
@_day_option
@stack_command
def choose(stack: Stack, *, room_id: int, day: Any) -> Outcome:
    """Have this room pushed when it goes live, instead of the first. Needs AutoPush=on.

    \b
    Examples:
      wxlive rooms choose 1001
      wxlive rooms choose 1001 --day 2026-11-23
    """  # noqa: D301 - \b keeps click from wrapping the lines
    store = RoomStore(stack.state)
    room = store.all().get(room_id)
    if room is None:
        raise Refused(
            f"Room {room_id} is not among the rooms that were seen; check the id in `wxlive "
            "rooms`. A new room is seen within a quarter of an hour"
        )
    if room.is_over:
        raise Refused(f"Room {room_id} is {room.status_words}; choose one that is still to come")
    chosen_day = day.date().isoformat() if day else _day_for(room, stack)
    holder = stack.campaigns.claimed_by(chosen_day)
    if holder is not None:
        raise Refused(f"Campaign {holder} has {chosen_day} already; WeChat allows one room a day")
    store.choose(chosen_day, Choice(room_id, int(time.time()), due=False))
    facts = {"room_id": room_id, "day": chosen_day}
    return Outcome(facts, table=facts_table("Chosen", facts))


@rooms.command()
@_day_option
@stack_command
def unchoose(stack: Stack, *, day: Any) -> Outcome:
    """Take a choice back, or a planned push whose moment has come but whose room is not live.

    \b
    Example:
      wxlive rooms unchoose
    """  # noqa: D301 - \b keeps click from wrapping the lines
    chosen_day = day.date().isoformat() if day else _today(stack)
    RoomStore(stack.state).unchoose(chosen_day)
    facts = {"chosen": None, "day": chosen_day}
    return Outcome(facts, table=facts_table("Nothing is chosen", {"day": chosen_day}))


def _day_for(room: Room, stack: Stack) -> str:
    """The day of a room's planned start, or today if that has passed or is not known."""
    planned = day_of(room.starts_at, int(stack.output("DayOffsetHours")))
    return max(planned, _today(stack))


def _today(stack: Stack) -> str:
    return day_of(time.time(), int(stack.output("DayOffsetHours")))


def _table(known: list[Room], chosen: int | None, offset_hours: int) -> Table:
    table = Table(title=f"Rooms: {len(known)}", title_justify="left", box=None)
    for heading in ("room", "", "state", "planned start", "name"):
        table.add_column(heading)
    for room in known:
        table.add_row(
            str(room.room_id),
            "chosen" if room.room_id == chosen else "",
            room.status_words,
            show_moment(room.starts_at, offset_hours),
            Text(room.name),
        )
    return table
