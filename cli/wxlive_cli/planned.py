"""``wxlive planned``: pushes that wait for their moment, each a one-off schedule.

When its moment has come, live_watch has the room pushed as soon as it is live. EventBridge
Scheduler fires within a minute and removes the schedule afterwards.
"""

import json
import re
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import boto3
import click
from botocore.exceptions import ClientError
from rich.table import Table

from wxlive.errors import Refused
from wxlive.pace import stamp_of
from wxlive_cli.console import Listing, Outcome, facts_table, stack_command
from wxlive_cli.moments import read_moment, show_moment
from wxlive_cli.stack import Stack

if TYPE_CHECKING:
    from mypy_boto3_scheduler import EventBridgeSchedulerClient

_AT = "at(%Y-%m-%dT%H:%M:%S)"


@dataclass(frozen=True, slots=True)
class Planned:
    """A push to come; ``at`` is Unix seconds."""

    planned: str
    room_id: int
    at: int


class PlannedPushes:
    """The one-off schedules of a stack."""

    def __init__(self, client: "EventBridgeSchedulerClient", stack: Stack) -> None:
        self._client = client
        self._stack = stack
        self._group = stack.output("PlannedPushes")

    def __iter__(self) -> Iterator[Planned]:
        """Walk what is planned, in no order."""
        for page in self._client.get_paginator("list_schedules").paginate(GroupName=self._group):
            for entry in page["Schedules"]:
                yield self._read(entry["Name"])

    def add(self, room_id: int, at: int) -> Planned:
        """Plan a push.

        Raises:
            Refused: it is planned already.
        """
        stamp = stamp_of(at, int(self._stack.output("DayOffsetHours")))
        planned = Planned(f"room-{room_id}-{stamp}", room_id, at)
        try:
            self._client.create_schedule(
                Name=planned.planned,
                GroupName=self._group,
                ScheduleExpression=datetime.fromtimestamp(at, UTC).strftime(_AT),
                FlexibleTimeWindow={"Mode": "OFF"},
                ActionAfterCompletion="DELETE",
                Target={
                    "Arn": self._stack.output("LiveWatchArn"),
                    "RoleArn": self._stack.output("PlannedPushRole"),
                    "Input": json.dumps({"push": room_id}),
                },
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConflictException":
                raise
            raise Refused(f"{planned.planned} is planned already; see `wxlive planned`") from error
        return planned

    def remove(self, planned: str) -> None:
        """Drop a plan.

        Raises:
            Refused: there is no such plan, or its moment has come.
        """
        try:
            self._client.delete_schedule(Name=planned, GroupName=self._group)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
            raise Refused(f"Nothing is planned as {planned}; see `wxlive planned`") from error

    def _read(self, name: str) -> Planned:
        schedule = self._client.get_schedule(Name=name, GroupName=self._group)
        moment = re.sub(r"\.\d+", "", schedule["ScheduleExpression"])
        at = datetime.strptime(moment, _AT).replace(tzinfo=UTC)
        room_id = json.loads(schedule["Target"]["Input"])["push"]
        return Planned(name, room_id, int(at.timestamp()))


def plan_push(stack: Stack, room_id: int, at: str) -> Outcome:
    """Plan a push of a room for a moment.

    Raises:
        Refused: the moment makes no sense, or the push is planned already.
    """
    offset_hours = int(stack.output("DayOffsetHours"))
    moment = read_moment(at, now_s=time.time(), offset_hours=offset_hours)
    planned = _planned_pushes(stack).add(room_id, moment)
    shown = {"as": planned.planned, "at": show_moment(planned.at, offset_hours)}
    return Outcome(asdict(planned), table=facts_table(f"Room {room_id}, planned", shown))


@click.group(cls=Listing)
def planned() -> None:
    """List the pushes that `wxlive push --at` planned, or remove one."""


@planned.command("list")
@stack_command
def list_(stack: Stack) -> Outcome:
    """List what is planned, the nearest first.

    \b
    Example:
      wxlive planned
    """  # noqa: D301 - \b keeps click from wrapping the lines
    plans = sorted(_planned_pushes(stack), key=lambda plan: plan.at)
    offset_hours = int(stack.output("DayOffsetHours"))
    table = Table(title=f"Planned pushes: {len(plans)}", title_justify="left", box=None)
    for heading in ("planned", "room", "at"):
        table.add_column(heading)
    for plan in plans:
        table.add_row(plan.planned, str(plan.room_id), show_moment(plan.at, offset_hours))
    return Outcome({"planned": [asdict(plan) for plan in plans]}, table=table)


@planned.command()
@click.argument("name", metavar="PLANNED")
@stack_command
def remove(stack: Stack, *, name: str) -> Outcome:
    """Drop a planned push. One whose moment has come is stopped with `wxlive rooms unchoose`.

    \b
    Example:
      wxlive planned remove room-1001-20261122T200000
    """  # noqa: D301 - \b keeps click from wrapping the lines
    _planned_pushes(stack).remove(name)
    facts = {"removed": name}
    return Outcome(facts, table=facts_table("Planned pushes", facts))


def _planned_pushes(stack: Stack) -> PlannedPushes:
    return PlannedPushes(boto3.client("scheduler"), stack)
