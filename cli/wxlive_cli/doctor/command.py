"""``wxlive doctor``: check that everything is ready for the show."""

from collections import Counter
from dataclasses import asdict

import click
from rich.table import Table
from rich.text import Text

from wxlive_cli.console import DONE, NEEDS_ATTENTION, CommandResult, stack_name_command
from wxlive_cli.doctor.checks import Finding, Level
from wxlive_cli.doctor.probes import examine

_COLOURS = {Level.OK: "green", Level.WARNING: "yellow", Level.BROKEN: "red"}


@click.command()
@click.option(
    "--callback-url",
    envvar="WXLIVE_CALLBACK_URL",
    help="URL that WeChat calls, if it is not the stack's own CallbackUrl; default: "
    "$WXLIVE_CALLBACK_URL.",
)
@stack_name_command
def doctor(name: str, *, callback_url: str | None) -> CommandResult:
    """Check that everything is ready. Exits with 1 if something is broken.

    It takes seconds and changes nothing, except that in plaintext mode it stores the original ID of
    the account (gh_...) once recent messages agree on one.

    \b
    Examples:
      wxlive doctor
      wxlive doctor --json | jq '.checks[] | select(.level != "ok")'
    """  # noqa: D301 - \b keeps click from wrapping the lines
    findings = examine(name, callback_url)
    levels = Counter(finding.level for finding in findings)
    facts = {
        **{level.value: levels[level] for level in Level},
        "checks": [asdict(finding) for finding in findings],
    }
    return CommandResult(facts, NEEDS_ATTENTION if levels[Level.BROKEN] else DONE, _table(findings))


def _table(findings: list[Finding]) -> Table:
    table = Table(title="Is everything ready?", title_justify="left", show_header=False, box=None)
    for finding in findings:
        says = Text(finding.says)
        if finding.do:
            says.append(f"\n→ {finding.do}", style="bold")
        level = Text(finding.level.value, style=_COLOURS[finding.level])
        table.add_row(level, finding.check, says)
    return table
