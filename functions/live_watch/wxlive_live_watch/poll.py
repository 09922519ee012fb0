"""One poll: ask WeChat for the rooms if it is time, push the room to push, resume what waits."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from wxlive.domain.calendar import day_ends_at, day_of
from wxlive.domain.campaigns import Campaign, CampaignState
from wxlive.domain.rooms import Choice, Room, newly_live, noticed, unlisted
from wxlive.errors import Conflict, QuotaUsedUp, WxliveError
from wxlive.stores.audiences import audience_item
from wxlive.stores.rooms import Asked
from wxlive.telemetry import Metric
from wxlive.wechat.apis import ROOM_PAGES, ROOMS_PER_PAGE
from wxlive_live_watch.dependencies import Dependencies
from wxlive_live_watch.poll_policy import NextPoll, is_due, next_poll
from wxlive_live_watch.recovery import Recovery, choose_recovery
from wxlive_live_watch.room_choice import choose_room, push_wanted_since

DAY_S = 86_400

OVERDUE_S = 300
"""A room that should have been pushed for so long is worth an alarm."""

FAILURES_ALLOWED = 3
"""So many polls in a row whose list can't be read are worth one, too."""


@dataclass(frozen=True, slots=True)
class Today:
    """The day, the room chosen for it, and the living campaign if it is not finished."""

    day: str
    now_s: float
    ends_at: int
    choice: Choice | None
    campaign: Campaign | None

    def candidate(self, rooms: dict[int, Room], *, auto_push: bool) -> Room | None:
        """Return the live room to push today, None while there is none."""
        began_at = self.ends_at - DAY_S
        return choose_room(
            rooms.values(),
            self.choice,
            auto_push=auto_push,
            day_began_at=began_at,
            now_s=self.now_s,
        )

    def push_may_follow(self, *, auto_push: bool) -> bool:
        """Whether a room that opens now may be pushed by itself."""
        if self.choice is None:
            return auto_push
        return self.choice.is_wanted(self.now_s, auto_push=auto_push)

    def wanted_since(self, room: Room | None) -> int | None:
        """Since when (Unix s) a push is wanted: of the candidate, or of a room that isn't live."""
        return push_wanted_since(room, self.choice, self.now_s)

    def command_for(self, room: Room) -> str:
        """Return the id of the command to push a room: the same for as long as its cause."""
        if self.choice is not None and self.choice.push_at:
            return f"planned#{room.room_id}#{self.choice.push_at}"
        return f"auto#{room.room_id}#{room.live_since}"


@dataclass(frozen=True, slots=True)
class Listing:
    """The rooms that WeChat listed, whether these are all, and whether every page could be read."""

    rooms: list[Room]
    is_whole: bool
    is_read: bool = True


@dataclass(frozen=True, slots=True)
class Polled:
    """What was seen and done, and when to poll next: for what can't wait for the next run."""

    facts: dict[str, Any]
    due: NextPoll | None


def poll(deps: Dependencies) -> Polled:
    """Ask WeChat for the rooms if it is time, and do what follows from them.

    Events and pushes come before the rooms are stored: an invocation that breaks off repeats
    them.
    """
    today = _today(deps)
    known = deps.rooms.all()
    asked, calls_left = deps.rooms.asked(), deps.quota.left(today.day)
    due = _next_poll(known, today, asked.as_of(deps.now()), calls_left, deps)
    asked_at = deps.now()
    reason = _take_turn(due, asked, asked_at, deps)
    listing = _list_rooms(deps) if reason else None
    rooms = listing.rooms if listing else []
    seen = noticed(known, rooms, deps.now())
    missing = unlisted(known, seen, deps.now()) if listing and listing.is_whole else {}
    if reason or not calls_left:
        _count_low_quotas(today, deps)
    _count_failures(today, asked.failures, listing, deps)
    opened = newly_live(known, seen.values())
    pushed = _push(today, seen, deps)
    recovery = _recover(today.campaign, {**known, **seen, **missing}, deps)
    for room in opened:
        deps.telemetry.count(Metric.ROOM_WENT_LIVE)
        deps.telemetry.logger.info("room went live", extra={"room_id": room.room_id})
        deps.publish_live(room)
    for room in (*seen.values(), *missing.values()):
        if room != known.get(room.room_id):
            deps.rooms.save(room, deps.now())
    facts = {
        "asked": reason,
        "rooms": len(seen),
        "went_live": [room.room_id for room in opened],
        "pushed": pushed,
        "recovery": recovery.value,
    }
    deps.telemetry.logger.info("rooms polled", extra=facts)
    if reason:
        due = next_poll(
            {**known, **seen, **missing}.values(),
            now_s=deps.now(),
            asked_at=asked_at,
            calls_left=calls_left - 1,
            day_ends_at=today.ends_at,
            push_may_follow=today.push_may_follow(auto_push=deps.auto_push),
        )
    return Polled(facts, due)


