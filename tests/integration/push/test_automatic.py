"""Pushes that the stack starts by itself: for their day only, and only while they are wanted."""

import pytest

from factories import DAY, NOW_S, ROOM
from support.live_watch import poll_again, watch_deps
from support.push_stack import PushStack
from support.push_start import AUDIENCE, start_deps
from support.world import DAY_OFFSET_HOURS, World
from wxlive.domain.calendar import day_ends_at
from wxlive.domain.rooms import Choice
from wxlive.errors import InvalidCommand
from wxlive_live_watch.poll import poll
from wxlive_push_start.commands import execute

MIDNIGHT_S = day_ends_at(NOW_S, DAY_OFFSET_HOURS)


def test_a_planned_push_that_lambda_delivers_after_midnight_takes_no_day(world: World) -> None:
    world.put_followers(*AUDIENCE)
    world.rooms.choose(DAY, Choice(ROOM, NOW_S, NOW_S))
    world.clock.now_s = MIDNIGHT_S - 20
    assert poll(watch_deps(world)).facts["pushed"] == ROOM
    [event] = world.invoked
    world.clock.now_s = MIDNIGHT_S + 40

    with pytest.raises(InvalidCommand, match=f"was asked for {DAY}"):
        execute(event, start_deps(world))

    assert world.campaigns.newest() is None
    assert poll_again(world)["pushed"] is None


@pytest.mark.parametrize("now", [None, Choice(ROOM, NOW_S, NOW_S + 7200), Choice(7, NOW_S)])
def test_a_plan_that_was_removed_or_changed_is_not_carried_out_by_an_event_under_way(
    world: World, now: Choice | None
) -> None:
    world.put_followers(*AUDIENCE)
    planned = Choice(ROOM, NOW_S, NOW_S)
    world.rooms.choose(DAY, planned)
    poll(watch_deps(world))
    [event] = world.invoked
    world.forget("choice")
    if now is not None:
        world.rooms.choose(DAY, now)

    with pytest.raises(InvalidCommand, match="was removed or changed"):
        execute(event, start_deps(world))

    assert world.campaigns.newest() is None


def test_a_room_that_opens_just_before_midnight_is_pushed_all_the_same(world: World) -> None:
    """Its first event comes too late for the old day; the next poll asks for the new one."""
    world.put_followers(*AUDIENCE)
    stack = PushStack(world, auto_push=True)
    world.clock.now_s = MIDNIGHT_S - 5
    poll(watch_deps(world, auto_push=True))
    world.clock.now_s = MIDNIGHT_S + 5
    stack.work()
    assert world.campaigns.newest() is None

    stack.run(2)

    assert world.pushed() == dict.fromkeys(AUDIENCE, 1)


def test_a_start_of_the_version_before_names_no_day_and_is_understood(world: World) -> None:
    world.put_followers(*AUDIENCE)
    event = {"action": "start", "room_id": ROOM, "command": "auto#1001#1", "automatic": True}

    assert execute(event, start_deps(world))["state"] == "sending"


def test_what_an_operator_cancelled_is_not_started_again_by_auto_push(world: World) -> None:
    world.put_followers(*AUDIENCE)
    stack = PushStack(world, auto_push=True)
    campaign = stack.command("start", room_id=ROOM)["campaign"]
    assert stack.command("cancel", campaign=campaign)["state"] == "cancelled"

    stack.run(10)

    assert len(world.campaigns.of_room(ROOM)) == 1
    assert world.pushed() == {}
