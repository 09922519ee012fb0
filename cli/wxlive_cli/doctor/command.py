"""``wxlive doctor``: check that everything is ready for the show."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from gettext import gettext as _

import click
from rich.console import Console, ConsoleOptions, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from wxlive_cli.console import CommandResult, stack_name_command
from wxlive_cli.doctor.checks import Finding, Level
from wxlive_cli.doctor.probes import examine
from wxlive_cli.exit_codes import DONE, NEEDS_ATTENTION
from wxlive_cli.language import shown
from wxlive_cli.text import printable

_COLOURS = {Level.OK: "green", Level.WARNING: "yellow", Level.BROKEN: "red"}

TABLE_WIDTH = 70
"""The columns that a terminal needs for the findings as a table."""


@click.command()
@click.option(
    "--callback-url",
    envvar="WXLIVE_CALLBACK_URL",
    help="URL that WeChat calls, if it is not the stack's own CallbackUrl; default: "
    "$WXLIVE_CALLBACK_URL.",
)
@stack_name_command
def doctor(name: str, *, callback_url: str | None) -> CommandResult:
    """Check that everything is ready; list the planned pushes. Exits with 1 if something is broken.

    It takes seconds and changes nothing, except that in plaintext mode it stores the original ID of
    the account (gh_...) once recent messages agree on one.

    \b
    Examples:
      wxlive doctor
      wxlive doctor --json | jq '.checks[] | select(.level != "ok")'
    """  # noqa: D301 - \b keeps click from wrapping the lines
    if callback_url and not callback_url.startswith(("https://", "http://")):
        raise click.UsageError(_("--callback-url must start with https:// or http://"))
    findings = examine(name, callback_url)
    levels = Counter(finding.level for finding in findings)
    facts = {
        **{level.value: levels[level] for level in Level},
        "checks": [asdict(finding) for finding in findings],
    }
    code = NEEDS_ATTENTION if levels[Level.BROKEN] else DONE
    return CommandResult(facts, code, _Findings(findings))


@dataclass(frozen=True, slots=True)
class _Findings:
    """The findings as a table; one below the other on a narrow terminal."""

    findings: Sequence[Finding]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Text(_("Is everything ready?"), style="italic")
        if options.max_width >= TABLE_WIDTH:
            table = Table(show_header=False, box=None)
            for finding in self.findings:
                table.add_row(_level(finding), printable(shown(finding.check)), _words(finding))
            yield table
            return
        for finding in self.findings:
            yield Text.assemble(_level(finding), " ", printable(shown(finding.check)))
            yield Padding(_words(finding), (0, 0, 0, 2))


def _level(finding: Finding) -> Text:
    return Text(shown(finding.level.value), style=_COLOURS[finding.level])


def _words(finding: Finding) -> Text:
    words = Text(printable(shown(finding.says)))
    if finding.do:
        words.append(f"\n→ {printable(shown(finding.do))}", style="bold")
    return words
