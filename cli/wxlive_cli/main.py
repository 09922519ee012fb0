"""The command group ``wxlive``."""

import os

import click

from wxlive_cli.configure import configure
from wxlive_cli.console import stack_option
from wxlive_cli.dlq import dlq
from wxlive_cli.doctor import doctor
from wxlive_cli.followers import followers
from wxlive_cli.planned import planned
from wxlive_cli.push import cancel, pause, push, resolve, resume, status
from wxlive_cli.report import report
from wxlive_cli.rooms import rooms
from wxlive_cli.rotate import rotate
from wxlive_cli.sync import sync
from wxlive_cli.watch import watch


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="wxlive")
@stack_option
@click.pass_context
def main(context: click.Context, stack: str | None) -> None:
    """Operate a wxlive stack: followers, campaigns, reports.

    \b
    Before the show:
      wxlive configure                    the secret, and what to paste where
      wxlive doctor                       is everything ready?

    \b
    The night of the show:
      wxlive sync --wait                  the list is true
      wxlive push --room 1001 --dry-run   what it will take
      wxlive push --room 1001 --wait      tell everybody once
      wxlive watch                        how it goes
      wxlive status                       what became of it
      wxlive report --out show.html       a page for whoever asks
    """  # noqa: D301 - \b keeps click from wrapping the lines
    context.obj = stack or os.environ.get("WXLIVE_STACK")


COMMANDS = (
    configure,
    doctor,
    sync,
    push,
    planned,
    rooms,
    status,
    watch,
    pause,
    resume,
    cancel,
    resolve,
    report,
    followers,
    dlq,
    rotate,
)
for command in COMMANDS:
    main.add_command(command)
