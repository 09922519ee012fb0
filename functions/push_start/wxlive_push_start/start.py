"""Starting a campaign: check first, claim the day for the room, have it planned."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from wxlive.domain.audience import EVERYBODY, Audience
from wxlive.domain.calendar import day_of, stamp_of
from wxlive.domain.campaigns import ENDED, Campaign, CampaignState
from wxlive.domain.chunks import ChunkState
from wxlive.domain.reports import Report, report
from wxlive.domain.rooms import Room
from wxlive.domain.sync_runs import RunState
from wxlive.errors import Conflict, InvalidCommand, WxliveError
from wxlive.wechat.apis import ROOM_PAGES, ROOMS_PER_PAGE, Api
from wxlive_push_start.dependencies import Dependencies
from wxlive_push_start.preflight import (
    Forecast,
    check_room,
    forecast,
)
from wxlive_push_start.reporting import read_report

ROOM_FOR_MORE = 1.2
"""How much larger than the last sync's list the audience may have become."""


def start(room_id: int, deps: Dependencies, target: Audience = EVERYBODY) -> dict[str, Any]:
    """Start the day's campaign for a room, to a target audience; returns its report.

    A repeated command for the same room on the same day starts nothing and returns the campaign
    that runs already: nobody is notified twice.

    Raises:
        InvalidCommand: another room has the day, the room is not live, too few calls are left,
            nobody is subscribed, or the day's campaign has ended after it had sent something.
    """
    day = day_of(deps.now(), deps.day_offset_hours)
    holder = _holder_of(day, deps)
    if holder is not None and not _can_be_replaced(holder):
        return _repeated(holder, room_id, target)
    _check(room_id, day, _audience_about, target, deps)
    campaign = Campaign(
        campaign=f"{stamp_of(deps.now(), deps.day_offset_hours)}-{room_id}",
        room_id=room_id,
        day=day,
        state=CampaignState.PLANNED,
        created_at=int(deps.now()),
        target=target,
    )
    try:
        deps.campaigns.open(
            campaign, replacing=holder.campaign.campaign if holder is not None else None
        )
    except Conflict as error:
        raise InvalidCommand(
            f"Another push was started for {day} at the same time; see `wxlive status`"
        ) from error
    deps.plan_later(campaign.campaign)
    return read_report(campaign, deps).summary()


def rehearse(room_id: int, deps: Dependencies, target: Audience = EVERYBODY) -> dict[str, Any]:
    """Return what a push would take, without starting one.

    Raises:
        InvalidCommand: it would be refused, and why.
    """
    day = day_of(deps.now(), deps.day_offset_hours)
    holder = _holder_of(day, deps)
    if holder is not None and not _can_be_replaced(holder):
        _refuse_other_room(holder, room_id)
        raise InvalidCommand(
            f"Room {room_id} is pushed today by campaign {holder.campaign.campaign} "
            f"({holder.state.value}); a room is pushed once a day"
        )
    expected = _check(room_id, day, _audience_counted, target, deps)
    campaign = Campaign(
        campaign="",
        room_id=room_id,
        day=day,
        state=CampaignState.PLANNED,
        created_at=int(deps.now()),
        audience=expected.audience,
        target=target,
    )
    return {
        **report(campaign, (), (), deps.now()).summary(),
        "campaign": None,
        "dry_run": True,
        **asdict(expected),
    }


def _holder_of(day: str, deps: Dependencies) -> Report | None:
    campaign_id = deps.campaigns.claimed_by(day)
    campaign = deps.campaigns.get(campaign_id) if campaign_id is not None else None
    return read_report(campaign, deps) if campaign is not None else None


def _can_be_replaced(holder: Report) -> bool:
    """Whether the day's campaign ended before any follower was, or may have been, notified."""
    may_have_notified = (ChunkState.SENDING, ChunkState.ACCEPTED, ChunkState.UNKNOWN)
    return holder.campaign.state in ENDED and not any(
        holder.chunks[state] for state in may_have_notified
    )


def _repeated(holder: Report, room_id: int, target: Audience) -> dict[str, Any]:
    _refuse_other_room(holder, room_id)
    if holder.campaign.target != target:
        raise InvalidCommand(
            f"Room {room_id} is pushed today by campaign {holder.campaign.campaign} to another "
            "audience; it can no longer be changed"
        )
    if holder.campaign.state in ENDED:
        notified = holder.openids[ChunkState.ACCEPTED]
        raise InvalidCommand(
            f"Campaign {holder.campaign.campaign} for room {room_id} was "
            f"{holder.state.value} today after {notified} followers had been notified; another "
            "push would notify them twice"
        )
    return {**holder.summary(), "repeated": True}


def _refuse_other_room(holder: Report, room_id: int) -> None:
    if holder.campaign.room_id != room_id:
        raise InvalidCommand(
            f"Room {holder.campaign.room_id} is pushed today by campaign "
            f"{holder.campaign.campaign}, and WeChat allows one room a day; push room {room_id} "
            "tomorrow"
        )


def _check(
    room_id: int,
    day: str,
    audience: Callable[[Audience, int, Dependencies], int],
    target: Audience,
    deps: Dependencies,
) -> Forecast:
    check_room(room_id, _find_room(room_id, deps))
    _seed_quota(day, deps)
    quota_left = deps.quota.left(day)
    return forecast(
        audience=audience(target, quota_left, deps),
        chunk=deps.chunk,
        interval_ms=deps.interval_ms,
        quota_left=quota_left,
    )


def _audience_counted(target: Audience, _quota_left: int, deps: Dependencies) -> int:
    return deps.followers.count_audience(target)


def _audience_about(target: Audience, quota_left: int, deps: Dependencies) -> int:
    """Count only where the exact number decides something.

    Counting millions takes longer than the first push may. What the last sync listed is close
    enough while the day's calls leave room for more, and a part of the followers is less.
    """
    run = deps.runs.newest()
    listed = run.listed if run is not None and run.state is RunState.DONE else 0
    if 0 < listed * ROOM_FOR_MORE <= quota_left * deps.chunk:
        return listed
    return _audience_counted(target, quota_left, deps)


def _find_room(room_id: int, deps: Dependencies) -> Room | None:
    for page in range(ROOM_PAGES):
        rooms = deps.wechat.rooms(page * ROOMS_PER_PAGE, ROOMS_PER_PAGE)
        for room in rooms:
            if room.room_id == room_id:
                deps.rooms.save(room, deps.now())
                return room
        if len(rooms) < ROOMS_PER_PAGE:
            return None
    return None


def _seed_quota(day: str, deps: Dependencies) -> None:
    """Learn what other programs of the merchant have used today, if WeChat answers."""
    try:
        quota = deps.wechat.quota(Api.PUSH_MESSAGE)
    except WxliveError as error:
        deps.telemetry.problem("quota not known", error)
        return
    deps.quota.seed(day, quota.used, deps.now())
