"""``wxlive push``, ``status``, ``pause``, ``resume``, ``cancel``: a campaign and its operator."""

import time
from datetime import datetime, timedelta, timezone

import click
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table
from rich.text import Text

from wxlive.campaigns import Campaign, CampaignState, ChunkState
from wxlive.errors import Refused
from wxlive.reports import Report
from wxlive_cli.console import DONE, NOT_ALL_WELL, Outcome, facts_table, stack_command, words
from wxlive_cli.planned import plan_push
from wxlive_cli.stack import Stack

_MOMENT = click.DateTime(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"])

POLL_S = 1.0
NUDGE_AFTER_S = 90
"""Longer than WeChat's minute after 45011, longer than a worker lives."""

PLAN_PATIENCE_S = 10
"""Without --wait, how long to wait for the plan, so that the audience can be told."""


@click.command()
@click.option("--room", required=True, type=click.IntRange(min=0), help="The live room's id.")
@click.option(
    "--subscribed-in",
    "rooms",
    multiple=True,
    type=click.IntRange(min=0),
    help="Tell only those who subscribed in this room. May be repeated.",
)
@click.option("--since", type=_MOMENT, help="Tell only those who subscribed then or later.")
@click.option("--before", type=_MOMENT, help="Tell only those who subscribed earlier.")
@click.option("--dry-run", is_flag=True, help="Check and count, send nothing.")
@click.option("--wait", is_flag=True, help="Return when everything has been sent and reported.")
@click.option("--timeout", default=900, show_default=True, help="Longest wait in seconds.")
@click.option("--at", help="Not now but then (20:00, 2026-11-22T20:00), once the room is live.")
@stack_command
def push(
    stack: Stack,
    *,
    room: int,
    rooms: tuple[int, ...],
    since: datetime | None,
    before: datetime | None,
    dry_run: bool,
    wait: bool,
    timeout: int,
    at: str | None,
) -> Outcome:
    """Tell every subscribed follower, or an audience among them, that a room is live.

    \b
    One room a day. Asking again for the same room tells nobody twice. Dates and
    times are those of WeChat's day (Beijing). Examples:
      wxlive push --room 1001 --dry-run
      wxlive push --room 1001 --wait
      wxlive push --room 1001 --subscribed-in 900 --since 2026-11-01
      wxlive push --room 1001 --at 20:00
    """  # noqa: D301 - \b keeps click from wrapping the lines
    if at is not None:
        if dry_run or wait or rooms or since or before:
            raise click.UsageError(
                "--at plans a push to everybody; it goes with no audience, --dry-run or --wait"
            )
        return plan_push(stack, room, at)
    audience = {"rooms": list(rooms), **_times(stack, since=since, before=before)}
    wish = {"action": "start", "room_id": room, "dry_run": dry_run, "audience": audience}
    facts = stack.ask("PushStartFunction", wish)
    if dry_run:
        told = ("audience", "calls", "minutes", "quota_after")
        table = facts_table(f"Room {room}, rehearsed", {key: facts[key] for key in told})
        return Outcome(facts, table=table)
    if facts.get("repeated"):
        words.print(f"Room {room} is pushed today by campaign {facts['campaign']} already.")
    report = _follow(stack, facts["campaign"], timeout) if wait else _planned(stack, facts)
    return _outcome(report, code=_code_after(report) if wait else DONE)


def _times(stack: Stack, **limits: datetime | None) -> dict[str, int]:
    """Read the clock of WeChat's day; in Unix seconds, without what was not given."""
    zone = timezone(timedelta(hours=int(stack.output("DayOffsetHours"))))
    given = {name: moment for name, moment in limits.items() if moment is not None}
    return {name: int(at.replace(tzinfo=zone).timestamp()) for name, at in given.items()}


@click.command()
@click.argument("campaign", required=False)
@stack_command
def status(stack: Stack, *, campaign: str | None) -> Outcome:
    """Show a campaign, or the newest one.

    \b
    Examples:
      wxlive status
      wxlive status 20261122T193000-1001 --json
    """  # noqa: D301 - \b keeps click from wrapping the lines
    found = stack.campaigns.get(campaign) if campaign else stack.campaigns.newest()
    if found is None:
        raise Refused(
            f"There is no campaign {campaign}" if campaign else "There has been no campaign yet"
        )
    report = stack.campaigns.report(found, time.time())
    return _outcome(report, code=NOT_ALL_WELL if report.in_trouble else DONE)


@click.command()
@click.argument("campaign")
@stack_command
def pause(stack: Stack, *, campaign: str) -> Outcome:
    """Send nothing more until `wxlive resume`.

    \b
    Example:
      wxlive pause 20261122T193000-1001
    """  # noqa: D301 - \b keeps click from wrapping the lines
    return _control(stack, "pause", campaign)


@click.command()
@click.argument("campaign")
@stack_command
def resume(stack: Stack, *, campaign: str) -> Outcome:
    """Go on with a campaign that is paused or waits.

    \b
    Example:
      wxlive resume 20261122T193000-1001
    """  # noqa: D301 - \b keeps click from wrapping the lines
    return _control(stack, "resume", campaign)


@click.command()
@click.argument("campaign")
@stack_command
def cancel(stack: Stack, *, campaign: str) -> Outcome:
    """Send nothing more, for good. What was accepted can't be called back.

    \b
    Example:
      wxlive cancel 20261122T193000-1001
    """  # noqa: D301 - \b keeps click from wrapping the lines
    return _control(stack, "cancel", campaign)


@click.command()
@click.argument("campaign")
@click.option("--resend-unknown", "choice", flag_value="resend_unknown", help="Send them again.")
@click.option("--accept-unknown", "choice", flag_value="accept_unknown", help="Take them for sent.")
@stack_command
def resolve(stack: Stack, *, campaign: str, choice: str | None) -> Outcome:
    """Decide what to do about chunks whose outcome nobody knows.

    WeChat may or may not have carried those calls out. Sent again, some followers may be told
    twice; taken for sent, some may never be told. Look at `wxlive status` first: results that
    fit resolve them without you.

    \b
    Example:
      wxlive resolve 20261122T193000-1001 --accept-unknown
    """  # noqa: D301 - \b keeps click from wrapping the lines
    if choice is None:
        raise click.UsageError("choose --resend-unknown or --accept-unknown")
    known = stack.campaigns.get(campaign)
    report = stack.campaigns.report(known, time.time()) if known else None
    if report is not None and report.unknown:
        words.print(_risk(report, choice))
    return _control(stack, choice, campaign)


def _risk(report: Report, choice: str) -> str:
    openids = report.openids[ChunkState.UNKNOWN]
    risk = "may be told twice" if choice == "resend_unknown" else "may never be told"
    return f"{openids:,} followers in {len(report.unknown)} calls {risk}."


def _control(stack: Stack, action: str, campaign: str) -> Outcome:
    stack.ask("PushStartFunction", {"action": action, "campaign": campaign})
    return _outcome(_look(stack, campaign), code=DONE)


def _look(stack: Stack, campaign_id: str) -> Report:
    campaign = stack.campaigns.get(campaign_id)
    if campaign is None:
        raise Refused(f"Campaign {campaign_id} has vanished from the State table")
    return stack.campaigns.report(campaign, time.time())


def _planned(stack: Stack, facts: dict[str, str]) -> Report:
    deadline = time.monotonic() + PLAN_PATIENCE_S
    while True:
        report = _look(stack, facts["campaign"])
        if report.campaign.fully_planned or time.monotonic() > deadline:
            return report
        time.sleep(POLL_S / 4)


def _follow(stack: Stack, campaign_id: str, timeout_s: int) -> Report:
    """Show progress until everything is sent and reported, or the time is up."""
    deadline = time.monotonic() + timeout_s
    nudge = _Nudge(stack, campaign_id)
    with _progress(stack) as bar:
        task = bar.add_task("planned", total=None)
        while True:
            report = _look(stack, campaign_id)
            bar.update(
                task,
                description=_describe(report),
                completed=report.openids[ChunkState.ACCEPTED],
                total=report.campaign.audience or None,
            )
            if report.is_over or time.monotonic() > deadline:
                return report
            nudge.watch(report)
            time.sleep(POLL_S)


class _Nudge:
    """Rings again when nothing has moved for long: a worker that died took its ring with it.

    Its message would come back by itself after the queue's visibility time-out; this is sooner,
    and harmless, because the ledger decides.
    """

    def __init__(self, stack: Stack, campaign_id: str) -> None:
        self._stack = stack
        self._wish = {"action": "resume", "campaign": campaign_id}
        self._seen: dict[ChunkState, int] = {}
        self._since = time.monotonic()

    def watch(self, report: Report) -> None:
        moved = dict(report.chunks) != self._seen
        stalled = time.monotonic() - self._since > NUDGE_AFTER_S
        if stalled and not moved and report.state is CampaignState.SENDING:
            self._stack.poke("PushStartFunction", self._wish)
        if moved or stalled:
            self._seen, self._since = dict(report.chunks), time.monotonic()


class _RateColumn(ProgressColumn):
    """The rate of the last half minute against the limit."""

    def __init__(self, limit: str) -> None:
        super().__init__()
        self._limit = int(limit)

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed or 0:,.0f} of {self._limit:,} openids/s")


