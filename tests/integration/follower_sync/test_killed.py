"""A worker dies at any step: the next one ends the run as if nothing had happened."""

from contextlib import suppress
from itertools import count

import pytest

from support.follower_sync import counts, put_missing, sync, sync_deps
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
    earlier = put_missing(world, "gone")
    world.put_followers("missing", subscribed_at=1)
    world.put_followers(listed[0], room_id=99)
    world.put_followers(listed[1], status=Status.UNSUBSCRIBED)
    before = world.save()

    # Odd steps come before a call; a call whose answer is lost is the killed run's case.
    for step in count(1, 1 if death is Killed else 2):
        world.restore(before)
        survived = dies_at(step, death, world)
        if not survived:
            has_begun = world.newest_run().run != earlier.run
            deps = sync_deps(world, "second", guard_percent=90)
            world.clock.now_s += 0 if has_begun else LEASE_S + 1
            turn = work(deps) if has_begun else sync(world, "second", guard_percent=90)
            assert turn in {Turn.ENDED, Turn.NOTHING_TO_DO}, step
        assert_it_ended(world, set(listed), step)
        if survived:
            break

    assert step > 30


def dies_at(step: int, death: type[BaseException], world: World) -> bool:
    """Have the first worker die at a step; returns whether it ended before that."""
    world.steps.restart()
    world.steps.die(step, death)
    survived = False
    with suppress(death):
        sync(world, "first", guard_percent=90)
        survived = True
    world.steps.restart()
    return survived


def assert_it_ended(world: World, listed: set[str], step: int) -> None:
    run, table = world.newest_run(), world.table()
    assert len(world.all_runs()) == 2, step
    assert (run.state, counts(run), run.missing) == (RunState.DONE, (4, 3, 1, 1), 1), step
    assert run.expected == 3, step
    assert set(table) == {*listed, "gone", "missing"}, step
    subscribed = {o for o, follower in table.items() if follower.status is Status.SUBSCRIBED}
    assert subscribed == {*listed, "missing"}, step
