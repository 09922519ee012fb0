"""A turn ends in time, and a day's calls are not exceeded: later turns resume the run."""

from collections.abc import Callable
from typing import Any

import pytest

from support.clients import wechat_client
from support.follower_sync import ROWS_PER_PAGE, counts, sync_deps
from support.world import World
from wxlive.domain.calendar import day_ends_at, day_of
from wxlive.domain.sync_runs import RunState
from wxlive.wechat.apis import Api
from wxlive_follower_sync.dependencies import RESERVE_S
from wxlive_follower_sync.scanning import RENEW_AFTER_S
from wxlive_follower_sync.walk import Turn, work
from wxlive_local.simulator import FOLLOWERS, Fault, FaultRule


def test_a_turn_that_is_out_of_time_leaves_the_rest_to_the_next(world: World) -> None:
    openids = world.wechat.add_followers(8)
    times = iter([900.0, RESERVE_S, RESERVE_S - 1])

    assert work(sync_deps(world, remaining_s=lambda: next(times))) is Turn.OUT_OF_TIME
    run = world.newest_run()
    assert (run.state, run.pages) == (RunState.OPEN, 2)
    assert run.listed < len(openids)

    assert work(sync_deps(world, "second")) is Turn.ENDED
    assert counts(world.newest_run()) == (8, 8, 0, 0)
    assert world.subscribed() == set(openids)


def ends_after(seconds: float, world: World) -> Callable[[], float]:
    """Return the time that is left of a turn which must end after some seconds."""
    end = world.clock() + RESERVE_S + seconds
    return lambda: end - world.clock()


def test_a_sweep_that_is_out_of_time_is_resumed_by_the_next_turn(world: World) -> None:
    world.put_followers(*(f"o{n}" for n in range(10)))
    world.at_wechat(lambda p: p.list_followers(["o9"]))
    world.steps.before("Scan", lambda: None, lambda: world.clock.sleep(RENEW_AFTER_S + 1))
    remaining_s = ends_after(RENEW_AFTER_S, world)

    first = work(sync_deps(world, "first", guard_percent=100, remaining_s=remaining_s))

    assert first is Turn.OUT_OF_TIME
    assert (world.newest_run().state, world.newest_run().listed_all) == (RunState.OPEN, True)
    asked = world.calls(FOLLOWERS)
    assert work(sync_deps(world, "second", guard_percent=100)) is Turn.ENDED
    assert counts(world.newest_run()) == (1, 0, 1, 9)
    assert world.subscribed() == {"o9"}
    assert world.calls(FOLLOWERS) == asked


def test_a_table_that_takes_longer_than_a_turn_to_read_fails_the_run(world: World) -> None:
    world.put_followers("o1", "o2")
    world.steps.before("Scan", lambda: world.clock.sleep(RENEW_AFTER_S + 1))
    deps = sync_deps(world, remaining_s=ends_after(RENEW_AFTER_S, world))

    assert work(deps) is Turn.ENDED

    run = world.newest_run()
    assert (run.state, run.removed) == (RunState.FAILED, 0)
    assert "more memory" in str(run.reason)
    assert world.subscribed() == {"o1", "o2"}


@pytest.mark.parametrize("who", ["wechat", "our counter"])
def test_a_run_whose_day_is_used_up_waits_and_continues_on_the_next(world: World, who: str) -> None:
    openids = world.wechat.add_followers(8)
    changes: dict[str, Any] = {}
    if who == "wechat":
        world.wechat.inject(FaultRule(FOLLOWERS, Fault.ERRCODE, skip=1, errcode=45009))
    else:
        changes["quota"] = world.quota_of(Api.GET_FOLLOWERS, 1)

    assert work(sync_deps(world, "first", **changes)) is Turn.WAITING

    run = world.newest_run()
    assert (run.state, run.pages) == (RunState.OPEN, 1)
    assert run.resume_at == day_ends_at(world.clock(), 8)
    assert run.reason is not None
    asked = world.calls(FOLLOWERS)
    assert work(sync_deps(world, "early")) is Turn.WAITING
    assert world.calls(FOLLOWERS) == asked

    world.clock.now_s = run.resume_at
    assert work(sync_deps(world, "next day")) is Turn.ENDED
    run = world.newest_run()
    assert (run.state, run.listed, run.resume_at, run.reason) == (RunState.DONE, 8, 0, None)
    assert world.subscribed() == set(openids)


def test_what_others_have_used_of_the_day_counts_against_the_budget(world: World) -> None:
    world.wechat.add_followers(8)
    client = wechat_client(world)
    for _ in range(4):
        client.followers(None, ROWS_PER_PAGE)

    assert work(sync_deps(world, quota=world.quota_of(Api.GET_FOLLOWERS, 5))) is Turn.WAITING

    assert (world.newest_run().pages, world.newest_run().calls) == (1, 1)
    assert world.calls(FOLLOWERS) == 5


@pytest.mark.parametrize("ends", ["done", "failed", "out of time"])
def test_what_is_counted_of_the_day_is_what_was_called(world: World, ends: str) -> None:
    world.wechat.add_followers(8)
    changes: dict[str, Any] = {"quota": world.quota_of(Api.GET_FOLLOWERS, 50)}
    if ends == "failed":
        world.wechat.inject(FaultRule(FOLLOWERS, Fault.ERRCODE, skip=1, errcode=48001))
    if ends == "out of time":
        changes["remaining_s"] = iter([900.0, 900.0, 0.0]).__next__

    work(sync_deps(world, **changes))

    assert (world.calls(FOLLOWERS) > 2) == (ends == "done")
    day = day_of(world.clock(), 8)
    assert changes["quota"].used(day) == world.calls(FOLLOWERS) == world.newest_run().calls


def test_an_unknown_quota_is_not_waited_for(world: World) -> None:
    world.wechat.add_followers(2)
    world.wechat.inject(FaultRule(Api.QUOTA_GET, Fault.HTTP_500))

    assert work(sync_deps(world)) is Turn.ENDED
    assert world.newest_run().state is RunState.DONE
