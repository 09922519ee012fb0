"""A message that was lost, or never sent, is only a delay: each minute finds what has none."""

import pytest

from factories import CAMPAIGN, NOW_S
from support.aws_faults import FOR_LONG, answer_lost, collided, throttled, unreachable
from support.push_stack import PushStack
from support.push_start import AUDIENCE, planned
from support.world import World
from wxlive.domain.campaigns import CAMPAIGN_KEPT_S, CampaignState
from wxlive.domain.chunks import ChunkState
from wxlive.telemetry import Metric
from wxlive_local.simulator import PUSH, Fault, FaultRule

MINUTES_TO_HEAL = 3


def states(world: World, campaign: str = CAMPAIGN) -> set[ChunkState]:
    return {chunk.state for chunk in world.ledger.chunks(campaign)}


def test_lost_messages_are_replaced_within_three_minutes(world: World, stack: PushStack) -> None:
    planned(world)
    world.invoked.clear()
    stack.lose_messages()

    stack.run(MINUTES_TO_HEAL)

    assert world.pushed() == dict.fromkeys(AUDIENCE, 1)
    assert world.telemetry.counted[Metric.CHUNK_ENQUEUED_AGAIN] > 0


def test_a_split_that_commits_and_fails_to_enqueue_its_halves_is_sent_all_the_same(
    world: World, stack: PushStack
) -> None:
    world.put_campaign(4)
    world.wechat.inject(FaultRule(PUSH, Fault.ERRCODE, errcode=40003))
    for call in ("SendMessage", "SendMessageBatch"):
        world.steps.before(call, unreachable, times=FOR_LONG)
    stack.deliver(1)
    assert stack.processed == ["ConnectTimeoutError"]
    assert [chunk.openids for chunk in world.ledger.chunks(CAMPAIGN)] == [2, 2]
    world.steps.heal()
    stack.lose_messages()

    stack.run(MINUTES_TO_HEAL)

    assert set(world.pushed().values()) == {1}
    assert len(world.pushed()) == 4


@pytest.mark.parametrize("errcode", [9410006, 45009, 40164])
def test_a_hold_that_cannot_be_stored_leaves_a_campaign_that_is_tried_again(
    world: World, stack: PushStack, errcode: int
) -> None:
    world.put_campaign(1)
    world.wechat.inject(FaultRule(PUSH, Fault.ERRCODE, errcode=errcode))
    world.steps.before("UpdateItem", collided, about="hold_id", times=FOR_LONG)
    stack.deliver(1)
    assert stack.processed == ["StoreBusy"]
    assert world.campaign().state is CampaignState.SENDING
    world.steps.heal()
    stack.lose_messages()

    stack.run(MINUTES_TO_HEAL)

    assert set(world.pushed().values()) == {1}


def test_a_hold_whose_answer_was_lost_stands_and_is_counted(world: World, stack: PushStack) -> None:
    world.put_campaign(1)
    world.wechat.inject(FaultRule(PUSH, Fault.ERRCODE, errcode=40164))
    world.steps.after("UpdateItem", answer_lost, about="hold_id")

    stack.deliver(1)

    assert world.campaign().state is CampaignState.PAUSED
    stack.run(2)
    assert world.telemetry.counted[Metric.CAMPAIGN_HELD] == 2


@pytest.mark.parametrize("times", [1, FOR_LONG], ids=["once", "for long"])
def test_a_chunk_that_is_sent_again_by_a_command_whose_answer_was_lost_is_sent_again(
    world: World, stack: PushStack, times: int
) -> None:
    world.put_campaign(1)
    world.settle(1, ChunkState.UNKNOWN)
    world.steps.after("TransactWriteItems", answer_lost, about="earlier_calls", times=times)

    answer = stack.command("resend_unknown", campaign=CAMPAIGN)
    assert ("refused" in answer) == (times > 1)
    world.steps.heal()
    stack.work()
    assert bool(world.pushed()) == (times == 1), "it was recognised and enqueued"
    stack.run(MINUTES_TO_HEAL)

    assert set(world.pushed().values()) == {1}
    assert states(world) == {ChunkState.ACCEPTED}


def test_the_openids_of_a_chunk_are_kept_as_long_as_its_campaign(
    world: World, stack: PushStack
) -> None:
    world.put_campaign(4)
    world.wechat.inject(FaultRule(PUSH, Fault.ERRCODE, errcode=40003))
    stack.deliver(1)

    kept = {
        item["pk"].partition("#")[0]: item["expires_at"] - NOW_S
        for item in world.state_items()
        if item["pk"].startswith(("openids#", "campaign"))
    }
    assert set(kept) == {"openids", "campaign"}
    assert set(kept.values()) == {CAMPAIGN_KEPT_S}


def test_the_openids_of_each_chunk_are_in_a_partition_of_their_own(world: World) -> None:
    """One partition takes a thousand write units a second, and openids are large."""
    world.put_campaign(1, 1, 1)

    partitions = [item["pk"] for item in world.state_items() if "openids" in item["pk"]]
    assert len(set(partitions)) == len(partitions) == 3


def test_a_planner_that_cannot_enqueue_is_replaced_and_nobody_is_missed(
    world: World, stack: PushStack
) -> None:
    world.put_followers(*AUDIENCE)
    world.steps.before("SendMessage", lambda: None, unreachable)
    with pytest.raises(Exception, match="Connect timeout"):
        stack.push()

    stack.run(MINUTES_TO_HEAL)

    assert world.pushed() == dict.fromkeys(AUDIENCE, 1)


def test_a_message_whose_table_is_busy_is_received_again(world: World, stack: PushStack) -> None:
    world.put_campaign(1)
    world.steps.before("GetItem", throttled, times=FOR_LONG)
    stack.deliver(1)
    assert stack.processed == ["StoreBusy"]
    world.steps.heal()

    stack.work(world.clock() + 360)

    assert stack.processed[1:] == ["accepted"]
