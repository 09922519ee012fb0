"""Who gave which command, when and why: recorded before the command is carried out."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from gettext import gettext as _

import click
from botocore.exceptions import BotoCoreError, ClientError

from wxlive.domain.history import GivenCommand
from wxlive.errors import WxliveError
from wxlive_cli.aws_errors import describe_error
from wxlive_cli.console import say
from wxlive_cli.language import shown
from wxlive_cli.stack import Stack

MAX_NOTE = 500

UNKNOWN = "unknown"
"""Who gave a command, if AWS does not say."""


def _check_note(_context: click.Context, _option: click.Parameter, note: str) -> str:
    if len(note) > MAX_NOTE:
        raise click.BadParameter(
            _("a note has at most {number} characters").format(number=MAX_NOTE)
        )
    return note


note_option = click.option(
    "--note", default="", callback=_check_note, help="Why; shown by `wxlive history`."
)


@contextmanager
def recorded(
    stack: Stack, action: str, note: str, *, campaign: str = "", room_id: int = 0
) -> Iterator[None]:
    """Record the command that the block carries out, and the sentence by which it is refused.

    A command that cannot be recorded is carried out all the same: a campaign must be stoppable
    when a table is busy.
    """
    given = GivenCommand(
        stack.command, action, int(time.time()), _caller(stack), note, campaign, room_id
    )
    _record(stack, given)
    try:
        yield
    except WxliveError as error:
        _record(stack, replace(given, refused=str(error)))
        raise


def _caller(stack: Stack) -> str:
    try:
        return stack.caller()
    except (BotoCoreError, ClientError):
        return UNKNOWN


def _record(stack: Stack, given: GivenCommand) -> None:
    try:
        stack.history.add(given)
    except (WxliveError, BotoCoreError, ClientError) as error:
        why = str(error) if isinstance(error, WxliveError) else describe_error(error)
        say(_("`wxlive history` will lack this command: {why}.").format(why=shown(why)))
