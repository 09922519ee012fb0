"""A worker dies: nobody is notified twice, and what may have left is unknown, not hidden."""

from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any

import pytest

from factories import CAMPAIGN, DAY, NOW_S
from support.push_fanout import A_CLAIM, fanout_deps
from support.push_stack import VISIBILITY_TIMEOUT_S, PushStack
from support.world import World
from wxlive.domain.campaigns import CampaignState
from wxlive.domain.chunks import CLAIM_STALE_S, ChunkState
from wxlive_local.simulator import PUSH, Fault, FaultRule
from wxlive_push_fanout.send import SendResult, send

MINUTES_TO_HEAL = 4
"""The longest: a minute that is used up, an abandoned claim, a message that is lost."""


@pytest.mark.parametrize("state", list(CampaignState))
@pytest.mark.parametrize(
    ("age_s", "abandoned"), [(CLAIM_STALE_S, False), (CLAIM_STALE_S + 1, True)]
)
def test_a_claim_without_a_worker_becomes_unknown_and_a_fresh_one_is_left_alone(
    *, world: World, age_s: int, abandoned: bool, state: CampaignState
) -> None:
    world.put_campaign(1)
    world.claim()
    world.change_campaign(state=state)
    world.clock.now_s += age_s

    result = send(CAMPAIGN, 1, fanout_deps(world))

    assert result is (SendResult.UNKNOWN if abandoned else SendResult.DRAINED)
    assert world.chunk().state is (ChunkState.UNKNOWN if abandoned else ChunkState.SENDING)
    assert world.calls(PUSH) == 0


def refuse(world: World, errcode: int) -> None:
    world.wechat.inject(FaultRule(PUSH, Fault.ERRCODE, errcode=errcode))


def miss_the_slot(world: World) -> None:
    def stumble() -> None:
        world.clock.now_s += 2

    world.steps.after("TransactWriteItems", stumble, about=A_CLAIM)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("happens", "steps"),
    [
        pytest.param(lambda _: None, 20, id="accepted"),
        pytest.param(miss_the_slot, 26, id="slot missed"),
        pytest.param(partial(refuse, errcode=45011), 24, id="minute used up"),
        pytest.param(partial(refuse, errcode=40003), 28, id="cut in halves"),
        pytest.param(partial(refuse, errcode=9410006), 24, id="room not live"),
    ],
)
def test_a_worker_killed_at_any_step_notifies_nobody_twice_and_hides_nothing(
    world: World, happens: Callable[[World], None], steps: int
) -> None:
    """Its message, and all that it has sent, are lost: what heals is the schedule."""
    world.put_campaign(4)
    before = world.save()
    unknown = 0

    for step in count(1):
        stack = begin_again(world, before)
        happens(world)
        world.steps.die(step)
        calls = world.calls(PUSH)
        stack.deliver(1)
        survived = "Killed" not in stack.processed
        world.steps.restart()
        stack.lose_messages()
        stack.run_to_the_end(MINUTES_TO_HEAL)
        unknown += check(world, calls, step)
        if survived:
            break

    assert step > steps
    assert 0 < unknown < step / 2


@pytest.mark.slow
def test_a_message_whose_worker_was_killed_at_any_step_is_received_again_without_harm(
    world: World,
) -> None:
    world.put_campaign(4)
    before = world.save()

    for step in count(1):
        stack = begin_again(world, before)
        world.steps.die(step)
        calls = world.calls(PUSH)
        stack.deliver(1)
        survived = "Killed" not in stack.processed
        world.steps.restart()
        stack.work(world.clock() + 2 * VISIBILITY_TIMEOUT_S)
        check(world, calls, step)
        if survived:
            break

    assert step > 20


def begin_again(world: World, before: dict[str, Any]) -> PushStack:
    world.restore(before)
    world.clock.now_s = NOW_S
    world.steps.made.clear()
    world.steps.heal()
    world.steps.restart()
    world.wechat.run_on_loop(lambda _: world.wechat.faults.clear())
    world.at_wechat(lambda platform: platform.ledger.times_pushed.clear())
    world.at_wechat(lambda platform: platform.quotas.set_used(PUSH, 0))
    return PushStack(world)


def check(world: World, calls_before: int, step: int) -> bool:
    """Check what stands once all has healed; returns whether something is unknown."""
    ledger = list(world.ledger.chunks(CAMPAIGN))
    pushed = world.pushed()
    assert set(pushed.values()) <= {1}, step
    assert {chunk.state for chunk in ledger} <= {ChunkState.ACCEPTED, ChunkState.UNKNOWN}, step
    for chunk in ledger:
        arrived = [pushed[o] for o in world.ledger.openids(CAMPAIGN, chunk.number) or ()]
        assert chunk.state is ChunkState.UNKNOWN or all(arrived), step
    made, counted = world.calls(PUSH) - calls_before, world.quota.used(DAY)
    unknown = sum(chunk.state is ChunkState.UNKNOWN for chunk in ledger)
    assert made <= counted <= made + unknown, step
    return unknown > 0
