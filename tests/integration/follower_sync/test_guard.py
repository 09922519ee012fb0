"""A sweep that would remove too many followers removes nobody until the operator confirms it."""

import pytest

from factories import NOW_S
from support.follower_sync import guarded_run, sync_deps
from support.world import World
from wxlive.domain.sync_runs import RunState
from wxlive.errors import Conflict, InvalidCommand
from wxlive_follower_sync.walk import Turn, confirm_sweep, work
from wxlive_local.simulator import FOLLOWERS


@pytest.mark.parametrize(
    ("gone", "state"), [(2, RunState.DONE), (3, RunState.GUARDED), (10, RunState.GUARDED)]
)
def test_a_sweep_of_more_than_the_guards_share_removes_nobody(
    world: World, gone: int, state: RunState
) -> None:
    world.put_followers(*(f"o{n}" for n in range(10)))
    world.at_wechat(lambda p: p.list_followers([f"o{n}" for n in range(gone, 10)]))

    assert work(sync_deps(world, guard_percent=20)) is Turn.ENDED

    run = world.newest_run()
    assert run.state is state
    if state is RunState.GUARDED:
        assert len(world.subscribed()) == 10
        assert run.removed == 0
        assert f"lacks {gone} of 10 followers" in str(run.reason)
    else:
        assert run.removed == gone


def test_a_guarded_run_sweeps_when_the_operator_confirms_it(world: World) -> None:
    run = guarded_run(world)
    assert f"wxlive sync --confirm-sweep {run.run}" in str(run.reason)
    asked = world.calls(FOLLOWERS)
    world.put_followers("o0", changed_at=NOW_S + 5)
    world.clock.now_s += 3600

    assert confirm_sweep(run.run, sync_deps(world, "operator")).state is RunState.OPEN
    assert work(sync_deps(world, "later")) is Turn.ENDED

    assert (world.newest_run().state, world.newest_run().removed) == (RunState.DONE, 2)
    assert world.calls(FOLLOWERS) == asked, "the list is not requested again"
    assert world.subscribed() == {f"o{n}" for n in range(10)} - {"o1", "o2"}
    assert world.table()["o1"].changed_at == run.started_at


def test_only_the_newest_run_and_only_a_guarded_one_can_be_confirmed(world: World) -> None:
    with pytest.raises(InvalidCommand, match="there is none"):
        confirm_sweep("r", sync_deps(world))
    run = guarded_run(world)
    with pytest.raises(InvalidCommand, match=f"the newest is {run.run}"):
        confirm_sweep("another", sync_deps(world))
    world.runs.acquire("somebody", world.clock())
    with pytest.raises(Conflict, match="is running"):
        confirm_sweep(run.run, sync_deps(world))
    world.runs.release("somebody")
    world.clock.now_s += 1
    world.at_wechat(lambda p: p.list_followers([f"o{n}" for n in range(10)]))
    work(sync_deps(world))
    with pytest.raises(InvalidCommand, match="is done; only a guarded run"):
        confirm_sweep(world.newest_run().run, sync_deps(world))


def test_a_confirmed_run_whose_pages_have_expired_sweeps_nobody(world: World) -> None:
    run = guarded_run(world)
    world.forget(f"sync#{run.run}")

    confirm_sweep(run.run, sync_deps(world))
    work(sync_deps(world))

    assert world.newest_run().state is RunState.FAILED
    assert "Of 7 listed followers only 0 are still on record" in str(world.newest_run().reason)
    assert len(world.subscribed()) == 10
