"""What must hold in every world of the push."""

from collections import Counter
from collections.abc import Iterable

from explore.engine.search import Invariants, StateTest, StepTest
from explore.engine.world import Choice, Position, World
from explore.stack.places import (
    DAY_OFFSET_HOURS,
    INVOCATIONS,
    MIDNIGHT_S,
    NOTES,
    QUEUE,
    TABLES,
    WECHAT,
)
from explore.stack.view import View, campaign_in, changes, chunk_in, claimed, used_in
from wxlive.domain.brakes import judge_brake
from wxlive.domain.calendar import day_of
from wxlive.domain.campaigns import ENDED, HELD, Campaign, CampaignState, HoldKind
from wxlive.domain.chunks import CALL_DELAY_S, CLAIM_STALE_S, ChunkState
from wxlive.domain.pace import MIDNIGHT_MARGIN_MS
from wxlive.domain.rooms import RoomStatus
from wxlive.domain.trials import judge_trial
from wxlive.stores.ledger import FIRST_HALF
from wxlive.telemetry import Metric
from wxlive_push_start.reconcile import ALL_REFUSED

SECOND_MS = 1000

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


# --------------------------------------------------------------------- steps


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


# ---------------------------------------------------------------------- ends


def nobody_is_lost(audience: Iterable[str]) -> StateTest:
    """At the end each openid was pushed, or stands with a reason."""
    planned = frozenset(audience)

    def test(world: World) -> str | None:
        view = View(world)
        for campaign in view.campaigns:
            if campaign.state in ENDED:
                continue
            if campaign.state in HELD and not campaign.reason:
                return "the campaign is held without a reason"
            if campaign.state not in HELD and (stands := _stands(campaign, view)):
                return stands
        there = {openid for openids in view.openids.values() for openid in openids}
        newest = view.campaign
        if newest is None or newest.state in ENDED | HELD or planned <= there:
            return None
        return f"never planned: {' '.join(sorted(planned - there))}"

    return test


def _stands(campaign: Campaign, view: View) -> str | None:
    """Say which chunk of a campaign that sends was not pushed, and is not going to be."""
    pushed = {openid for call in view.wechat.calls for openid in call.openids}
    for (of, number), chunk in sorted(view.chunks.items()):
        if of != campaign.campaign or pushed.issuperset(view.openids[of, number]):
            continue
        seen = chunk.as_seen(view.now_s)
        if seen.state in {ChunkState.QUEUED, ChunkState.SENDING}:
            return f"chunk {number} stays {seen.state.value}: nobody will send it"
        is_decided = seen.message_id is None and bool(seen.reason)
        if seen.state is ChunkState.ACCEPTED and not is_decided:
            return f"chunk {number} is accepted, and was not pushed"
    return None


def a_room_is_pushed_once(world: World) -> str | None:
    """At the end a room has no second campaign for the same audience.

    Unless the first ended early or left somebody out, or the operator said ``again``.
    """
    reports = sorted(View(world).reports, key=lambda report: report.campaign.campaign)
    for number, later in enumerate(reports):
        for report in reports[:number]:
            first, second = report.campaign, later.campaign
            is_same = (first.room_id, first.target) == (second.room_id, second.target)
            is_whole = report.state not in ENDED and not report.chunks[ChunkState.REFUSED]
            if is_same and is_whole and not second.again:
                return f"{second.campaign} pushes room {second.room_id} after {first.campaign}"
    return None


def a_plan_is_carried_out(world: World) -> str | None:
    """At the end a planned push whose time has come, and whose room is live, has its campaign.

    Unless another campaign stands in its way, with its own reason.
    """
    view = View(world)
    choice = view.chosen.get(day_of(view.now_s, DAY_OFFSET_HOURS))
    if choice is None or not 0 < choice.push_at <= view.now_s:
        return None
    is_live = dict(view.wechat.rooms).get(choice.room_id) == RoomStatus.LIVE
    is_pushed = any(campaign.room_id == choice.room_id for campaign in view.campaigns)
    stands = any(not report.nothing_left_to_send for report in view.reports)
    if not is_live or is_pushed or stands:
        return None
    return f"the push of room {choice.room_id} was planned, and is not carried out"


