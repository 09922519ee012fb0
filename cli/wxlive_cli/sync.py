"""``wxlive sync``: compare the followers with WeChat's list now."""

import time
from typing import Any

import click

from wxlive.errors import Refused
from wxlive.sync_runs import RunState, SyncRun
from wxlive_cli.console import DONE, NOT_ALL_WELL, Outcome, facts_table, stack_command, words
from wxlive_cli.stack import Stack

POLL_S = 1.0
REVIVE_AFTER_S = 15


@click.command()
@click.option("--wait", is_flag=True, help="Return when the run is done.")
@click.option("--timeout", default=900, show_default=True, help="Longest wait in seconds.")
@stack_command
def sync(stack: Stack, *, wait: bool, timeout: int) -> Outcome:
    """Make the followers agree with WeChat's list.

    \b
    Starts a run, or joins the one that is open. Examples:
      wxlive sync --wait
      wxlive sync --json
    """  # noqa: D301 - \b keeps click from wrapping the lines
    facts = stack.ask("FollowerSyncFunction", {"action": "start"})
    if not wait:
        return _outcome(facts, DONE)
    run = _follow(stack, facts["run"], timeout)
    well = run.state is RunState.DONE
    return _outcome(run.summary(), DONE if well else NOT_ALL_WELL)


def _outcome(facts: dict[str, Any], code: int) -> Outcome:
    return Outcome(facts, code=code, table=facts_table("Sync", facts))


def _follow(stack: Stack, run_id: str, timeout_s: int) -> SyncRun:
    """Watch a run until it ends, waits for quota, or the time is up."""
    deadline = time.monotonic() + timeout_s
    revive_at = time.monotonic() + REVIVE_AFTER_S
    with words.status("Synchronising followers") as line:
        while True:
            run = stack.runs.get(run_id)
            if run is None:
                raise Refused(f"The run {run_id} has vanished from the State table")
            line.update(f"Synchronising followers: {run.listed:,} listed, {run.pages:,} pages")
            waits_for_quota = run.resume_at > time.time()
            if run.state is not RunState.OPEN or waits_for_quota or time.monotonic() > deadline:
                return run
            if time.monotonic() > revive_at and stack.runs.holder_until() < time.time():
                # Nobody holds a living lease: its worker died. Asking twice does no harm.
                stack.poke("FollowerSyncFunction", {"action": "work"})
                revive_at = time.monotonic() + REVIVE_AFTER_S
            time.sleep(POLL_S)
