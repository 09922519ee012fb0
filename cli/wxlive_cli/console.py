"""What every command shares: its options, its exit codes and its output.

With ``--json`` a command prints one JSON object on stdout. Progress and messages go to stderr.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from typing import Any, NoReturn

import click
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.table import Table

from wxlive.errors import WxliveError
from wxlive_cli.stack import connect, describe_error

DONE, NEEDS_ATTENTION, REFUSED = 0, 1, 2

_PIPE_WIDTH = 200
"""A pipe has no width; longer lines are wrapped."""

stderr = Console(stderr=True, highlight=False, markup=False)
"""Where progress and messages go."""


@dataclass(frozen=True, slots=True)
class CommandResult:
    """What a command returns: its JSON, its exit code, and a table for a terminal.

    Without a table, the facts themselves are shown as one.
    """

    facts: Mapping[str, Any]
    code: int = DONE
    table: Table | None = None


Command = Callable[..., CommandResult]

stack_option = click.option(
    "--stack", help="Name of the deployed stack; default: $WXLIVE_STACK, else wxlive."
)


def stack_command(command: Command) -> Callable[..., None]:
    """Turn a function that takes a ``Stack`` first into a command with ``--stack`` and ``--json``.

    The command prints the returned ``CommandResult`` and exits with its code. If the function
    raises ``WxliveError`` or an error of AWS, the command prints one sentence and exits with 2.
    """

    @stack_name_command
    @wraps(command)
    def run(name: str, /, **options: Any) -> CommandResult:
        return command(connect(name), **options)

    return run


def stack_name_command(command: Command) -> Callable[..., None]:
    """Do the same for a function that takes the name of a stack, which may not exist yet.

    ``--stack`` may stand before the command's name as well; after it, it takes precedence.
    """

    @stack_option
    @click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")
    @wraps(command)
    def run(stack: str | None, as_json: bool, **options: Any) -> None:  # noqa: FBT001 - click's own
        group_stack = click.get_current_context().find_object(str)
        try:
            result = command(stack or group_stack or "wxlive", **options)
        except WxliveError as error:
            refuse(str(error), as_json=as_json)
        except (BotoCoreError, ClientError) as error:
            refuse(describe_error(error), as_json=as_json)
        _print(result, as_json=as_json)
        raise SystemExit(result.code)

    return run


class ListByDefault(click.Group):
    """A group whose name alone runs its ``list``: ``wxlive rooms`` is ``wxlive rooms list``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Insert ``list`` where no command is named, except while a shell completes words."""
        asks_for_help = bool(args) and args[0] in ctx.help_option_names
        names_no_command = not args or (args[0].startswith("-") and not asks_for_help)
        if names_no_command and not ctx.resilient_parsing:
            args = ["list", *args]
        return super().parse_args(ctx, args)


def refuse(sentence: str, *, as_json: bool) -> NoReturn:
    """Print one sentence that says why the command was refused, and exit with 2."""
    if as_json:
        click.echo(json.dumps({"refused": sentence}, ensure_ascii=False))
    click.echo(f"wxlive: {sentence}", err=True)
    raise SystemExit(REFUSED)


def facts_table(title: str, facts: Mapping[str, Any]) -> Table:
    """Return a table with one line for each fact; facts that are None are left out."""
    table = Table(title=title, title_justify="left", show_header=False, box=None, padding=(0, 2))
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for name, value in facts.items():
        if value is not None:
            table.add_row(name.replace("_", " "), _format(name, value))
    return table


def _format(name: str, value: Any) -> str:
    if not isinstance(value, int) or isinstance(value, bool) or name.endswith("_id"):
        return str(value)
    if name.endswith("_at"):
        return datetime.fromtimestamp(value, UTC).astimezone().isoformat(" ") if value else "-"
    return f"{value:,}"


def _print(result: CommandResult, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(result.facts, ensure_ascii=False))
        return
    stdout = Console(highlight=False)
    if not stdout.is_terminal:
        stdout.width = _PIPE_WIDTH
    stdout.print(result.table or facts_table("", result.facts))
