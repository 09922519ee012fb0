"""Starting a campaign: look before, claim the day for the room, hand the planning on."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from wxlive.campaigns import ENDED, Campaign, CampaignState, ChunkState
from wxlive.errors import Conflict, Refused, WxliveError
from wxlive.followers import Status
from wxlive.pace import day_of, stamp_of
from wxlive.reports import Report, report
from wxlive.rooms import Room
from wxlive.stores.campaigns import CampaignStore
from wxlive.stores.followers import FollowerStore
from wxlive.stores.pace import QuotaStore
from wxlive.stores.queue import PushQueue
from wxlive.stores.rooms import RoomStore
from wxlive.stores.sync_runs import SyncRunStore
from wxlive.sync_runs import RunState
from wxlive.telemetry import Telemetry
from wxlive.wechat import PUSH_MESSAGE, WechatClient
from wxlive_push_start.preflight import (
    PAGES_LOOKED_AT,
    ROOMS_A_PAGE,
    Forecast,
    check_room,
    forecast,
)

ROOM_FOR_MORE = 1.2
"""How much larger than the last sync's list the audience may have become."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What push_start works with. ``plan_later`` has a campaign planned in another invocation."""

    wechat: WechatClient
    followers: FollowerStore
    campaigns: CampaignStore
    rooms: RoomStore
    runs: SyncRunStore
    quota: QuotaStore
    queue: PushQueue
    telemetry: Telemetry
    chunk: int
    interval_ms: int
    day_offset_hours: int
    now: Callable[[], float]
    remaining_s: Callable[[], float]
    plan_later: Callable[[str], None]


def start(room_id: int, parts: Parts) -> dict[str, Any]:
    """Start the day's campaign for a room; returns its report.

    Asking again for the same room on the same day starts nothing and returns the campaign
    that runs already: nobody is told twice because a command was repeated.

    Raises:
        Refused: another room has the day, the room is not live, too few calls are left,
            nobody is subscribed, or the day's campaign has ended after it had sent something.
    """
    day = day_of(parts.now(), parts.day_offset_hours)
    holder = _holder_of(day, parts)
    if holder is not None and not _gives_way(holder):
        return _repeated(holder, room_id)
    _look_before(room_id, day, _audience_about, parts)
    campaign = Campaign(
        campaign=f"{stamp_of(parts.now(), parts.day_offset_hours)}-{room_id}",
        room_id=room_id,
        day=day,
        state=CampaignState.PLANNED,
        created_at=int(parts.now()),
    )
    try:
        parts.campaigns.open(
            campaign, replacing=holder.campaign.campaign if holder is not None else None
        )
    except Conflict as error:
        raise Refused(
            f"Another push was started for {day} in this moment; see `wxlive status`"
        ) from error
    parts.plan_later(campaign.campaign)
    return parts.campaigns.report(campaign, parts.now()).summary()


def rehearse(room_id: int, parts: Parts) -> dict[str, Any]:
    """Tell what a push would take, without starting one.

    Raises:
        Refused: it would be refused, and why.
    """
    day = day_of(parts.now(), parts.day_offset_hours)
    holder = _holder_of(day, parts)
    if holder is not None and not _gives_way(holder):
        _refuse_other_room(holder, room_id)
        raise Refused(
            f"Room {room_id} is pushed today by campaign {holder.campaign.campaign} "
            f"({holder.state.value}); a room is pushed once a day"
        )
    expected = _look_before(room_id, day, _audience_counted, parts)
    campaign = Campaign(
        campaign="",
        room_id=room_id,
        day=day,
        state=CampaignState.PLANNED,
        created_at=int(parts.now()),
        audience=expected.audience,
    )
    return {
        **report(campaign, (), ()).summary(),
        "campaign": None,
        "dry_run": True,
        **asdict(expected),
    }


def _holder_of(day: str, parts: Parts) -> Report | None:
    campaign_id = parts.campaigns.claimed_by(day)
    campaign = parts.campaigns.get(campaign_id) if campaign_id is not None else None
    return parts.campaigns.report(campaign, parts.now()) if campaign is not None else None


def _gives_way(holder: Report) -> bool:
    """Whether the day's campaign ended before anybody was, or may have been, told."""
    may_have_told = (ChunkState.SENDING, ChunkState.ACCEPTED, ChunkState.UNKNOWN)
    return holder.campaign.state in ENDED and not any(
        holder.chunks[state] for state in may_have_told
    )


def _repeated(holder: Report, room_id: int) -> dict[str, Any]:
    _refuse_other_room(holder, room_id)
    if holder.campaign.state in ENDED:
        told = holder.openids[ChunkState.ACCEPTED]
        raise Refused(
            f"Campaign {holder.campaign.campaign} for room {room_id} was "
            f"{holder.state.value} today after {told} followers had been told; pushing again "
            "would tell them twice"
        )
    return {**holder.summary(), "repeated": True}


def _refuse_other_room(holder: Report, room_id: int) -> None:
    if holder.campaign.room_id != room_id:
        raise Refused(
            f"Room {holder.campaign.room_id} is pushed today by campaign "
            f"{holder.campaign.campaign}, and WeChat allows one room a day; push room {room_id} "
            "tomorrow"
        )


def _look_before(
    room_id: int, day: str, audience: Callable[[Parts, int], int], parts: Parts
) -> Forecast:
    check_room(room_id, _find_room(room_id, parts))
    _seed_quota(day, parts)
    quota_left = parts.quota.left(day)
    return forecast(
        audience=audience(parts, quota_left),
        chunk=parts.chunk,
        interval_ms=parts.interval_ms,
        quota_left=quota_left,
    )


def _audience_counted(parts: Parts, _quota_left: int) -> int:
    return parts.followers.count()[Status.SUBSCRIBED]


def _audience_about(parts: Parts, quota_left: int) -> int:
    """Count only where the exact number decides something.

    Counting millions takes longer than the first push may. What the last sync listed is near
    enough while the day's calls leave room for more.
    """
    run = parts.runs.newest()
    listed = run.listed if run is not None and run.state is RunState.DONE else 0
    if 0 < listed * ROOM_FOR_MORE <= quota_left * parts.chunk:
        return listed
    return _audience_counted(parts, quota_left)


def _find_room(room_id: int, parts: Parts) -> Room | None:
    for page in range(PAGES_LOOKED_AT):
        rooms = parts.wechat.rooms(page * ROOMS_A_PAGE, ROOMS_A_PAGE)
        for room in rooms:
            if room.room_id == room_id:
                parts.rooms.save(room, parts.now())
                return room
        if len(rooms) < ROOMS_A_PAGE:
            return None
    return None


def _seed_quota(day: str, parts: Parts) -> None:
    """Learn what other programs of the merchant have used up today, where WeChat says it."""
    try:
        quota = parts.wechat.quota(PUSH_MESSAGE)
    except WxliveError as error:
        parts.telemetry.problem("quota not told", error)
        return
    parts.quota.seed(day, quota.used, parts.now())
