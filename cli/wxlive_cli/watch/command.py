"""``wxlive watch``: watch a running campaign on a terminal, or line by line in a pipe."""

import time
from collections.abc import Iterator
from gettext import gettext as _

import click
from rich.console import Group
from rich.live import Live

from wxlive.domain.calendar import day_of
from wxlive_cli.campaigns import (
    find_campaign,
    goes_on,
    name_campaign,
    say_still_open,
)
from wxlive_cli.console import CommandResult, going_on, say, stack_command, stderr
from wxlive_cli.exit_codes import code_of
from wxlive_cli.report.facts import CampaignFacts
from wxlive_cli.report.reader import read_facts
from wxlive_cli.report.screen import picture, pictured
from wxlive_cli.stack import Stack
from wxlive_cli.time_parsing import zone_name
from wxlive_cli.watch.snapshot import Snapshot, render_line, render_panel, take_snapshot

LINE_EVERY_S = 10


@click.command()
@click.argument("campaign", required=False)
@click.option(
    "--every",
    default=2.0,
    show_default=True,
    type=click.FloatRange(min=0.1),
    help="Seconds between two polls.",
)
@click.option(
    "--timeout",
    default=86_400,
    show_default=True,
    type=click.IntRange(min=0),
    help="Maximum time to watch, in seconds.",
)
@stack_command
def watch(stack: Stack, *, campaign: str | None, every: float, timeout: int) -> CommandResult:
    """Watch a campaign until it is over; by default, the newest one.

    The view goes to stderr: live on a terminal; in a pipe, a line every ten seconds and whenever
    the state changes. Ctrl-C stops watching, not the campaign.

    \b
    Examples:
      wxlive watch
      wxlive watch 2>&1 | tee show.log
    """  # noqa: D301 - \b keeps click from wrapping the lines
    found = find_campaign(stack, campaign)
    named, zone = name_campaign(stack, found), zone_name(stack.day_offset_hours)
    say(
        _("Watching {named}. Times are {zone}. Ctrl-C stops watching, not the campaign.").format(
            named=named, zone=zone
        )
    )
    polls = _poll(stack, found.campaign, every_s=every, timeout_s=timeout)
    with going_on(goes_on(named, found.campaign)):
        facts = _show_live(polls, stack) if stderr.is_terminal else _show_lines(polls, stack)
    if not facts.report.is_over:
        say_still_open(named, facts.report, timeout)
    return CommandResult(
        facts.status(),
        code_of(facts.report, waited=True),
        pictured(facts, time.time(), stack.day_offset_hours),
    )


def _poll(stack: Stack, name: str, *, every_s: float, timeout_s: int) -> Iterator[CampaignFacts]:
    """Read the campaign until it is over or the time is up; at least once."""
    deadline = time.monotonic() + timeout_s
    while True:
        facts = read_facts(stack, find_campaign(stack, name))
        yield facts
        if facts.report.is_over or time.monotonic() > deadline:
            return
        time.sleep(every_s)


def _show_live(polls: Iterator[CampaignFacts], stack: Stack) -> CampaignFacts:
    with Live(console=stderr, auto_refresh=False) as live:
        for facts in polls:
            picture_now = picture(facts, time.time(), stack.day_offset_hours)
            live.update(Group(render_panel(_snapshot(facts, stack)), *picture_now), refresh=True)
    return facts


def _show_lines(polls: Iterator[CampaignFacts], stack: Stack) -> CampaignFacts:
    shown_state, shown_at = "", 0.0
    for facts in polls:
        snapshot, now_s = _snapshot(facts, stack), time.time()
        if snapshot.state != shown_state or now_s - shown_at >= LINE_EVERY_S:
            say(render_line(snapshot, now_s, stack.day_offset_hours))
            shown_state, shown_at = snapshot.state, now_s
    return facts


def _snapshot(facts: CampaignFacts, stack: Stack) -> Snapshot:
    now_s = time.time()
    calls_left = stack.push_quota.left(day_of(now_s, stack.day_offset_hours))
    return take_snapshot(facts, now_s=now_s, calls_left=calls_left)
