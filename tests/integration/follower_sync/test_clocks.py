"""Our clock and WeChat's: what a run concludes from the list never beats WeChat's word."""

from functools import partial

import pytest

from factories import NOW_S
from support.follower_sync import CLOCK_MARGIN_S, sync, sync_twice
from support.world import World
from wxlive.domain.followers import Source, Status
from wxlive_local.simulator import FOLLOWERS


@pytest.mark.parametrize("ahead_s", [-CLOCK_MARGIN_S, -1, 0, 1, CLOCK_MARGIN_S])
def test_who_subscribed_while_a_run_began_is_not_removed(world: World, ahead_s: int) -> None:
    world.put_followers("new", changed_at=NOW_S, subscribed_at=NOW_S)
    ours = partial(_ahead, world, ahead_s)

    sync(world, now=ours, guard_percent=100)

    assert (world.newest_run().missing, world.newest_run().removed) == (0, 0)
    assert world.subscribed() == {"new"}


@pytest.mark.parametrize("ahead_s", [0, 1, CLOCK_MARGIN_S - 1])
def test_who_left_just_after_the_page_was_asked_for_stays_unsubscribed(
    world: World, ahead_s: int
) -> None:
    [openid] = world.wechat.add_followers(1)
    leaves = partial(
        world.put_followers, openid, status=Status.UNSUBSCRIBED, changed_at=NOW_S, subscribed_at=0
    )
    world.steps.after(FOLLOWERS, leaves)

    sync(world, now=partial(_ahead, world, ahead_s))

    assert world.table()[openid].status is Status.UNSUBSCRIBED
    assert world.table()[openid].source is Source.CALLBACK


def test_who_left_just_before_a_page_that_still_lists_them_stays_unsubscribed(
    world: World,
) -> None:
    [openid] = world.wechat.add_followers(1)
    left_at = NOW_S - CLOCK_MARGIN_S + 1
    world.put_followers(openid, status=Status.UNSUBSCRIBED, changed_at=left_at, subscribed_at=0)

    sync(world)

    assert world.table()[openid].status is Status.UNSUBSCRIBED


def test_who_subscribed_again_after_leaving_is_subscribed_at_once(world: World) -> None:
    world.at_wechat(lambda platform: platform.list_followers(["back"], spread_s=5))
    world.put_followers("back", status=Status.UNSUBSCRIBED, changed_at=NOW_S - 6, subscribed_at=0)

    sync(world)

    assert world.subscribed() == {"back"}
    assert world.table()["back"].changed_at == NOW_S - 5, "as old as the subscription"


def test_a_listing_is_as_old_as_its_request_less_the_margin(world: World) -> None:
    [openid] = world.wechat.add_followers(1)

    sync_twice(world)

    assert world.table()[openid].changed_at == NOW_S - CLOCK_MARGIN_S


def _ahead(world: World, ahead_s: int) -> float:
    return world.clock() + ahead_s
