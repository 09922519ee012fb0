"""follower_sync with the real stores and client, on the world's services."""

from dataclasses import replace
from typing import Any

from factories import NOW_S, a_pseudonym_key, a_run
from support.clients import wechat_client
from support.world import DAY_OFFSET_HOURS, World
from wxlive.domain.followers import Mark, mark_of
from wxlive.domain.sync_runs import RunState, SyncRun
from wxlive.stores.followers import FollowerStore
from wxlive.stores.forgotten import ForgottenStore
from wxlive.stores.quota import QuotaStore
from wxlive.stores.sync_runs import SyncRunStore
from wxlive.wechat.apis import Api
from wxlive_follower_sync.dependencies import Dependencies
from wxlive_follower_sync.runs import open_run
from wxlive_follower_sync.walk import Turn, work

CLOCK_MARGIN_S = 120

ROWS_PER_PAGE = 3
"""Rows in a page of the list, in every test of follower_sync."""


def sync_deps(world: World, owner: str = "first", **changes: Any) -> Dependencies:
    """Build the dependencies of a worker; ``changes`` replace some of them."""
    deps = Dependencies(
        wechat=wechat_client(world),
        followers=FollowerStore(world.aws.functions.dynamodb, "followers"),
        runs=SyncRunStore(world.aws.functions.state),
        forgotten=ForgottenStore(world.aws.functions.dynamodb, "state", a_pseudonym_key),
        quota=QuotaStore(world.aws.functions.state, Api.GET_FOLLOWERS, 5000),
        telemetry=world.telemetry,
        owner=owner,
        day_offset_hours=DAY_OFFSET_HOURS,
        guard_percent=20,
        clock_margin_s=CLOCK_MARGIN_S,
        now=world.clock,
        sleep=world.clock.sleep,
        remaining_s=world.remaining_s,
        continue_later=lambda: world.invoked.append({"action": "continue"}),
    )
    return replace(deps, **changes)


def sync(world: World, owner: str = "first", **changes: Any) -> Turn:
    """Begin a run, unless one is open, and take a turn of it; ``changes`` are of dependencies."""
    deps = sync_deps(world, owner, **changes)
    open_run(deps)
    return work(deps)


def sync_twice(world: World, **changes: Any) -> Turn:
    """Do two complete runs, one after the other, as two days would."""
    assert sync(world, **changes) is Turn.ENDED
    world.clock.now_s += 86_400
    return sync(world, **changes)


def counts(run: SyncRun) -> tuple[int, int, int, int]:
    return run.listed, run.added, run.changed, run.removed


def put_missing(world: World, *openids: str) -> SyncRun:
    """Put followers into the table whom a complete run has lacked already; returns that run."""
    before = a_run("20261121T040000-done", state=RunState.DONE, started_at=NOW_S - 86_400)
    world.runs.open(before)
    mark = mark_of(Mark.MISSING, before.run)
    world.put_followers(*openids, subscribed_at=1, sync_mark=mark)
    return before


def guarded_run(world: World) -> SyncRun:
    """Have a run guarded: it would remove 3 of 10 followers."""
    world.put_followers(*(f"o{n}" for n in range(10)), subscribed_at=1)
    world.at_wechat(lambda p: p.list_followers([f"o{n}" for n in range(3, 10)]))
    sync(world)
    return world.newest_run()
