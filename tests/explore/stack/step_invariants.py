"""What must hold at each step of every world of the push."""

from collections import Counter

from explore.engine.search import StepTest
from explore.engine.world import Choice, Position, World
from explore.stack.places import (
    DAY_OFFSET_HOURS,
    INVOCATIONS,
    MIDNIGHT_S,
    NOTES,
    QUEUE,
    WECHAT,
)
from explore.stack.view import View, campaign_in, changes, chunk_in, claimed, used_in
from wxlive.domain.brakes import judge_brake
from wxlive.domain.calendar import day_of
from wxlive.domain.campaigns import ENDED, HELD, CampaignState, HoldKind
from wxlive.domain.chunks import CALL_DELAY_S, CLAIM_STALE_S, ChunkState
from wxlive.domain.pace import MIDNIGHT_MARGIN_MS
from wxlive.domain.trials import judge_trial
from wxlive.stores.ledger import FIRST_HALF

_LEGAL_MOVES = frozenset(
    {
        (ChunkState.QUEUED, ChunkState.SENDING),
        (ChunkState.SENDING, ChunkState.ACCEPTED),
        (ChunkState.SENDING, ChunkState.REFUSED),
        (ChunkState.SENDING, ChunkState.UNKNOWN),
        (ChunkState.SENDING, ChunkState.QUEUED),
        (ChunkState.SENDING, ChunkState.CANCELLED),
        (ChunkState.UNKNOWN, ChunkState.ACCEPTED),
        (ChunkState.UNKNOWN, ChunkState.QUEUED),
        (ChunkState.UNKNOWN, ChunkState.REFUSED),
        (ChunkState.QUEUED, ChunkState.REFUSED),
    }
)
_DECISIONS = frozenset(
    {
        (ChunkState.UNKNOWN, ChunkState.QUEUED),
        (ChunkState.UNKNOWN, ChunkState.ACCEPTED),
        (ChunkState.QUEUED, ChunkState.ACCEPTED),
        (ChunkState.ACCEPTED, ChunkState.REFUSED),
    }
)
"""What only an operator's decision does, or an outcome that comes after it."""


def nobody_twice(world: World, _choice: Choice, new: World) -> str | None:
    """Nobody is pushed twice for a room."""
    before, after = world.shared[WECHAT].value.calls, new.shared[WECHAT].value.calls
    if before is after:
        return None
    pushed = Counter((call.room_id, openid) for call in after for openid in call.openids)
    twice = sorted(openid for (_, openid), times in pushed.items() if times > 1)
    return f"pushed twice: {' '.join(twice)}" if twice else None


def nobody_oftener_than_decided(world: World, _choice: Choice, new: World) -> str | None:
    """A chunk is pushed once, and once more for each time that the operator has it sent again."""
    before, after = world.shared[WECHAT].value.calls, new.shared[WECHAT].value.calls
    if before is after:
        return None
    view = View(new)
    pushed = Counter(call.openids for call in after)
    for place, chunk in view.chunks.items():
        times, decided = pushed[view.openids[place]], len(chunk.earlier_calls)
        if times > 1 + decided:
            return (
                f"chunk {chunk.number} is pushed {times} times, and was to be sent again "
                f"{decided} times"
            )
    return None


def openids_of_the_ledger(world: World, _choice: Choice, new: World) -> str | None:
    """What is pushed is what a claimed chunk holds."""
    before, after = world.shared[WECHAT].value.calls, new.shared[WECHAT].value.calls
    if before is after:
        return None
    view = View(world)
    held = {
        view.openids.get(place)
        for place, chunk in view.chunks.items()
        if chunk.state is ChunkState.SENDING
    }
    strange = [call for call in after if call not in before and call.openids not in held]
    return f"no claimed chunk holds what was pushed: {strange}" if strange else None


def at_the_pace(rate: int) -> StepTest:
    """No second has more openids than the rate."""

    def test(world: World, _choice: Choice, new: World) -> str | None:
        before, after = world.shared[WECHAT].value.window, new.shared[WECHAT].value.window
        if before is after or not after:
            return None
        total = sum(openids for _, openids in after)
        return f"{total} openids within a second: {after}" if total > rate else None

    return test


def within_the_quota(daily_calls: int) -> StepTest:
    """No day has more calls than its quota, as WeChat counts them."""

    def test(world: World, _choice: Choice, new: World) -> str | None:
        before, after = world.shared[WECHAT].value.used, new.shared[WECHAT].value.used
        is_exceeded = after != before and after[1] > daily_calls
        return f"{after[1]} calls were made on {after[0]}" if is_exceeded else None

    return test


def not_at_midnight(world: World, _choice: Choice, new: World) -> str | None:
    """No call leaves close to midnight, when WeChat's clock may show the other day."""
    before, after = world.shared[WECHAT].value.window, new.shared[WECHAT].value.window
    away_ms = abs(world.now.value - MIDNIGHT_S * 1000)
    if before == after or away_ms >= MIDNIGHT_MARGIN_MS:
        return None
    return f"a call leaves {away_ms} ms from midnight"


def calls_are_counted(world: World, _choice: Choice, new: World) -> str | None:
    """A call is counted before it is made."""
    used = new.shared[WECHAT].value.used
    if used == world.shared[WECHAT].value.used and not any(
        used_in(item) for _, item in changes(world, new)
    ):
        return None
    day, made = used
    counted = View(new).used.get(day, 0)
    return f"{made} calls were made and {counted} counted" if made > counted else None


