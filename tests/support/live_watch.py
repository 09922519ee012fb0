"""live_watch with the real stores and client, on the world's services."""

from dataclasses import replace
from typing import Any

from factories import DAY
from support.clients import wechat_client
from support.world import DAY_OFFSET_HOURS, World
from wxlive.domain.campaigns import CampaignState, HoldKind
from wxlive.stores.campaigns import CampaignStore
from wxlive.stores.commands import CommandStore
from wxlive.stores.living import LivingStore
from wxlive.stores.quota import QuotaStore
from wxlive.stores.rooms import RoomStore
from wxlive.wechat.apis import Api
from wxlive_live_watch.dependencies import Dependencies
from wxlive_live_watch.poll import poll
from wxlive_live_watch.poll_policy import RARELY_S

WAITING: dict[str, Any] = {
    "state": CampaignState.WAITING_LIVE,
    "hold_kind": HoldKind.ROOM,
    "hold_id": "h1",
}
"""The facts of a campaign that waits for its room."""


def watch_deps(world: World, **changes: Any) -> Dependencies:
    """Build the dependencies of a poll; ``changes`` replace some of them."""
    state = world.aws.functions.state
    deps = Dependencies(
        wechat=wechat_client(world),
        rooms=RoomStore(state),
        campaigns=CampaignStore(state),
        living=LivingStore(state),
        commands=CommandStore(state),
        quota=QuotaStore(state, Api.GET_LIVE_INFO, 400),
        other_quotas=(QuotaStore(state, Api.PUSH_MESSAGE, 10),),
        telemetry=world.telemetry,
        auto_push=False,
        trial=None,
        room_wait_limit_s=3600,
        day_offset_hours=DAY_OFFSET_HOURS,
        now=world.clock,
        sleep=world.clock.sleep,
        run_s=int(world.clock()),
        invoke_push_start=world.invoked.append,
        publish_live=world.published.append,
    )
    return replace(deps, **changes)


def automatic_start(room_id: int, live_since: int) -> dict[str, Any]:
    """Return how live_watch asks for the push of a room that went live."""
    return {
        "action": "start",
        "room_id": room_id,
        "command": f"auto#{room_id}#{live_since}",
        "automatic": True,
        "day": DAY,
        "planned_at": 0,
    }


def poll_again(world: World, **changes: Any) -> dict[str, Any]:
    """Poll after so long that WeChat is asked again; ``changes`` are those of the dependencies."""
    world.clock.now_s += RARELY_S
    return poll(watch_deps(world, **changes)).facts
