"""A list with gaps: whoever the list may have skipped is spared, and the gaps move."""

from functools import partial

import pytest

from support.follower_sync import sync, sync_deps, sync_twice
from support.world import World
from wxlive.domain.sync_runs import RunState
from wxlive.errors import InvalidCommand
from wxlive_follower_sync import pages
from wxlive_follower_sync.runs import open_run
from wxlive_follower_sync.walk import Turn
from wxlive_local.simulator import FOLLOWERS, Cursor, End, Follower, ListShape, Order, Platform


def shape_list(world: World, shape: ListShape) -> None:
    def change(platform: Platform) -> None:
        platform.list_shape = shape

    world.at_wechat(change)


def crowd(world: World, seconds: int, a_second: int) -> set[str]:
    """Have so many subscribe in each of so many seconds, and be in the table."""
    first = int(world.clock()) - 10_000
    rows = [
        Follower(f"o{second}-{n}", first + second, 1, 101)
        for second in range(seconds)
        for n in range(a_second)
    ]
    world.at_wechat(lambda platform: platform.followers.extend(rows))
    for row in rows:
        world.put_followers(row.openid, subscribed_at=row.subscribe_time, room_status=101)
    return {row.openid for row in rows}


def test_a_cursor_that_excludes_its_own_second_costs_no_subscriber(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "PAGE_LIMIT", 20)
    subscribers = crowd(world, seconds=20, a_second=9)
    shape_list(world, ListShape(Cursor.TIES_LOST))

    for _ in range(3):
        assert sync(world) is Turn.ENDED
        world.clock.now_s += 86_400

    run = world.newest_run()
    assert (run.state, run.missing, run.removed) == (RunState.DONE, 0, 0)
    assert run.spared == len(subscribers) - run.listed > 0
    assert world.subscribed() == subscribers


def test_one_who_leaves_moves_nobody_out_of_sight_for_good(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "PAGE_LIMIT", 6)
    subscribers = crowd(world, seconds=20, a_second=1)
    shape_list(world, ListShape(Cursor.OFFSET))
    leave = partial(world.at_wechat, lambda platform: platform.followers.remove("o0-0"))
    world.steps.after(FOLLOWERS, leave)

    assert sync_twice(world) is Turn.ENDED

    run = world.newest_run()
    assert (run.missing, run.removed) == (1, 0), "the one who left after being listed"
    assert world.subscribed() == subscribers


def test_the_first_pages_of_successive_runs_end_at_other_rows(world: World) -> None:
    world.wechat.add_followers(5)
    for _ in range(4):
        sync(world)
        world.clock.now_s += 86_400

    asked = [request for call, request in world.steps.made if call == FOLLOWERS]

    first = [request["limit"] for request in asked if "page_break" not in request]
    assert first == [3, 2, 1, 3]
    assert {request["limit"] for request in asked if "page_break" in request} == {3}


def test_a_run_that_failed_in_between_changes_nothing_about_twice_in_a_row(world: World) -> None:
    world.wechat.add_followers(4)
    world.put_followers("gone", subscribed_at=1)
    sync(world, guard_percent=50)
    world.clock.now_s += 86_400
    open_run(sync_deps(world))
    world.runs.abandon(world.newest_run().run, "why")
    world.clock.now_s += 86_400

    sync(world, guard_percent=50)

    assert world.newest_run().removed == 1


def test_who_is_listed_in_between_is_missing_for_the_first_time_again(world: World) -> None:
    [openid] = world.wechat.add_followers(1)
    remove = partial(world.at_wechat, lambda platform: platform.followers.remove(openid))
    row = world.wechat.run_on_loop(lambda platform: platform.followers.get(openid))
    assert row is not None
    add = partial(world.at_wechat, lambda platform: platform.followers.add(row))
    sync(world)
    for change in (remove, add, remove):
        world.clock.now_s += 86_400
        change()
        sync(world, guard_percent=100)

    assert (world.newest_run().missing, world.newest_run().removed) == (1, 0)
    assert world.subscribed() == {openid}


def test_a_newer_event_clears_what_a_run_missed(world: World) -> None:
    world.put_followers("back", subscribed_at=1)
    sync(world, guard_percent=100)
    world.put_followers("back", changed_at=int(world.clock()) - 500, subscribed_at=1)
    world.clock.now_s += 86_400

    sync(world, guard_percent=100)

    assert (world.newest_run().missing, world.newest_run().removed) == (1, 0)


def test_a_list_in_no_order_removes_nobody_and_says_so(world: World) -> None:
    world.wechat.add_followers(12)
    shape_list(world, ListShape(order=Order.NONE, end=End.ZERO))
    world.put_followers("gone", subscribed_at=1)

    assert sync_twice(world) is Turn.ENDED

    run = world.newest_run()
    assert (run.state, run.missing, run.removed, run.spared) == (RunState.DONE, 0, 0, 1)
    assert "in no order" in str(run.reason)
    assert "--trust-list" in str(run.reason)
    assert "gone" in world.subscribed()


@pytest.mark.parametrize("order", Order)
def test_the_operator_may_vouch_for_the_list(world: World, order: Order) -> None:
    world.wechat.add_followers(12)
    shape_list(world, ListShape(order=order))
    world.put_followers("gone", "too", subscribed_at=int(world.clock()) - 900)

    open_run(sync_deps(world), trusted=True)
    assert sync(world) is Turn.ENDED

    run = world.newest_run()
    assert (run.state, run.missing, run.removed) == (RunState.DONE, 0, 2)
    assert run.reason is None


def test_the_guard_holds_for_a_trusted_list_and_for_one_in_no_order(world: World) -> None:
    world.put_followers(*(f"o{n}" for n in range(10)), subscribed_at=1)
    world.at_wechat(lambda p: p.list_followers([f"o{n}" for n in range(3, 10)]))
    for shape, trusted in ((ListShape(), True), (ListShape(order=Order.NONE), False)):
        shape_list(world, shape)
        world.clock.now_s += 1
        open_run(sync_deps(world), trusted=trusted)
        sync(world)
        assert world.newest_run().state is RunState.GUARDED
        assert len(world.subscribed()) == 10


def test_an_open_run_can_not_be_trusted_afterwards(world: World) -> None:
    run = open_run(sync_deps(world))
    with pytest.raises(InvalidCommand, match=f"--abandon {run.run}"):
        open_run(sync_deps(world), trusted=True)
