"""A campaign that waits for its room is resumed or given up, by the name of its hold."""

import pytest

from factories import CAMPAIGN, NOW_S, ROOM
from support.live_watch import WAITING, poll_again, watch_deps
from support.push_stack import PushStack
from support.push_start import start_deps
from support.world import World
from wxlive.domain.campaigns import CampaignState, HoldKind
from wxlive_live_watch.poll import poll
from wxlive_live_watch.poll_policy import RARELY_S
from wxlive_local.simulator import LIVE, LIVE_INFO, PUSH, Fault, FaultRule
from wxlive_push_start.start import start

LIMIT_S = 3600
"""``room_wait_limit_s`` of ``watch_deps``."""


def recovery(action: str, reason: str = "") -> dict[str, str]:
    return {"action": action, "campaign": CAMPAIGN, "hold": "h1", "reason": reason}


def test_a_campaign_that_waited_for_its_room_is_resumed(world: World) -> None:
    world.put_campaign(1, **WAITING)

    assert poll(watch_deps(world)).facts["recovery"] == "end_hold"
    assert world.invoked == [recovery("end_hold")]


@pytest.mark.parametrize("kind", [HoldKind.OPERATOR, HoldKind.QUOTA, HoldKind.ACCESS, HoldKind.DAY])
def test_a_campaign_that_is_held_for_another_reason_is_left_to_others(
    world: World, kind: HoldKind
) -> None:
    world.put_campaign(1, **{**WAITING, "state": CampaignState.PAUSED, "hold_kind": kind})

    assert poll_again(world)["recovery"] == "nothing"
    assert world.invoked == []


@pytest.mark.parametrize("kind", [HoldKind.ROOM, HoldKind.OPERATOR])
def test_a_campaign_whose_room_is_over_is_given_up_whoever_holds_it(
    world: World, kind: HoldKind
) -> None:
    world.put_campaign(1, **{**WAITING, "hold_kind": kind})
    world.wechat.set_room(ROOM, 103)

    assert poll(watch_deps(world)).facts["recovery"] == "give_up"
    assert world.invoked == [recovery("give_up", f"Room {ROOM} is ended (103)")]


@pytest.mark.parametrize("kind", [HoldKind.ROOM, HoldKind.OPERATOR])
def test_a_campaign_whose_room_stays_closed_is_given_up_after_the_limit(
    world: World, kind: HoldKind
) -> None:
    poll(watch_deps(world))
    world.put_campaign(1, **{**WAITING, "hold_kind": kind})
    world.wechat.set_room(ROOM, 105)
    poll_again(world)
    world.clock.now_s += LIMIT_S - RARELY_S
    assert poll_again(world)["recovery"] == "nothing"

    assert poll_again(world)["recovery"] == "give_up"

    given_up = recovery("give_up", "The room was not live for 3600 s (RoomWaitLimitSeconds)")
    assert world.invoked == [given_up]


@pytest.mark.parametrize("kind", [HoldKind.OPERATOR, HoldKind.DAY, HoldKind.QUOTA, HoldKind.ROOM])
def test_a_campaign_whose_room_vanishes_from_the_list_is_given_up_after_the_limit(
    world: World, kind: HoldKind
) -> None:
    poll(watch_deps(world))
    world.put_campaign(1, **{**WAITING, "hold_kind": kind})
    world.at_wechat(lambda platform: platform.rooms.clear())
    waits = "end_hold" if kind is HoldKind.ROOM else "nothing"
    for _ in range(LIMIT_S // RARELY_S + 1):
        assert poll_again(world)["recovery"] == waits

    assert poll_again(world)["recovery"] == "give_up"


def test_a_list_that_fails_says_nothing_about_a_room(world: World) -> None:
    poll(watch_deps(world))
    world.put_campaign(1, **{**WAITING, "hold_kind": HoldKind.OPERATOR})
    polls = LIMIT_S // RARELY_S + 2
    world.wechat.inject(FaultRule(LIVE_INFO, Fault.ERRCODE, errcode=-1, times=polls))

    for _ in range(polls):
        assert poll_again(world)["recovery"] == "nothing"


def test_a_room_that_was_last_seen_live_by_a_start_is_closed_when_the_list_says_so(
    world: World,
) -> None:
    world.put_followers("o1")
    start(ROOM, start_deps(world))
    [campaign] = world.campaigns.of_room(ROOM)
    world.change_campaign(
        campaign.campaign, **{**WAITING, "state": "paused", "hold_kind": HoldKind.OPERATOR}
    )
    world.wechat.set_room(ROOM, 105)
    for _ in range(LIMIT_S // RARELY_S + 1):
        assert poll_again(world)["recovery"] == "nothing"

    assert poll_again(world)["recovery"] == "give_up"


def test_when_the_operator_resumes_the_wait_for_the_room_begins_anew(world: World) -> None:
    stack = PushStack(world)
    poll(watch_deps(world))
    world.put_campaign(1, not_live_since=NOW_S - LIMIT_S)
    stack.command("pause", campaign=CAMPAIGN)
    world.wechat.inject(FaultRule(PUSH, Fault.ERRCODE, errcode=9410006, times=2))
    stack.command("resume", campaign=CAMPAIGN)
    stack.work()
    assert world.campaign().hold_kind is HoldKind.ROOM

    stack.run(2)

    assert world.campaign().state is not CampaignState.FAILED


def test_a_campaign_whose_calls_are_refused_for_longer_than_the_limit_is_given_up(
    world: World,
) -> None:
    """The room list says that the room is live; WeChat's push says that it is not."""
    world.put_campaign(1, **WAITING, not_live_since=NOW_S - LIMIT_S)
    assert poll(watch_deps(world)).facts["recovery"] == "end_hold"
    world.clock.now_s += 1

    assert poll(watch_deps(world)).facts["recovery"] == "give_up"


def test_an_operators_hold_of_a_room_that_is_live_again_outlasts_the_limit(world: World) -> None:
    held = {**WAITING, "state": CampaignState.PAUSED, "hold_kind": HoldKind.OPERATOR}
    world.put_campaign(1, **held, not_live_since=NOW_S - LIMIT_S - 1)
    world.wechat.set_room(ROOM, LIVE)

    assert poll(watch_deps(world)).facts["recovery"] == "nothing"


def test_a_campaign_that_sends_needs_no_recovery(world: World) -> None:
    world.put_campaign(1)
    world.wechat.set_room(ROOM, 103)

    assert poll(watch_deps(world)).facts["recovery"] == "nothing"
    assert world.invoked == []
