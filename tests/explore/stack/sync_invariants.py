"""What must hold in every world of the follower sync."""

from collections.abc import Iterator

from explore.engine.search import Invariants, StateTest
from explore.engine.world import Choice, World
from explore.stack.places import NOTES, TABLES, WECHAT, Wechat
from explore.stack.scenario import Scenario
from explore.stack.view import changes, follower_in, sync_run_in
from wxlive.domain.followers import Follower, Source, Status
from wxlive.domain.sync_runs import RunState, SyncRun
from wxlive.telemetry import Metric
from wxlive_follower_sync.runs import ABANDONED

_METRICS = {
    RunState.DONE: Metric.SYNC_DONE,
    RunState.FAILED: Metric.SYNC_FAILED,
    RunState.GUARDED: Metric.SYNC_GUARDED,
}


def no_subscriber_is_removed(world: World, _choice: Choice, new: World) -> str | None:
    """A sync removes nobody who has been subscribed since before the run."""
    subscribed = dict(new.shared[WECHAT].value.followers)
    for old, item in changes(world, new):
        was, now = follower_in(old) if old else None, follower_in(item)
        if now is None or now.status is Status.SUBSCRIBED or now.source is not Source.SYNC:
            continue
        since_s = subscribed.get(now.openid)
        if was and was.status is Status.SUBSCRIBED and since_s and since_s < now.changed_at:
            return f"a sync removes {now.openid}, who is subscribed since {since_s}"
    return None


def facts_grow_newer(world: World, _choice: Choice, new: World) -> str | None:
    """No record is replaced by an older fact."""
    for old, item in changes(world, new):
        was, now = follower_in(old) if old else None, follower_in(item)
        if was and now and was.order > now.order:
            return f"{now.openid}: what is of {was.changed_at} gives way to {now.changed_at}"
    return None


def an_ended_run_stays(world: World, _choice: Choice, new: World) -> str | None:
    """A run that has ended changes no more, unless a guarded one is confirmed."""
    for old, item in changes(world, new):
        was, now = sync_run_in(old) if old else None, sync_run_in(item)
        if was and now and was.state not in {RunState.OPEN, RunState.GUARDED} and was != now:
            return f"run {was.run} is {was.state.value} and changes"
    return None


def _runs(world: World) -> Iterator[SyncRun]:
    return filter(None, map(sync_run_in, world.shared[TABLES].items))


def every_run_ends(world: World) -> str | None:
    """At the end no run is open, unless it waits with a reason; its end was counted."""
    for run in _runs(world):
        if run.state is RunState.OPEN and not (run.resume_at and run.reason):
            return f"run {run.run} stays open"
        metric = _METRICS.get(run.state) if run.reason != ABANDONED else None
        if metric is not None and metric not in world.shared[NOTES].value:
            return f"run {run.run} is {run.state.value}, and no {metric} was counted"
    return None


def the_table_is_right(initial: Scenario) -> StateTest:
    """At the end the table says what WeChat said last, by a list or an event."""
    unheard = {openid for openid, _ in initial.follows}

    def test(world: World) -> str | None:
        wechat: Wechat = world.shared[WECHAT].value
        is_listed = any(run.state is RunState.DONE for run in _runs(world))
        found = filter(None, map(follower_in, world.shared[TABLES].items))
        table: dict[str, Follower] = {follower.openid: follower for follower in found}
        subscribed = {o for o, f in table.items() if f.status is Status.SUBSCRIBED}
        truth = dict(wechat.followers)
        # Who leaves while the list is walked moves somebody out of sight, until the next run.
        if is_listed and not unheard and (missing := truth.keys() - subscribed):
            return f"not in the table: {' '.join(sorted(missing))}"
        if initial.faults == world.budget.value.faults:  # else an event may have been lost
            wrong = [o for o in unheard if (o in truth) != (o in subscribed)]
            if wrong:
                return f"the last event does not count: {' '.join(sorted(wrong))}"
        return None

    return test


def the_counts_are_right(initial: Scenario) -> StateTest:
    """At the end of a run beside which nothing happened, its counts are what it did."""
    table, listed = set(initial.followers), dict(initial.listed)

    def test(world: World) -> str | None:
        if initial.follows:
            return None
        for run in _runs(world):
            if run.state is not RunState.DONE or run.previous:
                continue
            shown = (run.listed, run.expected or 0, run.added)
            right = (len(listed), len(table), len(listed.keys() - table))
            if shown != right:
                return f"listed, expected, added are {shown} and should be {right}"
            lost = run.missing + run.removed + run.spared
            if lost != len(table - listed.keys()):
                return f"{lost} are counted as not listed"
        return None

    return test


def usual(scenario: Scenario) -> Invariants:
    """Return what must hold in every world of the sync."""
    steps = (
        ("no-subscriber-is-removed", no_subscriber_is_removed),
        ("facts-grow-newer", facts_grow_newer),
        ("an-ended-run-stays", an_ended_run_stays),
    )
    ends = (
        ("every-run-ends", every_run_ends),
        ("the-table-is-right", the_table_is_right(scenario)),
        ("the-counts-are-right", the_counts_are_right(scenario)),
    )
    return Invariants((), steps, ends, (TABLES, WECHAT))
