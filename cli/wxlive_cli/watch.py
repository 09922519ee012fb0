"""``wxlive watch``: a campaign while it runs, as a live view or, in a pipe, a line at a time."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import click
from rich.console import Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.text import Text

from wxlive.campaigns import Campaign, ChunkState
from wxlive.errors import Refused
from wxlive.pace import day_of
from wxlive.stores.pace import QuotaStore
from wxlive_cli.console import DONE, NOT_ALL_WELL, Outcome, facts_table, stack_command, words
from wxlive_cli.report import account_of, told_of
from wxlive_cli.report_facts import Account
from wxlive_cli.stack import Stack

RATE_OVER_S = 10
"""The rate shown is the average of so many seconds."""

LINE_EVERY_S = 10
"""In a pipe, a line is written so often, and whenever the state changes."""

ERRORS_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Glance:
    """What an operator wants to see of a running campaign. Counts are openids."""

    state: str
    reason: str | None
    told: int
    to_go: int
    unknown: int
    refused: int
    audience: int
    rate: int
    limit: int
    delivered: int
    awaited: int
    minutes_left: float | None
    calls_left: int
    errors: tuple[str, ...]


def glance(found: Account, *, now_s: float, calls_left: int) -> Glance:
    """Sum an account up as it stands at ``now_s``. Pure."""
    openids = found.report.openids
    to_go = openids[ChunkState.QUEUED] + openids[ChunkState.SENDING]
    rate = _rate(found, now_s)
    return Glance(
        state=found.report.state.value,
        reason=found.report.campaign.reason,
        told=found.accepted,
        to_go=to_go,
        unknown=openids[ChunkState.UNKNOWN],
        refused=openids[ChunkState.REFUSED],
        audience=found.report.campaign.audience,
        rate=rate,
        limit=found.limit,
        delivered=found.report.results["success"],
        awaited=found.awaited,
        minutes_left=round(to_go / rate / 60, 1) if rate else None,
        calls_left=calls_left,
        errors=tuple(
            f"{trouble.errcode or 'no answer'} in {trouble.calls:,} calls: {trouble.meaning}"
            for trouble in found.troubles[:ERRORS_SHOWN]
        ),
    )


def _rate(found: Account, now_s: float) -> int:
    """Openids a second of late; a campaign younger than that is judged by its age."""
    recent = [second for second in found.seconds if now_s - RATE_OVER_S < second.at <= now_s]
    if not recent:
        return 0
    over_s = min(RATE_OVER_S, int(now_s) - found.seconds[0].at + 1)
    return sum(second.openids for second in recent) // over_s


@click.command()
@click.argument("campaign", required=False)
@click.option("--every", default=2.0, show_default=True, help="Look so often, in seconds.")
@click.option("--timeout", default=86_400, show_default=True, help="Longest watch in seconds.")
@stack_command
def watch(stack: Stack, *, campaign: str | None, every: float, timeout: int) -> Outcome:
    """Watch a campaign, or the newest one, until it is over. Ctrl-C only stops watching.

    The view goes to stderr: live on a terminal, a line every ten seconds in a pipe.

    \b
    Examples:
      wxlive watch
      wxlive watch 2>&1 | tee show.log
    """  # noqa: D301 - \b keeps click from wrapping the lines
    chosen = stack.campaigns.get(campaign) if campaign else stack.campaigns.newest()
    if chosen is None:
        raise Refused(f"There is no campaign {campaign or 'yet'}; `wxlive push` starts one")
    looks = _looks(stack, chosen.campaign, every_s=every, timeout_s=timeout)
    found = _show_live(looks, stack) if words.is_terminal else _show_lines(looks, stack)
    well = found.report.is_over and not found.report.in_trouble
    table = facts_table(f"Campaign {chosen.campaign}", told_of(found))
    return Outcome(found.report.summary(), code=DONE if well else NOT_ALL_WELL, table=table)


def _looks(stack: Stack, name: str, *, every_s: float, timeout_s: int) -> Iterator[Account]:
    """Look again and again, until the campaign is over, the time is up, or Ctrl-C."""
    deadline = time.monotonic() + timeout_s
    try:
        while True:
            found = account_of(stack, _campaign(stack, name))
            yield found
            if found.report.is_over or time.monotonic() > deadline:
                return
            time.sleep(every_s)
    except KeyboardInterrupt:
        return


def _campaign(stack: Stack, name: str) -> Campaign:
    found = stack.campaigns.get(name)
    if found is None:
        raise Refused(f"Campaign {name} has vanished from the State table")
    return found


def _show_live(looks: Iterator[Account], stack: Stack) -> Account:
    with Live(console=words, auto_refresh=False) as live:
        for found in looks:
            live.update(picture(_glance(found, stack)), refresh=True)
    return found


def _show_lines(looks: Iterator[Account], stack: Stack) -> Account:
    shown_state, shown_at = "", 0.0
    for found in looks:
        seen, now_s = _glance(found, stack), time.time()
        if seen.state != shown_state or now_s - shown_at >= LINE_EVERY_S:
            words.print(line(seen, now_s), soft_wrap=True)
            shown_state, shown_at = seen.state, now_s
    return found


def _glance(found: Account, stack: Stack) -> Glance:
    now_s = time.time()
    quota = QuotaStore(stack.state, "push_message", int(stack.output("DailyCallQuota")))
    day = day_of(now_s, int(stack.output("DayOffsetHours")))
    return glance(found, now_s=now_s, calls_left=quota.left(day))


def picture(seen: Glance) -> RenderableType:
    """Draw a glance for a terminal."""
    facts: dict[str, str | int | None] = {
        "state": seen.state,
        "reason": seen.reason,
        "told": f"{seen.told:,} of {seen.audience:,}",
        "to go": f"{seen.to_go:,}{_minutes(seen)}",
        "unknown": f"{seen.unknown:,}",
        "refused": f"{seen.refused:,}",
        "rate": f"{seen.rate:,} of {seen.limit:,} openids/s",
        "results": f"{seen.delivered:,} delivered, {seen.awaited:,} awaited",
        "calls left today": f"{seen.calls_left:,}",
    }
    bar = ProgressBar(total=max(1, seen.audience), completed=seen.told, width=60)
    errors = [Text(error, style="yellow") for error in seen.errors]
    return Group(facts_table("", facts), bar, *errors)


def line(seen: Glance, now_s: float) -> str:
    """Write a glance as one line."""
    clock = time.strftime("%H:%M:%S", time.localtime(now_s))
    parts = [
        f"{clock} {seen.state}",
        f"{seen.told:,} of {seen.audience:,} told",
        f"{seen.to_go:,} to go{_minutes(seen)}",
        f"{seen.unknown:,} unknown",
        f"{seen.rate:,} of {seen.limit:,} openids/s",
        f"{seen.delivered:,} delivered",
        f"{seen.calls_left:,} calls left",
        *([seen.reason] if seen.reason else []),
        *seen.errors,
    ]
    return "; ".join(parts)


def _minutes(seen: Glance) -> str:
    return f", {seen.minutes_left} min" if seen.minutes_left is not None and seen.to_go else ""
