"""One turn of work on a sync run: pages, then the sweep, as far as the time goes."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from enum import StrEnum

from wxlive.domain.absence import ListedPage
from wxlive.domain.forgotten import Forgotten
from wxlive.domain.sync_runs import BREAKS_ALLOWED, RunState, SyncRun
from wxlive.errors import Conflict, Misconfigured, StoreBusy
from wxlive.prefetch import prefetch
from wxlive_follower_sync.dependencies import Dependencies
from wxlive_follower_sync.fetch import Fetched, Fetching, fetch_pages
from wxlive_follower_sync.follower_index import FollowerIndex, ListedOpenids
from wxlive_follower_sync.merge import merge_page, save
from wxlive_follower_sync.scanning import OutOfTime, scanning
from wxlive_follower_sync.sweep import Listing, judge_list, sweep
from wxlive_follower_sync.waiting_pages import WaitingPages

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
    NOTHING_TO_DO = "nothing_to_do"


def work(deps: Dependencies) -> Turn:
    """Work on the open run until it ends or this turn's time is up; never begins one.

    Only one worker works at a time (lease). Killed at any point, the next turn resumes
    after the last stored page or batch of the sweep.

    Raises:
        Exception: whatever broke the turn off; the run says so. The third time at one page, or
            one batch of the sweep, the run fails instead.
    """
    if not deps.take_lease():
        return Turn.BUSY
    try:
        run = deps.runs.newest()
        if run is None or run.state is not RunState.OPEN:
            return Turn.NOTHING_TO_DO
        if deps.now() < run.resume_at:
            return Turn.WAITING
        return _work_on(run, deps)
    except Conflict:
        return Turn.LOST
    except StoreBusy:
        raise  # no fault of the page: the next turn may succeed
    except Exception as error:
        if not _note_break(error, deps):
            raise
        return Turn.ENDED
    finally:
        deps.runs.release(deps.owner)


def _work_on(run: SyncRun, deps: Dependencies) -> Turn:
    begun = replace(
        run,
        turns=run.turns + 1,
        resume_at=0,
        reason=None,
        # A run of version 0.1 has none yet.
        absent_as_of=run.absent_as_of or run.started_at - deps.clock_margin_s,
    )
    run = save(run, begun.stored_at(deps.now(), idle=True), deps)
    try:
        if not run.sweeping:
            return _list(run, deps)
        listed = ListedOpenids()
        _restore_pages(run, listed.restore_page, deps)
        return _sweep(run, listed, deps)
    except OutOfTime:
        return Turn.OUT_OF_TIME


def _list(run: SyncRun, deps: Dependencies) -> Turn:
    waiting = WaitingPages(run)
    try:
        forgotten = deps.forgotten.load()
    except Misconfigured as error:
        save(run, replace(run, state=RunState.FAILED, reason=str(error)), deps)
        return Turn.ENDED
    with prefetch(_unlisted(run, waiting, deps), PREFETCHED_PAGES) as fetching:
        try:
            index = _build_index(run, deps)
        except OutOfTime:
            save(run, replace(run, state=RunState.FAILED, reason=_TOO_LARGE), deps)
            return Turn.ENDED
        if run.expected is None:
            run = replace(run, expected=index.subscribed - index.added)
        run = _merge_all(run, fetching, waiting, index, deps, forgotten)
    if waiting.all_calls > run.calls:  # some were made for pages that were not merged
        run = save(run, replace(run, calls=waiting.all_calls), deps)
    if run.state is not RunState.OPEN:
        return Turn.ENDED
    if not run.listed_all:
        return Turn.WAITING if deps.now() < run.resume_at else Turn.OUT_OF_TIME
    run = save(run, judge_list(run, index, deps.guard_percent), deps)
    return _sweep(run, index, deps) if run.sweeping else Turn.ENDED


def _merge_all(
    run: SyncRun,
    fetching: Iterator[Fetched | None],
    waiting: WaitingPages,
    index: FollowerIndex,
    deps: Dependencies,
    forgotten: Forgotten,
) -> SyncRun:
    """Merge what comes until the list or the run ends, the run waits, or the time is short."""
    for fetched in fetching:
        if fetched is None:
            deps.renew_lease()
            continue
        if not deps.has_time_for():
            return run
        began = deps.now()
        counted = replace(run, calls=waiting.all_calls)
        run = merge_page(counted, fetched, index, deps, forgotten)
        waiting.merged(deps.now() - began)
        if run.state is not RunState.OPEN or run.resume_at:
            return run
    return run


def _unlisted(run: SyncRun, waiting: WaitingPages, deps: Dependencies) -> Fetching:
    if not run.listed_all:
        yield from fetch_pages(run, waiting, deps)


def _build_index(run: SyncRun, deps: Dependencies) -> FollowerIndex:
    index = FollowerIndex(run)
    for follower in scanning(deps.followers.walk(), deps):
        index.add(follower)
    _restore_pages(run, index.restore_page, deps)
    return index


def _restore_pages(run: SyncRun, restore: Callable[[ListedPage], None], deps: Dependencies) -> None:
    for page in scanning(deps.runs.pages(run.run), deps):
        restore(page)


def _sweep(run: SyncRun, listing: Listing, deps: Dependencies) -> Turn:
    save(run, sweep(run, listing, deps), deps)
    return Turn.ENDED


def _note_break(error: Exception, deps: Dependencies) -> bool:
    """Note on the run that its turn broke off; returns whether that was once too often."""
    deps.telemetry.logger.error("sync turn broke off", exc_info=error)
    try:
        run = deps.runs.newest()
        if run is None or run.state is not RunState.OPEN:
            return False
        breaks, what = run.breaks + 1, type(error).__name__
        noted = replace(
            run, breaks=breaks, reason=f"The last turn broke off ({what}); its log says why"
        )
        if breaks > BREAKS_ALLOWED:
            reason = f"{breaks} turns broke off at one page ({what}); their log says why"
            noted = replace(
                noted, state=RunState.FAILED, reason=f"{reason}. No follower was removed"
            )
        save(run, noted, deps)
    except Exception:  # noqa: BLE001 - the store may be what broke; the first error is the one to show
        return False
    return noted.state is RunState.FAILED
