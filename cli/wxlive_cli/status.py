"""``wxlive status``: what became of a campaign so far."""

import click

from wxlive_cli.campaigns import campaign_result, find_campaign
from wxlive_cli.console import CommandResult, stack_command
from wxlive_cli.stack import Stack


@click.command()
@click.argument("campaign", required=False)
@stack_command
def status(stack: Stack, *, campaign: str | None) -> CommandResult:
    """Show a campaign; by default, the newest one.

    Exits with 1 if it needs attention.

    \b
    Examples:
      wxlive status
      wxlive status 20261122T193000-1001 --json
    """  # noqa: D301 - \b keeps click from wrapping the lines
    return campaign_result(stack, find_campaign(stack, campaign))
