"""``wxlive planned`` and ``wxlive push --at``: pushes that are planned for a time."""

import time
from dataclasses import asdict

import boto3
import click
from rich.table import Table

from wxlive_cli.console import CommandResult, ListByDefault, facts_table, stack_command
from wxlive_cli.planned.schedules import PlannedPushes
from wxlive_cli.stack import Stack
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
    pushes = sorted(_planned_pushes(stack), key=lambda push: push.at)
    table = Table(title=f"Planned pushes: {len(pushes)}", title_justify="left", box=None)
    for heading in ("planned", "room", "at"):
        table.add_column(heading)
    for push in pushes:
        at = format_time(push.at, stack.day_offset_hours)
        table.add_row(push.planned, str(push.room_id), at)
    return CommandResult({"planned": [asdict(push) for push in pushes]}, table=table)


@planned.command()
@click.argument("name", metavar="PLANNED")
@stack_command
def remove(stack: Stack, *, name: str) -> CommandResult:
    """Remove a planned push. Once it is due, use `wxlive rooms unchoose` instead.

    \b
    Example:
      wxlive planned remove room-1001-20261122T200000
    """  # noqa: D301 - \b keeps click from wrapping the lines
    _planned_pushes(stack).remove(name)
    facts = {"removed": name}
    return CommandResult(facts, table=facts_table("Planned pushes", facts))


def plan_push(stack: Stack, room_id: int, at: str) -> CommandResult:
    """Plan a push of a room for a time as an operator types it.

    Raises:
        InvalidCommand: the time is not one or is in the past, or the push is already planned.
    """
    offset_hours = stack.day_offset_hours
    at_s = parse_time(at, now_s=time.time(), offset_hours=offset_hours)
    push = _planned_pushes(stack).add(room_id, at_s)
    shown = {"as": push.planned, "at": format_time(push.at, offset_hours)}
    return CommandResult(asdict(push), table=facts_table(f"Room {room_id}, planned", shown))


def _planned_pushes(stack: Stack) -> PlannedPushes:
    return PlannedPushes(boto3.client("scheduler"), stack)
