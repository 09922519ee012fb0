"""``wxlive planned`` and ``wxlive push --at``: pushes that are planned for a time."""

import time
from dataclasses import asdict
from gettext import gettext as _

import click

from wxlive.domain.audience import Audience
from wxlive.domain.calendar import day_of
from wxlive.domain.rooms import Choice
from wxlive.errors import InvalidCommand
from wxlive_cli.console import CommandResult, ListByDefault, say, stack_command
from wxlive_cli.planned.checks import Known, check_plan
from wxlive_cli.planned.plans import (
    PlannedPush,
    audience_words,
    choose,
    planned_choices,
    planned_pushes,
    unchoose,
)
from wxlive_cli.recording import note_option, recorded
from wxlive_cli.stack import Stack
from wxlive_cli.tables import Listing, facts_table
from wxlive_cli.time_parsing import format_time, parse_time


@click.group(cls=ListByDefault)
def planned() -> None:
    """List the pushes that `wxlive push --at` planned, or remove one."""


@planned.command("list")
@stack_command
def list_(stack: Stack) -> CommandResult:
    """List the planned pushes, the next one first.

    \b
    Example:
      wxlive planned
    """  # noqa: D301 - \b keeps click from wrapping the lines
    pushes = list_plans(stack)
    rows = [
        (
            push.planned,
            str(push.room_id),
            format_time(push.at, stack.day_offset_hours),
            audience_words(push.audience, stack.day_offset_hours),
        )
        for push in pushes
    ]
    return CommandResult(
        {"planned": [asdict(push) for push in pushes]},
        screen=Listing(
            _("Planned pushes: {number}").format(number=len(pushes)),
            ("planned", "room", "at", "audience"),
            rows,
        ),
    )


@planned.command()
@click.argument("name", metavar="PLANNED")
@note_option
@stack_command
def remove(stack: Stack, *, name: str, note: str) -> CommandResult:
    """Remove a planned push. Once its time has come, use `wxlive rooms unchoose` instead.

    \b
    Example:
      wxlive planned remove room-1001-20261122T200000
    """  # noqa: D301 - \b keeps click from wrapping the lines
    offset_hours = stack.day_offset_hours
    choices = planned_choices(stack.rooms, time.time(), offset_hours)
    planned_as = {
        PlannedPush.of(choice, offset_hours).planned: day for day, choice in choices.items()
    }
    if name not in planned_as:
        raise InvalidCommand(f"There is no planned push {name}; see `wxlive planned`")
    day = planned_as[name]
    with recorded(stack, "planned remove", note, room_id=choices[day].room_id):
        unchoose(stack.rooms, day, choices[day])
    facts = {"removed": name}
    return CommandResult(facts, screen=facts_table(_("Planned pushes"), facts))


def list_plans(stack: Stack) -> list[PlannedPush]:
    """Return the planned pushes, the next one first."""
    return planned_pushes(stack.rooms, time.time(), stack.day_offset_hours)


def plan_push(stack: Stack, room_id: int, at: str, target: Audience, note: str) -> CommandResult:
    """Plan a push of a room for a time as an operator types it.

    Raises:
        InvalidCommand: the time is not one or is in the past, the push would come to nothing, or
            it is already planned.
    """
    offset_hours = stack.day_offset_hours
    at_s = parse_time(at, now_s=time.time(), offset_hours=offset_hours)
    day = day_of(at_s, offset_hours)
    before = stack.rooms.chosen(day)
    choice = Choice(room_id, int(time.time()), at_s, target)
    for warning in _check(stack, choice, before):
        say(warning)
    with recorded(stack, f"push --at {at}", note, room_id=room_id):
        choose(stack.rooms, day, choice, before)
    push = PlannedPush.of(choice, offset_hours)
    shown = {
        "as": push.planned,
        "at": format_time(push.at, offset_hours),
        "audience": audience_words(push.audience, offset_hours),
    }
    return CommandResult(
        asdict(push),
        screen=facts_table(_("Room {room_id}, planned").format(room_id=room_id), shown),
    )


def _check(stack: Stack, wanted: Choice, before: Choice | None) -> list[str]:
    offset_hours = stack.day_offset_hours
    known = Known(
        room=stack.rooms.all().get(wanted.room_id),
        campaigns=stack.campaigns.of_room(wanted.room_id),
        holder=stack.room_of_day(day_of(wanted.push_at, offset_hours)),
        choice=before,
    )
    return check_plan(wanted, known, now_s=time.time(), offset_hours=offset_hours)
