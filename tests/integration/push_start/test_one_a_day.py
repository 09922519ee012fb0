"""One living campaign, one room a day: a repeated start, another room, an ended campaign."""

from dataclasses import replace

import pytest

from factories import DAY, ROOM, a_new_campaign
from support.push_start import AUDIENCE, OTHER_ROOM, planned, refusal, start_deps
from support.world import World
from wxlive.domain.campaigns import Campaign, CampaignState
from wxlive.domain.chunks import ChunkState
from wxlive_local.simulator import LIVE, LIVE_INFO
from wxlive_push_start.plan import plan
from wxlive_push_start.start import start

HOURS_TO_THE_NEXT_DAY = 5


def start_meanwhile(world: World, rival: Campaign) -> None:
    """Have another start open its campaign between a start's checks and its write."""

    def open_and_leave() -> None:
        world.campaigns.open(
            replace(rival, state=CampaignState.PLANNED), before=world.living.load(), release=None
        )
        world.change_campaign(rival.campaign, state=rival.state)

    world.steps.before("TransactWriteItems", open_and_leave)


def all_accepted(world: World, campaign: str) -> None:
    for number in range(1, 4):
        world.settle(number, ChunkState.ACCEPTED, campaign)


def test_the_same_room_again_starts_nothing_and_shows_the_same_campaign(world: World) -> None:
    campaign = planned(world)
    calls = world.calls(LIVE_INFO)

    again = start(ROOM, start_deps(world))

    assert (again["campaign"], again["repeated"], again["audience"]) == (campaign, True, 5)
    assert world.invoked == [campaign]
    assert world.calls(LIVE_INFO) == calls


def test_another_room_is_refused_while_a_campaign_lives(world: World) -> None:
    campaign = planned(world)
    world.wechat.set_room(OTHER_ROOM, LIVE)

    assert f"Campaign {campaign} for room {ROOM} is sending and not finished" in refusal(
        world, OTHER_ROOM
    )


def test_another_room_is_refused_on_a_day_that_a_room_has(world: World) -> None:
    campaign = planned(world)
    all_accepted(world, campaign)
    world.wechat.set_room(OTHER_ROOM, LIVE)

    assert f"Room {ROOM} was pushed today by campaign {campaign}" in refusal(world, OTHER_ROOM)


def test_another_room_can_have_the_next_day(world: World) -> None:
    all_accepted(world, planned(world))
    world.wechat.set_room(OTHER_ROOM, LIVE)
    world.clock.now_s += HOURS_TO_THE_NEXT_DAY * 3600

    assert start(OTHER_ROOM, start_deps(world))["room_id"] == OTHER_ROOM


@pytest.mark.parametrize("room", [ROOM, OTHER_ROOM])
@pytest.mark.parametrize("ended", [CampaignState.CANCELLED, CampaignState.FAILED])
@pytest.mark.parametrize("outcome", [None, ChunkState.REFUSED])
def test_a_campaign_that_ended_before_anybody_was_notified_gives_the_day_up(
    world: World, room: int, ended: CampaignState, outcome: ChunkState | None
) -> None:
    old = planned(world)
    world.wechat.set_room(OTHER_ROOM, LIVE)
    if outcome is not None:
        world.settle(1, outcome, old)
    world.change_campaign(old, state=ended)
    world.clock.now_s += 1

    report = start(room, start_deps(world))

    assert report["campaign"] != old
    living = world.living.load()
    assert living is not None
    assert living.campaign == report["campaign"]
    plan(report["campaign"], start_deps(world))
    world.claim(1, report["campaign"])
    assert world.days.holder(DAY) == (
        room,
        old if (outcome, room) == (ChunkState.REFUSED, ROOM) else report["campaign"],
    )


@pytest.mark.parametrize("ended", [CampaignState.CANCELLED, CampaignState.FAILED])
@pytest.mark.parametrize("outcome", [ChunkState.ACCEPTED, ChunkState.UNKNOWN])
def test_a_campaign_that_may_have_notified_somebody_keeps_the_day(
    world: World, ended: CampaignState, outcome: ChunkState
) -> None:
    old = planned(world)
    world.settle(1, outcome, old)
    world.change_campaign(old, state=ended)
    world.wechat.set_room(OTHER_ROOM, LIVE)

    assert f"Room {ROOM} was pushed today by campaign {old}" in refusal(world, OTHER_ROOM)


@pytest.mark.parametrize("is_told_today", [False, True])
def test_a_room_that_notified_somebody_on_another_day_only_gives_the_day_up(
    world: World, *, is_told_today: bool
) -> None:
    all_accepted(world, planned(world))
    world.clock.now_s += HOURS_TO_THE_NEXT_DAY * 3600
    again = start(ROOM, start_deps(world), again=True)["campaign"]
    plan(again, start_deps(world))
    for number in range(1, 3):
        world.settle(number, ChunkState.REFUSED, again)
    last = ChunkState.UNKNOWN if is_told_today else ChunkState.REFUSED
    world.settle(3, last, again)
    assert world.days.holder("2026-11-23") == (ROOM, again)
    world.wechat.set_room(OTHER_ROOM, LIVE)

    if is_told_today:
        assert f"Room {ROOM} was pushed today by campaign {again}" in refusal(world, OTHER_ROOM)
    else:
        assert start(OTHER_ROOM, start_deps(world))["room_id"] == OTHER_ROOM


def test_a_call_that_is_under_way_keeps_its_campaign_alive(world: World) -> None:
    old = planned(world)
    world.claim(1, old)
    world.change_campaign(old, state=CampaignState.CANCELLED)
    world.wechat.set_room(OTHER_ROOM, LIVE)

    assert "is cancelled and not finished" in refusal(world, OTHER_ROOM)


def test_of_two_starts_at_once_for_two_rooms_one_is_refused(world: World) -> None:
    world.put_followers(*AUDIENCE)
    start_meanwhile(world, a_new_campaign("rival", room_id=OTHER_ROOM))

    assert f"Campaign rival for room {OTHER_ROOM} is planned and not finished" in refusal(world)
    living = world.living.load()
    assert living is not None
    assert living.campaign == "rival"
    assert world.invoked == []


def test_of_two_starts_at_once_for_one_room_the_second_repeats_the_first(world: World) -> None:
    world.put_followers(*AUDIENCE)
    start_meanwhile(world, a_new_campaign("rival"))

    answer = start(ROOM, start_deps(world), command="second")

    assert (answer["campaign"], answer["repeated"]) == ("rival", True)
    assert world.invoked == []
    assert start(ROOM, start_deps(world), command="second")["campaign"] == "rival"


def test_a_campaign_that_ended_in_the_second_of_the_start_is_not_repeated(world: World) -> None:
    world.put_followers(*AUDIENCE)
    start_meanwhile(world, a_new_campaign("rival", state=CampaignState.CANCELLED))

    assert "run the command again" in refusal(world)