def _progress(stack: Stack) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _RateColumn(stack.outputs["PushRatePerSecond"]),
        TimeElapsedColumn(),
        console=words,
    )


def _describe(report: Report) -> str:
    if report.state is CampaignState.SENT:
        return f"sent, waiting for {report.unreported} results"
    return report.state.value


def _code_after(report: Report) -> int:
    cancelled = report.chunks[ChunkState.CANCELLED]
    well = report.is_over and not report.in_trouble and not cancelled
    return DONE if well else NOT_ALL_WELL


def _outcome(report: Report, *, code: int) -> Outcome:
    return Outcome(report.summary(), code=code, table=_table(report.campaign, report))


def _table(campaign: Campaign, report: Report) -> Table:
    shown: dict[str, str | int | None] = {
        "room": str(campaign.room_id),
        "state": report.state.value,
        "reason": campaign.reason,
        "audience": campaign.audience,
    }
    for state, chunks in report.chunks.items():
        if chunks:
            shown[state.value] = f"{report.openids[state]:,} openids in {chunks:,} calls"
    for name, count in report.results.items():
        if count:
            shown[f"result: {name}"] = count
    for number, reason in enumerate(report.reasons, 1):
        shown[f"why {number}"] = reason
    if report.overdue:
        shown["results overdue"] = f"{len(report.overdue)} chunks, see --json"
    if report.orphans:
        shown["orphan results"] = len(report.orphans)
    return facts_table(f"Campaign {campaign.campaign}", shown)
