"""One poll: ask WeChat for the rooms if it is time, push the room to push, resume what waits."""

from dataclasses import dataclass
from typing import Any

from wxlive.domain.calendar import day_ends_at, day_of
from wxlive.domain.campaigns import Campaign, CampaignState
from wxlive.domain.rooms import Choice, Room, newly_live, noticed
from wxlive.errors import QuotaUsedUp, WxliveError
from wxlive.telemetry import Metric
from wxlive.wechat.apis import ROOM_PAGES, ROOMS_PER_PAGE
from wxlive_live_watch.dependencies import Dependencies
from wxlive_live_watch.poll_policy import Reason, reason_to_ask
from wxlive_live_watch.recovery import Recovery, choose_recovery
from wxlive_live_watch.room_choice import choose_room, push_wanted_since

DAY_S = 86_400

OVERDUE_S = 300
"""A room that has been live for so long without being pushed is worth an alarm."""


@dataclass(frozen=True, slots=True)
class Today:
    """The day: the chosen room, whether a campaign holds the day, and the newest campaign."""

    day: str
    ends_at: int
    choice: Choice | None
    is_taken: bool
    campaign: Campaign | None

    def room_to_push(self, rooms: dict[int, Room], *, auto_push: bool) -> Room | None:
        """Return the room to push now: none on a day that a campaign has already."""
        if self.is_taken:
            return None
        began_at = self.ends_at - DAY_S
        return choose_room(rooms.values(), self.choice, auto_push=auto_push, day_began_at=began_at)


def poll(deps: Dependencies) -> dict[str, Any]:
    """Poll once; returns what was seen and done.

    Events and pushes come before the rooms are stored: an invocation that breaks off repeats
    them.
    """
    today = _today(deps)
    known = deps.rooms.all()
    reason = _reason(known, today, deps)
    seen = noticed(known, _list_rooms(today, deps) if reason else (), deps.now())
    if reason and any(quota.is_low(today.day) for quota in (deps.quota, *deps.other_quotas)):
        deps.telemetry.count(Metric.QUOTA_LOW)
    opened = newly_live(known, seen.values())
    pushed = _push(today, seen, deps)
    recovery = _recover(today.campaign, {**known, **seen}, deps)
    for room in opened:
        deps.telemetry.count(Metric.ROOM_WENT_LIVE)
        deps.telemetry.logger.info("room went live", extra={"room_id": room.room_id})
        deps.publish_live(room)
    for room in seen.values():
        if room != known.get(room.room_id):
            deps.rooms.save(room, deps.now())
    polled = {
        "asked": reason.value if reason else None,
        "rooms": len(seen),
        "went_live": [room.room_id for room in opened],
        "pushed": pushed,
        "recovery": recovery.value,
    }
    deps.telemetry.logger.info("rooms polled", extra=polled)
    return polled


def plan_push(room_id: int, deps: Dependencies) -> None:
    """Have a room pushed today, as soon as it is live: the time of a planned push has come."""
    day = day_of(deps.now(), deps.day_offset_hours)
    deps.rooms.choose(day, Choice(room_id, int(deps.now()), due=True))


def _today(deps: Dependencies) -> Today:
    now_s = deps.now()
    day = day_of(now_s, deps.day_offset_hours)
    return Today(
        day=day,
        ends_at=day_ends_at(now_s, deps.day_offset_hours),
        choice=deps.rooms.chosen(day),
        is_taken=deps.campaigns.claimed_by(day) is not None,
        campaign=deps.campaigns.newest(),
    )


def _reason(known: dict[int, Room], today: Today, deps: Dependencies) -> Reason | None:
    wanted = push_wanted_since(today.room_to_push(known, auto_push=deps.auto_push), today.choice)
    campaign = today.campaign
    return reason_to_ask(
        known.values(),
        now_s=deps.now(),
        asked_at=deps.rooms.asked_at(),
        calls_left=deps.quota.left(today.day),
        day_ends_at=today.ends_at,
        campaign_waits=campaign is not None and campaign.state is CampaignState.WAITING_LIVE,
        push_wanted_since=None if today.is_taken else wanted,
    )


def _list_rooms(today: Today, deps: Dependencies) -> list[Room]:
    """List the rooms, page by page; a failure is logged and ends this poll's listing.

    ``total`` and later pages may be wrong (docs/wechat-protocol.md#live-rooms), so neither is
    trusted: a full page is followed by another while it brings rooms that are new and not old.
    """
    seen: dict[int, Room] = {}
    deps.rooms.note_asked(deps.now())
    try:
        for page in range(ROOM_PAGES):
            deps.quota.consume(today.day, deps.now())
            deps.telemetry.count(Metric.ROOM_LIST_CALLS)
            rooms = deps.wechat.rooms(page * ROOMS_PER_PAGE, ROOMS_PER_PAGE)
            before = len(seen)
            for room in rooms:
                seen.setdefault(room.room_id, room)
            is_last = len(rooms) < ROOMS_PER_PAGE or len(seen) == before
            if is_last or rooms[-1].starts_at < deps.now() - DAY_S:
                break
    except WxliveError as error:
        deps.telemetry.problem("rooms not listed", error)
        if isinstance(error, QuotaUsedUp):
            deps.quota.seed(today.day, deps.daily_calls, deps.now())
    return list(seen.values())


def _push(today: Today, seen: dict[int, Room], deps: Dependencies) -> int | None:
    """Have push_start push the room, on each poll until a campaign has the day.

    Only rooms that were listed just now count.
    """
    room = today.room_to_push(seen, auto_push=deps.auto_push)
    if room is None:
        return None
    if deps.now() - room.live_since > OVERDUE_S:
        deps.telemetry.count(Metric.PUSH_OVERDUE)
    deps.invoke_push_start({"action": "start", "room_id": room.room_id})
    return room.room_id


def _recover(campaign: Campaign | None, rooms: dict[int, Room], deps: Dependencies) -> Recovery:
    decision = choose_recovery(
        campaign, rooms, now_s=deps.now(), room_wait_limit_s=deps.room_wait_limit_s
    )
    if campaign is None or decision is Recovery.NOTHING:
        return decision
    deps.telemetry.logger.info(
        "campaign recovered", extra={"campaign": campaign.campaign, "decision": decision.value}
    )
    if decision is Recovery.GIVE_UP:
        moved = deps.campaigns.move(
            campaign.campaign,
            CampaignState.FAILED,
            out_of=[CampaignState.WAITING_LIVE],
            reason=f"The room was not live for {deps.room_wait_limit_s} s "
            "(RoomWaitLimitSeconds); nothing more was sent",
        )
        if moved:
            deps.telemetry.count(Metric.CAMPAIGN_FAILED)
    else:
        deps.invoke_push_start({"action": decision.value, "campaign": campaign.campaign})
    return decision
