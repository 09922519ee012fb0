"""What every command shares: its options, its exit codes and its output.

With ``--json`` a command prints one JSON object on stdout. Progress and messages go to stderr.
"""

import io
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from gettext import gettext as _
from typing import IO, Any, NoReturn

import click
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from wxlive.errors import InvalidCommand, WxliveError
from wxlive.settings import Language
from wxlive_cli.aws_errors import describe_error
from wxlive_cli.exit_codes import DONE, INTERRUPTED, PIPE_CLOSED, REFUSED
from wxlive_cli.help import translated
from wxlive_cli.language import LANGUAGE_OPTION, language_of, shown, speaking
from wxlive_cli.stack import connect
from wxlive_cli.tables import facts_table
from wxlive_cli.text import json_line, printable

_PIPE_WIDTH = 200
"""A pipe has no width; longer lines are wrapped."""


class TextConsole(Console):
    """Prints text as it is: without markup, and without control characters in it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(highlight=False, markup=False, emoji=False, **options)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Render as rich does; only rich itself moves the cursor."""
        for segment in super().render(renderable, options):
            if segment.control:
                yield segment
            else:
                yield Segment(printable(segment.text, keep="\n"), segment.style)

    def on_broken_pipe(self) -> NoReturn:
        """End silently: nobody reads any more."""
        _end_at_closed_pipe()


stderr = TextConsole(stderr=True)
"""Where progress and messages go."""


@dataclass(frozen=True, slots=True)
class CommandResult:
    """What a command returns: its JSON, its exit code, and what a terminal shows.

    Without a screen, the facts themselves are shown. ``has_used_stdout`` says that a file was
    written to stdout, so that the screen goes to stderr.
    """

    facts: Mapping[str, Any]
    code: int = DONE
    screen: RenderableType | None = None
    has_used_stdout: bool = False


Command = Callable[..., CommandResult]

stack_option = click.option(
    "--stack", help="Name of the deployed stack; default: $WXLIVE_STACK, else wxlive."
)


language_option = click.option(
    LANGUAGE_OPTION,
    type=click.Choice([each.value for each in Language]),
    expose_value=False,
    help="Language of screens and messages; default: that of LC_ALL, LC_MESSAGES or LANG.",
)

timeout_option = click.option(
    "--timeout",
    default=900,
    show_default=True,
    type=click.IntRange(min=0),
    help="Maximum time to wait, in seconds.",
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
    @language_option
    @click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")
    @wraps(command)
    def run(stack: str | None, as_json: bool, **options: Any) -> None:  # noqa: FBT001 - click's own
        group_stack = click.get_current_context().find_object(str)
        try:
            result = command(stack or group_stack or "wxlive", **options)
            _print(result, as_json=as_json)
        except WxliveError as error:
            refuse(str(error), as_json=as_json)
        except (BotoCoreError, ClientError) as error:
            refuse(describe_error(error), as_json=as_json)
        except BrokenPipeError:
            _end_at_closed_pipe()
        raise SystemExit(result.code)

    return run


class CommandLine(click.Group):
    """The outermost group: wrong usage, Ctrl-C and a closed pipe end in a sentence or in none."""

    def main(self, args: Any = None, **options: Any) -> NoReturn:  # type: ignore[override]  # it always exits
        """Run the command that is typed, in the language that is asked for, and exit."""
        words = sys.argv[1:] if args is None else list(args)
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        try:
            language = language_of(words, os.environ)
        except InvalidCommand as error:
            with speaking(language_of([], os.environ)):
                refuse(str(error), as_json="--json" in words)
        with speaking(language):
            translated(self).run(words, **options)

    def run(self, words: list[str], **options: Any) -> NoReturn:
        """Run a command, and exit."""
        as_json = "--json" in words
        options.pop("standalone_mode", None)
        try:
            code = super().main(words, standalone_mode=False, **options)
        except click.exceptions.NoArgsIsHelpError as error:
            click.echo(error.format_message(), err=True)
            raise SystemExit(REFUSED) from None
        except click.ClickException as error:
            refuse(_describe_misuse(error), as_json=as_json)
        except click.Abort:
            interrupted(_("Interrupted; `wxlive status` shows what was done until then."))
        raise SystemExit(code)


class ListByDefault(click.Group):
    """A group whose name alone runs its ``list``: ``wxlive rooms`` is ``wxlive rooms list``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Insert ``list`` where no command is named, except while a shell completes words."""
        asks_for_help = bool(args) and args[0] in ctx.help_option_names
        names_no_command = not args or (args[0].startswith("-") and not asks_for_help)
        if names_no_command and not ctx.resilient_parsing:
            args = ["list", *args]
        return super().parse_args(ctx, args)


def say(sentence: str) -> None:
    """Print a sentence on stderr: on a line of its own, which only a terminal wraps."""
    stderr.print(printable(sentence), soft_wrap=not stderr.is_terminal)


def refuse(sentence: str, *, as_json: bool) -> NoReturn:
    """Print one sentence that says why the command was refused, and exit with 2."""
    if as_json:
        click.echo(json_line({"refused": sentence}))
    click.echo(f"wxlive: {printable(shown(sentence))}", err=True)
    raise SystemExit(REFUSED)


def interrupted(sentence: str) -> NoReturn:
    """Say what goes on after Ctrl-C, and exit with 130."""
    if stderr.is_terminal:
        stderr.print()  # the line in which the terminal shows ^C
    say(sentence)
    raise SystemExit(INTERRUPTED)


@contextmanager
def going_on(sentence: str) -> Iterator[None]:
    """Have Ctrl-C end the command with a sentence about what goes on without it."""
    try:
        yield
    except KeyboardInterrupt:
        interrupted(sentence)


def _describe_misuse(error: click.ClickException) -> str:
    sentence = " ".join(error.format_message().split()).rstrip(".。")
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is None:
        return sentence
    help_command = f"{context.command_path} --help"
    asks = sentence.rstrip(")").endswith(("?", "？"))
    words = _("{sentence} See `{command}`") if asks else _("{sentence}; see `{command}`")
    return words.format(sentence=sentence, command=help_command)


def _print(result: CommandResult, *, as_json: bool) -> None:
    if as_json:
        click.echo(json_line(result.facts))
        return
    screen = result.screen or facts_table("", result.facts)
    if result.has_used_stdout:
        stderr.print(screen)
        return
    stdout = TextConsole()
    if not stdout.is_terminal:
        stdout.width = _PIPE_WIDTH
    stdout.print(screen)


def _end_at_closed_pipe() -> NoReturn:
    """Exit without another write: Python flushes both streams at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    streams: tuple[IO[str], ...] = (sys.stdout, sys.stderr)
    for stream in streams:
        try:
            stream.flush()
        except (BrokenPipeError, ValueError):
            os.dup2(nowhere, stream.fileno())
    raise SystemExit(PIPE_CLOSED)
