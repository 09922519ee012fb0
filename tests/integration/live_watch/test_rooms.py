"""Rooms are remembered, and one that goes live is noticed and published once."""

import json

import pytest

from factories import ROOM, a_room
from support.live_watch import poll_again, watch_deps
from support.push_start import start_deps
from support.world import World
from wxlive.domain.rooms import Room
from wxlive.errors import RetryLater
from wxlive.telemetry import Metric
from wxlive.wechat.answers import RoomPage
from wxlive.wechat.client import WechatClient
from wxlive_live_watch.poll import poll
from wxlive_local.simulator import LIVE
from wxlive_push_start.start import start


def test_every_room_is_remembered_as_it_was_last_seen(world: World) -> None:
    world.wechat.set_room(7, 102, name="tomorrow", start_time=5, end_time=6)

    polled = poll(watch_deps(world)).facts

    assert polled["rooms"] == 2
    room = world.rooms.all()[7]
    assert (room.name, room.status, room.starts_at, room.ends_at) == ("tomorrow", 102, 5, 6)


def test_a_room_that_opens_is_noticed_once_for_each_opening(world: World) -> None:
    went_live = []
    for status in (102, LIVE, LIVE, 105, LIVE, 103):
        world.wechat.set_room(ROOM, status)
        went_live.append(poll_again(world)["went_live"])

    assert went_live == [[], [ROOM], [], [], [ROOM], []]
    assert world.telemetry.counted[Metric.ROOM_WENT_LIVE] == 2
    assert world.rooms.all()[ROOM].status == 103


def test_an_unchanged_room_costs_no_write(world: World) -> None:
    poll_again(world)
    world.steps.made.clear()

    poll_again(world)

    assert "UpdateItem" in world.steps.calls()
    assert '"room"' not in json.dumps([r for call, r in world.steps.made if call == "UpdateItem"])


def test_without_rooms_nothing_is_done(world: World) -> None:
    world.at_wechat(lambda p: p.rooms.clear())

    assert poll(watch_deps(world)).facts == {
        "asked": "evenly",
        "rooms": 0,
        "went_live": [],
        "pushed": None,
        "recovery": "nothing",
    }


def test_a_room_that_went_live_is_published_before_it_is_remembered(world: World) -> None:
    def fail(_: Room) -> None:
        raise RetryLater("no")

    with pytest.raises(RetryLater):
        poll(watch_deps(world, publish_live=fail))
    poll_again(world)

    assert [room.room_id for room in world.published] == [ROOM]
    assert world.published[0].live_since == world.clock()


def test_a_push_start_keeps_since_when_its_room_is_live(world: World) -> None:
    poll_again(world)
    since = world.rooms.all()[ROOM].live_since
    world.put_followers("a")
    start(ROOM, start_deps(world))

    assert world.rooms.all()[ROOM].live_since == since == world.clock()
    world.wechat.set_room(ROOM, 103)
    poll_again(world)
    assert world.rooms.all()[ROOM].live_since == 0


class OddRow(WechatClient):
    """Lists a room that opens, and a row that makes no sense."""

    def __init__(self) -> None: ...

    def rooms(self, start: int, limit: int) -> RoomPage:
        return RoomPage((a_room(7),), ("it is no object",))


def test_a_row_that_makes_no_sense_hides_no_room_and_no_room_is_missing_for_it(
    world: World,
) -> None:
    poll_again(world)
    world.clock.now_s += 900

    polled = poll(watch_deps(world, wechat=OddRow())).facts

    assert polled["went_live"] == [7]
    assert world.rooms.all()[ROOM].unlisted_since == 0, "it may be the row"
