"""Follows a campaign that was just started, and shows its progress."""

import time
from gettext import gettext as _

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Column
from rich.text import Text

from wxlive.domain.campaigns import HELD, Campaign, CampaignState
from wxlive.domain.chunks import ChunkState
from wxlive.domain.reports import Report
from wxlive_cli.campaigns import describe_hold, find_campaign, goes_on, say_still_open
from wxlive_cli.console import going_on, say, stderr
from wxlive_cli.formatting import format_quantity
from wxlive_cli.language import shown
from wxlive_cli.stack import Stack

POLL_S, POLL_NEAR_END_S = 1.0, 0.25
CALLS_NEAR_END, POLLS_NEAR_END = 2, 20
"""Near its end a campaign is polled often, as the last results usually come at once; not for long,
because they may not."""

BAR_WIDTH = 70
"""The columns that a terminal needs for the bar and the time beside the figures."""

PLAN_TIMEOUT_S = 10
"""Without --wait, how long to wait for the plan, so that the audience is known."""


def wait_for_plan(stack: Stack, campaign: str) -> Report:
    """Wait until the campaign is fully planned, for ``PLAN_TIMEOUT_S`` at most."""
    deadline = time.monotonic() + PLAN_TIMEOUT_S
    while True:
        report = _read(stack, campaign)
        campaign_now = report.campaign
        if campaign_now.fully_planned or campaign_now.awaits_trial or campaign_now.is_ended:
            return report
        if time.monotonic() > deadline:
            return report
        time.sleep(POLL_S / 4)


def follow_push(stack: Stack, named: str, campaign: str, *, timeout_s: int) -> Report:
    """Show progress until everything is sent and reported, or the trial is, or the time is up.

    Each hold is said once, in a pipe as well. ``named`` is the campaign in words.
    """
    deadline = time.monotonic() + timeout_s
    said_hold, polls_near_end = "", 0
    with going_on(goes_on(named, campaign)), _progress_bar(stack) as bar:
        task = bar.add_task(shown("planned"), total=None)
        while True:
            report = _read(stack, campaign)
            bar.update(
                task,
                description=_describe(report),
                completed=report.openids[ChunkState.ACCEPTED],
                total=_total(report.campaign),
            )
            if report.is_over:
                return report
            hold = describe_hold(named, report) if report.state in HELD else ""
            if hold and hold != said_hold:
                say(hold)
            said_hold = hold
            if report.state is CampaignState.TRIAL:
                return report
            if time.monotonic() > deadline:
                break
            polls_near_end += _is_near_its_end(report)
            time.sleep(POLL_NEAR_END_S if 0 < polls_near_end <= POLLS_NEAR_END else POLL_S)
    say_still_open(named, report, timeout_s)
    return report


def _is_near_its_end(report: Report) -> bool:
    left = report.chunks[ChunkState.QUEUED] + report.chunks[ChunkState.SENDING]
    return report.campaign.fully_planned and left <= CALLS_NEAR_END


def _total(campaign: Campaign) -> int | None:
    """Return how many are to be notified, None while that is not known."""
    is_known = campaign.fully_planned or campaign.awaits_trial
    return campaign.audience or None if is_known else None


def _read(stack: Stack, campaign: str) -> Report:
    return stack.report(find_campaign(stack, campaign))


def _describe(report: Report) -> str:
    if report.state is CampaignState.SENT:
        return _("sent, waiting for {results}").format(
            results=format_quantity(report.unreported, "result")
        )
    return shown(report.state.value)


def _progress_bar(stack: Stack) -> Progress:
    """Return a progress line; on a narrow terminal, without what the figures say as well."""
    is_wide = stderr.width >= BAR_WIDTH
    return Progress(
        TextColumn("{task.description}", markup=False),
        *([BarColumn()] if is_wide else []),
        MofNCompleteColumn(table_column=Column(no_wrap=True)),
        _RateColumn(stack.push_rate_per_second),
        *([TimeElapsedColumn()] if is_wide else []),
        console=stderr,
    )


class _RateColumn(ProgressColumn):
    """The rate of the last half minute beside the limit."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self._limit = limit

    def render(self, task: Task) -> Text:
        return Text(
            _("{rate} of {limit} openids/s").format(
                rate=f"{task.speed or 0:,.0f}", limit=f"{self._limit:,}"
            )
        )
