"""One look: is it time to ask; who went live; push what is to be pushed, wake what waits."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from wxlive.campaigns import Campaign, CampaignState
from wxlive.errors import QuotaUsedUp, WxliveError
from wxlive.pace import day_ends_at, day_of
from wxlive.rooms import Choice, Room, newly_live, noticed
from wxlive.stores.campaigns import CampaignStore
from wxlive.stores.pace import QuotaStore
from wxlive.stores.rooms import RoomStore
from wxlive.telemetry import Metric, Telemetry
from wxlive.wechat import WechatClient
from wxlive_live_watch.pick import pick, push_wanted_since
from wxlive_live_watch.wake import Wake, wake
from wxlive_live_watch.when import Reason, reason_to_ask

ROOMS_A_PAGE = 50
"""getliveinfo was seen to cap its limit at 50 silently."""

PAGES = 4
DAY_S = 86_400

OVERDUE_S = 300
"""A room that has been live for so long without being pushed is worth an alarm."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What live_watch works with.

    ``ask_push_start`` invokes push_start without waiting; ``tell`` sends the event that a room
    went live; ``quota`` counts the day's calls against ``daily_calls``; ``other_quotas`` are
    those of the other APIs, watched because somebody is here anyway.
    """

    wechat: WechatClient
    rooms: RoomStore
    campaigns: CampaignStore
    quota: QuotaStore
    daily_calls: int
    other_quotas: tuple[QuotaStore, ...]
    telemetry: Telemetry
    auto_push: bool
    room_wait_limit_s: int
    day_offset_hours: int
    now: Callable[[], float]
    ask_push_start: Callable[[dict[str, Any]], None]
    tell: Callable[[Room], None]


@dataclass(frozen=True, slots=True)
class Today:
    """The day as it stands: what is chosen, what has the day, which campaign is the newest."""

    day: str
    ends_at: int
    choice: Choice | None
    is_taken: bool
    campaign: Campaign | None

    def pick(self, rooms: dict[int, Room], *, auto_push: bool) -> Room | None:
        """Return the room to push now: none on a day that a campaign has already."""
        if self.is_taken:
            return None
        began_at = self.ends_at - DAY_S
        return pick(rooms.values(), self.choice, auto_push=auto_push, day_began_at=began_at)


def watch(parts: Parts) -> dict[str, Any]:
    """Look once; returns what was seen and done.

    What is to be told and pushed comes before the rooms are remembered: an invocation that
    breaks off does it again.
    """
    today = _today(parts)
    known = parts.rooms.all()
    reason = _reason(known, today, parts)
    seen = noticed(known, _look(today, parts) if reason else (), parts.now())
    if reason and any(quota.is_low(today.day) for quota in (parts.quota, *parts.other_quotas)):
        parts.telemetry.count(Metric.QUOTA_LOW)
    opened = newly_live(known, seen.values())
    pushed = _push(today, seen, parts)
    woken = _wake(today.campaign, {**known, **seen}, parts)
    for room in opened:
        parts.telemetry.count(Metric.ROOM_WENT_LIVE)
        parts.telemetry.logger.info("room went live", extra={"room_id": room.room_id})
        parts.tell(room)
    for room in seen.values():
        if room != known.get(room.room_id):
            parts.rooms.save(room, parts.now())
    return {
        "asked": reason.value if reason else None,
        "rooms": len(seen),
        "went_live": [room.room_id for room in opened],
        "pushed": pushed,
        "woken": woken.value,
    }


def plan_push(room_id: int, parts: Parts) -> None:
    """A planned moment has come: have the room pushed today, as soon as it is live."""
    day = day_of(parts.now(), parts.day_offset_hours)
    parts.rooms.choose(day, Choice(room_id, int(parts.now()), due=True))


def _today(parts: Parts) -> Today:
    now_s = parts.now()
    day = day_of(now_s, parts.day_offset_hours)
    return Today(
        day=day,
        ends_at=day_ends_at(now_s, parts.day_offset_hours),
        choice=parts.rooms.chosen(day),
        is_taken=parts.campaigns.claimed_by(day) is not None,
        campaign=parts.campaigns.newest(),
    )


def _reason(known: dict[int, Room], today: Today, parts: Parts) -> Reason | None:
    wanted = push_wanted_since(today.pick(known, auto_push=parts.auto_push), today.choice)
    campaign = today.campaign
    return reason_to_ask(
        known.values(),
        now_s=parts.now(),
        asked_at=parts.rooms.asked_at(),
        calls_left=parts.quota.left(today.day),
        day_ends_at=today.ends_at,
        campaign_waits=campaign is not None and campaign.state is CampaignState.WAITING_LIVE,
        push_wanted_since=None if today.is_taken else wanted,
    )


def _look(today: Today, parts: Parts) -> list[Room]:
    """Ask WeChat, page by page; a failure is told and costs the rest of this look.

    ``total`` and what lies behind the first page were seen to be wrong, so neither is believed:
    a full page is followed by another while it brings rooms that are new and not old.
    """
    seen: dict[int, Room] = {}
    parts.rooms.note_asked(parts.now())
    try:
        for page in range(PAGES):
            parts.quota.take(today.day, parts.now())
            parts.telemetry.count(Metric.ROOMS_ASKED)
            rooms = parts.wechat.rooms(page * ROOMS_A_PAGE, ROOMS_A_PAGE)
            before = len(seen)
            for room in rooms:
                seen.setdefault(room.room_id, room)
            is_last = len(rooms) < ROOMS_A_PAGE or len(seen) == before
            if is_last or rooms[-1].starts_at < parts.now() - DAY_S:
                break
    except WxliveError as error:
        parts.telemetry.problem("rooms not told", error)
        if isinstance(error, QuotaUsedUp):
            parts.quota.seed(today.day, parts.daily_calls, parts.now())
    return list(seen.values())


def _push(today: Today, seen: dict[int, Room], parts: Parts) -> int | None:
    """Ask push_start for the room to push, each time until a campaign has the day.

    Only rooms seen just now count.
    """
    room = today.pick(seen, auto_push=parts.auto_push)
    if room is None:
        return None
    if parts.now() - room.live_since > OVERDUE_S:
        parts.telemetry.count(Metric.PUSH_OVERDUE)
    parts.ask_push_start({"action": "start", "room_id": room.room_id})
    return room.room_id


def _wake(campaign: Campaign | None, rooms: dict[int, Room], parts: Parts) -> Wake:
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
