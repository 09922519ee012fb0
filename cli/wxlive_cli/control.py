"""``wxlive pause``, ``resume``, ``cancel`` and ``pace``: change the state of a campaign."""

import click

from wxlive.domain.campaigns import Campaign
from wxlive.errors import InvalidCommand
from wxlive_cli.campaigns import campaign_result, find_living, name_campaign
from wxlive_cli.console import CommandResult, say, stack_command
from wxlive_cli.exit_codes import DONE
from wxlive_cli.language import N_, shown
from wxlive_cli.recording import note_option, recorded
from wxlive_cli.stack import Stack


@click.command()
@click.argument("campaign", required=False)
@note_option
@stack_command
def pause(stack: Stack, *, campaign: str | None, note: str) -> CommandResult:
    """Stop sending until `wxlive resume`; by default, the campaign under way.

    \b
    Examples:
      wxlive pause
      wxlive pause 20261122T193000-1001
    """  # noqa: D301 - \b keeps click from wrapping the lines
    return control(stack, "pause", find_living(stack, campaign), note)


@click.command()
@click.argument("campaign", required=False)
@note_option
@stack_command
def resume(stack: Stack, *, campaign: str | None, note: str) -> CommandResult:
    """Resume a campaign that is held, or go on after its trial; by default, the one under way.

    \b
    Examples:
      wxlive resume
      wxlive resume 20261122T193000-1001
    """  # noqa: D301 - \b keeps click from wrapping the lines
    found = find_living(stack, campaign)
    return control(stack, "resume", found, note, hold=found.hold_id)


@click.command()
@click.argument("campaign", required=False)
@note_option
@stack_command
def cancel(stack: Stack, *, campaign: str | None, note: str) -> CommandResult:
    """Stop sending for good; by default, the campaign under way.

    Calls that WeChat has accepted can't be recalled.

    \b
    Examples:
      wxlive cancel
      wxlive cancel 20261122T193000-1001
    """  # noqa: D301 - \b keeps click from wrapping the lines
    return control(stack, "cancel", find_living(stack, campaign), note)


@click.command()
@click.argument("campaign", required=False)
@click.option(
    "--per-second",
    required=True,
    type=click.IntRange(min=1),
    help="Openids a second; PushRatePerSecond is full speed.",
)
@note_option
@stack_command
def pace(stack: Stack, *, campaign: str | None, per_second: int, note: str) -> CommandResult:
    """Send slower, or at full speed again; by default, the campaign under way.

    It takes effect before the next call. Where a call has more openids than that, calls
    are farther apart.

    \b
    Examples:
      wxlive pace --per-second 500
      wxlive pace 20261122T193000-1001 --per-second 2000
    """  # noqa: D301 - \b keeps click from wrapping the lines
    limit = stack.push_rate_per_second
    if per_second > limit:
        raise InvalidCommand(
            f"{per_second:,} openids a second are more than the {limit:,} of PushRatePerSecond; "
            f"use {limit} for full speed"
        )
    found = find_living(stack, campaign)
    return control(stack, "pace", found, note, per_second=per_second % limit)


_DONE = {
    "pace": N_("The pace is set: {campaign}."),
    "pause": N_("Paused: {campaign}."),
    "resume": N_("Resumed: {campaign}."),
    "cancel": N_("Cancelled: {campaign}."),
    "resend_unknown": N_("The unknown calls are sent again: {campaign}."),
    "accept_unknown": N_("The unknown calls count as accepted: {campaign}."),
}


def control(
    stack: Stack, action: str, campaign: Campaign, note: str, **facts: str | int
) -> CommandResult:
    """Have push_start apply an action to a campaign, say so, and show the campaign.

    ``facts`` are what the action needs to know besides.

    Done is done, whatever the campaign's state is then: the exit code is 0.

    Raises:
        InvalidCommand: push_start refused the action.
    """
    name, room_id = campaign.campaign, campaign.room_id
    with recorded(stack, action, note, campaign=name, room_id=room_id):
        stack.execute({"action": action, "campaign": name, **facts})
    say(shown(_DONE[action]).format(campaign=name_campaign(stack, campaign)))
    return campaign_result(stack, campaign, code=DONE)
