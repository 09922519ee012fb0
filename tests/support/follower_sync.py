"""follower_sync with the real stores and client, on the world's services."""

from dataclasses import replace
from typing import Any

from support.clients import wechat_client
from support.world import DAY_OFFSET_HOURS, World
from wxlive.domain.sync_runs import SyncRun
from wxlive.stores.followers import FollowerStore
from wxlive.stores.quota import QuotaStore
from wxlive.stores.sync_runs import SyncRunStore
from wxlive.wechat.apis import Api
from wxlive_follower_sync.dependencies import Dependencies
from wxlive_follower_sync.walk import work

ROWS_PER_PAGE = 3
"""Rows in a page of the list, in every test of follower_sync."""


def sync_deps(world: World, owner: str = "first", **changes: Any) -> Dependencies:
    """Build the dependencies of a worker; ``changes`` replace some of them."""
    deps = Dependencies(
        wechat=wechat_client(world),
        followers=FollowerStore(world.aws.functions.dynamodb, "followers"),
        runs=SyncRunStore(world.aws.functions.state),
        quota=QuotaStore(world.aws.functions.state, Api.GET_FOLLOWERS, 5000),
        telemetry=world.telemetry,
        owner=owner,
        day_offset_hours=DAY_OFFSET_HOURS,
        guard_percent=20,
        now=world.clock,
        sleep=world.clock.sleep,
        remaining_s=world.remaining_s,
        continue_later=lambda: world.invoked.append({"action": "work"}),
    )
    return replace(deps, **changes)


def counts(run: SyncRun) -> tuple[int, int, int, int]:
    return run.listed, run.added, run.changed, run.removed


def guarded_run(world: World) -> SyncRun:
    """Have a run guarded: it would remove 3 of 10 followers."""
    world.put_followers(*(f"o{n}" for n in range(10)))
    world.at_wechat(lambda p: p.list_followers([f"o{n}" for n in range(3, 10)]))
    work(sync_deps(world))
    return world.newest_run()