def plan_push(room_id: int, planned_at: int, deps: Dependencies) -> None:
    """Plan a push for the day of its time (Unix s), unless another is planned for that day.

    Version 0.1 made a one-time schedule of each planned push; it may still fire.
    """
    day = day_of(planned_at, deps.day_offset_hours)
    before = deps.rooms.chosen(day)
    if before is None or not before.push_at or before.room_id == room_id:
        with suppress(Conflict):  # somebody has chosen meanwhile
            deps.rooms.choose(day, Choice(room_id, planned_at, planned_at), before=before)


def _today(deps: Dependencies) -> Today:
    now_s = deps.now()
    day = day_of(now_s, deps.day_offset_hours)
    living = deps.living.load()
    unfinished = living is not None and not living.finished
    return Today(
        day=day,
        now_s=now_s,
        ends_at=day_ends_at(now_s, deps.day_offset_hours),
        choice=deps.rooms.chosen(day),
        campaign=deps.campaigns.get(living.campaign) if living and unfinished else None,
    )


def _take_turn(due: NextPoll | None, asked: Asked, now_s: float, deps: Dependencies) -> str | None:
    """Take the turn to ask WeChat, if it is time; returns the reason."""
    if due is None or not is_due(due, now_s):
        return None
    taken = deps.rooms.ask(now_s, run_s=deps.run_s, before=asked)
    return due.reason.value if taken else None


def _next_poll(
    known: dict[int, Room], today: Today, asked: Asked, calls_left: int, deps: Dependencies
) -> NextPoll | None:
    """Return when this run is to poll next, None if it need not, or a later run has taken over."""
    if asked.run_s > deps.run_s:
        return None
    room = today.candidate(known, auto_push=deps.auto_push)
    pushed = room is not None and _last_push(room, today, deps) is not None
    campaign = today.campaign
    return next_poll(
        known.values(),
        now_s=deps.now(),
        asked_at=asked.at,
        calls_left=calls_left,
        day_ends_at=today.ends_at,
        push_may_follow=today.push_may_follow(auto_push=deps.auto_push),
        campaign_waits=campaign is not None and campaign.state is CampaignState.WAITING_LIVE,
        push_wanted_since=None if pushed else today.wanted_since(room),
    )


def _last_push(room: Room, today: Today, deps: Dependencies) -> Campaign | None:
    """Return the campaign that has pushed a room, whatever the day.

    A later plan overrides it, once.
    """
    newest = next(iter(deps.campaigns.of_room(room.room_id)), None)
    if newest is None:
        return None
    planned_at = today.choice.push_at if today.choice else 0
    is_answered = deps.commands.outcome(today.command_for(room)) is not None
    return newest if is_answered or newest.created_at >= planned_at else None


def _count_low_quotas(today: Today, deps: Dependencies) -> None:
    """Count that few calls are left of a day: with each poll, and for as long as none is made."""
    if any(quota.is_low(today.day) for quota in (deps.quota, *deps.other_quotas)):
        deps.telemetry.count(Metric.QUOTA_LOW)


