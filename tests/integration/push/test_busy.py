"""A table that is busy is not a race that was lost, and a race that was lost may be our own."""

from collections.abc import Callable

import pytest

from factories import CAMPAIGN, ROOM
from support.aws_faults import FOR_LONG, answer_lost, collided, throttled
from support.push_fanout import A_CLAIM
from support.push_stack import PushStack
from support.push_start import AUDIENCE, opened, start_deps
from support.world import World
from wxlive.errors import StoreBusy
from wxlive_local.simulator import PUSH
from wxlive_push_start.plan import Planning, plan

A_CHUNK = '"openids#'
"""What the transaction of a planned chunk is about."""


@pytest.mark.parametrize("fault", [throttled, collided])
def test_a_planner_that_is_refused_for_a_moment_plans_on(
    world: World, fault: Callable[[], None]
) -> None:
    campaign = opened(world)
    world.steps.before("TransactWriteItems", fault, about=A_CHUNK, times=5)

    assert plan(campaign, start_deps(world)) is Planning.DONE

    assert sum(map(len, world.openids_by_chunk(campaign))) == len(AUDIENCE)


def test_a_planner_that_is_refused_for_long_says_so_and_is_replaced(
    world: World, stack: PushStack
) -> None:
    campaign = opened(world)
    world.steps.before("TransactWriteItems", throttled, about=A_CHUNK, times=FOR_LONG)
    with pytest.raises(StoreBusy):
        plan(campaign, start_deps(world))
    world.steps.heal()

    stack.run(3)

    assert world.pushed() == dict.fromkeys(AUDIENCE, 1)


def test_a_planner_whose_write_lost_its_answer_plans_nobody_twice(world: World) -> None:
    campaign = opened(world)
    world.steps.after("TransactWriteItems", answer_lost, about=A_CHUNK, times=2)

    assert plan(campaign, start_deps(world)) is Planning.DONE

    planned = [openid for chunk in world.openids_by_chunk(campaign) for openid in chunk]
    assert sorted(planned) == AUDIENCE


@pytest.mark.parametrize("fault", [throttled, collided])
def test_a_start_that_is_refused_for_a_moment_starts(
    world: World, stack: PushStack, fault: Callable[[], None]
) -> None:
    world.put_followers(*AUDIENCE)
    world.steps.before("TransactWriteItems", fault, about='"living"', times=5)

    assert stack.push()["state"] == "sending"
    assert world.pushed() == dict.fromkeys(AUDIENCE, 1)


def test_a_start_whose_answer_was_lost_is_no_other_push(world: World, stack: PushStack) -> None:
    world.put_followers(*AUDIENCE)
    world.steps.after("TransactWriteItems", answer_lost, about='"living"')

    assert stack.push()["room_id"] == ROOM
    assert world.pushed() == dict.fromkeys(AUDIENCE, 1)


def test_a_start_that_is_refused_for_long_starts_nothing(world: World, stack: PushStack) -> None:
    world.put_followers(*AUDIENCE)
    world.steps.before("TransactWriteItems", throttled, about='"living"', times=FOR_LONG)

    assert "busy" in stack.push()["refused"]
    assert world.campaigns.newest() is None


def test_a_chunk_that_was_cut_while_its_worker_waits_is_not_sent_whole(
    world: World, stack: PushStack
) -> None:
    world.put_campaign(4)

    def cut() -> None:
        world.claim()
        world.ledger.split(CAMPAIGN, world.chunk(), claim="other", now_s=world.clock())

    world.steps.before("TransactWriteItems", cut, about=A_CLAIM)

    stack.deliver(1)

    assert stack.processed == ["drained"]
    assert world.calls(PUSH) == 0
    stack.run(3)
    assert set(world.pushed().values()) == {1}
    sizes = world.wechat.run_on_loop(lambda p: [len(call.openids) for call in p.ledger.pushes])
    assert sizes == [2, 2]


def test_a_chunk_that_was_cut_between_two_reads_is_left_to_the_messages_of_its_halves(
    world: World, stack: PushStack
) -> None:
    world.put_campaign(4)

    def cut() -> None:
        world.claim()
        world.ledger.split(CAMPAIGN, world.chunk(), claim="other", now_s=world.clock())

    world.steps.before("GetItem", cut, about='"openids#')

    stack.deliver(1)

    assert stack.processed == ["drained"]
    assert world.calls(PUSH) == 0
