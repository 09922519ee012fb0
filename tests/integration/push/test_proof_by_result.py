"""A result without a known message_id proves the one call that it can belong to, and only once."""

import pytest

from factories import CAMPAIGN, a_result
from support.push_stack import PushStack
from support.world import World
from wxlive.domain.chunks import ChunkState
from wxlive_local.simulator import PUSH, Fault, FaultRule

ARRIVED = FaultRule(PUSH, Fault.DROP_AFTER)
NEVER_ARRIVED = FaultRule(PUSH, Fault.DROP_BEFORE)


def states(world: World, stack: PushStack) -> dict[str, int]:
    counted: dict[str, int] = stack.status(CAMPAIGN)["chunks"]
    return {state: chunks for state, chunks in counted.items() if chunks}


def result_comes(world: World, message_id: str, total: int) -> None:
    result = a_result(message_id, total=total, time_s=int(world.clock()))
    world.results.add(result, world.clock())


@pytest.mark.parametrize("decision", ["accept_unknown", "resend_unknown"])
def test_the_late_result_of_a_call_that_was_decided_about_proves_no_later_call(
    world: World, stack: PushStack, decision: str
) -> None:
    world.put_campaign(2, 2)
    world.wechat.inject(ARRIVED)
    stack.deliver(1)
    stack.command(decision, campaign=CAMPAIGN)
    stack.work()
    world.wechat.inject(NEVER_ARRIVED)
    stack.deliver(2)
    assert states(world, stack) == {"accepted": 1, "unknown": 1}

    result_comes(world, "late", total=2)

    assert states(world, stack) == {"accepted": 1, "unknown": 1}


def test_one_result_names_the_one_call_of_its_size(world: World, stack: PushStack) -> None:
    world.put_campaign(20, 19, 18)
    world.wechat.inject(NEVER_ARRIVED, ARRIVED, NEVER_ARRIVED)
    stack.deliver(1, 2, 3)
    assert states(world, stack) == {"unknown": 3}

    result_comes(world, "stray", total=19)

    assert states(world, stack) == {"accepted": 1, "unknown": 2}
    assert [chunk["chunk"] for chunk in stack.status(CAMPAIGN)["overdue"]] == []


def test_a_foreign_push_to_the_room_proves_nothing(world: World, stack: PushStack) -> None:
    world.put_campaign(20)
    world.wechat.inject(NEVER_ARRIVED)
    stack.deliver(1)

    result_comes(world, "foreign", total=7)

    assert states(world, stack) == {"unknown": 1}
    assert stack.status(CAMPAIGN)["orphans"] == [{"message_id": "foreign", "total": 7}]


def test_a_foreign_result_that_came_before_the_call_proves_nothing_whatever_its_size(
    world: World, stack: PushStack
) -> None:
    world.put_campaign(20)
    result_comes(world, "foreign", total=20)
    world.clock.now_s += 60
    world.wechat.inject(NEVER_ARRIVED)

    stack.deliver(1)

    assert states(world, stack) == {"unknown": 1}


def test_a_result_of_a_call_whose_answer_may_still_come_waits_for_it(
    world: World, stack: PushStack
) -> None:
    world.put_campaign(2)
    world.claim()

    result_comes(world, "early", total=2)

    assert states(world, stack) == {"sending": 1}
    assert world.chunk().state is ChunkState.SENDING
