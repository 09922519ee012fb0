"""What must hold at the end of every world of the push."""

from collections import Counter
from collections.abc import Iterable

from explore.engine.search import StateTest
from explore.engine.world import World
from explore.stack.places import (
    DAY_OFFSET_HOURS,
)
from explore.stack.view import View
from wxlive.domain.calendar import day_of
from wxlive.domain.campaigns import ENDED, HELD, Campaign, CampaignState, HoldKind
from wxlive.domain.chunks import ChunkState
from wxlive.domain.rooms import RoomStatus
from wxlive.telemetry import Metric
from wxlive_push_start.reconcile import ALL_REFUSED


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
