"""The options that say whom a push is for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from gettext import gettext as _
from pathlib import Path
from typing import Any

import click

from wxlive.domain.audience import MAX_ROOMS, Audience
from wxlive.domain.rooms import RoomStatus
from wxlive_cli.files import OPENIDS_FILE
from wxlive_cli.option_groups import option_group
from wxlive_cli.push.exceptions import store_exceptions
from wxlive_cli.stack import Stack

_TIME = click.DateTime(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"])

_STATUSES: Mapping[str, RoomStatus] = {
    "live": RoomStatus.LIVE,
    "not-started": RoomStatus.NOT_STARTED,
    "ended": RoomStatus.ENDED,
}
"""Those that WeChat tells of when somebody subscribes."""


@dataclass(frozen=True, slots=True)
class AudienceOptions:
    """What a command line says of an audience."""

    subscribed_in: tuple[int, ...]
    since: datetime | None
    before: datetime | None
    room_status: str | None
    except_file: Path | None


audience_options = option_group(
    "audience",
    AudienceOptions,
    click.option(
        "--subscribed-in",
        multiple=True,
        type=click.IntRange(min=0),
        help="Notify only followers who subscribed in this room; may be repeated.",
    ),
    click.option("--since", type=_TIME, help="Notify only followers who subscribed then or later."),
    click.option("--before", type=_TIME, help="Notify only followers who subscribed earlier."),
    click.option(
        "--room-status",
        type=click.Choice(list(_STATUSES)),
        help="Notify only followers who subscribed while a room was live, had not started, or had "
        "ended.",
    ),
    click.option(
        "--except-file",
        type=OPENIDS_FILE,
        help="Leave out the openids of this file: one per line, or a CSV file whose header names "
        "openid; at most 1,000,000.",
    ),
)
"""Adds the options to a command, which takes them as ``audience``."""


def read_audience(stack: Stack, options: AudienceOptions) -> Audience:
    """Return the audience of the options; its exceptions are stored.

    Times are in the time zone of WeChat's day.

    Raises:
        InvalidCommand: the file of exceptions is no list of this Mini Program's followers.
        UsageError: nobody is in such an audience, or it names too many rooms.
    """
    rooms, since, before = options.subscribed_in, options.since, options.before
    if since and before and since >= before:
        raise click.UsageError(
            _("--since must be earlier than --before: nobody is in such an audience")
        )
    if len(rooms) > MAX_ROOMS:
        raise click.UsageError(
            _("--subscribed-in may name {number} rooms").format(number=MAX_ROOMS)
        )
    zone = timezone(timedelta(hours=stack.day_offset_hours))
    return Audience(
        rooms=tuple(sorted(set(rooms))),
        since=int(since.replace(tzinfo=zone).timestamp()) if since else 0,
        before=int(before.replace(tzinfo=zone).timestamp()) if before else 0,
        exceptions=store_exceptions(stack, options.except_file) if options.except_file else "",
        room_status=_STATUSES[options.room_status].value if options.room_status else 0,
    )


def audience_json(audience: Audience) -> dict[str, Any]:
    """Return the audience as push_start takes it."""
    limits = {
        "since": audience.since,
        "before": audience.before,
        "exceptions": audience.exceptions,
        "room_status": audience.room_status,
    }
    given = {name: limit for name, limit in limits.items() if limit}
    return {"rooms": list(audience.rooms), **given}
