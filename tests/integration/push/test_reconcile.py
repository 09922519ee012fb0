"""Each minute the living campaign is compared with what should be going on."""

import pytest

from factories import CAMPAIGN, NOW_S, ROOM, a_new_campaign
from support.live_watch import watch_deps
from support.push_stack import PushStack
from support.push_start import AUDIENCE, OTHER_ROOM, opened, planned, start_deps
from support.world import World
from wxlive.domain.campaigns import CampaignState, HoldKind
from wxlive.domain.chunks import CLAIM_STALE_S, ChunkState
from wxlive.domain.overdue import NOTHING_CLAIMED_S, PLAN_STALLED_S
from wxlive.telemetry import Metric
from wxlive_live_watch.poll import poll
from wxlive_local.simulator import LIVE
from wxlive_push_start.reconcile import reconcile


def test_without_a_campaign_there_is_nothing_to_do(world: World) -> None:
    assert reconcile(start_deps(world)) == {"campaign": None}


def test_a_claim_of_a_worker_that_is_gone_is_settled_within_ninety_seconds(
    world: World, stack: PushStack
) -> None:
    world.put_campaign(1, 1)
    world.claim()
    claimed_at = world.clock()

    while world.chunk().state is ChunkState.SENDING:
        stack.run(1)

    assert CLAIM_STALE_S < world.clock() - claimed_at <= 90
    assert world.chunk().state is ChunkState.UNKNOWN
    assert world.telemetry.counted[Metric.CHUNK_UNKNOWN] == 1


@pytest.mark.parametrize("state", [CampaignState.PAUSED, CampaignState.CANCELLED])
def test_a_claim_is_settled_whatever_became_of_its_campaign(
    world: World, stack: PushStack, state: CampaignState
) -> None:
    world.put_campaign(1, 1)
    world.claim()
    world.change_campaign(state=state)

    stack.run(2)

    assert world.chunk().state is ChunkState.UNKNOWN


def test_a_plan_whose_planner_died_is_planned_on(world: World, stack: PushStack) -> None:
    opened(world)

    stack.run(-(-PLAN_STALLED_S // 60) + 1)

    assert world.pushed() == dict.fromkeys(AUDIENCE, 1)


def test_a_plan_that_makes_progress_is_left_alone(world: World) -> None:
    campaign = opened(world)
    world.clock.now_s += PLAN_STALLED_S

    assert reconcile(start_deps(world)) == {"campaign": campaign}
    assert world.invoked == []


@pytest.mark.parametrize("kind", [HoldKind.QUOTA, HoldKind.ACCESS])
@pytest.mark.parametrize(("early_s", "resumed"), [(1, False), (0, True)])
def test_a_hold_that_is_due_is_ended_by_its_name(
    *, world: World, kind: HoldKind, early_s: int, resumed: bool
) -> None:
    resume_at = NOW_S + early_s
    hold = {"hold_kind": kind, "hold_id": "h1", "resume_at": resume_at}
    world.put_campaign(1, state=CampaignState.PAUSED, **hold)

    assert reconcile(start_deps(world)).get("resumed") == ("h1" if resumed else None)

    expected = CampaignState.SENDING if resumed else CampaignState.PAUSED
    assert world.campaign().state is expected
    assert [message.chunk for message in world.enqueued] == ([1] if resumed else [])


@pytest.mark.parametrize("kind", [HoldKind.OPERATOR, HoldKind.DAY, HoldKind.ROOM])
def test_a_hold_that_others_end_is_left_to_them(world: World, kind: HoldKind) -> None:
    world.put_campaign(1, state=CampaignState.PAUSED, hold_kind=kind, hold_id="h1", resume_at=1)

    reconcile(start_deps(world))

    assert world.campaign().state is CampaignState.PAUSED


def test_what_waits_its_turn_is_not_enqueued_again(world: World) -> None:
    world.put_campaign(1, 1, 1)
    world.clock.now_s += NOTHING_CLAIMED_S
    world.claim(1)
    world.clock.now_s += NOTHING_CLAIMED_S

    assert reconcile(start_deps(world))["enqueued"] == 0


def test_a_call_that_is_under_way_is_progress(world: World) -> None:
    world.put_campaign(1, 1, 1)
    world.clock.now_s += 10 * NOTHING_CLAIMED_S
    world.claim(1)
    world.clock.now_s += 5

    assert reconcile(start_deps(world))["enqueued"] == 0
    assert world.enqueued == []


def test_a_finished_campaign_costs_one_read_a_minute(world: World, stack: PushStack) -> None:
    planned(world)
    stack.run(1)
    assert world.pushed() == dict.fromkeys(AUDIENCE, 1)
    stack.run(1)
    world.steps.made.clear()

    assert reconcile(start_deps(world)) == {"campaign": None}

    assert world.steps.calls() == ["GetItem"]


def test_a_finished_campaign_whose_chunk_is_sent_again_lives_again(
    world: World, stack: PushStack
) -> None:
    world.put_campaign(1)
    world.settle(1, ChunkState.UNKNOWN)
    reconcile(start_deps(world))
    stack.command("resend_unknown", campaign=CAMPAIGN)
    stack.lose_messages()

    stack.run(3)

    assert set(world.pushed().values()) == {1}


def test_a_room_that_auto_push_notices_is_pushed_to_the_end_although_each_message_is_lost_once(
    world: World,
) -> None:
    world.put_followers(*AUDIENCE)
    stack = PushStack(world, auto_push=True)
    stack.run(1)
    stack.lose_messages()

    stack.run(3)

    assert world.pushed() == dict.fromkeys(AUDIENCE, 1)
    assert stack.reconciled[-1]["campaign"] is None


# ----------------------------------------------------------------- records of version 0.1


def test_a_campaign_of_version_0_1_that_has_ended_keeps_no_other_one_from_starting(
    world: World,
) -> None:
    """It kept no record of the living campaign."""
    world.put_campaign(1)
    world.settle(1, ChunkState.ACCEPTED)
    world.forget("push")
    world.forget("day")
    world.put_followers(*AUDIENCE)
    world.wechat.set_room(ROOM, 103)
    world.wechat.set_room(OTHER_ROOM, LIVE)
    stack = PushStack(world, auto_push=True)

    stack.run(2)

    assert len(world.campaigns.of_room(OTHER_ROOM)) == 1
    assert world.pushed() == dict.fromkeys(AUDIENCE, 1)


def test_a_campaign_of_version_0_1_that_still_sends_is_the_living_one(
    world: World, stack: PushStack
) -> None:
    world.put_campaign(1)
    world.forget("push")

    stack.run(3)

    assert set(world.pushed().values()) == {1}
    assert reconcile(start_deps(world)) == {"campaign": None}


def test_a_hold_of_version_0_1_is_ended_when_it_is_due(world: World, stack: PushStack) -> None:
    """It gave holds no name and no kind: one with a time was for the quota."""
    world.put_campaign(1, state=CampaignState.PAUSED, resume_at=NOW_S + 1, hold_id=None)

    stack.run(1)

    assert set(world.pushed().values()) == {1}


def test_a_campaign_that_is_not_on_record_is_left_alone(world: World) -> None:
    world.campaigns.open(a_new_campaign(), before=None, release=None)
    world.forget("campaign")

    assert reconcile(start_deps(world)) == {"campaign": None}
    assert poll(watch_deps(world)).facts["recovery"] == "nothing"
