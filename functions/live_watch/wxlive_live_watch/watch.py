"""One look at the rooms: remember them, notice who went live, wake what waits."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from wxlive.campaigns import CampaignState
from wxlive.errors import WxliveError
from wxlive.pace import day_of
from wxlive.rooms import Room, newly_live
from wxlive.stores.campaigns import CampaignStore
from wxlive.stores.pace import QuotaStore
from wxlive.stores.rooms import RoomStore
from wxlive.telemetry import Metric, Telemetry
from wxlive.wechat import WechatClient
from wxlive_live_watch.wake import Wake, wake

ROOMS_LOOKED_AT = 50
"""One page: rooms come latest start first, and more were not seen to be given."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What live_watch works with. ``ask_push_start`` invokes push_start without waiting."""

    wechat: WechatClient
    rooms: RoomStore
    campaigns: CampaignStore
    quota: QuotaStore
    telemetry: Telemetry
    auto_push: bool
    room_wait_limit_s: int
    day_offset_hours: int
    now: Callable[[], float]
    ask_push_start: Callable[[dict[str, Any]], None]


def watch(parts: Parts) -> dict[str, Any]:
    """Look once; returns what was seen and done."""
    known = parts.rooms.all()
    seen = _look(parts)
    opened = newly_live(known, seen)
    for room in seen:
        if room != known.get(room.room_id):
            parts.rooms.save(room, parts.now())
    pushed = _announce(opened, parts)
    woken = _wake({**known, **{room.room_id: room for room in seen}}, parts)
    return {
        "rooms": len(seen),
        "went_live": [room.room_id for room in opened],
        "pushed": pushed,
        "woken": woken.value,
    }


def _look(parts: Parts) -> tuple[Room, ...]:
    """Ask WeChat; a failure is told and costs one look, not the waking of campaigns."""
    now_s = parts.now()
    try:
        parts.quota.take(day_of(now_s, parts.day_offset_hours), now_s)
        return parts.wechat.rooms(0, ROOMS_LOOKED_AT)
    except WxliveError as error:
        parts.telemetry.problem("rooms not told", error)
        return ()


def _announce(opened: list[Room], parts: Parts) -> int | None:
    """Count the rooms that opened; push the first one if nobody has the day yet."""
    for room in opened:
        parts.telemetry.count(Metric.ROOM_WENT_LIVE)
        parts.telemetry.logger.info("room went live", extra={"room_id": room.room_id})
    day = day_of(parts.now(), parts.day_offset_hours)
    if not (opened and parts.auto_push) or parts.campaigns.claimed_by(day) is not None:
        return None
    parts.ask_push_start({"action": "start", "room_id": opened[0].room_id})
    return opened[0].room_id


def _wake(rooms: dict[int, Room], parts: Parts) -> Wake:
    campaign = parts.campaigns.newest()
    decision = wake(campaign, rooms, now_s=parts.now(), room_wait_limit_s=parts.room_wait_limit_s)
    if campaign is None or decision is Wake.NOTHING:
        return decision
    parts.telemetry.logger.info(
        "campaign woken", extra={"campaign": campaign.campaign, "decision": decision.value}
    )
    if decision is Wake.GIVE_UP:
        moved = parts.campaigns.move(
            campaign.campaign,
            CampaignState.FAILED,
            out_of=[CampaignState.WAITING_LIVE],
            reason=f"The room was not live for {parts.room_wait_limit_s} s "
            "(RoomWaitLimitSeconds); nothing more was sent",
        )
        if moved:
            parts.telemetry.count(Metric.CAMPAIGN_FAILED)
    else:
        parts.ask_push_start({"action": decision.value, "campaign": campaign.campaign})
    return decision
