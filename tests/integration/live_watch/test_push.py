"""Which room is pushed, and until when: AutoPush, the chosen room, a planned push."""

from dataclasses import replace

import pytest

from factories import DAY, NOW_S, ROOM
from support.live_watch import automatic_start, poll_again, watch_deps
from support.push_stack import PushStack
from support.push_start import OTHER_ROOM, start_deps
from support.world import World
from wxlive.domain.audience import EVERYBODY, Audience
from wxlive.domain.chunks import ChunkState
from wxlive.domain.rooms import Choice
from wxlive.errors import InvalidCommand
from wxlive.telemetry import Metric
from wxlive_live_watch.poll import OVERDUE_S, poll
from wxlive_live_watch.poll_policy import PATIENCE_S, RARELY_S
from wxlive_local.simulator import LIVE
from wxlive_push_start.commands import execute
from wxlive_push_start.reconcile import reconcile
from wxlive_push_start.start import start


def finished(world: World) -> None:
    """Have the room pushed and the campaign end."""
    world.put_campaign(1)
    world.settle(1, ChunkState.ACCEPTED)
    reconcile(start_deps(world))


def test_the_first_room_that_opens_is_pushed_where_auto_push_is_on(world: World) -> None:
    world.wechat.set_room(7, LIVE, start_time=NOW_S + 60)
    poll_again(world, auto_push=True)
    world.wechat.set_room(8, LIVE, start_time=1)

    polled = poll_again(world, auto_push=True)

    assert (polled["went_live"], polled["pushed"]) == ([8], ROOM)
    assert world.invoked == [automatic_start(ROOM, NOW_S + RARELY_S)] * 2


def test_no_room_is_pushed_where_auto_push_is_off(world: World) -> None:
    assert poll(watch_deps(world)).facts["pushed"] is None
    assert world.invoked == []


def test_nothing_is_pushed_while_a_campaign_lives_whatever_the_day(world: World) -> None:
    world.put_campaign(1)
    world.wechat.set_room(OTHER_ROOM, LIVE)

    assert poll(watch_deps(world, auto_push=True)).facts["pushed"] is None
    world.clock.now_s += 5 * 3600
    assert poll(watch_deps(world, auto_push=True)).facts["pushed"] is None
    assert world.invoked == []


def test_a_room_whose_day_another_room_has_is_refused_until_it_is_over_and_counted(
    world: World,
) -> None:
    finished(world)
    world.wechat.set_room(ROOM, 103)
    world.wechat.set_room(OTHER_ROOM, LIVE)
    stack = PushStack(world, auto_push=True)

    stack.run(8)

    assert world.campaigns.of_room(OTHER_ROOM) == []
    assert world.telemetry.counted[Metric.PUSH_OVERDUE] > 0


def test_the_next_day_another_room_is_pushed_and_the_same_one_is_not(world: World) -> None:
    finished(world)
    world.clock.now_s += 5 * 3600
    assert poll_again(world, auto_push=True)["pushed"] is None

    world.wechat.set_room(ROOM, 103)
    world.wechat.set_room(OTHER_ROOM, LIVE)
    assert poll_again(world, auto_push=True)["pushed"] == OTHER_ROOM


def test_a_room_that_was_pushed_is_pushed_again_where_it_is_planned(world: World) -> None:
    finished(world)
    world.clock.now_s += 5 * 3600
    planned_at = int(world.clock())
    world.rooms.choose("2026-11-23", Choice(ROOM, NOW_S, planned_at))

    assert poll_again(world)["pushed"] == ROOM
    assert world.invoked[-1]["command"] == f"planned#{ROOM}#{planned_at}"


def planned_for_one(world: World) -> Choice:
    """Plan a push for one of three followers, and have it asked for; returns the plan."""
    world.put_followers("a", "b")
    world.put_followers("c", room_id=7)
    plan = Choice(ROOM, NOW_S, NOW_S, Audience(rooms=(7,)))
    world.rooms.choose(DAY, plan)
    poll(watch_deps(world))
    return plan


def test_a_planned_push_is_for_the_audience_of_its_plan(world: World) -> None:
    plan = planned_for_one(world)

    execute(world.invoked[-1], start_deps(world))

    [campaign] = world.campaigns.of_room(ROOM)
    assert campaign.target == plan.target
    assert world.openids_by_chunk(campaign.campaign) == [["c"]]