def claims_are_lawful(world: World, _choice: Choice, new: World) -> str | None:
    """A chunk is claimed only while its campaign sends, and no other room is chosen for the day."""
    for (campaign_id, _), chunk in claimed(world, new):
        view = View(world)
        campaign = next((c for c in view.campaigns if c.campaign == campaign_id), None)
        day = day_of(chunk.claimed_at + CALL_DELAY_S, DAY_OFFSET_HOURS)
        chosen = view.chosen.get(day)
        if campaign is not None and chosen is not None and chosen.room_id != campaign.room_id:
            return (
                f"chunk {chunk.number} is claimed on {day}, for which room {chosen.room_id} is "
                f"{chosen.word}"
            )
        if campaign is None or campaign.state is not CampaignState.SENDING:
            state = campaign.state.value if campaign else "nowhere"
            return f"chunk {chunk.number} is claimed although its campaign is {state}"
    return None


def claims_are_in_time(world: World, _choice: Choice, new: World) -> str | None:
    """Nothing that a fault has delayed is claimed later than the schedules after it allow.

    A world's schedules begin anew with each fault and each act of somebody outside. A chunk that
    WeChat has refused for a time stands with its reason.
    """
    timers = world.shared[INVOCATIONS].value.timers
    now_ms = world.now.value
    is_late = all(timer.lasts or (not timer.left and timer.next_ms < now_ms) for timer in timers)
    if timers and is_late:
        for place, chunk in claimed(world, new):
            if View(world).chunks[place].reason is None:
                return f"chunk {chunk.number} is claimed after the schedules have run out"
    return None


def unknown_is_honest(world: World, _choice: Choice, new: World) -> str | None:
    """A chunk becomes unknown only if its call may have reached WeChat, or may still.

    It may still, for all that anybody knows, if its worker has been silent for too long, but
    lives, or has left its outcome to a message that is under way.
    """
    for _, item in changes(world, new):
        place, chunk = chunk_in(item) or (None, None)
        if place is None or chunk is None or chunk.state is not ChunkState.UNKNOWN:
            continue
        view = View(new)
        is_late = view.now_s - chunk.claimed_at > CLAIM_STALE_S and (
            any(chunk.claim in part.value.node.ids for part in new.actors)
            or any(chunk.claim in message.body for message in new.shared[QUEUE].value.messages)
        )
        if not is_late and not view.may_have_reached(place, chunk.claim):
            return f"chunk {chunk.number} is unknown, but no call left: {chunk.reason}"
    return None


def moves_are_legal(*, with_decisions: bool) -> StepTest:
    """Chunks and campaigns change only as they may; what is settled is never rewritten."""
    legal = _LEGAL_MOVES | (_DECISIONS if with_decisions else frozenset())

    def test(world: World, _choice: Choice, new: World) -> str | None:
        for old, item in changes(world, new):
            if old is None:
                continue
            was, found = chunk_in(old), chunk_in(item)
            moved = was and found and (was[1].state, found[1].state)
            if found and moved and moved[0] is not moved[1] and moved not in legal:
                return f"chunk {found[1].number} goes from {moved[0]} to {moved[1]}"
            before, campaign = campaign_in(old), campaign_in(item)
            if before and campaign and before.state in ENDED and before.state != campaign.state:
                return f"the campaign goes from {before.state} to {campaign.state}"
        return None

    return test


PAUSED = "pause answered paused"
RESUMING = ("begun resume", "begun start")
"""Notes of operators: a pause was done, and another command may end it."""


def a_pause_holds(world: World, _choice: Choice, new: World) -> str | None:
    """When a pause has answered that it was done, the campaign is held, and nothing is claimed.

    Until somebody begins to resume it.
    """
    notes = new.shared[NOTES].value.union(*(_notes(part.value) for part in new.actors))
    if PAUSED not in notes or not notes.isdisjoint(RESUMING):
        return None
    before = world.shared[NOTES].value.union(*(_notes(part.value) for part in world.actors))
    campaign = View(new).campaign
    is_sending = campaign is not None and campaign.state is CampaignState.SENDING
    if PAUSED not in before and is_sending:
        return "a pause answers that it was done, and the campaign goes on sending"
    for _, chunk in claimed(world, new):
        return f"chunk {chunk.number} is claimed after a pause has answered"
    return None


def _notes(at: Position) -> frozenset[str]:
    return at.node.notes if at.kind.is_human else frozenset()


def nothing_beyond_the_trial(world: World, _choice: Choice, new: World) -> str | None:
    """While a trial is open nobody else is claimed: its own part is chunk 1, and the cuts of it."""
    for (campaign_id, number), _ in claimed(world, new):
        campaign = next(c for c in View(world).campaigns if c.campaign == campaign_id)
        if campaign.trial_is_open and 1 < number < FIRST_HALF:
            return f"chunk {number} is claimed before the trial has ended"
    return None


def its_results_hold_it(brake_percent: int) -> StepTest:
    """A campaign is held after its trial, or by the brake, for what is so at that moment."""

    def test(world: World, _choice: Choice, new: World) -> str | None:
        for old, item in changes(world, new):
            was, found = old and campaign_in(old), campaign_in(item)
            if not was or not found or was.hold_id == found.hold_id or found.state not in HELD:
                continue
            (report,) = (r for r in View(world).reports if r.campaign == was)
            if found.hold_kind is HoldKind.TRIAL and judge_trial(report, View(world).now_s) is None:
                return "the campaign is held after a trial that is not over, or was ended"
            if found.hold_kind is HoldKind.BRAKE and not judge_brake(
                was, report.reported, brake_percent
            ):
                return "the campaign is braked by what was seen before it was resumed"
        return None

    return test