def the_report_is_true(world: World) -> str | None:
    """At the end each call stands in the report as what became of it, and the sums are right."""
    view = View(world)
    ended = {campaign.campaign for campaign in view.campaigns if campaign.is_ended}
    for place, chunk in sorted(view.chunks.items()):
        seen = chunk.as_seen(view.now_s)
        seen = seen.as_left() if place[0] in ended else seen
        is_pushed = any(call.openids == view.openids.get(place) for call in view.wechat.calls)
        if is_pushed and seen.state in {ChunkState.QUEUED, ChunkState.REFUSED}:
            return f"chunk {chunk.number} was pushed and is reported as {seen.state.value}"
        if seen.state is ChunkState.UNKNOWN and not view.may_have_reached(place, chunk.claim):
            return f"chunk {chunk.number} is shown as unknown, but no call left"
    for report in view.reports:
        refused = report.chunks[ChunkState.REFUSED]
        if report.campaign.reason == ALL_REFUSED and refused < report.campaign.chunks:
            return f"{refused} of {report.campaign.chunks} chunks were refused, not all"
        planned, shown = report.campaign.audience, sum(report.openids.values())
        if planned != shown:
            return f"{planned} openids are planned, and the report shows {shown}"
        accepted, with_result = report.openids[ChunkState.ACCEPTED], report.results["total"]
        if with_result > accepted:
            return f"{accepted} openids are accepted, and {with_result} have results"
    return _proves_too_much(view)


def _proves_too_much(view: View) -> str | None:
    """Say whether more openids are reported as accepted than were pushed or accepted by hand."""
    by_hand = sum(
        chunk.openids
        for chunk in view.chunks.values()
        if chunk.state is ChunkState.ACCEPTED and chunk.message_id is None
    )
    pushed = {(call.room_id, openid) for call in view.wechat.calls for openid in call.openids}
    accepted = sum(report.openids[ChunkState.ACCEPTED] for report in view.reports)
    if accepted > len(pushed) + by_hand:
        return f"{accepted} openids are reported as accepted, and {len(pushed)} were pushed"
    return None


def what_stands_is_counted(world: World) -> str | None:
    """At the end a metric was counted for whatever an operator must look at."""
    view = View(world)
    for report in view.reports:
        campaign = report.campaign
        is_held = campaign.state in HELD and campaign.hold_kind is not HoldKind.OPERATOR
        stands = {
            Metric.CHUNK_UNKNOWN: report.chunks[ChunkState.UNKNOWN],
            Metric.CHUNK_REFUSED: report.chunks[ChunkState.REFUSED],
            Metric.CAMPAIGN_HELD: is_held,
            Metric.CAMPAIGN_FAILED: campaign.state is CampaignState.FAILED,
        }
        for metric, does_stand in stands.items():
            if does_stand and metric not in view.notes:
                return f"campaign {campaign.campaign} calls for {metric}, which was not counted"
    return None


def message_ids_are_kept(world: World) -> str | None:
    """At the end a call that was answered has its message id in the ledger."""
    view = View(world)
    lost: Counter[tuple[str, ...]] = Counter()
    for call in view.wechat.calls:
        rows = [view.chunks[at] for at, openids in view.openids.items() if openids == call.openids]
        if any(call.message_id in chunk.message_ids for chunk in rows):
            continue
        if call.openids in view.wechat.doubtful or any(c.claim in view.notes for c in rows):
            continue
        lost[call.openids] += 1  # of a chunk sent again, each earlier call went without an answer
        if lost[call.openids] > sum(
            c.message_id is None for row in rows for c in row.earlier_calls
        ):
            return f"the message id {call.message_id} was answered and is nowhere"
    return None


def usual(
    *,
    rate: int,
    daily_calls: int,
    audience: Iterable[str],
    with_decisions: bool = False,
    brake_percent: int = 0,
) -> Invariants:
    """Return what must hold in every world.

    Args:
        rate: most openids in a second.
        daily_calls: most pushes in a day.
        audience: who is to be told.
        with_decisions: whether a human decides about unknown chunks, which may be told again then.
        brake_percent: the share of openids at which a campaign holds itself, 0 if it does not.
    """
    steps: list[tuple[str, StepTest]] = [
        ("openids-of-the-ledger", openids_of_the_ledger),
        ("at-the-pace", at_the_pace(rate)),
        ("not-at-midnight", not_at_midnight),
        ("calls-are-counted", calls_are_counted),
        ("within-the-quota", within_the_quota(daily_calls)),
        ("claims-are-lawful", claims_are_lawful),
        ("claims-are-in-time", claims_are_in_time),
        ("unknown-is-honest", unknown_is_honest),
        ("moves-are-legal", moves_are_legal(with_decisions=with_decisions)),
        ("a-pause-holds", a_pause_holds),
        ("nothing-beyond-the-trial", nothing_beyond_the_trial),
        ("its-results-hold-it", its_results_hold_it(brake_percent)),
    ]
    nobody_again = nobody_oftener_than_decided if with_decisions else nobody_twice
    steps.insert(0, ("nobody-twice", nobody_again))
    ends: list[tuple[str, StateTest]] = [
        ("nobody-is-lost", nobody_is_lost(audience)),
        ("a-room-is-pushed-once", a_room_is_pushed_once),
        ("a-plan-is-carried-out", a_plan_is_carried_out),
        ("the-report-is-true", the_report_is_true),
        ("message-ids-are-kept", message_ids_are_kept),
        ("what-stands-is-counted", what_stands_is_counted),
    ]
    return Invariants((), tuple(steps), tuple(ends), (TABLES, WECHAT))
