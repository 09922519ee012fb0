"""A campaign that notified nobody frees the day and alarms; one that may have keeps it."""

from itertools import count

import pytest

from factories import CAMPAIGN, DAY, ROOM
from support.push_stack import PushStack
from support.push_start import AUDIENCE, OTHER_ROOM, opened, planned, start_deps
from support.steps import Killed
from support.world import World
from wxlive.domain.campaigns import CampaignState
from wxlive.domain.chunks import ChunkState
from wxlive.domain.followers import Status
from wxlive.telemetry import Metric
from wxlive_local.simulator import LIVE, PUSH, Fault, FaultRule
from wxlive_push_start.commands import execute


@pytest.mark.slow
def test_an_empty_audience_and_a_crash_at_any_step_end_in_a_failure_that_leaves_the_day(
    world: World, stack: PushStack
) -> None:
    campaign = opened(world, "o1")
    world.put_followers("o1", status=Status.UNSUBSCRIBED, changed_at=int(world.clock()))
    before = world.save()
    began = world.clock()

    for step in count(1):
        world.restore(before)
        world.clock.now_s = began
        world.steps.restart()
        world.steps.die(step)
        survived = True
        try:
            execute({"action": "plan", "campaign": campaign}, start_deps(world))
        except Killed:
            survived = False
        world.steps.restart()
        stack.run(3)
        report = stack.status(campaign)
        assert report["state"] == "failed", step
        assert "nothing was sent" in report["reason"], step
        assert world.days.holder(DAY) is None
        living = world.living.load()
        assert living is not None
        assert living.finished, step
        if survived:
            break

    assert step > 10
    world.put_followers("o2")
    assert stack.push()["campaign"] != campaign
    assert world.pushed() == {"o2": 1}


def test_a_campaign_whose_chunks_were_all_refused_fails_and_leaves_the_day_to_another_room(
    world: World, stack: PushStack
) -> None:
    world.put_followers(*AUDIENCE)
    world.wechat.inject(FaultRule(PUSH, Fault.ERRCODE, errcode=47001, times=3))
    first = stack.push()["campaign"]
    assert world.days.holder(DAY) == (ROOM, first)
    stack.run(1)
    assert stack.status(first)["state"] == "failed"
    assert world.telemetry.counted[Metric.CAMPAIGN_FAILED] == 1

    world.wechat.set_room(OTHER_ROOM, LIVE)
    second = stack.push(OTHER_ROOM)["campaign"]

    assert world.pushed() == dict.fromkeys(AUDIENCE, 1)
    assert world.days.holder(DAY) == (OTHER_ROOM, second)


def test_a_campaign_whose_chunks_were_all_refused_may_be_pushed_again(
    world: World, stack: PushStack
) -> None:
    world.put_followers(*AUDIENCE)
    world.wechat.inject(FaultRule(PUSH, Fault.ERRCODE, errcode=47001, times=3))
    first = stack.push()["campaign"]
    stack.run(1)

    assert stack.push()["campaign"] != first
    assert world.pushed() == dict.fromkeys(AUDIENCE, 1)


def test_a_campaign_that_told_nobody_goes_off_under_auto_push_and_is_not_started_again(
    world: World,
) -> None:
    world.put_followers(*AUDIENCE)
    stack = PushStack(world, auto_push=True)
    world.steps.before("TransactWriteItems", lambda: leave(world), about='"living"')

    stack.run(20)

    [campaign] = world.campaigns.of_room(ROOM)
    assert campaign.state is CampaignState.FAILED
    assert world.telemetry.counted[Metric.CAMPAIGN_FAILED] == 1
    assert world.telemetry.counted[Metric.PUSH_OVERDUE] > 0
    assert world.calls(PUSH) == 0


def leave(world: World) -> None:
    at_s = int(world.clock())
    world.put_followers(*AUDIENCE, status=Status.UNSUBSCRIBED, changed_at=at_s)


def test_a_chunk_that_is_sent_again_and_then_cancelled_keeps_the_day(
    world: World, stack: PushStack
) -> None:
    campaign = planned(world)
    world.settle(1, ChunkState.UNKNOWN, campaign)
    stack.command("resend_unknown", campaign=campaign)
    stack.command("cancel", campaign=campaign)
    world.wechat.set_room(OTHER_ROOM, LIVE)

    assert f"Room {ROOM} was pushed today" in stack.push(OTHER_ROOM)["refused"]


def test_a_room_keeps_the_day_if_any_of_its_campaigns_notified_somebody(
    world: World, stack: PushStack
) -> None:
    """The day is on record with the first of them, which notified nobody."""
    world.put_followers(*AUDIENCE)
    world.wechat.inject(FaultRule(PUSH, Fault.ERRCODE, errcode=47001, times=3))
    first = stack.push()["campaign"]
    stack.run(1)
    stack.push()
    assert world.days.holder(DAY) == (ROOM, first)
    stack.run(1)
    world.wechat.set_room(OTHER_ROOM, LIVE)

    assert f"Room {ROOM} was pushed today" in stack.push(OTHER_ROOM)["refused"]


def test_a_day_that_another_room_has_at_wechat_ends_the_campaign_with_an_alarm(
    world: World, stack: PushStack
) -> None:
    world.put_campaign(1)
    world.wechat.inject(FaultRule(PUSH, Fault.ERRCODE, errcode=9410005))

    stack.deliver(1)
    stack.run(1)

    assert world.campaign(CAMPAIGN).state is CampaignState.FAILED
    assert world.telemetry.counted[Metric.CAMPAIGN_FAILED] == 1
