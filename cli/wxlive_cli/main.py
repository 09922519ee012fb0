"""The command group ``wxlive``."""

import os

import click

from wxlive_cli.configure import configure
from wxlive_cli.console import CommandLine, language_option, stack_option
from wxlive_cli.control import cancel, pace, pause, resume
from wxlive_cli.dlq.command import dlq
from wxlive_cli.doctor.command import doctor
from wxlive_cli.followers.command import followers
from wxlive_cli.history import history
from wxlive_cli.planned.command import planned
from wxlive_cli.push.command import push
from wxlive_cli.report.command import report
from wxlive_cli.resolve import resolve
from wxlive_cli.robot import robot
from wxlive_cli.rooms import rooms
from wxlive_cli.rotate import rotate
from wxlive_cli.status import status
from wxlive_cli.sync import sync
from wxlive_cli.watch.command import watch


@click.group("wxlive", cls=CommandLine, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="wxlive")
@stack_option
@language_option
@click.pass_context
def main(context: click.Context, stack: str | None) -> None:
    """Operate a wxlive stack: followers, campaigns, reports.

    \b
    Before the show:
      wxlive configure                    create the secret
      wxlive doctor                       check that everything is ready

    \b
    On the night of the show:
      wxlive sync --wait                  update the followers
      wxlive push --room 1001 --dry-run   check the push, send nothing
      wxlive push --room 1001 --wait      notify every follower once
      wxlive watch                        watch the campaign
      wxlive status                       show its outcome
      wxlive report --out show.html       write a page about it
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
    pace,
    resolve,
    report,
    history,
    followers,
    dlq,
    robot,
    rotate,
)
for command in COMMANDS:
    main.add_command(command)
