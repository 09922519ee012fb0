"""The end of a run: followers that were not listed, and have no newer fact, are tombstoned."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice

from wxlive.domain.followers import Follower, Status
from wxlive.domain.sync_runs import RunState, SyncRun, sweep_is_safe
from wxlive_follower_sync.dependencies import Dependencies
from wxlive_follower_sync.follower_index import FollowerIndex
from wxlive_follower_sync.scanning import scanning

FOLLOWERS_A_BATCH = 500


def sweep(run: SyncRun, index: FollowerIndex, deps: Dependencies) -> SyncRun:
    """Sweep, unless there is doubt or it would remove too many; returns the run as it ended.

    Killed or out of time at any point, the next turn sweeps the rest.

    Raises:
        OutOfTime: this turn must come to its end.
        Conflict: the lease was lost.
    """
    if index.listed != run.listed:
        return replace(
            run,
            state=RunState.FAILED,
            reason=f"Of {run.listed} listed followers only {index.listed} are still on record; "
            "no follower was removed. Sync again",
        )
    if not run.sweep_confirmed and not sweep_is_safe(
        index.absent, index.subscribed, deps.guard_percent
    ):
        return replace(
            run,
            state=RunState.GUARDED,
            reason=f"The list lacks {index.absent} of {index.subscribed} followers, more than "
            f"SweepGuardPercent ({deps.guard_percent} %) allows; no follower was removed. Compare "
            f"with the console, then sync again or `wxlive sync --confirm-sweep {run.run}`",
        )
    removed = index.removed
    if index.absent:
        for batch in _batches(_absent(run, index, deps)):
            removed += sum(deps.followers.apply_all(batch))
    return replace(run, state=RunState.DONE, removed=removed, reason=None)


def _absent(run: SyncRun, index: FollowerIndex, deps: Dependencies) -> Iterator[Follower]:
    for follower in scanning(deps.followers.walk(Status.SUBSCRIBED), deps):
        if index.is_missing(follower):
            yield Follower.unlisted(follower.openid, run.started_at)


def _batches(facts: Iterable[Follower]) -> Iterator[list[Follower]]:
    facts = iter(facts)
    while batch := list(islice(facts, FOLLOWERS_A_BATCH)):
        yield batch
