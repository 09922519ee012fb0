"""``wxlive resolve``: settle by hand the calls whose outcome is unknown."""

from gettext import gettext as _

import click

from wxlive.domain.chunks import ChunkState
from wxlive.domain.reports import Report
from wxlive_cli.campaigns import find_campaign
from wxlive_cli.console import CommandResult, say, stack_command
from wxlive_cli.control import control
from wxlive_cli.formatting import format_quantity
from wxlive_cli.language import N_, shown
from wxlive_cli.recording import note_option
from wxlive_cli.stack import Stack

_RISKS = {
    "resend_unknown": N_("{followers} in {calls} may be notified twice."),
    "accept_unknown": N_("{followers} in {calls} may never be notified."),
}


@click.command()
@click.argument("campaign")
@click.option("--resend-unknown", is_flag=True, help="Send them again.")
@click.option("--accept-unknown", is_flag=True, help="Count them as accepted.")
@note_option
@stack_command
def resolve(
    stack: Stack, *, campaign: str, resend_unknown: bool, accept_unknown: bool, note: str
) -> CommandResult:
    """Decide what to do with calls whose outcome is unknown.

    WeChat may or may not have carried these calls out. If they are sent again, some followers may
    be notified twice; if they are counted as accepted, some may never be notified. Check `wxlive
    status` first: a matching result resolves a call automatically.

    \b
    Example:
      wxlive resolve 20261122T193000-1001 --accept-unknown
    """  # noqa: D301 - \b keeps click from wrapping the lines
    if resend_unknown == accept_unknown:
        raise click.UsageError(_("choose one of --resend-unknown and --accept-unknown"))
    choice = "resend_unknown" if resend_unknown else "accept_unknown"
    found = find_campaign(stack, campaign)
    report = stack.report(found)
    if report.unknown:
        say(_warning(report, choice))
    return control(stack, choice, found, note)


def _warning(report: Report, choice: str) -> str:
    return shown(_RISKS[choice]).format(
        followers=format_quantity(report.openids[ChunkState.UNKNOWN], "follower"),
        calls=format_quantity(len(report.unknown), "call"),
    )
