"""One turn of work on a sync run: pages, then the sweep, as far as the time goes."""

from collections.abc import Generator
from dataclasses import replace
from enum import StrEnum

from wxlive.ahead import ahead
from wxlive.errors import Conflict, Refused
from wxlive.pace import stamp_of
from wxlive.sync_runs import RunState, SyncRun
from wxlive_follower_sync.fetch import Fetched, fetch_pages
from wxlive_follower_sync.merge import save, take_in
from wxlive_follower_sync.parts import OutOfTime, Parts, scanning
from wxlive_follower_sync.roll import Roll
from wxlive_follower_sync.sweep import sweep

PAGES_AHEAD = 256
"""Pages that may be fetched while the table is read or an earlier page is merged (0.4 MB each):
WeChat's list of a million takes two minutes, and the table half of that. So many calls at most are
spent in vain when a turn is killed."""

_TOO_LARGE = (
    "Reading the Followers table takes longer than one turn; give the follower-sync function more "
    "memory (MemorySize), which makes it faster, and sync again. Nobody was removed"
)


class Turn(StrEnum):
    """How a turn of work ended."""

    ENDED = "ended"
    BUSY = "busy"
    OUT_OF_TIME = "out_of_time"
    WAITING = "waiting"
    LOST = "lost"


def open_run(parts: Parts) -> SyncRun:
    """Return the run that is open, or open a new one.

    Raises:
        Conflict: another worker holds the lease and has not opened its run yet.
    """
    known = parts.runs.newest()
    if known is not None and known.state is RunState.OPEN:
        return known
    if not parts.runs.acquire(parts.owner, parts.now()):
        raise Conflict("Another sync is just beginning; ask again in a moment")
    try:
        return _open_new(parts)
    finally:
        parts.runs.release(parts.owner)


def work(parts: Parts) -> Turn:
    """Work on the open run, or a new one, until it ends or this turn's time is up.

    Only one worker works at a time (lease). Killed at any point, the next turn goes on behind
    the last stored page.
    """
    if not parts.runs.acquire(parts.owner, parts.now()):
        return Turn.BUSY
    try:
        known = parts.runs.newest()
        run = known if known is not None and known.state is RunState.OPEN else _open_new(parts)
        if parts.now() < run.resume_at:
            return Turn.WAITING
        return _work_on(run, parts)
    except Conflict:
        return Turn.LOST
    finally:
        parts.runs.release(parts.owner)


def confirm_sweep(run_id: str, parts: Parts) -> SyncRun:
    """Have a guarded run sweep after all: the operator vouches for WeChat's list.

    Raises:
        Refused: the run is not the newest one or was not guarded.
        Conflict: another worker is at work.
    """
    run = parts.runs.newest()
    if run is None or run.run != run_id:
        newest = f"the newest is {run.run} ({run.state.value})" if run else "there is none"
        raise Refused(f"Only the newest run can be confirmed, and {newest}; see `wxlive sync`")
    if run.state is not RunState.GUARDED:
        raise Refused(f"Run {run_id} is {run.state.value}; only a guarded run can be confirmed")
    if not parts.runs.acquire(parts.owner, parts.now()):
        raise Conflict("Another sync is at work; ask again in a moment")
    try:
        confirmed = replace(run, state=RunState.OPEN, sweep_confirmed=True, reason=None)
        return save(run, confirmed, parts)
    finally:
        parts.runs.release(parts.owner)


def _open_new(parts: Parts) -> SyncRun:
    started_at = parts.now()
    run = SyncRun(
        run=f"{stamp_of(started_at, parts.day_offset_hours)}-{parts.owner[:4]}",
        state=RunState.OPEN,
        started_at=int(started_at),
    )
    parts.runs.open(run)
    return run


def _work_on(run: SyncRun, parts: Parts) -> Turn:
    begun = replace(run, turns=run.turns + 1, resume_at=0, reason=None)
    run = save(run, begun.stored_at(parts.now(), idle=True), parts)
    with ahead(_unlisted(run, parts), PAGES_AHEAD) as fetched:
        try:
            roll = _call_roll(run, parts)
        except OutOfTime:
            save(run, replace(run, state=RunState.FAILED, reason=_TOO_LARGE), parts)
            return Turn.ENDED
        if run.turns == 1:
            run = replace(run, expected=roll.subscribed)
        for page in fetched:
            run = take_in(run, page, roll, parts)
            if run.state is not RunState.OPEN:
                return Turn.ENDED
    if run.resume_at:
        return Turn.WAITING
    return _finish(run, roll, parts) if run.listed_all else Turn.OUT_OF_TIME


def _unlisted(run: SyncRun, parts: Parts) -> Generator[Fetched]:
    if not run.listed_all:
        yield from fetch_pages(run.cursor, parts)


def _call_roll(run: SyncRun, parts: Parts) -> Roll:
    roll = Roll(run)
    for follower in scanning(parts.followers.walk(), parts):
        roll.enter(follower)
    for digests in scanning(parts.runs.pages(run.run), parts):
        roll.repeat(digests)
    return roll


def _finish(run: SyncRun, roll: Roll, parts: Parts) -> Turn:
    try:
        save(run, sweep(run, roll, parts), parts)
    except OutOfTime:
        return Turn.OUT_OF_TIME
    return Turn.ENDED
