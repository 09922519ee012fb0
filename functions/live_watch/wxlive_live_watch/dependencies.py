"""What live_watch works with."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from wxlive import aws
from wxlive.bootstrap.process import invoke_async, secret_store, settings, state_table, telemetry
from wxlive.bootstrap.wechat import wechat_client
from wxlive.domain.announcements import announce_room
from wxlive.domain.rooms import Room
from wxlive.settings import Settings
from wxlive.stores.announcements import EventBus
from wxlive.stores.campaigns import CampaignStore
from wxlive.stores.commands import CommandStore
from wxlive.stores.living import LivingStore
from wxlive.stores.quota import QuotaStore
from wxlive.stores.rooms import RoomStore
from wxlive.telemetry import Telemetry
from wxlive.wechat.apis import Api
from wxlive.wechat.client import WechatClient


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What live_watch works with. ``now`` is Unix seconds, ``run_s`` when this invocation began.

    ``invoke_push_start`` invokes push_start without waiting; ``publish_live`` sends the event that
    a room went live; ``quota`` counts the day's calls; ``other_quotas`` are those of the other
    APIs, checked here because this function runs each minute anyway. ``trial`` is that of a push
    that starts by itself, as push_start takes it.
    """

    wechat: WechatClient
    rooms: RoomStore
    campaigns: CampaignStore
    living: LivingStore
    commands: CommandStore
    quota: QuotaStore
    other_quotas: tuple[QuotaStore, ...]
    telemetry: Telemetry
    auto_push: bool
    trial: Mapping[str, int] | None
    room_wait_limit_s: int
    day_offset_hours: int
    now: Callable[[], float]
    sleep: Callable[[float], None]
    run_s: int
    invoke_push_start: Callable[[dict[str, Any]], None]
    publish_live: Callable[[Room], None]


def build_dependencies() -> Dependencies:
    """Build them for one invocation."""
    config = settings()
    state = state_table()
    return Dependencies(
        wechat=wechat_client(secret_store().load()),
        rooms=RoomStore(state),
        campaigns=CampaignStore(state),
        living=LivingStore(state),
        commands=CommandStore(state),
        quota=QuotaStore(state, Api.GET_LIVE_INFO, config.watch_daily_calls),
        other_quotas=tuple(
            QuotaStore(state, api, config.daily_call_quota)
            for api in (Api.PUSH_MESSAGE, Api.GET_FOLLOWERS)
        ),
        telemetry=telemetry(),
        auto_push=config.auto_push,
        trial=_trial(config),
        room_wait_limit_s=config.room_wait_limit_s,
        day_offset_hours=config.day_offset_hours,
        now=time.time,
        sleep=time.sleep,
        run_s=int(time.time()),
        invoke_push_start=lambda payload: invoke_async(config.push_start_function, payload),
        publish_live=_publish_live,
    )


def _trial(config: Settings) -> dict[str, int] | None:
    """Return the trial of a push that starts by itself, which is one call; None if it has none."""
    first = min(config.trial_openids, config.chunk_openids)
    return {"first": first, "go_on_at": config.trial_go_on_percent} if first else None


def _publish_live(room: Room) -> None:
    """Announce it; a rule of the stack mails it where AutoPush is off."""
    config = settings()
    bus = EventBus(aws.events(), config.stack_name)
    bus.publish(announce_room(room, auto_push=config.auto_push))
