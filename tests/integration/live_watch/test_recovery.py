"""A campaign that waits is resumed, planned further, or given up."""

import pytest

from factories import CAMPAIGN, ROOM, a_new_campaign
from support.live_watch import watch_deps
from support.world import World
from wxlive.domain.campaigns import CampaignState
from wxlive.telemetry import Metric
from wxlive_live_watch.poll import poll
from wxlive_live_watch.recovery import PLAN_STALLED_S


def test_a_campaign_that_waited_for_its_room_is_resumed(world: World) -> None:
    world.put_campaign(1, state=CampaignState.WAITING_LIVE, held_since=int(world.clock()))

    assert poll(watch_deps(world))["recovery"] == "resume"
    assert world.invoked == [{"action": "resume", "campaign": CAMPAIGN}]


@pytest.mark.parametrize("overdue_s", [0, 1])
def test_a_campaign_whose_room_stays_closed_fails_after_the_limit(
    world: World, overdue_s: int
) -> None:
    world.wechat.set_room(ROOM, 103)
    since = int(world.clock()) - 3600 - overdue_s
    world.put_campaign(1, state=CampaignState.WAITING_LIVE, held_since=since)

    polled = poll(watch_deps(world))

    assert world.invoked == []
    if not overdue_s:
        assert (polled["recovery"], world.campaign().state) == (
            "nothing",
            CampaignState.WAITING_LIVE,
        )
        return
    assert (polled["recovery"], world.campaign().state) == ("give_up", CampaignState.FAILED)
    assert "RoomWaitLimitSeconds" in str(world.campaign().reason)
    assert world.telemetry.counted[Metric.CAMPAIGN_FAILED] == 1


def test_a_campaign_resumed_by_hand_meanwhile_is_not_given_up(world: World) -> None:
    world.wechat.set_room(ROOM, 103)
    world.put_campaign(1, state=CampaignState.WAITING_LIVE, held_since=1)
    world.steps.before(
        "UpdateItem",
        lambda: None,  # the quota's count
        lambda: world.move_campaign(CampaignState.SENDING),
    )

    poll(watch_deps(world))

    assert world.campaign().state is CampaignState.SENDING
    assert Metric.CAMPAIGN_FAILED not in world.telemetry.counted


@pytest.mark.parametrize(("early_s", "recovery"), [(1, "nothing"), (0, "resume")])
def test_a_campaign_paused_for_quota_is_resumed_when_the_day_turns(
    world: World, early_s: int, recovery: str
) -> None:
    world.put_campaign(1, state=CampaignState.PAUSED, resume_at=int(world.clock()) + early_s)

    assert poll(watch_deps(world))["recovery"] == recovery


def test_a_campaign_paused_by_hand_stays_paused(world: World) -> None:
    world.put_campaign(1, state=CampaignState.PAUSED)
    world.clock.now_s += 10**6

    assert poll(watch_deps(world))["recovery"] == "nothing"
    assert world.invoked == []


def test_a_campaign_whose_planner_died_is_planned_further(world: World) -> None:
    world.campaigns.open(a_new_campaign("c"))

    assert poll(watch_deps(world))["recovery"] == "nothing"
    world.clock.now_s += PLAN_STALLED_S + 1
    assert poll(watch_deps(world))["recovery"] == "plan"
    assert world.invoked == [{"action": "plan", "campaign": "c"}]
