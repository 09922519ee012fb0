"""The options by which a part of the audience is notified first, and what they ask of a push."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from gettext import gettext as _
from pathlib import Path
from typing import Any

import click

from wxlive.domain.campaigns import Campaign
from wxlive.domain.chunks import MAX_OPENIDS_PER_CALL
from wxlive.domain.followers import Status
from wxlive.errors import InvalidCommand
from wxlive_cli.console import say
from wxlive_cli.followers.comparison import read_list
from wxlive_cli.formatting import format_quantity
from wxlive_cli.stack import Stack

_READERS = 10

_OPTIONS = (
    click.option(
        "--first",
        type=click.IntRange(min=1),
        help="Try the push on so many followers, at most one call; the rest waits for `wxlive "
        "resume`.",
    ),
    click.option(
        "--first-file",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="Try it on the openids of this file (one per line, or a CSV file whose header names "
        "openid), for example those of the staff.",
    ),
    click.option(
        "--go-on-at",
        type=click.IntRange(1, 100),
        help="Go on with the rest by itself if at least this percentage of them was notified.",
    ),
)


def trial_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command, which takes them as ``read_trial`` does."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def read_trial(
    stack: Stack, *, first: int | None, first_file: Path | None, go_on_at: int | None
) -> dict[str, Any] | None:
    """Return the trial of the options as push_start takes it; None if there is none.

    Raises:
        InvalidCommand: the file is no list of this Mini Program's subscribed followers, or has
            more openids than a call takes.
        UsageError: the options contradict each other.
    """
    if first is not None and first_file is not None:
        raise click.UsageError(
            _("--first and --first-file both say who is first: omit one of them")
        )
    if first is None and first_file is None:
        if go_on_at is not None:
            raise click.UsageError(_("--go-on-at is about a trial: add --first or --first-file"))
        return None
    goes_on = {} if go_on_at is None else {"go_on_at": go_on_at}
    if first_file is not None:
        return {"openids": _subscribed_in(first_file, stack), **goes_on}
    return {"first": first, **goes_on}


def say_trial(trial: dict[str, Any], campaign: Campaign, *, repeated: bool) -> None:
    """Say what became of the trial that was asked for."""
    if repeated and campaign.trial is None:
        say(_("That campaign has no trial: it notifies everybody."))
    left_out = len(trial.get("openids", ())) - (campaign.trial.openids if campaign.trial else 0)
    if left_out > 0 and not repeated:
        openids = format_quantity(left_out, "openid")
        say(
            _(
                "{openids} of the file are not notified: they are muted, in "
                "--except-file, or the room has notified them before."
            ).format(openids=openids)
        )


def _subscribed_in(file: Path, stack: Stack) -> list[str]:
    openids = list(read_list(file))
    if not openids:
        raise InvalidCommand(f"{file} has no openid; give a file with one openid per line")
    if len(openids) > MAX_OPENIDS_PER_CALL:
        raise InvalidCommand(
            f"{file} has {len(openids):,} openids, and a trial is one call, which takes "
            f"{MAX_OPENIDS_PER_CALL:,}; give a shorter list"
        )
    subscribed = _subscribed(openids, stack)
    if not subscribed:
        raise InvalidCommand(
            f"No openid in {file} is a subscribed follower; check that the file is of this Mini "
            "Program, whose openids differ from those of any other"
        )
    if others := len(openids) - len(subscribed):
        say(
            _("{openids} of {file} are no subscribed followers and are left out.").format(
                openids=format_quantity(others, "openid"), file=file
            )
        )
    return subscribed


def _subscribed(openids: Sequence[str], stack: Stack) -> list[str]:
    with ThreadPoolExecutor(_READERS) as pool:
        found = pool.map(stack.followers.get, openids)
        return [one.openid for one in found if one and one.status is Status.SUBSCRIBED]
