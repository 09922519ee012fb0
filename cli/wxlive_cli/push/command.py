"""``wxlive push``: notify the followers that a room is live."""

from collections.abc import Mapping
from contextlib import suppress
from gettext import gettext as _
from typing import Any

import click
from botocore.exceptions import BotoCoreError, ClientError

from wxlive.domain.campaigns import CampaignState
from wxlive.stores.push_queue import WAKE, PushQueue
from wxlive_cli.campaigns import campaign_result, find_campaign, name_campaign
from wxlive_cli.console import CommandResult, say, stack_command, timeout_option
from wxlive_cli.exit_codes import code_of
from wxlive_cli.planned.command import plan_push
from wxlive_cli.push.audience import (
    AudienceOptions,
    audience_json,
    audience_options,
    read_audience,
)
from wxlive_cli.push.progress import follow_push, wait_for_plan
from wxlive_cli.push.trial import TrialOptions, read_trial, say_trial, trial_options
from wxlive_cli.recording import note_option, recorded
from wxlive_cli.stack import Stack
from wxlive_cli.tables import facts_table


@click.command()
@click.option("--room", required=True, type=click.IntRange(min=0), help="Id of the live room.")
@audience_options
@trial_options
@click.option("--dry-run", is_flag=True, help="Check and count; send nothing.")
@click.option("--again", is_flag=True, help="Include followers whom the room has notified before.")
@click.option(
    "--wait", is_flag=True, help="Return when everything is sent and reported, or the trial is."
)
@timeout_option
@click.option(
    "--at",
    help="Push at this time (20:00 is today; or 2026-11-22T20:00), or when the room is live, if "
    "later. Refused if the plan would come to nothing.",
)
@note_option
@stack_command
def push(  # noqa: PLR0913 - one parameter for each option
    stack: Stack,
    *,
    room: int,
    audience: AudienceOptions,
    trial: TrialOptions,
    dry_run: bool,
    again: bool,
    wait: bool,
    timeout: int,
    at: str | None,
    note: str,
) -> CommandResult:
    """Notify all subscribed followers, or some of them, that a room is live.

    One room per day. A repeated push of a room notifies nobody twice, on whatever day; --again
    does. Dates and times are in the time zone of WeChat's day (Beijing).

    \b
    Examples:
      wxlive push --room 1001 --dry-run
      wxlive push --room 1001 --wait
      wxlive push --room 1001 --subscribed-in 900 --since 2026-11-01
      wxlive push --room 1001 --except-file staff.txt
      wxlive push --room 1001 --first-file staff.txt --wait
      wxlive push --room 1001 --first 100 --go-on-at 90 --wait
      wxlive push --room 1001 --at 20:00
      wxlive push --room 1001 --at 20:00 --subscribed-in 900
    """  # noqa: D301 - \b keeps click from wrapping the lines
    if at is not None and (dry_run or again or wait):
        raise click.UsageError(_("--at plans a push: omit --dry-run, --again and --wait"))
    if at is not None and trial.are_given:
        raise click.UsageError(
            _(
                "--at plans a push, whose trial is the stack's own (TrialOpenids): omit --first, "
                "--first-file and --go-on-at"
            )
        )
    if dry_run and wait:
        raise click.UsageError(_("--dry-run starts nothing: omit --wait"))
    asked = read_trial(stack, trial)
    target = read_audience(stack, audience)
    if at is not None:
        return plan_push(stack, room, at, target, note)
    payload = {
        "action": "start",
        "room_id": room,
        "dry_run": dry_run,
        "audience": audience_json(target),
        "again": again,
        **({"trial": asked} if asked is not None else {}),
    }
    if dry_run:
        return _dry_run_result(room, stack.execute(payload))
    _wake_sender(stack)
    with recorded(stack, "push --again" if again else "push", note, room_id=room):
        answer = stack.execute(payload)
    campaign = find_campaign(stack, answer["campaign"])
    named = name_campaign(stack, campaign)
    if answer.get("repeated"):
        say(_("Nothing new was started: the {named} is for the same audience.").format(named=named))
    if asked is not None:
        say_trial(asked, campaign, repeated=bool(answer.get("repeated")))
    if not wait:
        wait_for_plan(stack, campaign.campaign)
        return campaign_result(stack, campaign)
    say(
        _(
            "Waiting for the {named}. Ctrl-C stops waiting, `wxlive pause` stops the campaign."
        ).format(named=named)
    )
    report = follow_push(stack, named, campaign.campaign, timeout_s=timeout)
    is_tried = report.state is CampaignState.TRIAL
    return campaign_result(stack, campaign, code=code_of(report, waited=not is_tried))


def _wake_sender(stack: Stack) -> None:
    """Have a sender start beside push_start, so that the first chunk does not wait for its start.

    Without it, or without the permission for it, the push is only slower.
    """
    with suppress(BotoCoreError, ClientError):
        PushQueue(stack.sqs, stack.output("PushQueueUrl")).send(WAKE)


def _dry_run_result(room: int, answer: Mapping[str, Any]) -> CommandResult:
    if answer.get("held_at_midnight"):
        say(
            _(
                "It would hold at midnight, because another room is chosen or planned "
                "for the next day; see `wxlive planned` and `wxlive rooms`."
            )
        )
    shown = ("audience", "first", "calls", "minutes", "crosses_midnight", "quota_after")
    screen = facts_table(
        _("Room {room}, dry run").format(room=room),
        {name: answer[name] for name in shown if answer.get(name) or name != "first"},
    )
    return CommandResult(answer, screen=screen)
