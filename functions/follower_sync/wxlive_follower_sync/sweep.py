"""The end of a run: those whom nobody listed and nothing newer vouches for are tombstoned."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice

from wxlive.followers import Follower, Status
from wxlive.sync_runs import RunState, SyncRun, sweep_is_safe
from wxlive_follower_sync.parts import Parts, scanning
from wxlive_follower_sync.roll import Roll

FOLLOWERS_A_BATCH = 500


def sweep(run: SyncRun, roll: Roll, parts: Parts) -> SyncRun:
    """Sweep, unless there is doubt or it would remove too many; returns the run as it ended.

    Killed or out of time at any point, the next turn sweeps the rest.

    Raises:
        OutOfTime: this turn must come to its end.
        Conflict: the lease was lost.
    """
    if roll.listed != run.listed:
        return replace(
            run,
            state=RunState.FAILED,
            reason=f"Of {run.listed} listed followers only {roll.listed} are still on record; "
            "nobody was removed. Sync again",
        )
    if not run.sweep_confirmed and not sweep_is_safe(
        roll.absent, roll.subscribed, parts.guard_percent
    ):
        return replace(
            run,
            state=RunState.GUARDED,
            reason=f"The list lacks {roll.absent} of {roll.subscribed} followers, more than "
            f"SweepGuardPercent ({parts.guard_percent} %) allows; nobody was removed. Compare "
            f"with the console, then sync again or `wxlive sync --confirm-sweep {run.run}`",
        )
    removed = roll.removed
    if roll.absent:
        for batch in _batches(_absent(run, roll, parts)):
            removed += sum(parts.followers.apply_all(batch))
    return replace(run, state=RunState.DONE, removed=removed, reason=None)


def _absent(run: SyncRun, roll: Roll, parts: Parts) -> Iterator[Follower]:
    for follower in scanning(parts.followers.walk(Status.SUBSCRIBED), parts):
        if roll.lacks(follower):
            yield Follower.unlisted(follower.openid, run.started_at)


def _batches(facts: Iterable[Follower]) -> Iterator[list[Follower]]:
    facts = iter(facts)
    while batch := list(islice(facts, FOLLOWERS_A_BATCH)):
        yield batch
