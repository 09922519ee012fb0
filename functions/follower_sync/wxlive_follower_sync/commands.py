"""Reading a command and executing it."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from wxlive.domain.sync_runs import RunState, SyncRun
from wxlive.telemetry import Metric
from wxlive_follower_sync.dependencies import Dependencies
from wxlive_follower_sync.walk import Turn, confirm_sweep, open_run, work

_METRICS = {
    RunState.DONE: Metric.SYNC_DONE,
    RunState.FAILED: Metric.SYNC_FAILED,
    RunState.GUARDED: Metric.SYNC_GUARDED,
}


def execute(event: Mapping[str, Any], deps: Dependencies) -> dict[str, Any]:
    """Execute one command; returns the run's summary, and how the turn ended if there was one.

    Raises:
        WxliveError: the command is not possible as things stand.
    """
    match event.get("action"):
        case "start":
            return _continued_later(open_run(deps), deps)
        case "confirm_sweep":
            return _continued_later(confirm_sweep(str(event.get("run")), deps), deps)
        case "continue" if not has_open_run(deps):
            return {"turn": "nothing_to_do"}
        case _:
            return take_turn(deps)


def has_open_run(deps: Dependencies) -> bool:
    """Whether there is a run to resume."""
    run = deps.runs.newest()
    return run is not None and run.state is RunState.OPEN


def take_turn(deps: Dependencies) -> dict[str, Any]:
    """Work until the run ends or the time is up, then continue in another invocation."""
    try:
        turn = work(deps)
    except Exception as error:  # shown to the operator, then Lambda retries
        with suppress(Exception):  # the store may be what broke; the first error is the one to show
            deps.runs.note(f"The last turn broke off ({type(error).__name__}); its log says why")
        raise
    run = deps.runs.newest()
    if turn is Turn.OUT_OF_TIME:
        deps.continue_later()
    if run is not None:
        _report(run, turn, deps)
    return {"turn": turn.value, **(run.summary() if run else {})}


def _report(run: SyncRun, turn: Turn, deps: Dependencies) -> None:
    deps.telemetry.logger.info("sync turn", extra={"turn": turn.value, **run.summary()})
    if turn is Turn.ENDED:
        deps.telemetry.count(_METRICS[run.state])
        deps.telemetry.count(Metric.SYNC_CALLS, run.calls)


def _continued_later(run: SyncRun, deps: Dependencies) -> dict[str, Any]:
    deps.continue_later()
    return run.summary()
