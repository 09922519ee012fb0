"""A start or a planner dies at any step: everybody is planned and sent once all the same."""

from contextlib import suppress
from itertools import count
from typing import Any

import pytest

from factories import NOW_S, ROOM
from support.push_stack import PushStack
from support.push_start import AUDIENCE, opened, start_deps
from support.steps import Killed
from support.world import World
from wxlive_push_start.commands import execute

MINUTES_TO_HEAL = 3


def begin_again(world: World, before: Any) -> PushStack:
    world.restore(before)
    world.clock.now_s = NOW_S
    world.steps.made.clear()
    world.invoked.clear()
    world.at_wechat(lambda platform: platform.ledger.times_pushed.clear())
    world.at_wechat(lambda platform: platform.quotas.forget())
    return PushStack(world)


def dies_at(step: int, world: World, event: dict[str, Any]) -> bool:
    """Have push_start killed at a step, and lose what it has sent; whether it ended before."""
    world.steps.restart()
    world.steps.die(step)
    survived = False
    with suppress(Killed):
        execute(event, start_deps(world))
        survived = True
    world.steps.restart()
    world.invoked.clear()
    return survived


@pytest.mark.slow
def test_a_planner_killed_at_any_step_misses_nobody_and_plans_nobody_twice(world: World) -> None:
    campaign = opened(world)
    before = world.save()

    for step in count(1):
        stack = begin_again(world, before)
        survived = dies_at(step, world, {"action": "plan", "campaign": campaign})
        stack.lose_messages()
        stack.run_to_the_end(MINUTES_TO_HEAL)
        planned = [o for openids in world.openids_by_chunk(campaign) for o in openids]
        assert sorted(planned) == AUDIENCE, step
        assert world.pushed() == dict.fromkeys(AUDIENCE, 1), step
        if survived:
            break

    assert step > 20


@pytest.mark.slow
def test_a_start_killed_at_any_step_starts_one_campaign_by_itself_or_when_it_is_repeated(
    world: World,
) -> None:
    world.put_followers(*AUDIENCE)
    before = world.save()
    began = 0

    for step in count(1):
        stack = begin_again(world, before)
        command = {"action": "start", "room_id": ROOM, "command": "c1"}
        survived = dies_at(step, world, command)
        stack.lose_messages()
        stack.run(MINUTES_TO_HEAL)
        began += bool(world.pushed())
        stack.push(command="c1")
        stack.run(1)
        assert world.pushed() == dict.fromkeys(AUDIENCE, 1), step
        assert len(world.campaigns.of_room(ROOM)) == 1, step
        if survived:
            break

    assert step > 30
    assert 10 < began < step