def _count_failures(today: Today, before: int, listing: Listing | None, deps: Dependencies) -> None:
    """Count, for as long as it lasts, that the rooms can't be listed although a push may follow."""
    failures = before
    if listing is not None:
        failures = 0 if listing.is_read else before + 1
    if failures != before:
        deps.rooms.note_failures(failures)
    if failures >= FAILURES_ALLOWED and today.push_may_follow(auto_push=deps.auto_push):
        deps.telemetry.count(Metric.PUSH_OVERDUE)


def _list_rooms(deps: Dependencies) -> Listing:
    """List the rooms, page by page; a failure is logged and ends this poll's listing.

    ``total`` and later pages may be wrong (docs/wechat-protocol.md#live-rooms), so neither is
    trusted: a full page is followed by another while it brings rooms that are new and not old.
    """
    seen: dict[int, Room] = {}
    asked_s = deps.now()
    skipped: list[str] = []
    try:
        for page in range(ROOM_PAGES):
            asked_s = deps.now()
            deps.quota.consume(day_of(asked_s, deps.day_offset_hours), asked_s, f"{asked_s}-{page}")
            listed = deps.wechat.rooms(page * ROOMS_PER_PAGE, ROOMS_PER_PAGE)
            skipped += listed.skipped
            before = len(seen)
            for room in listed.rooms:
                seen.setdefault(room.room_id, room)
            is_last = listed.rows < ROOMS_PER_PAGE or len(seen) == before
            if is_last or 0 < listed.rooms[-1].starts_at < deps.now() - DAY_S:
                # A room that can't be read is not missing.
                return Listing(list(seen.values()), is_whole=is_last and not skipped)
    except WxliveError as error:
        deps.telemetry.problem("rooms not listed", error)
        if isinstance(error, QuotaUsedUp):
            deps.quota.note_used_up(
                asked_s=asked_s, answered_s=deps.now(), offset_hours=deps.day_offset_hours
            )
        return Listing(list(seen.values()), is_whole=False, is_read=False)
    finally:
        if skipped:
            deps.telemetry.logger.warning("rooms left out", extra={"why": skipped})
    return Listing(list(seen.values()), is_whole=False)


def _push(today: Today, seen: dict[int, Room], deps: Dependencies) -> int | None:
    """Have push_start push the room, on each poll until there is a campaign for it.

    Only rooms that were listed just now count. A room is pushed once by itself; whatever keeps it
    from being pushed, and after a campaign that failed, the operator is alarmed and decides.
    """
    room = today.candidate(seen, auto_push=deps.auto_push)
    if room is None:
        return None
    last = _last_push(room, today, deps)
    wanted_since = today.wanted_since(room)
    is_overdue = wanted_since is not None and deps.now() - wanted_since > OVERDUE_S
    if is_overdue and (last is None or last.state is CampaignState.FAILED):
        deps.telemetry.count(Metric.PUSH_OVERDUE)
    if last is not None:
        return None
    target = today.choice.target if today.choice else deps.rooms.usual_audience()
    deps.invoke_push_start(
        {
            "action": "start",
            "room_id": room.room_id,
            "command": today.command_for(room),
            "automatic": True,
            "day": today.day,
            "planned_at": today.choice.push_at if today.choice else 0,
            **({} if target.is_everybody else {"audience": audience_item(target)}),
            **({} if deps.trial is None else {"trial": dict(deps.trial)}),
        }
    )
    return room.room_id


def _recover(campaign: Campaign | None, rooms: dict[int, Room], deps: Dependencies) -> Recovery:
    decision = choose_recovery(
        campaign, rooms, now_s=deps.now(), room_wait_limit_s=deps.room_wait_limit_s
    )
    if campaign is None or decision.recovery is Recovery.NOTHING:
        return decision.recovery
    action = {
        "action": decision.recovery.value,
        "campaign": campaign.campaign,
        "hold": campaign.hold_id,
        "reason": decision.reason,
    }
    deps.telemetry.logger.info("campaign recovered", extra=action)
    deps.invoke_push_start(action)
    return decision.recovery
