"""Reading a command and executing it."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from wxlive.domain.sync_runs import RunState, SyncRun
from wxlive.errors import InvalidCommand
from wxlive_follower_sync.dependencies import Dependencies
from wxlive_follower_sync.runs import abandon, confirm_sweep, open_run
from wxlive_follower_sync.walk import Turn, work


def execute(event: Mapping[str, Any], deps: Dependencies) -> dict[str, Any]:
    """Execute one command; returns the run's summary, and how the turn ended if there was one.

    Raises:
        WxliveError: the command is not possible as things stand.
    """
    run = str(event.get("run") or "")
    match event.get("action"):
        case "start":
            command, trusted = str(event.get("command") or ""), event.get("trust_list") is True
            return _continued_later(open_run(deps, command, trusted=trusted), deps)
        case "confirm_sweep":
            return _continued_later(confirm_sweep(run, deps), deps)
        case "abandon":
            return abandon(run, deps).summary()
        case "continue" | "work":  # version 0.1 goes on with "work"
            return take_turn(deps)
        case None:
            open_run(deps, since=_time_of(event) or deps.now())
            return take_turn(deps)
        case action:
            raise InvalidCommand(
                f"Unknown action {action!r}; use start, continue, confirm_sweep or abandon"
            )


def take_turn(deps: Dependencies) -> dict[str, Any]:
    """Work until the run ends or the time is up, then continue in another invocation."""
    if not _has_open_run(deps):
        return {"turn": Turn.NOTHING_TO_DO.value}
    turn = work(deps)
    if turn is Turn.OUT_OF_TIME:
        deps.continue_later()
    run = deps.runs.newest()
    answer = {"turn": turn.value, **(run.summary() if run else {})}
    deps.telemetry.logger.info("sync turn", extra=answer)
    return answer


def _has_open_run(deps: Dependencies) -> bool:
    run = deps.runs.newest()
    return run is not None and run.state is RunState.OPEN


def _continued_later(run: SyncRun, deps: Dependencies) -> dict[str, Any]:
    if run.state is RunState.OPEN:
        deps.continue_later()
    return run.summary()


def _time_of(event: Mapping[str, Any]) -> float:
    """Return when a schedule was due (Unix s), 0 if the event doesn't say."""
    with suppress(ValueError):
        return datetime.fromisoformat(str(event.get("time"))).timestamp()
    return 0
