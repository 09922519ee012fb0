"""What surely did not leave is queued again and its call refunded; it is never unknown."""

from collections.abc import Callable
from typing import Any

import pytest

from factories import CAMPAIGN, DAY
from support.aws_faults import FOR_LONG, answer_lost, collided, throttled, unreachable
from support.push_fanout import A_CLAIM
from support.push_stack import PushStack
from support.world import World
from wxlive.domain.chunks import ChunkState
from wxlive_local.simulator import PUSH, STABLE_TOKEN, Fault, FaultRule


def sent_once(world: World) -> bool:
    """Whether the chunk was sent by one call."""
    is_sent = world.chunk().state is ChunkState.ACCEPTED
    return is_sent and set(world.pushed().values()) == {1} and world.calls(PUSH) == 1


@pytest.mark.parametrize(
    "rule",
    [
        {"kind": Fault.ERRCODE, "errcode": -1},
        {"kind": Fault.GARBAGE},
        {"kind": Fault.HTTP_500},
        {"kind": Fault.DROP_AFTER},
    ],
    ids=["-1", "garbage", "500", "answer lost"],
)
def test_without_a_token_nothing_is_claimed(
    world: World, stack: PushStack, rule: dict[str, Any]
) -> None:
    world.put_campaign(2)
    world.wechat.inject(FaultRule(STABLE_TOKEN, **rule))

    stack.deliver(1)

    assert (world.chunk().state, world.chunk().claim) == (ChunkState.QUEUED, "")
    assert (world.calls(PUSH), world.quota.used(DAY)) == (0, 0)
    stack.run(1)
    assert sent_once(world)


@pytest.mark.parametrize("call", ["GetItem", "PutItem"])
@pytest.mark.parametrize("fault", [throttled, unreachable])
def test_a_token_store_that_fails_keeps_the_chunk_queued(
    world: World, stack: PushStack, call: str, fault: Callable[[], None]
) -> None:
    world.put_campaign(2)
    world.steps.before(call, fault, about='{"S": "token"}', times=FOR_LONG)

    stack.deliver(1)

    assert (world.chunk().state, world.chunk().claim) == (ChunkState.QUEUED, "")
    world.steps.heal()
    stack.run(1)
    assert sent_once(world)


def test_a_claim_whose_answer_was_lost_is_recognised_and_used(
    world: World, stack: PushStack
) -> None:
    world.put_campaign(2)
    world.steps.after("TransactWriteItems", answer_lost, about=A_CLAIM)

    stack.deliver(1)

    assert stack.processed == ["accepted"]
    assert sent_once(world)
    assert world.quota.used(DAY) == 1


def test_a_claim_whose_answer_is_lost_for_long_is_undone(world: World, stack: PushStack) -> None:
    world.put_campaign(2)
    world.steps.after("TransactWriteItems", answer_lost, about=A_CLAIM, times=FOR_LONG)

    stack.work()
    stack.deliver(1)

    assert stack.processed == ["handed_back"]
    assert world.chunk().state is ChunkState.QUEUED
    assert (world.calls(PUSH), world.quota.used(DAY)) == (0, 0)
    world.steps.heal()
    stack.run(1)
    assert sent_once(world)
    assert world.quota.used(DAY) == 1


@pytest.mark.parametrize("fault", [throttled, collided])
def test_a_split_that_is_refused_by_the_table_leaves_the_whole_chunk_queued(
    world: World, stack: PushStack, fault: Callable[[], None]
) -> None:
    world.put_campaign(4)
    world.wechat.inject(FaultRule(PUSH, Fault.ERRCODE, errcode=40003))
    world.steps.before("TransactWriteItems", fault, about="chunk#500001", times=FOR_LONG)

    stack.deliver(1)

    assert stack.processed == ["not_sent", "accepted"]
    assert set(world.pushed().values()) == {1}
    assert len(world.pushed()) == 4


def test_a_split_whose_answer_was_lost_sends_each_half_once(world: World, stack: PushStack) -> None:
    world.put_campaign(4)
    world.wechat.inject(FaultRule(PUSH, Fault.ERRCODE, errcode=40003))
    world.steps.after("TransactWriteItems", answer_lost, about="chunk#500001")

    stack.deliver(1)

    assert [chunk.openids for chunk in world.ledger.chunks(CAMPAIGN)] == [2, 2]
    assert set(world.pushed().values()) == {1}
    assert len(world.pushed()) == 4


def test_a_missed_slot_whose_claim_cannot_be_undone_is_undone_by_a_message(
    world: World, stack: PushStack
) -> None:
    world.put_campaign(2)

    def stumble() -> None:
        world.clock.now_s += 5
        world.steps.before("TransactWriteItems", throttled, about='":less"', times=FOR_LONG)
        world.steps.before("SendMessage", world.steps.heal)

    world.steps.after("TransactWriteItems", stumble, about=A_CLAIM)

    stack.deliver(1)

    assert stack.processed == ["not_sent", "outcome_stored", "accepted"]
    assert sent_once(world)
    assert world.quota.used(DAY) == 1


def test_a_claim_that_was_settled_before_it_is_undone_is_queued_and_sent(
    world: World, stack: PushStack
) -> None:
    """The last chunk of a campaign: nothing else would have it sent."""
    world.put_campaign(2)

    def settle() -> None:
        world.steps.heal()
        stack.run(1)
        assert world.chunk().state is ChunkState.UNKNOWN

    def stumble() -> None:
        world.clock.now_s += 5
        world.steps.before("TransactWriteItems", throttled, about='":less"', times=FOR_LONG)
        world.steps.before("SendMessage", settle)

    world.steps.after("TransactWriteItems", stumble, about=A_CLAIM)

    stack.deliver(1)

    assert world.chunk().state is ChunkState.ACCEPTED
    assert set(world.pushed().values()) == {1}
    assert world.quota.used(DAY) == 1
