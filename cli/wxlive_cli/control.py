"""``wxlive pause``, ``resume`` and ``cancel``: change the state of a campaign."""

import click

from wxlive_cli.campaigns import campaign_result, find_campaign
from wxlive_cli.console import DONE, CommandResult, stack_command
from wxlive_cli.stack import Stack


@click.command()
@click.argument("campaign")
@stack_command
def pause(stack: Stack, *, campaign: str) -> CommandResult:
    """Stop sending until `wxlive resume`.

    \b
    Example:
      wxlive pause 20261122T193000-1001
    """  # noqa: D301 - \b keeps click from wrapping the lines
    return control(stack, "pause", campaign)


@click.command()
@click.argument("campaign")
@stack_command
def resume(stack: Stack, *, campaign: str) -> CommandResult:
    """Resume a campaign that is paused or waiting for its room.

    \b
    Example:
      wxlive resume 20261122T193000-1001
    """  # noqa: D301 - \b keeps click from wrapping the lines
    return control(stack, "resume", campaign)


@click.command()
@click.argument("campaign")
@stack_command
def cancel(stack: Stack, *, campaign: str) -> CommandResult:
    """Stop sending for good. Calls that WeChat has accepted can't be recalled.

    \b
    Example:
      wxlive cancel 20261122T193000-1001
    """  # noqa: D301 - \b keeps click from wrapping the lines
    return control(stack, "cancel", campaign)


def control(stack: Stack, action: str, campaign: str) -> CommandResult:
    """Have push_start apply an action to a campaign, and show the campaign.

    Raises:
        InvalidCommand: push_start refused the action.
    """
    stack.execute({"action": action, "campaign": campaign})
    return campaign_result(stack.report(find_campaign(stack, campaign)), code=DONE)
