"""A worker dies at any step: the next one ends the run as if nothing had happened."""

from contextlib import suppress
from itertools import count

import pytest

from support.follower_sync import sync_deps
from support.steps import Killed
from support.world import World
from wxlive.domain.followers import Status
from wxlive.domain.sync_runs import LEASE_S, RunState
from wxlive_follower_sync.walk import Turn, work


@pytest.mark.slow
@pytest.mark.parametrize("death", [Killed, OSError], ids=["killed", "raising"])
def test_a_run_that_dies_at_any_step_is_resumed_to_the_same_end(
    world: World, death: type[BaseException]
) -> None:
    listed = world.wechat.add_followers(4)
    world.put_followers(listed[0], room_id=99)
    world.put_followers(listed[1], status=Status.UNSUBSCRIBED)
    world.put_followers("gone")
    before = world.save()
    leases_left = 0

    # Odd steps come before a call; a call whose answer is lost is the killed run's case.
    for step in count(1, 1 if death is Killed else 2):
        world.restore(before)
        survived = dies_at(step, death, world)
        if not survived:
            if world.runs.holder_until():
                leases_left += 1
                world.clock.now_s += LEASE_S + 1
            assert work(sync_deps(world, "second", guard_percent=50)) is Turn.ENDED, step
        assert_it_ended(world, set(listed), step)
        if survived:
            break

    assert step > 30
    # Whoever raises releases the lease, unless acquiring or releasing it was what failed.
    assert leases_left <= 2 or death is Killed


def dies_at(step: int, death: type[BaseException], world: World) -> bool:
    """Have the first worker die at a step; returns whether it ended before that."""
    world.steps.restart()
    world.steps.die(step, death)
    survived = False
    with suppress(death):
        work(sync_deps(world, "first", guard_percent=50))
        survived = True
    world.steps.restart()
    return survived


def assert_it_ended(world: World, listed: set[str], step: int) -> None:
    runs, table = world.all_runs(), world.table()
    assert (runs[-1].state, runs[-1].listed) == (RunState.DONE, 4), step
    # A worker that dies after its run ended leaves it done; the next worker's run is another.
    assert sum(run.removed for run in runs) == 1, step
    # A change that a dead turn wrote can't be distinguished from an addition any more.
    assert sum(run.added + run.changed for run in runs) == 4, step
    assert set(table) == {*listed, "gone"}, step
    assert {o for o, follower in table.items() if follower.status is Status.SUBSCRIBED} == listed
    assert world.runs.holder_until() == 0, step
