"""``wxlive status``: what became of a campaign so far."""

import click

from wxlive_cli.campaigns import campaign_result, find_campaign
from wxlive_cli.console import DONE, NEEDS_ATTENTION, CommandResult, stack_command
from wxlive_cli.stack import Stack


@click.command()
@click.argument("campaign", required=False)
@stack_command
def status(stack: Stack, *, campaign: str | None) -> CommandResult:
    """Show a campaign; by default, the newest one.

    Exits with 1 if the campaign has failed, or a call was refused, has an unknown outcome or an
    overdue result.

    \b
    Examples:
      wxlive status
      wxlive status 20261122T193000-1001 --json
    """  # noqa: D301 - \b keeps click from wrapping the lines
    report = stack.report(find_campaign(stack, campaign))
    return campaign_result(report, code=NEEDS_ATTENTION if report.in_trouble else DONE)
