"""Planned pushes, each a one-off schedule of EventBridge Scheduler."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from wxlive.domain.calendar import stamp_of
from wxlive.errors import InvalidCommand
from wxlive_cli.stack import Stack

if TYPE_CHECKING:
    from mypy_boto3_scheduler import EventBridgeSchedulerClient

_AT = "at(%Y-%m-%dT%H:%M:%S)"


@dataclass(frozen=True, slots=True)
class PlannedPush:
    """A push of a room at a time (Unix s). ``planned`` is the name of the plan."""

    planned: str
    room_id: int
    at: int


class PlannedPushes:
    """The planned pushes of a stack.

    EventBridge Scheduler starts live_watch within a minute of the time and deletes the schedule;
    live_watch has the room pushed as soon as it is live.
    """

    def __init__(self, client: "EventBridgeSchedulerClient", stack: Stack) -> None:
        self._client = client
        self._stack = stack
        self._group = stack.output("PlannedPushes")

    def __iter__(self) -> Iterator[PlannedPush]:
        """Walk the planned pushes, in no particular order."""
        for page in self._client.get_paginator("list_schedules").paginate(GroupName=self._group):
            for entry in page["Schedules"]:
                yield self._read(entry["Name"])

    def add(self, room_id: int, at: int) -> PlannedPush:
        """Plan the push of a room at a Unix time.

        Raises:
            InvalidCommand: the same push is already planned.
        """
        stamp = stamp_of(at, self._stack.day_offset_hours)
        planned = PlannedPush(f"room-{room_id}-{stamp}", room_id, at)
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
                    "Input": json.dumps({"push": room_id, "at": at}),
                },
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConflictException":
                raise
            raise InvalidCommand(
                f"{planned.planned} is already planned; see `wxlive planned`"
            ) from error
        return planned

    def remove(self, planned: str) -> None:
        """Remove a planned push by its name.

        Raises:
            InvalidCommand: there is no such plan, or its time has come.
        """
        try:
            self._client.delete_schedule(Name=planned, GroupName=self._group)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
            raise InvalidCommand(
                f"There is no planned push {planned}; see `wxlive planned`"
            ) from error

    def _read(self, name: str) -> PlannedPush:
        schedule = self._client.get_schedule(Name=name, GroupName=self._group)
        expression = re.sub(r"\.\d+", "", schedule["ScheduleExpression"])
        at = datetime.strptime(expression, _AT).replace(tzinfo=UTC)
        room_id = json.loads(schedule["Target"]["Input"])["push"]
        return PlannedPush(name, room_id, int(at.timestamp()))
