"""Beginning a run, confirming one, abandoning one: what the operator and the schedule intend.

One intent has one effect, however often and however late its message arrives.
"""

from dataclasses import replace

from wxlive.domain.calendar import stamp_of
from wxlive.domain.sync_runs import RunState, SyncRun
from wxlive.errors import Conflict, InvalidCommand
from wxlive_follower_sync.dependencies import Dependencies
from wxlive_follower_sync.merge import save
from wxlive_follower_sync.pages import first_limit

ABANDONED = "Abandoned by the operator"


def open_run(
    deps: Dependencies, command: str = "", *, trusted: bool = False, since: float = 0
) -> SyncRun:
    """Return the run that is open, or open a new one.

    Args:
        deps: what to work with.
        command: the operator's command; the run that it opened is returned, open or not.
        trusted: whether the operator vouches for the list.
        since: when a schedule asked for a run (Unix s); one that began since then is returned,
            open or not. A schedule waits for a lease, nobody else does. 0 if it was no schedule.

    Raises:
        InvalidCommand: the operator vouches for the list, and the open run began without that.
        Conflict: another worker holds the lease and has not opened its run yet.
    """
    known = _opened_already(deps, command, since)
    if known is None:
        if not (deps.take_lease() if since else deps.runs.acquire(deps.owner, deps.now())):
            raise Conflict("Another sync is just starting; try again in a few seconds")
        try:
            known = _opened_already(deps, command, since) or _open_new(deps, command, trusted)
        finally:
            deps.runs.release(deps.owner)
    if trusted and not known.trusted:
        raise InvalidCommand(
            f"Run {known.run} is open and was started without --trust-list; wait for its end, or "
            f"end it with `wxlive sync --abandon {known.run}`, then try again"
        )
    return known


def confirm_sweep(run_id: str, deps: Dependencies) -> SyncRun:
    """Have a guarded run sweep after all: the operator vouches for what it lacks.

    Repeated, it returns the run as it is.

    Raises:
        InvalidCommand: the run is not the newest one or was not guarded.
        Conflict: another worker is at work.
    """
    run = _to_confirm(run_id, deps)
    if run.sweep_confirmed:
        return run
    if not deps.runs.acquire(deps.owner, deps.now()):
        raise Conflict("Another sync is running; try again in a few seconds")
    try:
        run = _to_confirm(run_id, deps)  # as it is now that nobody else works on it
        if run.sweep_confirmed:
            return run
        confirmed = replace(run, state=RunState.OPEN, sweep_confirmed=True, reason=None)
        return save(run, confirmed, deps)
    finally:
        deps.runs.release(deps.owner)


def abandon(run_id: str, deps: Dependencies) -> SyncRun:
    """End an open run, whoever works on it. Repeated, it returns the run as it is.

    Raises:
        InvalidCommand: there is no such run, or it has ended otherwise.
    """
    deps.runs.abandon(run_id, ABANDONED)
    run = deps.runs.get(run_id)
    if run is None:
        raise InvalidCommand(f"There is no run {run_id}; see `wxlive sync`")
    if (run.state, run.reason) != (RunState.FAILED, ABANDONED):
        raise InvalidCommand(
            f"Run {run_id} is {run.state.value}; only an open run can be abandoned"
        )
    return run


def _to_confirm(run_id: str, deps: Dependencies) -> SyncRun:
    run = deps.runs.newest()
    if run is None or run.run != run_id:
        newest = f"the newest is {run.run} ({run.state.value})" if run else "there is none"
        raise InvalidCommand(
            f"Only the newest run can be confirmed, and {newest}; see `wxlive sync`"
        )
    if run.state is not RunState.GUARDED and not run.sweep_confirmed:
        raise InvalidCommand(
            f"Run {run_id} is {run.state.value}; only a guarded run can be confirmed"
        )
    return run


def _opened_already(deps: Dependencies, command: str, since: float) -> SyncRun | None:
    newest = deps.runs.newest()
    if newest is not None and (newest.state is RunState.OPEN or newest.started_at >= since > 0):
        return newest
    by_command = (run for run in deps.runs.newest_first() if run.command == command)
    return next(by_command, None) if command else None


def _open_new(deps: Dependencies, command: str, trusted: bool) -> SyncRun:  # noqa: FBT001 - as it was asked for
    started_at = deps.now()
    complete = (run for run in deps.runs.newest_first() if run.state is RunState.DONE)
    before = next(complete, None)
    run = SyncRun(
        run=f"{stamp_of(started_at, deps.day_offset_hours)}-{deps.owner[:4]}",
        state=RunState.OPEN,
        started_at=int(started_at),
        absent_as_of=int(started_at) - deps.clock_margin_s,
        first_limit=first_limit(before),
        previous=before.run if before is not None else "",
        command=command,
        trusted=trusted,
    )
    deps.runs.open(run)
    return run