def test_auto_push_is_for_the_audience_of_the_choice(world: World) -> None:
    world.put_followers("a", "b")
    world.put_followers("c", room_id=7)
    world.rooms.choose(DAY, Choice(ROOM, NOW_S, target=Audience(rooms=(7,))))

    poll(watch_deps(world, auto_push=True))
    execute(world.invoked[-1], start_deps(world))

    [campaign] = world.campaigns.of_room(ROOM)
    assert world.openids_by_chunk(campaign.campaign) == [["c"]]


def test_a_plan_whose_audience_was_changed_meanwhile_is_not_carried_out(world: World) -> None:
    plan = planned_for_one(world)
    world.rooms.choose(DAY, replace(plan, target=EVERYBODY), before=plan)

    with pytest.raises(InvalidCommand, match="removed or changed"):
        execute(world.invoked[-1], start_deps(world))


def test_a_push_is_invoked_until_a_campaign_lives(world: World) -> None:
    for _ in range(3):
        assert poll(watch_deps(world, auto_push=True)).facts["pushed"] == ROOM
        world.clock.now_s += 60
    world.put_followers("a")
    start(ROOM, start_deps(world))

    assert poll(watch_deps(world, auto_push=True)).facts["pushed"] is None
    assert world.invoked[:3] == [automatic_start(ROOM, NOW_S)] * 3


def test_a_room_that_is_not_pushed_for_long_is_counted_for_the_alarm(world: World) -> None:
    poll(watch_deps(world, auto_push=True))
    world.clock.now_s += OVERDUE_S
    poll(watch_deps(world, auto_push=True))
    assert Metric.PUSH_OVERDUE not in world.telemetry.counted

    world.clock.now_s += 60
    poll(watch_deps(world, auto_push=True))

    assert world.telemetry.counted[Metric.PUSH_OVERDUE] == 1


def test_a_chosen_room_is_pushed_instead_of_the_first(world: World) -> None:
    world.rooms.choose(DAY, Choice(7, NOW_S))
    assert poll_again(world, auto_push=True)["pushed"] is None

    world.wechat.set_room(7, LIVE)

    assert poll_again(world, auto_push=True)["pushed"] == 7


def test_a_planned_push_waits_for_its_room_though_auto_push_is_off(world: World) -> None:
    world.wechat.set_room(ROOM, 102, start_time=1)
    poll(watch_deps(world))
    world.rooms.choose(DAY, Choice(ROOM, NOW_S, int(world.clock())))
    world.clock.now_s += 60
    assert (poll(watch_deps(world)).facts["asked"], world.invoked) == ("pushing", [])

    world.wechat.set_room(ROOM, LIVE)
    world.clock.now_s += 60

    assert poll(watch_deps(world)).facts["pushed"] == ROOM


def test_a_planned_push_whose_room_never_opens_stops_asking(world: World) -> None:
    world.wechat.set_room(ROOM, 102, start_time=1)
    world.rooms.choose(DAY, Choice(ROOM, NOW_S, int(world.clock())))
    poll(watch_deps(world))
    world.clock.now_s += PATIENCE_S
    poll(watch_deps(world))
    world.clock.now_s += 60

    assert poll(watch_deps(world)).facts["asked"] == "evenly"


def test_a_room_that_nobody_has_chosen_is_pushed_to_the_usual_audience(world: World) -> None:
    world.rooms.set_usual_audience(Audience(room_status=101))
    assert world.rooms.usual_audience() == Audience(room_status=101)

    poll_again(world, auto_push=True)
    world.rooms.choose(DAY, Choice(ROOM, NOW_S))
    poll_again(world, auto_push=True)

    usual, chosen = world.invoked
    assert usual["audience"] == {"rooms": [], "since": 0, "before": 0, "room_status": 101}
    assert "audience" not in chosen


def test_a_push_that_starts_by_itself_may_have_a_trial(world: World) -> None:
    trial = {"first": 1, "go_on_at": 50}

    poll_again(world, auto_push=True, trial=trial)

    [start_by_itself] = world.invoked
    assert start_by_itself == automatic_start(ROOM, NOW_S + RARELY_S) | {"trial": trial}
    world.put_followers("a", "b", "c")
    begun = execute(start_by_itself, start_deps(world))
    assert begun["audience"] == 1
