"""One turn of work on a sync run: pages, then the sweep, as far as the time goes."""

from collections.abc import Generator
from dataclasses import replace
from enum import StrEnum

from wxlive.domain.calendar import stamp_of
from wxlive.domain.sync_runs import RunState, SyncRun
from wxlive.errors import Conflict, InvalidCommand
from wxlive.prefetch import prefetch
from wxlive_follower_sync.dependencies import Dependencies
from wxlive_follower_sync.fetch import Fetched, fetch_pages
from wxlive_follower_sync.follower_index import FollowerIndex
from wxlive_follower_sync.merge import merge_page, save
from wxlive_follower_sync.scanning import OutOfTime, scanning
from wxlive_follower_sync.sweep import sweep

PREFETCHED_PAGES = 256
"""Pages that may be fetched while the table is read or an earlier page is merged (0.4 MB each):
WeChat's list of a million takes two minutes, and the table half of that. So many calls at most are
spent in vain when a turn is killed."""

_TOO_LARGE = (
    "Reading the Followers table takes longer than one turn; give the follower-sync function more "
    "memory (MemorySize), which makes it faster, and sync again. No follower was removed"
)


class Turn(StrEnum):
    """How a turn of work ended."""

    ENDED = "ended"
    BUSY = "busy"
    OUT_OF_TIME = "out_of_time"
    WAITING = "waiting"
    LOST = "lost"


def open_run(deps: Dependencies) -> SyncRun:
    """Return the run that is open, or open a new one.

    Raises:
        Conflict: another worker holds the lease and has not opened its run yet.
    """
    known = deps.runs.newest()
    if known is not None and known.state is RunState.OPEN:
        return known
    if not deps.runs.acquire(deps.owner, deps.now()):
        raise Conflict("Another sync is just starting; try again in a few seconds")
    try:
        return _open_new(deps)
    finally:
        deps.runs.release(deps.owner)


def work(deps: Dependencies) -> Turn:
    """Work on the open run, or a new one, until it ends or this turn's time is up.

    Only one worker works at a time (lease). Killed at any point, the next turn resumes
    after the last stored page.
    """
    if not deps.runs.acquire(deps.owner, deps.now()):
        return Turn.BUSY
    try:
        known = deps.runs.newest()
        run = known if known is not None and known.state is RunState.OPEN else _open_new(deps)
        if deps.now() < run.resume_at:
            return Turn.WAITING
        return _work_on(run, deps)
    except Conflict:
        return Turn.LOST
    finally:
        deps.runs.release(deps.owner)


def confirm_sweep(run_id: str, deps: Dependencies) -> SyncRun:
    """Have a guarded run sweep after all: the operator confirms WeChat's list.

    Raises:
        InvalidCommand: the run is not the newest one or was not guarded.
        Conflict: another worker is at work.
    """
    run = deps.runs.newest()
    if run is None or run.run != run_id:
        newest = f"the newest is {run.run} ({run.state.value})" if run else "there is none"
        raise InvalidCommand(
            f"Only the newest run can be confirmed, and {newest}; see `wxlive sync`"
        )
    if run.state is not RunState.GUARDED:
        raise InvalidCommand(
            f"Run {run_id} is {run.state.value}; only a guarded run can be confirmed"
        )
    if not deps.runs.acquire(deps.owner, deps.now()):
        raise Conflict("Another sync is running; try again in a few seconds")
    try:
        confirmed = replace(run, state=RunState.OPEN, sweep_confirmed=True, reason=None)
        return save(run, confirmed, deps)
    finally:
        deps.runs.release(deps.owner)


def _open_new(deps: Dependencies) -> SyncRun:
    started_at = deps.now()
    run = SyncRun(
        run=f"{stamp_of(started_at, deps.day_offset_hours)}-{deps.owner[:4]}",
        state=RunState.OPEN,
        started_at=int(started_at),
    )
    deps.runs.open(run)
    return run


def _work_on(run: SyncRun, deps: Dependencies) -> Turn:
    begun = replace(run, turns=run.turns + 1, resume_at=0, reason=None)
    run = save(run, begun.stored_at(deps.now(), idle=True), deps)
    with prefetch(_unlisted(run, deps), PREFETCHED_PAGES) as fetched:
        try:
            index = _build_index(run, deps)
        except OutOfTime:
            save(run, replace(run, state=RunState.FAILED, reason=_TOO_LARGE), deps)
            return Turn.ENDED
        if run.turns == 1:
            run = replace(run, expected=index.subscribed)
        for page in fetched:
            run = merge_page(run, page, index, deps)
            if run.state is not RunState.OPEN:
                return Turn.ENDED
    if run.resume_at:
        return Turn.WAITING
    return _finish(run, index, deps) if run.listed_all else Turn.OUT_OF_TIME


def _unlisted(run: SyncRun, deps: Dependencies) -> Generator[Fetched]:
    if not run.listed_all:
        yield from fetch_pages(run.cursor, deps)


def _build_index(run: SyncRun, deps: Dependencies) -> FollowerIndex:
    index = FollowerIndex(run)
    for follower in scanning(deps.followers.walk(), deps):
        index.add(follower)
    for digests in scanning(deps.runs.pages(run.run), deps):
        index.restore_page(digests)
    return index


def _finish(run: SyncRun, index: FollowerIndex, deps: Dependencies) -> Turn:
    try:
        save(run, sweep(run, index, deps), deps)
    except OutOfTime:
        return Turn.OUT_OF_TIME
    return Turn.ENDED
