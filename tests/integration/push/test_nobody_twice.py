"""A later campaign for a room leaves out whoever was notified, unless the operator says again."""

import pytest

from factories import ROOM, a_new_campaign, a_run
from support.push_stack import PushStack
from support.push_start import AUDIENCE, OTHER_ROOM
from support.world import World
from wxlive.domain.campaigns import CampaignState
from wxlive.domain.sync_runs import RunState
from wxlive_local.simulator import LIVE, PUSH, Fault, FaultRule

ONCE = dict.fromkeys(AUDIENCE, 1)


def test_a_campaign_for_the_rest_leaves_out_whoever_was_notified(
    world: World, stack: PushStack
) -> None:
    world.put_followers(*AUDIENCE)
    world.wechat.inject(FaultRule(PUSH, Fault.ERRCODE, errcode=40164, skip=1))
    first = stack.push()["campaign"]
    stack.command("cancel", campaign=first)
    assert len(world.pushed()) == 2

    second = stack.push()

    assert second["campaign"] != first
    assert world.pushed() == ONCE


def test_a_campaign_for_the_rest_includes_chunks_that_were_refused(
    world: World, stack: PushStack
) -> None:
    world.put_followers(*AUDIENCE)
    world.wechat.inject(FaultRule(PUSH, Fault.ERRCODE, errcode=47001))
    first = stack.push()["campaign"]
    assert len(world.pushed()) == 3

    second = stack.push()

    assert second["campaign"] != first
    assert world.pushed() == ONCE


def test_a_campaign_for_the_rest_leaves_out_whoever_may_have_been_notified(
    world: World, stack: PushStack
) -> None:
    world.put_followers(*AUDIENCE)
    world.wechat.inject(FaultRule(PUSH, Fault.DROP_AFTER))
    first = stack.push()["campaign"]
    assert stack.status(first)["chunks"]["unknown"] == 1
    world.put_followers("new")

    second = stack.push(audience={"rooms": [1]})

    assert second["campaign"] != first
    assert world.pushed() == {**ONCE, "new": 1}


@pytest.mark.parametrize("again", [False, True])
def test_only_again_notifies_a_room_twice(*, world: World, stack: PushStack, again: bool) -> None:
    world.put_followers(*AUDIENCE)
    first = stack.push()["campaign"]

    second = stack.push(again=again)

    assert (second["campaign"] != first, second.get("repeated", False)) == (again, not again)
    assert world.pushed() == dict.fromkeys(AUDIENCE, 2 if again else 1)


def test_again_starts_nothing_while_the_campaign_lives(world: World, stack: PushStack) -> None:
    world.put_campaign(2)

    assert stack.push(again=True)["repeated"]
    assert len(world.campaigns.of_room(ROOM)) == 1


def test_another_room_notifies_everybody_on_another_day(world: World, stack: PushStack) -> None:
    world.put_followers(*AUDIENCE)
    stack.push()
    world.wechat.set_room(OTHER_ROOM, LIVE)
    world.clock.now_s += 86_400

    stack.push(OTHER_ROOM)

    assert world.pushed() == dict.fromkeys(AUDIENCE, 2)


def test_a_chunk_of_a_campaign_that_no_longer_lives_is_not_sent(
    world: World, stack: PushStack
) -> None:
    world.put_campaign(1)
    world.campaigns.open(a_new_campaign("later"), before=world.living.load(), release=None)

    stack.deliver(1)

    assert world.calls(PUSH) == 0


def test_a_later_campaign_without_anybody_left_is_refused(world: World, stack: PushStack) -> None:
    world.put_followers(*AUDIENCE)
    stack.push()

    refused = stack.push(audience={"rooms": [1]})["refused"]

    assert "has notified 5 followers before, or may have" in refused
    assert world.pushed() == ONCE


def test_a_later_campaign_without_anybody_left_that_was_not_counted_fails_with_a_reason(
    world: World, stack: PushStack
) -> None:
    world.put_followers(*AUDIENCE)
    first = stack.push()["campaign"]
    world.change_campaign(first, state=CampaignState.CANCELLED)
    world.runs.open(a_run(state=RunState.DONE, listed=len(AUDIENCE)))

    second = stack.push()["campaign"]

    report = stack.status(second)
    assert (report["state"], report["audience"]) == ("failed", 0)
    assert world.pushed() == ONCE


def test_an_automatic_start_never_notifies_again_even_after_a_failure(world: World) -> None:
    world.put_followers(*AUDIENCE)
    world.wechat.inject(FaultRule(PUSH, Fault.ERRCODE, errcode=9410005, skip=1))
    stack = PushStack(world, auto_push=True)

    stack.run(20)

    assert len(world.campaigns.of_room(ROOM)) == 1
    assert set(world.pushed().values()) == {1}
