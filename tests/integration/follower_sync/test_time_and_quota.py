"""A turn ends in time, and a day's calls are not exceeded: later turns resume the run."""

import json
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from factories import NOW_S
from support.clients import wechat_client
from support.follower_sync import ROWS_PER_PAGE, counts, sync, sync_deps
from support.world import World
from wxlive.domain.calendar import MIDNIGHT_DOUBT_S, YOUNG_DAY_S, day_ends_at, day_of
from wxlive.domain.sync_runs import LEASE_S, RunState
from wxlive.stores.quota import QuotaStore
from wxlive.wechat.apis import Api
from wxlive_follower_sync.dependencies import RESERVE_S
from wxlive_follower_sync.runs import open_run
from wxlive_follower_sync.scanning import RENEW_AFTER_S
from wxlive_follower_sync.walk import Turn, work
from wxlive_local.simulator import FOLLOWERS, Fault, FaultRule


def test_a_turn_that_is_out_of_time_leaves_the_rest_to_the_next(world: World) -> None:
    openids = world.wechat.add_followers(8)

    def remaining_s() -> float:
        return RESERVE_S - 1.0 if world.calls(FOLLOWERS) >= 2 else 900.0

    assert sync(world, remaining_s=remaining_s) is Turn.OUT_OF_TIME
    run = world.newest_run()
    assert (run.state, run.calls) == (RunState.OPEN, 2)
    assert run.listed < len(openids)

    assert sync(world, "second") is Turn.ENDED
    assert counts(world.newest_run()) == (8, 8, 0, 0)
    assert world.subscribed() == set(openids)


def ends_after(seconds: float, world: World) -> Callable[[], float]:
    """Return the time that is left of a turn which must end after some seconds."""
    end = world.clock() + RESERVE_S + seconds
    return lambda: end - world.clock()


