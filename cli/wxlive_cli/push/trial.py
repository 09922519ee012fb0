"""The options by which a part of the audience is notified first, and what they ask of a push."""

from dataclasses import dataclass
from gettext import gettext as _
from pathlib import Path
from typing import Any

import click

from wxlive.domain.campaigns import Campaign
from wxlive.domain.chunks import MAX_OPENIDS_PER_CALL
from wxlive.errors import InvalidCommand
from wxlive_cli.console import say
from wxlive_cli.files import OPENIDS_FILE
from wxlive_cli.formatting import format_quantity
from wxlive_cli.option_groups import option_group
from wxlive_cli.push.openid_files import of_nobody, read_openids, walk_subscribed
from wxlive_cli.stack import Stack


@dataclass(frozen=True, slots=True)
class TrialOptions:
    """What a command line says of a trial; None where it says nothing."""

    first: int | None
    first_file: Path | None
    go_on_at: int | None

    @property
    def are_given(self) -> bool:
        """Whether it says anything."""
        return any(value is not None for value in (self.first, self.first_file, self.go_on_at))


trial_options = option_group(
    "trial",
    TrialOptions,
    click.option(
        "--first",
        type=click.IntRange(min=1),
        help="Try the push on so many followers, at most one call; the rest waits for `wxlive "
        "resume`.",
    ),
    click.option(
        "--first-file",
        type=OPENIDS_FILE,
        help="Try it on the openids of this file (one per line, or a CSV file whose header names "
        "openid), for example those of the staff.",
    ),
    click.option(
        "--go-on-at",
        type=click.IntRange(1, 100),
        help="Go on with the rest by itself if at least this percentage of them was notified.",
    ),
)
"""Adds the options to a command, which takes them as ``trial``."""


def read_trial(stack: Stack, options: TrialOptions) -> dict[str, Any] | None:
    """Return the trial of the options as push_start takes it; None if there is none.

    Raises:
        InvalidCommand: the file is no list of this Mini Program's subscribed followers, or has
            more openids than a call takes.
        UsageError: the options contradict each other.
    """
    first, file = options.first, options.first_file
    if first is not None and file is not None:
        raise click.UsageError(
            _("--first and --first-file both say who is first: omit one of them")
        )
    if first is None and file is None:
        if options.go_on_at is not None:
            raise click.UsageError(_("--go-on-at is about a trial: add --first or --first-file"))
        return None
    who = {"first": first} if file is None else {"openids": _subscribed_in(file, stack)}
    return who if options.go_on_at is None else {**who, "go_on_at": options.go_on_at}


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
    openids = read_openids(file)
    if len(openids) > MAX_OPENIDS_PER_CALL:
        raise InvalidCommand(
            f"{file} has {len(openids):,} openids, and a trial is one call, which takes "
            f"{MAX_OPENIDS_PER_CALL:,}; give a shorter list"
        )
    subscribed = list(walk_subscribed(stack.followers, openids))
    if not subscribed:
        raise of_nobody(file)
    if others := len(openids) - len(subscribed):
        say(
            _("{openids} of {file} are no subscribed followers and are left out.").format(
                openids=format_quantity(others, "openid"), file=file
            )
        )
    return subscribed
