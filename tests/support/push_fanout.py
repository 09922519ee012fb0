"""push_fanout with the real stores and client, on the world's services."""

from dataclasses import replace
from itertools import count
from typing import Any

from support.clients import wechat_client
from support.world import DAY_OFFSET_HOURS, World
from wxlive.domain.pace import WINDOW_MS
from wxlive.stores.campaigns import CampaignStore
from wxlive.stores.days import DayStore
from wxlive.stores.ledger import LedgerStore
from wxlive.stores.living import LivingStore
from wxlive.stores.pace import PaceStore
from wxlive.stores.push_queue import PushQueue
from wxlive.stores.quota import QuotaStore
from wxlive.stores.recent_results import RecentResultStore
from wxlive.stores.rooms import RoomStore
from wxlive.wechat.apis import Api
from wxlive_push_fanout.dependencies import Dependencies

RATE = 2000

A_CLAIM = '"choice"'
"""What only the transaction of a claim is about."""

_ids = count(1)


def fanout_deps(world: World, **changes: Any) -> Dependencies:
    """Build the dependencies of a sender; ``changes`` replace some of them."""
    state = world.aws.functions.state
    deps = Dependencies(
        wechat=wechat_client(world),
        campaigns=CampaignStore(state),
        ledger=LedgerStore(state),
        living=LivingStore(state),
        days=DayStore(state),
        rooms=RoomStore(state),
        pace=PaceStore(state, Api.PUSH_MESSAGE),
        quota=QuotaStore(state, Api.PUSH_MESSAGE, 5000),
        recent_results=RecentResultStore(state),
        queue=PushQueue(world.aws.functions.sqs, world.queues["push"]),
        telemetry=world.telemetry,
        rate=RATE,
        brake_percent=50,
        retry_busy=False,
        day_offset_hours=DAY_OFFSET_HOURS,
        now=world.clock,
        sleep=world.clock.sleep,
        remaining_s=world.remaining_s,
        new_id=lambda: f"sender-{next(_ids)}",
    )
    return replace(deps, **changes)


def take_slots(world: World, ahead_ms: int) -> None:
    """Have others reserve every slot of the next ``ahead_ms``."""
    now_ms = round(world.clock() * 1000)
    world.pace.reserve(
        openids=RATE,
        rate=RATE,
        now_ms=now_ms + ahead_ms - WINDOW_MS,
        max_wait_ms=0,
        midnights_ms=(),
    )
