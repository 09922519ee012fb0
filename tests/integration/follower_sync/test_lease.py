"""Only one worker works on a run at a time."""

import pytest

from support.follower_sync import sync, sync_deps
from support.world import World
from wxlive.domain.sync_runs import LEASE_S, RunState
from wxlive.errors import Conflict
from wxlive_follower_sync.dependencies import RESERVE_S
from wxlive_follower_sync.runs import open_run
from wxlive_follower_sync.walk import Turn, work
from wxlive_local.simulator import FOLLOWERS


def test_a_second_worker_does_nothing_while_the_first_holds_the_lease(world: World) -> None:
    world.wechat.add_followers(2)
    open_run(sync_deps(world))
    world.runs.acquire("somebody", world.clock())
    clock = world.clock

    def sleep(seconds: float) -> None:
        clock.sleep(seconds)
        world.runs.acquire("somebody", clock())  # it lives, so it renews

    assert work(sync_deps(world, sleep=sleep)) is Turn.BUSY

    assert world.calls(FOLLOWERS) == 0
    assert world.newest_run().turns == 0


def test_the_run_of_a_worker_that_died_is_taken_over_as_soon_as_its_lease_ends(
    world: World,
) -> None:
    world.wechat.add_followers(2)
    open_run(sync_deps(world))
    world.runs.acquire("dead", world.clock())
    world.clock.now_s += 60

    assert work(sync_deps(world)) is Turn.ENDED

    assert world.clock.slept == [LEASE_S - 60 + 1]


def test_a_lease_is_not_waited_for_beyond_the_turn(world: World) -> None:
    open_run(sync_deps(world))
    world.runs.acquire("somebody", world.clock())

    turn = work(sync_deps(world, remaining_s=lambda: RESERVE_S + LEASE_S))

    assert (turn, world.clock.slept) == (Turn.BUSY, [])


@pytest.mark.parametrize("call", [FOLLOWERS, "Scan"])
def test_a_worker_that_lost_its_lease_stops_and_the_other_continues(
    world: World, call: str
) -> None:
    openids = world.wechat.add_followers(8)

    def steal() -> None:
        world.clock.now_s += LEASE_S + 1
        assert world.runs.acquire("thief", world.clock())

    open_run(sync_deps(world, "first"))
    world.steps.before(call, steal)

    assert work(sync_deps(world, "first")) is Turn.LOST
    assert world.newest_run().state is RunState.OPEN
    assert world.runs.holder_until() > world.clock(), "the thief's lease is not released"
    assert sync(world, "thief") is Turn.ENDED
    assert (world.newest_run().state, world.newest_run().listed) == (RunState.DONE, 8)
    assert world.subscribed() == set(openids)


def test_opening_a_run_finds_the_open_one(world: World) -> None:
    first = open_run(sync_deps(world, "first"))

    assert open_run(sync_deps(world, "second")) == first
    assert sync(world, "third") is Turn.ENDED
    assert world.newest_run().run == first.run
    world.clock.now_s += 1
    assert open_run(sync_deps(world, "fourth")).run != first.run


def test_a_run_that_is_just_being_opened_is_not_opened_twice(world: World) -> None:
    world.runs.acquire("somebody", world.clock())

    with pytest.raises(Conflict, match="just starting"):
        open_run(sync_deps(world))