def test_a_sweep_that_is_out_of_time_keeps_its_place(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wxlive_follower_sync.sweep.FOLLOWERS_A_BATCH", 2)
    openids = [f"o{n}" for n in range(10)]
    world.put_followers(*openids)
    world.at_wechat(lambda p: p.list_followers(["o9"]))

    turns = []
    open_run(sync_deps(world, guard_percent=100))
    for turn in range(1, 10):
        written = len(world.written)
        short = partial(_short_after, 2, written, world)
        turns.append(work(sync_deps(world, f"{turn}", guard_percent=100, remaining_s=short)))
        if turns[-1] is Turn.ENDED:
            break

    run = world.newest_run()
    assert turns == [Turn.OUT_OF_TIME] * 4 + [Turn.ENDED]
    assert (run.state, counts(run), run.missing) == (RunState.DONE, (1, 0, 1, 0), 9)
    assert sorted(world.written) == sorted(openids), "each is written once"
    scans = [request for call, request in world.steps.made if call == "Scan"]
    assert sum("ExclusiveStartKey" in request for request in scans) == 4


def _short_after(writes: int, before: int, world: World) -> float:
    """Return the time that is left of a turn which has time for so many writes of followers."""
    marked = [o for o in world.written[before:] if o != "o9"]
    return 900.0 if len(marked) < writes else RESERVE_S - 1.0


def test_a_table_that_takes_longer_than_a_turn_to_read_fails_the_run(world: World) -> None:
    world.put_followers("o1", "o2")
    world.steps.before("Scan", lambda: world.clock.sleep(RENEW_AFTER_S + 1))

    assert sync(world, remaining_s=ends_after(RENEW_AFTER_S, world)) is Turn.ENDED

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

    assert sync(world, "first", **changes) is Turn.WAITING

    run = world.newest_run()
    assert (run.state, run.pages) == (RunState.OPEN, 1)
    assert run.resume_at == day_ends_at(world.clock(), 8) + MIDNIGHT_DOUBT_S
    assert run.reason is not None
    asked = world.calls(FOLLOWERS)
    assert sync(world, "early") is Turn.WAITING
    assert world.calls(FOLLOWERS) == asked

    world.clock.now_s = run.resume_at
    assert sync(world, "next day") is Turn.ENDED
    run = world.newest_run()
    assert (run.state, run.listed, run.resume_at, run.reason) == (RunState.DONE, 8, 0, None)
    assert world.subscribed() == set(openids)


def test_what_others_have_used_of_the_day_counts_against_the_budget(world: World) -> None:
    world.wechat.add_followers(8)
    client = wechat_client(world)
    for _ in range(4):
        client.followers(None, ROWS_PER_PAGE)

    assert sync(world, quota=world.quota_of(Api.GET_FOLLOWERS, 5)) is Turn.WAITING

    assert (world.newest_run().pages, world.newest_run().calls) == (1, 1)
    assert world.calls(FOLLOWERS) == 5


@pytest.mark.parametrize("ends", ["done", "failed", "out of time"])
def test_what_is_counted_of_the_day_is_what_was_called(world: World, ends: str) -> None:
    world.wechat.add_followers(8)
    changes: dict[str, Any] = {"quota": world.quota_of(Api.GET_FOLLOWERS, 50)}
    if ends == "failed":
        world.wechat.inject(FaultRule(FOLLOWERS, Fault.ERRCODE, skip=1, errcode=48001))
    if ends == "out of time":
        changes["remaining_s"] = lambda: 900.0 if world.calls(FOLLOWERS) < 2 else 0.0

    sync(world, **changes)

    assert (world.calls(FOLLOWERS) > 2) == (ends == "done")
    day = day_of(world.clock(), 8)
    assert changes["quota"].used(day) == world.calls(FOLLOWERS) == world.newest_run().calls


def test_an_unknown_quota_is_not_waited_for(world: World) -> None:
    world.wechat.add_followers(2)
    world.wechat.inject(FaultRule(Api.QUOTA_GET, Fault.HTTP_500))

    assert sync(world) is Turn.ENDED
    assert world.newest_run().state is RunState.DONE


MIDNIGHT = day_ends_at(NOW_S, 8)


@pytest.mark.parametrize(
    ("after_midnight_s", "resume_s"),
    [(-30, MIDNIGHT_DOUBT_S), (0, YOUNG_DAY_S), (30, 30 + YOUNG_DAY_S)],
)
def test_a_refusal_near_midnight_does_not_cost_the_new_day(
    world: World, after_midnight_s: int, resume_s: int
) -> None:
    world.clock.now_s = MIDNIGHT + after_midnight_s
    world.wechat.add_followers(2)
    world.wechat.inject(FaultRule(FOLLOWERS, Fault.ERRCODE, errcode=45009))

    assert sync(world) is Turn.WAITING

    assert world.newest_run().resume_at == MIDNIGHT + resume_s


def test_a_call_that_waits_for_the_next_minute_past_midnight_is_counted_for_the_new_day(
    world: World,
) -> None:
    world.clock.now_s = MIDNIGHT - 30
    world.wechat.add_followers(8)
    world.wechat.inject(FaultRule(FOLLOWERS, Fault.ERRCODE, errcode=45011))
    quota = world.quota_of(Api.GET_FOLLOWERS, 50)

    assert sync(world, quota=quota) is Turn.ENDED

    days = [day_of(MIDNIGHT + after_s, 8) for after_s in (-1, 1)]
    assert [quota.used(day) for day in days] == [1, world.calls(FOLLOWERS) - 1]


@pytest.mark.parametrize("who", ["wechat", "our counter"])
def test_a_refusal_that_is_merged_after_midnight_belongs_to_the_day_it_was_made_on(
    world: World, who: str
) -> None:
    world.clock.now_s = MIDNIGHT - 30
    world.wechat.add_followers(8)
    changes: dict[str, Any] = {}
    if who == "wechat":
        world.wechat.inject(FaultRule(FOLLOWERS, Fault.ERRCODE, skip=1, errcode=45009))
    else:
        changes["quota"] = QuotaStore(world.aws.functions.state, Api.GET_FOLLOWERS, 1)
    fetched = threading.Event()

    def merge_late() -> None:
        assert fetched.wait(10)
        world.clock.now_s = MIDNIGHT + 300

    def have_fetched() -> None:
        world.clock.sleep(0)
        fetched.set()

    world.steps.before("BatchExecuteStatement", merge_late)
    if who == "wechat":
        world.steps.after(FOLLOWERS, lambda: None, have_fetched)
    else:
        world.steps.after("UpdateItem", lambda: None, have_fetched, about="used < :limit")

    turn = sync(world, **changes)

    assert (turn, world.newest_run().resume_at) == (Turn.OUT_OF_TIME, MIDNIGHT + MIDNIGHT_DOUBT_S)
    assert sync(world, "second") is Turn.ENDED, "it goes on at once"


def test_a_minute_that_is_used_up_is_waited_out_in_the_next_turn_if_it_does_not_fit(
    world: World,
) -> None:
    world.wechat.add_followers(2)
    world.wechat.inject(FaultRule(FOLLOWERS, Fault.ERRCODE, errcode=45011))

    turn = sync(world, remaining_s=ends_after(59, world))

    assert (turn, world.clock.slept) == (Turn.OUT_OF_TIME, [])
    assert (world.newest_run().state, world.newest_run().calls) == (RunState.OPEN, 1)
    assert sync(world, "second") is Turn.ENDED


def test_the_lease_is_kept_while_a_page_takes_several_tries(world: World) -> None:
    world.wechat.add_followers(2)
    world.wechat.inject(FaultRule(FOLLOWERS, Fault.ERRCODE, errcode=45011, times=4))

    assert sync(world) is Turn.ENDED

    assert sum(world.clock.slept) > LEASE_S
    leases = [r for call, r in world.steps.made if call == "PutItem" and '"lease"' in json.dumps(r)]
    assert len(leases) >= 1 + 2 * 4, "before and after each pause"


def test_a_slow_page_ends_the_turn_and_not_the_run(world: World) -> None:
    world.wechat.add_followers(8)
    slow = partial(world.clock.sleep, 100)
    world.steps.before("BatchExecuteStatement", slow, times=3)

    turns: list[Turn] = []
    while Turn.ENDED not in turns:
        turns.append(sync(world, f"{len(turns)}", remaining_s=ends_after(90, world)))

    assert turns[:3] == [Turn.OUT_OF_TIME] * 3, "one slow page each"
    assert counts(world.newest_run()) == (8, 8, 0, 0)
