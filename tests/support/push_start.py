"""push_start with the real stores and client, on the world's services."""

from dataclasses import replace
from typing import Any

import pytest

from factories import ROOM
from support.clients import watched, wechat_client
from support.world import DAY_OFFSET_HOURS, World
from wxlive.domain.pace import interval_ms
from wxlive.errors import InvalidCommand
from wxlive.stores.campaigns import CampaignStore
from wxlive.stores.followers import FollowerStore
from wxlive.stores.ledger import LedgerStore
from wxlive.stores.push_queue import PushQueue
from wxlive.stores.quota import QuotaStore
from wxlive.stores.results import ResultStore
from wxlive.stores.rooms import RoomStore
from wxlive.stores.sync_runs import SyncRunStore
from wxlive.wechat.apis import Api
from wxlive_push_start.dependencies import Dependencies
from wxlive_push_start.plan import Planning, plan
from wxlive_push_start.start import start

OTHER_ROOM = 2002
AUDIENCE = [f"o{n}" for n in range(5)]
"""Whom ``planned`` is for: two full chunks and a rest."""


def start_deps(world: World, **changes: Any) -> Dependencies:
    """Build the dependencies of an invocation; ``changes`` replace some of them."""
    state = watched().state
    deps = Dependencies(
        wechat=wechat_client(world),
        followers=FollowerStore(watched().dynamodb, "followers"),
        campaigns=CampaignStore(state),
        ledger=LedgerStore(state),
        results=ResultStore(state),
        rooms=RoomStore(state),
        runs=SyncRunStore(state),
        quota=QuotaStore(state, Api.PUSH_MESSAGE, 5000),
        queue=PushQueue(watched().sqs, world.queues["push"]),
        telemetry=world.telemetry,
        chunk=2,
        interval_ms=interval_ms(2000, 2000),
        day_offset_hours=DAY_OFFSET_HOURS,
        now=world.clock,
        remaining_s=lambda: world.remaining_s,
        plan_later=world.invoked.append,
    )
    return replace(deps, **changes)


def started(world: World, *openids: str) -> str:
    """Start a campaign for these subscribed followers, by default ``AUDIENCE``; returns its id."""
    world.put_followers(*(openids or AUDIENCE))
    campaign: str = start(ROOM, start_deps(world))["campaign"]
    return campaign


def planned(world: World) -> str:
    """Start a campaign for ``AUDIENCE`` and plan it to its end; returns its id."""
    campaign = started(world)
    assert plan(campaign, start_deps(world)) is Planning.DONE
    return campaign


def refusal(world: World, room: int = ROOM, **changes: Any) -> str:
    """Start a push that is refused; returns the sentence."""
    with pytest.raises(InvalidCommand) as error:
        start(room, start_deps(world, **changes))
    return str(error.value)
