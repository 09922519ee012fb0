"""``wxlive resolve``: settle by hand the calls whose outcome is unknown."""

import click

from wxlive.domain.chunks import ChunkState
from wxlive.domain.reports import Report
from wxlive_cli.console import CommandResult, stack_command, stderr
from wxlive_cli.control import control
from wxlive_cli.formatting import format_quantity
from wxlive_cli.stack import Stack

_RISKS = {
    "resend_unknown": "may be notified twice",
    "accept_unknown": "may never be notified",
}


@click.command()
@click.argument("campaign")
@click.option("--resend-unknown", "choice", flag_value="resend_unknown", help="Send them again.")
@click.option(
    "--accept-unknown", "choice", flag_value="accept_unknown", help="Count them as accepted."
)
@stack_command
def resolve(stack: Stack, *, campaign: str, choice: str | None) -> CommandResult:
    """Decide what to do with calls whose outcome is unknown.

    WeChat may or may not have carried these calls out. If they are sent again, some followers may
    be notified twice; if they are counted as accepted, some may never be notified. Check `wxlive
    status` first: a matching result resolves a call automatically.

    \b
    Example:
      wxlive resolve 20261122T193000-1001 --accept-unknown
    """  # noqa: D301 - \b keeps click from wrapping the lines
    if choice is None:
        raise click.UsageError("choose --resend-unknown or --accept-unknown")
    known = stack.campaigns.get(campaign)
    report = stack.report(known) if known else None
    if report is not None and report.unknown:
        stderr.print(_warning(report, choice))
    return control(stack, choice, campaign)


def _warning(report: Report, choice: str) -> str:
    followers = format_quantity(report.openids[ChunkState.UNKNOWN], "follower")
    return f"{followers} in {format_quantity(len(report.unknown), 'call')} {_RISKS[choice]}."
