"""push_fanout with the real stores and client, on the world's services."""

from dataclasses import replace
from typing import Any

from support.clients import watched, wechat_client
from support.world import DAY_OFFSET_HOURS, World
from wxlive.domain.pace import interval_ms
from wxlive.stores.campaigns import CampaignStore
from wxlive.stores.ledger import LedgerStore
from wxlive.stores.pace import PaceStore
from wxlive.stores.push_queue import PushQueue
from wxlive.stores.quota import QuotaStore
from wxlive.wechat.apis import Api
from wxlive_push_fanout.dependencies import Dependencies

INTERVAL_MS = interval_ms(2000, 2000)


def fanout_deps(world: World, **changes: Any) -> Dependencies:
    """Build the dependencies of a sender; ``changes`` replace some of them."""
    state = watched().state
    deps = Dependencies(
        wechat=wechat_client(world),
        campaigns=CampaignStore(state),
        ledger=LedgerStore(state),
        pace=PaceStore(state, Api.PUSH_MESSAGE),
        quota=QuotaStore(state, Api.PUSH_MESSAGE, 5000),
        queue=PushQueue(watched().sqs, world.queues["push"]),
        telemetry=world.telemetry,
        interval_ms=INTERVAL_MS,
        retry_busy=False,
        day_offset_hours=DAY_OFFSET_HOURS,
        now=world.clock,
        sleep=world.clock.sleep,
    )
    return replace(deps, **changes)
