"""``wxlive sync``: update the followers from WeChat's list."""

import time
from gettext import gettext as _

import click
from rich.text import Text

from wxlive.domain.calendar import day_ends_at, day_of
from wxlive.domain.sync_runs import RunState, SyncRun, done_by
from wxlive.errors import InvalidCommand
from wxlive_cli.console import (
    CommandResult,
    going_on,
    say,
    stack_command,
    stderr,
    timeout_option,
)
from wxlive_cli.exit_codes import DONE, NEEDS_ATTENTION
from wxlive_cli.recording import note_option, recorded
from wxlive_cli.stack import Stack
from wxlive_cli.tables import facts_table
from wxlive_cli.time_parsing import format_time, format_times

POLL_S = 1.0
REVIVE_AFTER_S = 15


@click.command()
@click.option("--wait", is_flag=True, help="Return when the run has ended.")
@timeout_option
@click.option(
    "--confirm-sweep",
    metavar="RUN",
    help="Let this guarded run remove the followers that WeChat's list lacks.",
)
@click.option("--abandon", metavar="RUN", help="End this open run. It removes nobody any more.")
@click.option(
    "--trust-list",
    is_flag=True,
    help="Remove everybody whom WeChat's list lacks at once, whatever its order: you have compared "
    "its number with the console. SweepGuardPercent holds all the same.",
)
@note_option
@stack_command
def sync(
    stack: Stack,
    *,
    wait: bool,
    timeout: int,
    confirm_sweep: str | None,
    abandon: str | None,
    trust_list: bool,
    note: str,
) -> CommandResult:
    """Update the followers from WeChat's list.

    A follower whom the list lacks is missing at first, and removed when the next run lacks
    them too.

    Starts a run, or shows the progress of the run that is open.

    \b
    Examples:
      wxlive sync --wait
      wxlive sync --json
      wxlive sync --trust-list --wait
      wxlive sync --confirm-sweep 20261122T040000-3fa2 --wait
      wxlive sync --abandon 20261122T040000-3fa2
    """  # noqa: D301 - \b keeps click from wrapping the lines
    if (bool(confirm_sweep), bool(abandon), trust_list).count(True) > 1:
        raise InvalidCommand("Use one of --confirm-sweep, --abandon and --trust-list at a time")
    if abandon:
        with recorded(stack, "sync --abandon", note):
            facts = stack.invoke("FollowerSyncFunction", {"action": "abandon", "run": abandon})
        return CommandResult(facts, DONE, facts_table(_("Sync"), facts))
    payload = (
        {"action": "confirm_sweep", "run": confirm_sweep}
        if confirm_sweep
        else {"action": "start", "trust_list": trust_list, "command": stack.command}
    )
    option = " --confirm-sweep" if confirm_sweep else " --trust-list" if trust_list else ""
    with recorded(stack, f"sync{option}", note):
        run_id = stack.invoke("FollowerSyncFunction", payload)["run"]
    if wait:
        with going_on(_goes_on(run_id)):
            run = _follow(stack, run_id, timeout_s=timeout)
    else:
        run = _read(stack, run_id)
    if run.state is RunState.OPEN:
        say(_goes_on(run_id))
    facts = {**run.summary(), "done_at": _done_by(run, stack)}
    is_well = not wait or run.state is RunState.DONE
    screen = facts_table(_("Sync"), format_times(facts, stack.day_offset_hours))
    return CommandResult(facts, DONE if is_well else NEEDS_ATTENTION, screen)


def _goes_on(run_id: str) -> str:
    return _(
        "The sync {run_id} goes on: `wxlive sync --wait` shows its progress until its end."
    ).format(run_id=run_id)


def describe_progress(run: SyncRun, done_at: int | None, offset_hours: int) -> str:
    """Describe the progress of a run in a line; ``done_at`` is Unix seconds."""
    is_foreseen = (run.expected or 0) >= run.listed
    words = (
        _("{listed} of about {expected} listed, {pages} pages")
        if run.expected and is_foreseen
        else _("{listed} listed, {pages} pages")
    )
    listed = words.format(
        listed=f"{run.listed:,}", expected=f"{run.expected or 0:,}", pages=f"{run.pages:,}"
    )
    if done_at is None or not is_foreseen:
        return listed
    end = format_time(done_at, offset_hours)
    return _("{listed}, estimated end {time}").format(listed=listed, time=end)


def _follow(stack: Stack, run_id: str, *, timeout_s: int) -> SyncRun:
    """Show progress until the run has ended, waits for quota, or the time is up."""
    deadline = time.monotonic() + timeout_s
    revive_at = time.monotonic() + REVIVE_AFTER_S
    with stderr.status(_("Synchronizing followers")) as line:
        while True:
            run = _read(stack, run_id)
            done_at = _done_by(run, stack)
            progress = describe_progress(run, done_at, stack.day_offset_hours)
            line.update(Text(_("Synchronizing followers: {progress}").format(progress=progress)))
            waits_for_quota = run.resume_at > time.time()
            if run.state is not RunState.OPEN or waits_for_quota or time.monotonic() > deadline:
                return run
            if time.monotonic() > revive_at and stack.runs.holder_until() < time.time():
                # Nobody holds the lease: the worker has died. A second invocation does no harm.
                stack.invoke_async("FollowerSyncFunction", {"action": "continue"})
                revive_at = time.monotonic() + REVIVE_AFTER_S
            time.sleep(POLL_S)


def _read(stack: Stack, run_id: str) -> SyncRun:
    run = stack.runs.get(run_id)
    if run is None:
        raise InvalidCommand(f"There is no run {run_id} in the State table; run `wxlive sync`")
    return run


def _done_by(run: SyncRun, stack: Stack) -> int | None:
    now_s, offset_hours = time.time(), stack.day_offset_hours
    return done_by(
        run,
        calls_left=stack.sync_budget.left(day_of(now_s, offset_hours)),
        calls_a_day=stack.sync_budget.limit,
        day_ends_at=day_ends_at(now_s, offset_hours),
    )
