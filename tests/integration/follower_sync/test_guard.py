"""A sweep that would remove too many followers removes nobody until the operator confirms it."""

import pytest

from factories import NOW_S
from support.follower_sync import CLOCK_MARGIN_S, guarded_run, sync, sync_deps
from support.world import World
from wxlive.domain.sync_runs import RunState
from wxlive.errors import Conflict, InvalidCommand
from wxlive_follower_sync.runs import confirm_sweep
from wxlive_follower_sync.walk import Turn
from wxlive_local.simulator import FOLLOWERS


@pytest.mark.parametrize(
    ("gone", "state"), [(2, RunState.DONE), (3, RunState.GUARDED), (10, RunState.GUARDED)]
)
def test_a_sweep_of_more_than_the_guards_share_removes_nobody(
    world: World, gone: int, state: RunState
) -> None:
    world.put_followers(*(f"o{n}" for n in range(10)), subscribed_at=1)
    world.at_wechat(lambda p: p.list_followers([f"o{n}" for n in range(gone, 10)]))

    assert sync(world, guard_percent=20) is Turn.ENDED

    run = world.newest_run()
    assert (run.state, run.removed, len(world.subscribed())) == (state, 0, 10)
    if state is RunState.GUARDED:
        assert run.missing == 0
        assert f"lacks {gone} of 10 followers" in str(run.reason)
    else:
        assert run.missing == gone


def test_a_guarded_run_sweeps_when_the_operator_confirms_it(world: World) -> None:
    run = guarded_run(world)
    assert f"wxlive sync --confirm-sweep {run.run}" in str(run.reason)
    asked = world.calls(FOLLOWERS)
    world.put_followers("o0", changed_at=NOW_S + 5)
    world.clock.now_s += 3600

    assert confirm_sweep(run.run, sync_deps(world, "operator")).state is RunState.OPEN
    assert sync(world, "later") is Turn.ENDED

    assert (world.newest_run().state, world.newest_run().removed) == (RunState.DONE, 2)
    assert world.calls(FOLLOWERS) == asked, "the list is not requested again"
    assert world.subscribed() == {f"o{n}" for n in range(10)} - {"o1", "o2"}
    assert world.table()["o1"].changed_at == run.started_at - CLOCK_MARGIN_S


def test_a_repeated_confirmation_changes_nothing(world: World) -> None:
    run = guarded_run(world)

    assert confirm_sweep(run.run, sync_deps(world)) == confirm_sweep(run.run, sync_deps(world))
    sync(world)
    done = world.newest_run()

    assert confirm_sweep(run.run, sync_deps(world)) == done
    assert (done.state, done.removed) == (RunState.DONE, 3)


def test_a_confirmation_sees_what_another_worker_did_before_it_got_the_lease(world: World) -> None:
    run = guarded_run(world)

    def confirm_and_work() -> None:
        confirm_sweep(run.run, sync_deps(world, "other"))
        sync(world, "other")

    world.steps.before("PutItem", confirm_and_work)

    confirmed = confirm_sweep(run.run, sync_deps(world))

    assert (confirmed.state, confirmed.removed) == (RunState.DONE, 3)


def test_what_a_guarded_run_lacked_does_not_count_as_the_first_time(world: World) -> None:
    guarded_run(world)
    world.clock.now_s += 1
    world.at_wechat(lambda p: p.list_followers(["o1", "o2"]))

    sync(world)

    assert (world.newest_run().state, world.newest_run().missing) == (RunState.DONE, 1)
    assert len(world.subscribed()) == 10


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
    sync(world)
    with pytest.raises(InvalidCommand, match="is done; only a guarded run"):
        confirm_sweep(world.newest_run().run, sync_deps(world))


def test_a_confirmed_run_whose_pages_have_expired_sweeps_nobody(world: World) -> None:
    run = guarded_run(world)
    world.forget(f"sync#{run.run}")

    confirm_sweep(run.run, sync_deps(world))
    sync(world)

    assert world.newest_run().state is RunState.FAILED
    assert "Of 7 listed followers only 0 are still on record" in str(world.newest_run().reason)
    assert len(world.subscribed()) == 10
