"""``wxlive sync``: compare the followers with WeChat's list now."""

import time
from datetime import UTC, datetime

import click

from wxlive.errors import Refused
from wxlive.pace import day_ends_at, day_of
from wxlive.sync_runs import RunState, SyncRun, done_by
from wxlive_cli.console import DONE, NOT_ALL_WELL, Outcome, facts_table, stack_command, words
from wxlive_cli.stack import Stack

POLL_S = 1.0
REVIVE_AFTER_S = 15


@click.command()
@click.option("--wait", is_flag=True, help="Return when the run is done.")
@click.option("--timeout", default=900, show_default=True, help="Longest wait in seconds.")
@click.option(
    "--confirm-sweep",
    metavar="RUN",
    help="Let this guarded run remove whom WeChat's list lacks after all.",
)
@stack_command
def sync(stack: Stack, *, wait: bool, timeout: int, confirm_sweep: str | None) -> Outcome:
    """Make the followers agree with WeChat's list.

    \b
    Starts a run, or joins the one that is open and says how far it is. Examples:
      wxlive sync --wait
      wxlive sync --json
      wxlive sync --confirm-sweep 20261122T040000-3fa2 --wait
    """  # noqa: D301 - \b keeps click from wrapping the lines
    wish = (
        {"action": "confirm_sweep", "run": confirm_sweep} if confirm_sweep else {"action": "start"}
    )
    run_id = stack.ask("FollowerSyncFunction", wish)["run"]
    run = _follow(stack, run_id, timeout) if wait else _read(stack, run_id)
    well = not wait or run.state is RunState.DONE
    return _outcome(run, stack, DONE if well else NOT_ALL_WELL)


def _outcome(run: SyncRun, stack: Stack, code: int) -> Outcome:
    facts = {**run.summary(), "done_at": _done_by(run, stack)}
    return Outcome(facts, code=code, table=facts_table("Sync", facts))


def _follow(stack: Stack, run_id: str, timeout_s: int) -> SyncRun:
    """Watch a run until it ends, waits for quota, or the time is up."""
    deadline = time.monotonic() + timeout_s
    revive_at = time.monotonic() + REVIVE_AFTER_S
    with words.status("Synchronising followers") as line:
        while True:
            run = _read(stack, run_id)
            line.update(f"Synchronising followers: {progress(run, _done_by(run, stack))}")
            waits_for_quota = run.resume_at > time.time()
            if run.state is not RunState.OPEN or waits_for_quota or time.monotonic() > deadline:
                return run
            if time.monotonic() > revive_at and stack.runs.holder_until() < time.time():
                # Nobody holds a living lease: its worker died. Asking twice does no harm.
                stack.poke("FollowerSyncFunction", {"action": "work"})
                revive_at = time.monotonic() + REVIVE_AFTER_S
            time.sleep(POLL_S)


def progress(run: SyncRun, done_at: int | None) -> str:
    """Say in a line how far a run is; ``done_at`` is Unix seconds."""
    of = f" of about {run.expected:,}" if run.expected else ""
    listed = f"{run.listed:,}{of} listed, {run.pages:,} pages"
    if done_at is None:
        return listed
    done = datetime.fromtimestamp(done_at, UTC).astimezone()
    return f"{listed}, done about {done:%Y-%m-%d %H:%M}"


def _read(stack: Stack, run_id: str) -> SyncRun:
    run = stack.runs.get(run_id)
    if run is None:
        raise Refused(f"The run {run_id} has vanished from the State table")
    return run


def _done_by(run: SyncRun, stack: Stack) -> int | None:
    now, offset_hours = time.time(), int(stack.output("DayOffsetHours"))
    return done_by(
        run,
        calls_left=stack.sync_budget.left(day_of(now, offset_hours)),
        calls_a_day=stack.sync_budget.limit,
        day_ends_at=day_ends_at(now, offset_hours),
    )
