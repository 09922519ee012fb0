"""The command group ``wxlive``."""

import os

import click

from wxlive_cli.console import stack_option
from wxlive_cli.dlq import dlq
from wxlive_cli.followers import followers
from wxlive_cli.push import cancel, pause, push, resolve, resume, status
from wxlive_cli.rotate import rotate
from wxlive_cli.sync import sync


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="wxlive")
@stack_option
@click.pass_context
def main(context: click.Context, stack: str | None) -> None:
    """Operate a wxlive stack: followers, campaigns, reports.

    \b
    The night of the show:
      wxlive sync --wait                  the list is true
      wxlive push --room 1001 --dry-run   what it will take
      wxlive push --room 1001 --wait      tell everybody once
      wxlive status                       what became of it
    """  # noqa: D301 - \b keeps click from wrapping the lines
    context.obj = stack or os.environ.get("WXLIVE_STACK")


for command in (sync, push, status, pause, resume, cancel, resolve, followers, dlq, rotate):
    main.add_command(command)
