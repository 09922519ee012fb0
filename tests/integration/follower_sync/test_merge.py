"""What a run writes and counts, also where newer facts arrive meanwhile."""

from functools import partial

from factories import NOW_S
from support.follower_sync import CLOCK_MARGIN_S, counts, sync, sync_twice
from support.world import World
from wxlive.domain.followers import Source, Status
from wxlive.domain.sync_runs import RunState
from wxlive_follower_sync.walk import Turn
from wxlive_local.simulator import FOLLOWERS

BEFORE_THE_FIRST_FOLLOWER = (lambda: None, lambda: None)
"""The lease and the new run are put before any follower is."""


def test_a_first_run_adds_everybody_that_wechat_lists(world: World) -> None:
    openids = world.wechat.add_followers(8, room_id=7)

    assert sync(world) is Turn.ENDED

    run = world.newest_run()
    assert (run.state, counts(run), run.reason) == (RunState.DONE, (8, 8, 0, 0), None)
    assert run.calls == run.pages == world.calls(FOLLOWERS)
    assert world.subscribed() == set(openids)
    for listed in world.wechat.run_on_loop(lambda platform: list(platform.followers)):
        follower = world.table()[listed.openid]
        assert (follower.subscribed_at, follower.room_id) == (listed.subscribe_time, 7)
        assert follower.source is Source.SYNC


def test_an_unchanged_second_run_writes_no_follower(world: World) -> None:
    world.wechat.add_followers(8)
    sync(world)
    before = world.table()
    world.steps.made.clear()
    world.clock.now_s += 86_400

    assert sync(world) is Turn.ENDED

    assert world.written == []
    assert world.table() == before
    assert counts(world.newest_run()) == (8, 0, 0, 0)


def test_added_changed_and_missing_followers_are_counted_and_each_written_once(
    world: World,
) -> None:
    same, changed, back, new = world.wechat.add_followers(4)
    for listed in world.wechat.run_on_loop(lambda platform: list(platform.followers)):
        if listed.openid == same:
            world.put_followers(
                same, subscribed_at=listed.subscribe_time, room_status=listed.room_status
            )
    world.put_followers(changed, room_id=99)
    world.put_followers(back, status=Status.UNSUBSCRIBED)
    world.put_followers("gone", subscribed_at=1)

    sync(world, guard_percent=50)

    run = world.newest_run()
    assert (counts(run), run.missing) == ((4, 2, 1, 0), 1)
    assert sorted(world.written) == sorted([changed, back, new, "gone"])
    assert world.subscribed() == {same, changed, back, new, "gone"}


def test_whom_two_complete_runs_in_a_row_lack_is_removed(world: World) -> None:
    world.wechat.add_followers(4)
    world.put_followers("gone", subscribed_at=1)

    assert sync_twice(world, guard_percent=50) is Turn.ENDED

    run = world.newest_run()
    assert (counts(run), run.missing) == ((4, 0, 0, 1), 0)
    assert world.table()["gone"].status is Status.UNSUBSCRIBED
    assert world.table()["gone"].changed_at == run.started_at - CLOCK_MARGIN_S


def test_an_empty_list_and_an_empty_table_make_a_run(world: World) -> None:
    assert sync(world) is Turn.ENDED
    assert (world.newest_run().state, counts(world.newest_run())) == (RunState.DONE, (0, 0, 0, 0))


def test_somebody_who_left_after_the_page_was_requested_stays_unsubscribed(world: World) -> None:
    left, _ = world.wechat.add_followers(2)
    world.put_followers(left, room_id=99)
    leaves = {"status": Status.UNSUBSCRIBED, "subscribed_at": 0, "changed_at": NOW_S}
    world.steps.before(
        "PutItem", *BEFORE_THE_FIRST_FOLLOWER, lambda: world.put_followers(left, **leaves)
    )

    sync(world)

    assert world.table()[left].status is Status.UNSUBSCRIBED
    assert world.table()[left].source is Source.CALLBACK


def test_somebody_unknown_who_left_while_the_page_is_merged_stays_unsubscribed(
    world: World,
) -> None:
    [left] = world.wechat.add_followers(1)
    world.steps.before(
        "BatchExecuteStatement",
        lambda: world.put_followers(
            left, status=Status.UNSUBSCRIBED, changed_at=int(world.clock())
        ),
    )

    sync(world)

    assert world.table()[left].status is Status.UNSUBSCRIBED
    assert counts(world.newest_run()) == (1, 0, 0, 0)


def test_somebody_who_subscribed_after_the_last_page_is_not_swept(world: World) -> None:
    world.wechat.add_followers(2)
    world.put_followers("gone", subscribed_at=1)
    world.steps.before("Scan", lambda: None, lambda: world.put_followers("new", changed_at=NOW_S))

    sync(world, guard_percent=50)

    assert "new" in world.subscribed()
    assert world.newest_run().state is RunState.DONE, "nor does the guard count them"
    assert (counts(world.newest_run()), world.newest_run().missing) == ((2, 2, 0, 0), 1)


def test_somebody_who_subscribed_between_the_scan_and_the_tombstone_is_not_swept(
    world: World,
) -> None:
    world.put_followers("gone", "back")
    sync(world, guard_percent=100)
    world.clock.now_s += 86_400
    back = partial(world.put_followers, "back", changed_at=NOW_S + 1)
    world.steps.before("PutItem", back, about='"removed ')

    sync(world, guard_percent=100)

    assert world.subscribed() == {"back"}
    assert world.newest_run().removed == 1
