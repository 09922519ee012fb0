"""The end of a run: what becomes of the followers whom a complete list lacks."""

from dataclasses import dataclass, field, replace
from typing import Protocol

from wxlive.domain.absence import Absence, Coverage, absence_of
from wxlive.domain.followers import Follower, Mark, Status, mark_of
from wxlive.domain.sync_runs import RunState, SyncRun, rows_make_sense, sweep_is_safe
from wxlive_follower_sync.dependencies import Dependencies
from wxlive_follower_sync.follower_index import FollowerIndex
from wxlive_follower_sync.merge import save
from wxlive_follower_sync.scanning import RENEW_AFTER_S, OutOfTime

FOLLOWERS_A_BATCH = 500


class Listing(Protocol):
    """Whom a complete run listed, and what its pages cover."""

    coverage: Coverage

    def lists(self, openid: str) -> bool:
        """Whether the run listed this openid."""
        ...


def judge_list(run: SyncRun, index: FollowerIndex, guard_percent: int) -> SyncRun:
    """Return the run after its last page: it sweeps, is done, or stops because of a doubt."""
    if index.listed != run.listed:
        return _failed(
            run,
            f"Of {run.listed} listed followers only {index.listed} are still on record; "
            "no follower was removed. Sync again",
        )
    if not rows_make_sense(run.skipped_rows, run.listed):
        return _failed(
            run,
            f"{run.skipped_rows} rows of the list make no sense, the log shows some; no follower "
            "was removed. Sync again; if that stays so, report it with the log",
        )
    absences = index.count_absences()
    is_ordered = run.trusted or index.coverage.is_ordered
    absent = absences.total() - (absences[Absence.SPARED] if is_ordered else 0)
    if not run.sweep_confirmed and not sweep_is_safe(absent, index.subscribed, guard_percent):
        return replace(
            run,
            state=RunState.GUARDED,
            reason=f"The list lacks {absent} of {index.subscribed} followers, more than "
            f"SweepGuardPercent ({guard_percent} %) allows; no follower was removed. Compare "
            f"with the console, then sync again or `wxlive sync --confirm-sweep {run.run}`",
        )
    if absences[Absence.MISSING] or absences[Absence.REMOVED]:
        return replace(run, sweeping=True)
    return _done(replace(run, spared=absences[Absence.SPARED]), index.coverage)


def sweep(run: SyncRun, listing: Listing, deps: Dependencies) -> SyncRun:
    """Sweep from where the run's last sweep stopped; returns the run as it ended.

    Raises:
        OutOfTime: this turn must end; what was swept is stored with its place.
        Conflict: the lease was lost.
    """
    batch = _Batch(saved_at=deps.now())
    for follower in deps.followers.walk(after=run.swept_to):
        _judge(follower, run, listing, batch)
        if len(batch.changes) >= FOLLOWERS_A_BATCH or deps.now() - batch.saved_at > RENEW_AFTER_S:
            run = save(run, replace(batch.write(run, deps), swept_to=follower.openid), deps)
            batch = _Batch(saved_at=deps.now())
            if not deps.has_time_for():
                raise OutOfTime
    return _done(batch.write(run, deps), listing.coverage)


@dataclass
class _Batch:
    """What is to be written, and what else is to be counted, since the sweep's place was stored."""

    saved_at: float
    changes: list[tuple[Follower, Follower, Absence]] = field(default_factory=list)
    spared: int = 0
    missing: int = 0
    removed: int = 0

    def write(self, run: SyncRun, deps: Dependencies) -> SyncRun:
        """Write it; returns the run with its counts."""
        written = deps.followers.exchange_all([(old, new) for old, new, _ in self.changes])
        done = [absence for (_, _, absence), ok in zip(self.changes, written, strict=True) if ok]
        return replace(
            run,
            spared=run.spared + self.spared,
            missing=run.missing + self.missing + done.count(Absence.MISSING),
            removed=run.removed + self.removed + done.count(Absence.REMOVED),
            breaks=0,
        )


def _judge(follower: Follower, run: SyncRun, listing: Listing, batch: _Batch) -> None:
    """Decide about a follower. What a turn that died has done already is counted only."""
    if follower.sync_mark == mark_of(Mark.REMOVED, run.run):
        batch.removed += 1
        return
    is_absent = follower.status is Status.SUBSCRIBED and follower.changed_at < run.absent_as_of
    if not is_absent or listing.lists(follower.openid):
        return
    missing = mark_of(Mark.MISSING, run.run)
    again = follower.sync_mark == mark_of(Mark.MISSING, run.previous)
    match absence_of(follower.subscribed_at, run, listing.coverage, again=again):
        case Absence.SPARED:
            batch.spared += 1
        case Absence.MISSING if follower.sync_mark == missing:
            batch.missing += 1
        case Absence.MISSING:
            marked = replace(follower, sync_mark=missing)
            batch.changes.append((follower, marked, Absence.MISSING))
        case Absence.REMOVED:
            mark = mark_of(Mark.REMOVED, run.run)
            tombstone = Follower.unlisted(follower.openid, run.absent_as_of, mark)
            batch.changes.append((follower, tombstone, Absence.REMOVED))


def _failed(run: SyncRun, reason: str) -> SyncRun:
    return replace(run, state=RunState.FAILED, reason=reason)


def _done(run: SyncRun, coverage: Coverage) -> SyncRun:
    reason = None
    if run.spared and not coverage.is_ordered:
        reason = (
            "The list is in no order of subscription that would show whether it is complete: it "
            f"lacks {run.spared} followers, and nobody was removed. If their number in the console "
            "is right, run `wxlive sync --trust-list`"
        )
    return replace(run, state=RunState.DONE, reason=reason)
