"""The audience is cut into chunks once, whatever happens to the planner."""

from collections import Counter

import pytest

from factories import NOW_S, ROOM
from support.push_start import AUDIENCE, opened, planned, start_deps
from support.world import World
from wxlive.domain.audience import Audience
from wxlive.domain.campaigns import CampaignState
from wxlive.domain.followers import Status
from wxlive.errors import InvalidCommand
from wxlive_push_start.control import pause
from wxlive_push_start.plan import RESERVE_S, Planning, plan
from wxlive_push_start.start import rehearse, start


def everybody_in(world: World, campaign: str) -> list[str]:
    return sorted(openid for chunk in world.openids_by_chunk(campaign) for openid in chunk)


@pytest.mark.parametrize(
    ("audience", "chunk", "sizes"),
    [(5, 2, [2, 2, 1]), (4, 2, [2, 2]), (1, 2, [1]), (3, 3, [3]), (3, 1, [1, 1, 1])],
)
def test_everybody_is_planned_once_in_full_chunks_and_a_rest(
    world: World, audience: int, chunk: int, sizes: list[int]
) -> None:
    world.put_followers("left", status=Status.UNSUBSCRIBED)
    campaign = opened(world, *(f"o{n}" for n in range(audience)))

    assert plan(campaign, start_deps(world, chunk=chunk)) is Planning.DONE

    chunks = world.openids_by_chunk(campaign)
    assert [len(openids) for openids in chunks] == sizes
    assert Counter(o for openids in chunks for o in openids) == Counter(
        f"o{n}" for n in range(audience)
    )
    stored = world.campaign(campaign)
    assert (stored.state, stored.fully_planned) == (CampaignState.SENDING, True)
    assert (stored.audience, stored.chunks) == (audience, len(sizes))
    assert set(stored.cursors.values()) <= {o for openids in chunks for o in openids}
    assert [message.chunk for message in world.enqueued] == list(range(1, len(sizes) + 1))
    assert {message.delay_s for message in world.enqueued} == {0}


def test_an_audience_of_nobody_gives_the_day_up(world: World) -> None:
    campaign = opened(world, "o1")
    world.put_followers("o1", status=Status.UNSUBSCRIBED, changed_at=int(world.clock()))

    assert plan(campaign, start_deps(world)) is Planning.DONE

    ended = world.campaign(campaign)
    assert (ended.state, ended.audience) == (CampaignState.FAILED, 0)
    assert "nothing was sent" in str(ended.reason)
    world.put_followers("o2")
    world.clock.now_s += 1
    assert start(ROOM, start_deps(world))["campaign"] != campaign


def test_a_push_can_be_for_those_who_subscribed_in_some_rooms_at_some_time(world: World) -> None:
    world.put_followers("here", room_id=7, subscribed_at=NOW_S - 50)
    world.put_followers("elsewhere", room_id=8, subscribed_at=NOW_S - 50)
    world.put_followers("before", room_id=7, subscribed_at=NOW_S - 500)
    target = Audience(rooms=(7,), since=NOW_S - 100)
    rehearsed = rehearse(ROOM, start_deps(world), target)
    assert rehearsed["audience"] == 1

    campaign = start(ROOM, start_deps(world), target)["campaign"]
    plan(campaign, start_deps(world))

    assert world.openids_by_chunk(campaign) == [["here"]]
    assert start(ROOM, start_deps(world), target)["repeated"]
    with pytest.raises(InvalidCommand, match="is sending and not finished"):
        start(ROOM, start_deps(world))


def test_a_plan_that_is_out_of_time_is_continued_where_it_stopped(world: World) -> None:
    campaign = opened(world)
    times = iter([RESERVE_S, RESERVE_S - 1])

    ended = plan(campaign, start_deps(world, remaining_s=lambda: next(times)))

    assert ended is Planning.OUT_OF_TIME
    assert (world.campaign(campaign).chunks, world.campaign(campaign).fully_planned) == (2, False)
    assert plan(campaign, start_deps(world)) is Planning.DONE
    assert everybody_in(world, campaign) == AUDIENCE


def test_of_two_planners_one_gives_way_and_nobody_is_planned_twice(world: World) -> None:
    campaign = opened(world)
    world.steps.before("Scan", lambda: plan(campaign, start_deps(world)))

    assert plan(campaign, start_deps(world)) is Planning.LOST

    assert everybody_in(world, campaign) == AUDIENCE
    assert world.campaign(campaign).audience == 5


@pytest.mark.parametrize("state", [CampaignState.CANCELLED, CampaignState.FAILED])
def test_an_ended_campaign_is_not_planned_further(world: World, state: CampaignState) -> None:
    campaign = opened(world)
    world.change_campaign(campaign, state=state)

    assert plan(campaign, start_deps(world)) is Planning.NOTHING_TO_DO
    assert world.openids_by_chunk(campaign) == []


def test_a_campaign_that_ends_under_the_planner_gets_no_further_chunk(world: World) -> None:
    campaign = opened(world)
    world.steps.before(
        "TransactWriteItems",
        lambda: None,
        lambda: world.change_campaign(campaign, state=CampaignState.CANCELLED),
    )

    assert plan(campaign, start_deps(world)) is Planning.LOST
    assert len(world.openids_by_chunk(campaign)) == 1


def test_a_planned_or_unknown_campaign_leaves_nothing_to_plan(world: World) -> None:
    campaign = planned(world)

    assert plan(campaign, start_deps(world)) is Planning.NOTHING_TO_DO
    assert plan("unknown", start_deps(world)) is Planning.NOTHING_TO_DO


def test_a_held_campaign_is_planned_and_stays_held(world: World) -> None:
    campaign = opened(world)
    pause(campaign, start_deps(world), "c1")

    assert plan(campaign, start_deps(world)) is Planning.DONE
    assert world.campaign(campaign).state is CampaignState.PAUSED
