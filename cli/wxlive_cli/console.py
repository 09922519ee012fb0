"""What every command shares: its options, its exit codes, where words and where JSON go.

One JSON object on stdout with ``--json``; progress and words on stderr.
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import wraps
from typing import Any, NoReturn, ParamSpec

import click
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.table import Table

from wxlive.errors import WxliveError
from wxlive_cli.stack import connect, sentence_for

DONE, NOT_ALL_WELL, REFUSED = 0, 1, 2

P = ParamSpec("P")
Command = Callable[P, "Outcome"]


class Outcome:
    """What a command found: its JSON, a table for a person, and how it exits."""

    def __init__(
        self, facts: Mapping[str, Any], *, code: int = DONE, table: Table | None = None
    ) -> None:
        self.facts = dict(facts)
        self.code = code
        self.table = table


_WIDE = 200
"""A pipe has no width: lines are broken by whoever reads them."""

words = Console(stderr=True, highlight=False)
"""Progress and words go here."""


stack_option = click.option(
    "--stack", help="Name of the deployed stack; else WXLIVE_STACK, else wxlive."
)


def stack_command(command: Command[...]) -> Callable[..., None]:
    """Give a command ``--stack`` and ``--json``, hand it the stack, and end as the contract says.

    The command takes the stack first and returns its ``Outcome``.
    """

    @stack_name_command
    @wraps(command)
    def run(name: str, /, **options: Any) -> Outcome:
        return command(connect(name), **options)

    return run


def stack_name_command(command: Command[...]) -> Callable[..., None]:
    """Do the same for a command that takes the stack's name: it may not be there yet.

    ``--stack`` may stand before the command's name as well; behind it, it counts more.
    """

    @stack_option
    @click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
    @wraps(command)
    def run(stack: str | None, as_json: bool, **options: Any) -> None:  # noqa: FBT001 - click's own
        before = click.get_current_context().find_object(str)
        try:
            outcome = command(stack or before or "wxlive", **options)
        except WxliveError as error:
            refuse(str(error), as_json=as_json)
        except (BotoCoreError, ClientError) as error:
            refuse(sentence_for(error), as_json=as_json)
        _print(outcome, as_json=as_json)
        raise SystemExit(outcome.code)

    return run


class Listing(click.Group):
    """A group whose bare name lists: ``wxlive rooms`` is ``wxlive rooms list``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the command's name where it was left out; a shell that completes wants them all."""
        asks_for_help = bool(args) and args[0] in ctx.help_option_names
        names_none = not args or (args[0].startswith("-") and not asks_for_help)
        if names_none and not ctx.resilient_parsing:
            args = ["list", *args]
        return super().parse_args(ctx, args)


def refuse(sentence: str, *, as_json: bool) -> NoReturn:
    """Say in one sentence why not, and exit with 2."""
    if as_json:
        click.echo(json.dumps({"refused": sentence}, ensure_ascii=False))
    click.echo(f"wxlive: {sentence}", err=True)
    raise SystemExit(REFUSED)


def facts_table(title: str, facts: Mapping[str, Any]) -> Table:
    """Lay facts out for a person: a line each, nothing where nothing is known."""
    table = Table(title=title, title_justify="left", show_header=False, box=None, padding=(0, 2))
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for name, value in facts.items():
        if value is not None:
            table.add_row(name.replace("_", " "), _shown(name, value))
    return table


def _shown(name: str, value: Any) -> str:
    if not isinstance(value, int) or isinstance(value, bool) or name.endswith("_id"):
        return str(value)
    if name.endswith("_at"):
        return datetime.fromtimestamp(value, UTC).astimezone().isoformat(" ") if value else "-"
    return f"{value:,}"


def _print(outcome: Outcome, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(outcome.facts, ensure_ascii=False))
        return
    screen = Console(highlight=False)
    if not screen.is_terminal:
        screen.width = _WIDE
    screen.print(outcome.table or facts_table("", outcome.facts))
