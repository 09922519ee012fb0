"""Whether a push may start: the room is live, somebody is subscribed, the day has calls left."""

import pytest

from factories import DAY, ROOM, a_room, a_run
from support.push_start import AUDIENCE, refusal, start_deps
from support.world import World
from wxlive.domain.followers import Status
from wxlive.domain.sync_runs import RunState
from wxlive.errors import InvalidCommand, WxliveError
from wxlive.wechat.answers import RoomPage
from wxlive.wechat.apis import ROOMS_PER_PAGE, Api
from wxlive.wechat.client import WechatClient
from wxlive_local.simulator import LIVE_INFO, PUSH, QUOTA_GET, Fault, FaultRule
from wxlive_push_start.start import start


def test_a_start_queues_the_first_chunk_and_has_the_rest_planned(world: World) -> None:
    world.put_followers(*AUDIENCE)

    report = start(ROOM, start_deps(world))

    assert (report["room_id"], report["state"], report["reason"]) == (ROOM, "sending", None)
    assert (report["audience"], report["chunks"]["queued"]) == (2, 1)
    assert world.invoked == [report["campaign"]]
    assert world.enqueued == [(report["campaign"], 1, 0)]
    assert world.calls(PUSH) == 0
    assert world.days.holder(DAY) is None, "only a claim takes it"
    assert set(world.rooms.all()) == {ROOM}


@pytest.mark.parametrize("status", [102, 103, 104, 105, 106, 107])
def test_a_room_that_is_not_live_is_refused(world: World, status: int) -> None:
    world.put_followers(*AUDIENCE)
    world.wechat.set_room(ROOM, status)

    assert f"({status}), not live" in refusal(world)
    assert world.living.load() is None
    assert world.invoked == []


def test_an_unknown_room_is_refused(world: World) -> None:
    assert "not among the rooms" in refusal(world, 7)


def test_without_any_room_every_room_is_unknown(world: World) -> None:
    world.at_wechat(lambda p: p.rooms.clear())

    assert "not among the rooms" in refusal(world)


@pytest.mark.parametrize(
    ("rooms", "calls", "known"), [(49, 1, True), (51, 2, True), (249, 4, False)]
)
def test_a_room_is_looked_for_on_a_few_pages(
    *, world: World, rooms: int, calls: int, known: bool
) -> None:
    world.put_followers(*AUDIENCE)
    for room in range(rooms):
        world.wechat.set_room(5000 + room, 103, start_time=2**31)

    if known:
        assert start(ROOM, start_deps(world))["room_id"] == ROOM
    else:
        assert "not among the rooms" in refusal(world)
    assert world.calls(LIVE_INFO) == calls


def test_a_row_that_makes_no_sense_does_not_end_the_search(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.put_followers(*AUDIENCE)
    others = tuple(a_room(5000 + number) for number in range(ROOMS_PER_PAGE - 1))
    pages = [RoomPage(others, ("it is no object",)), RoomPage((a_room(),))]
    monkeypatch.setattr(WechatClient, "rooms", lambda _, start, limit: pages[start // limit])

    assert start(ROOM, start_deps(world))["room_id"] == ROOM


def test_an_empty_page_of_rooms_after_a_full_one_ends_the_search(world: World) -> None:
    for room in range(49):
        world.wechat.set_room(5000 + room, 103)

    assert "not among the rooms" in refusal(world, 7)
    assert world.calls(LIVE_INFO) == 2


def test_with_nobody_to_notify_nothing_is_started(world: World) -> None:
    world.put_followers("left", status=Status.UNSUBSCRIBED)

    assert "run `wxlive sync` first" in refusal(world)
    assert world.living.load() is None


@pytest.mark.parametrize("errcode", [40164, 48001, -1])
def test_where_wechat_does_not_list_the_rooms_nothing_is_started(
    world: World, errcode: int
) -> None:
    world.put_followers(*AUDIENCE)
    world.wechat.inject(FaultRule(LIVE_INFO, Fault.ERRCODE, errcode=errcode))

    with pytest.raises(WxliveError, match=f"errcode {errcode}"):
        start(ROOM, start_deps(world))

    assert world.living.load() is None


def test_too_few_calls_left_are_a_refusal(world: World) -> None:
    world.put_followers(*AUDIENCE)

    assert "5 followers take 3 calls, but only 2" in refusal(
        world, quota=world.quota_of(Api.PUSH_MESSAGE, 2)
    )


def synced(world: World, listed: int) -> None:
    world.runs.open(a_run(state=RunState.DONE, listed=listed))


def counts(world: World) -> int:
    """Return how many scans only counted."""
    return sum(request.get("Select") == "COUNT" for _, request in world.steps.made)


def test_after_a_sync_the_first_push_does_not_wait_for_a_count(world: World) -> None:
    world.put_followers(*AUDIENCE)
    synced(world, listed=len(AUDIENCE))

    start(ROOM, start_deps(world))

    assert counts(world) == 0


def test_where_the_calls_are_few_the_audience_is_counted_nevertheless(world: World) -> None:
    world.put_followers(*AUDIENCE)
    synced(world, listed=len(AUDIENCE) + 1)
    calls = -(-len(AUDIENCE) // 2)

    start(ROOM, start_deps(world, quota=world.quota_of(Api.PUSH_MESSAGE, calls)))

    assert counts(world) > 0


def test_a_sync_that_listed_nobody_proves_nothing(world: World) -> None:
    synced(world, listed=0)

    with pytest.raises(InvalidCommand, match="No subscribed follower is known"):
        start(ROOM, start_deps(world))


@pytest.mark.parametrize(("used", "left"), [(4997, "enough"), (4998, "only 2 of today's")])
def test_what_others_have_used_of_the_day_is_learnt_from_wechat(
    world: World, used: int, left: str
) -> None:
    world.put_followers(*AUDIENCE)
    world.at_wechat(lambda p: p.quotas.set_used(PUSH, used))

    if left == "enough":
        start(ROOM, start_deps(world))
    else:
        assert left in refusal(world)
    assert world.quota.used(DAY) == used


def test_our_count_is_never_lowered_by_what_wechat_says(world: World) -> None:
    world.put_followers(*AUDIENCE)
    world.quota.seed(DAY, 4998, world.clock())

    assert "only 2 of today's" in refusal(world)


def test_an_unknown_quota_stops_no_push(world: World) -> None:
    world.put_followers(*AUDIENCE)
    world.wechat.inject(FaultRule(QUOTA_GET, Fault.ERRCODE, errcode=76021))

    assert start(ROOM, start_deps(world))["state"] == "sending"
