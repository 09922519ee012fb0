"""Which room is pushed, and until when: AutoPush, the chosen room, a planned push."""

from factories import DAY, NOW_S, ROOM
from support.live_watch import poll_again, watch_deps
from support.push_start import start_deps
from support.world import World
from wxlive.domain.rooms import Choice
from wxlive.telemetry import Metric
from wxlive_live_watch.poll import OVERDUE_S, plan_push, poll
from wxlive_live_watch.poll_policy import PATIENCE_S
from wxlive_local.simulator import LIVE
from wxlive_push_start.start import start


def test_the_first_room_that_opens_is_pushed_where_auto_push_is_on(world: World) -> None:
    world.wechat.set_room(7, LIVE, start_time=NOW_S + 60)
    poll_again(world, auto_push=True)
    world.wechat.set_room(8, LIVE, start_time=1)

    polled = poll_again(world, auto_push=True)

    assert (polled["went_live"], polled["pushed"]) == ([8], ROOM)
    assert world.invoked == [{"action": "start", "room_id": ROOM}] * 2


def test_no_room_is_pushed_where_auto_push_is_off(world: World) -> None:
    assert poll(watch_deps(world))["pushed"] is None
    assert world.invoked == []


def test_a_day_that_is_taken_is_not_pushed_again(world: World) -> None:
    world.put_campaign(1)

    assert poll(watch_deps(world, auto_push=True))["pushed"] is None
    assert world.invoked == []


def test_yesterdays_campaign_does_not_take_today(world: World) -> None:
    world.put_campaign(1)
    world.clock.now_s += 5 * 3600

    assert poll(watch_deps(world, auto_push=True))["pushed"] == ROOM


def test_a_push_is_invoked_until_a_campaign_has_the_day(world: World) -> None:
    for _ in range(3):
        assert poll(watch_deps(world, auto_push=True))["pushed"] == ROOM
        world.clock.now_s += 60
    world.put_followers("a")
    start(ROOM, start_deps(world))

    assert poll(watch_deps(world, auto_push=True))["pushed"] is None
    assert world.invoked[:3] == [{"action": "start", "room_id": ROOM}] * 3


def test_a_room_that_is_not_pushed_for_long_is_counted_for_the_alarm(world: World) -> None:
    poll(watch_deps(world, auto_push=True))
    world.clock.now_s += OVERDUE_S
    poll(watch_deps(world, auto_push=True))
    assert Metric.PUSH_OVERDUE not in world.telemetry.counted

    world.clock.now_s += 60
    poll(watch_deps(world, auto_push=True))

    assert world.telemetry.counted[Metric.PUSH_OVERDUE] == 1


def test_a_chosen_room_is_pushed_instead_of_the_first(world: World) -> None:
    world.rooms.choose(DAY, Choice(7, NOW_S, due=False))
    assert poll_again(world, auto_push=True)["pushed"] is None

    world.wechat.set_room(7, LIVE)

    assert poll_again(world, auto_push=True)["pushed"] == 7


def test_a_planned_push_waits_for_its_room_though_auto_push_is_off(world: World) -> None:
    world.wechat.set_room(ROOM, 102, start_time=1)
    poll(watch_deps(world))
    plan_push(ROOM, watch_deps(world))
    world.clock.now_s += 60
    assert (poll(watch_deps(world))["asked"], world.invoked) == ("pushing", [])

    world.wechat.set_room(ROOM, LIVE)
    world.clock.now_s += 60

    assert poll(watch_deps(world))["pushed"] == ROOM


def test_a_planned_push_whose_room_never_opens_stops_asking(world: World) -> None:
    world.wechat.set_room(ROOM, 102, start_time=1)
    plan_push(ROOM, watch_deps(world))
    poll(watch_deps(world))
    world.clock.now_s += PATIENCE_S
    poll(watch_deps(world))
    world.clock.now_s += 60

    assert poll(watch_deps(world))["asked"] is None
