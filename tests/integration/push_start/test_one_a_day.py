"""One room a day: a repeated start, another room, and a campaign that has ended."""

import pytest

from factories import DAY, ROOM, a_new_campaign
from support.push_start import AUDIENCE, OTHER_ROOM, planned, refusal, start_deps
from support.world import World
from wxlive.domain.campaigns import CampaignState
from wxlive.domain.chunks import ChunkState
from wxlive.errors import InvalidCommand
from wxlive_local.simulator import LIVE, LIVE_INFO
from wxlive_push_start.start import start


def test_the_same_room_again_starts_nothing_and_shows_the_same_campaign(world: World) -> None:
    campaign = planned(world)
    calls = world.calls(LIVE_INFO)

    again = start(ROOM, start_deps(world))

    assert (again["campaign"], again["repeated"], again["audience"]) == (campaign, True, 5)
    assert world.invoked == [campaign]
    assert world.calls(LIVE_INFO) == calls


def test_another_room_is_refused_while_one_has_the_day(world: World) -> None:
    planned(world)
    world.wechat.set_room(OTHER_ROOM, LIVE)

    assert f"Room {ROOM} is pushed today" in refusal(world, OTHER_ROOM)


def test_another_room_can_have_the_next_day(world: World) -> None:
    planned(world)
    world.wechat.set_room(OTHER_ROOM, LIVE)
    world.clock.now_s += 5 * 3600

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
    world.move_campaign(ended, old)
    world.clock.now_s += 1

    report = start(room, start_deps(world))

    assert report["campaign"] != old
    assert world.campaigns.claimed_by(DAY) == report["campaign"]


@pytest.mark.parametrize("ended", [CampaignState.CANCELLED, CampaignState.FAILED])
@pytest.mark.parametrize("outcome", [ChunkState.ACCEPTED, ChunkState.UNKNOWN, ChunkState.SENDING])
def test_a_campaign_that_may_have_notified_somebody_keeps_the_day(
    world: World, ended: CampaignState, outcome: ChunkState
) -> None:
    old = planned(world)
    world.settle(1, outcome, old)
    world.move_campaign(ended, old)

    notified = 2 if outcome is ChunkState.ACCEPTED else 0
    assert f"{ended.value} today after {notified} followers" in refusal(world)
    with pytest.raises(InvalidCommand, match="one room a day"):
        start(OTHER_ROOM, start_deps(world))


def test_of_two_starts_at_once_one_is_refused(world: World) -> None:
    world.put_followers(*AUDIENCE)
    rival = a_new_campaign("rival", room_id=OTHER_ROOM)
    world.steps.before("TransactWriteItems", lambda: world.campaigns.open(rival))

    assert "Another push was started" in refusal(world)
    assert world.campaigns.claimed_by(DAY) == "rival"
    assert world.invoked == []
