"""What WeChat answers instead of a page: retried, waited for, or the end of the run."""

from typing import Any

import pytest

from support.follower_sync import sync
from support.world import World
from wxlive.domain.sync_runs import RunState
from wxlive_follower_sync.fetch import TRIES_A_PAGE
from wxlive_follower_sync.walk import Turn
from wxlive_local.simulator import FOLLOWERS, STABLE_TOKEN, Fault, FaultRule


def test_a_used_up_minute_is_waited_out(world: World) -> None:
    world.wechat.add_followers(2)
    world.clock.now_s += 12.5
    world.wechat.inject(FaultRule(FOLLOWERS, Fault.ERRCODE, errcode=45011))

    assert sync(world) is Turn.ENDED

    assert world.clock.slept == [47.5]
    assert world.newest_run().state is RunState.DONE


TROUBLE: dict[str, dict[str, Any]] = {
    "busy": {"kind": Fault.ERRCODE, "errcode": -1},
    "garbage": {"kind": Fault.GARBAGE},
    "carried out, garbage": {"kind": Fault.GARBAGE, "processed": True},
    "500": {"kind": Fault.HTTP_500},
    "cut before": {"kind": Fault.DROP_BEFORE},
    "cut after": {"kind": Fault.DROP_AFTER},
}


@pytest.mark.parametrize("trouble", TROUBLE.values(), ids=TROUBLE)
def test_trouble_that_ends_within_the_tries_is_survived(
    world: World, trouble: dict[str, Any]
) -> None:
    openids = world.wechat.add_followers(8)
    world.wechat.inject(FaultRule(FOLLOWERS, skip=1, times=TRIES_A_PAGE - 1, **trouble))

    assert sync(world) is Turn.ENDED

    run = world.newest_run()
    assert (run.state, run.listed) == (RunState.DONE, 8)
    assert run.calls == run.pages + TRIES_A_PAGE - 1
    assert world.subscribed() == set(openids)
    assert world.clock.slept == [1, 2, 4, 8]


@pytest.mark.parametrize("trouble", TROUBLE.values(), ids=TROUBLE)
def test_trouble_that_outlasts_the_tries_fails_the_run_and_sweeps_nobody(
    world: World, trouble: dict[str, Any]
) -> None:
    world.wechat.add_followers(8)
    world.put_followers("not listed")
    world.wechat.inject(FaultRule(FOLLOWERS, skip=1, times=TRIES_A_PAGE, **trouble))

    assert sync(world, guard_percent=100) is Turn.ENDED

    run = world.newest_run()
    assert (run.state, run.listed, run.removed) == (RunState.FAILED, 3, 0)
    assert run.calls == 1 + TRIES_A_PAGE
    assert run.reason is not None
    assert "not listed" in world.subscribed()


@pytest.mark.parametrize("errcode", [40013, 40164, 48001, 47001, 777])
def test_what_only_a_human_can_fix_fails_the_run_at_once(world: World, errcode: int) -> None:
    world.wechat.inject(FaultRule(FOLLOWERS, Fault.ERRCODE, errcode=errcode))

    assert sync(world) is Turn.ENDED

    run = world.newest_run()
    assert run.state is RunState.FAILED
    assert f"errcode {errcode}" in str(run.reason)
    assert "rid " in str(run.reason)
    assert world.clock.slept == []


def test_a_token_that_dies_between_two_pages_is_renewed_once(world: World) -> None:
    world.wechat.add_followers(8)
    world.wechat.inject(FaultRule(FOLLOWERS, Fault.TOKEN_DEAD, skip=1))

    assert sync(world) is Turn.ENDED

    assert (world.newest_run().state, world.newest_run().listed) == (RunState.DONE, 8)
    assert world.calls(STABLE_TOKEN) == 2
    assert world.wechat.ledger()["tokens"] == {"issued": 2, "forced": 0}
