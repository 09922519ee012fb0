"""What happens to a campaign is announced each minute, and not lost with a worker."""

import json
from typing import Any

import pytest

from factories import CAMPAIGN, a_result
from support.push_start import AUDIENCE, opened, start_deps
from support.steps import Killed
from support.world import World
from wxlive.domain.campaigns import CampaignState, Hold, HoldKind
from wxlive.domain.chunks import ChunkState
from wxlive.errors import RetryLater, StoreBusy
from wxlive.stores.living import Living, LivingStore
from wxlive_push_start.announce import announce
from wxlive_push_start.commands import execute


def announced(world: World) -> list[str]:
    """Announce; returns the types of all events that were ever published."""
    announce(start_deps(world))
    return [event["DetailType"] for event in world.events.sent]


def killed() -> None:
    raise Killed


def details(world: World) -> list[dict[str, Any]]:
    return [json.loads(event["Detail"]) for event in world.events.sent]


def test_each_minute_announces_what_happened_since(world: World) -> None:
    campaign = opened(world)
    deps = start_deps(world)

    assert execute({"action": "reconcile"}, deps)["announced"] == 1
    execute({"action": "pause", "campaign": campaign}, deps)
    assert execute({"action": "reconcile"}, deps)["announced"] == 1
    assert execute({"action": "reconcile"}, deps)["announced"] == 0
    assert announced(world) == ["Campaign started", "Campaign held"]


def test_what_a_command_did_is_announced_at_once(world: World) -> None:
    campaign = opened(world)
    execute({"action": "cancel", "campaign": campaign, "command": "c1"}, start_deps(world))

    assert [event["DetailType"] for event in world.events.sent] == [
        "Campaign started",
        "Campaign cancelled",
    ]


def test_a_command_is_executed_though_it_cannot_be_announced(world: World) -> None:
    campaign = opened(world)
    world.events.failing = True
    event = {"action": "pause", "campaign": campaign, "command": "c1"}
    assert execute(event, start_deps(world))["state"] == "paused"
    world.events.failing = False

    assert announced(world) == ["Campaign started", "Campaign held"]


def test_a_hold_that_nobody_saw_is_announced_with_its_end(world: World) -> None:
    campaign = opened(world)
    deps = start_deps(world)
    execute({"action": "pause", "campaign": campaign}, deps)
    world.clock.sleep(5)
    execute({"action": "resume", "campaign": campaign}, deps)

    assert announced(world) == ["Campaign started", "Campaign held", "Campaign resumed"]


def test_a_campaign_settles_after_its_last_result_though_another_one_lives(world: World) -> None:
    world.put_campaign(2)
    world.settle(1, ChunkState.ACCEPTED)
    world.living.finish(world.living.load() or pytest.fail("none lives"))
    assert announced(world) == ["Campaign started"]
    opened(world, campaign="20261123T193000-1001")
    world.results.add(a_result("m-1", total=2), world.clock())

    assert announced(world)[1:] == ["Campaign settled", "Campaign started"]
    assert details(world)[1]["results"]["success"] == 2
    assert announced(world)[3:] == []


def test_the_end_of_a_campaign_is_announced_once(world: World) -> None:
    campaign = opened(world)
    execute({"action": "cancel", "campaign": campaign, "command": "c1"}, start_deps(world))

    assert announced(world) == ["Campaign started", "Campaign cancelled"]
    assert announced(world)[2:] == []


def test_a_campaign_for_nobody_fails_in_the_minute_that_announces_it(world: World) -> None:
    world.put_campaign()
    execute({"action": "reconcile"}, start_deps(world))

    assert announced(world) == ["Campaign started", "Campaign failed"]
    assert "No subscribed follower" in details(world)[1]["reason"]


def test_what_eventbridge_did_not_accept_is_published_in_the_next_minute(world: World) -> None:
    opened(world)
    world.events.failing = True
    with pytest.raises(RetryLater):
        announce(start_deps(world))
    world.events.failing = False

    assert announced(world) == ["Campaign started"]


def test_an_event_of_a_worker_that_died_comes_again_with_its_id(world: World) -> None:
    opened(world)
    world.steps.before("UpdateItem", killed)
    with pytest.raises(Killed):
        announce(start_deps(world))

    assert announced(world) == ["Campaign started"] * 2
    first, again = details(world)
    assert first == again


def test_no_openid_is_in_an_event(world: World) -> None:
    campaign = opened(world)
    execute({"action": "plan", "campaign": campaign}, start_deps(world))
    execute({"action": "cancel", "campaign": campaign, "command": "c1"}, start_deps(world))
    announced(world)

    assert details(world)
    assert not any(openid in json.dumps(details(world)) for openid in AUDIENCE)


def test_a_campaign_that_has_expired_is_forgotten(world: World) -> None:
    opened(world)
    world.forget("campaign")

    assert announced(world) == []
    assert not any(item["pk"] == "announced" for item in world.state_items())


def test_what_happens_to_a_campaign_that_goes_on_after_its_end_is_announced(world: World) -> None:
    """Settled with a call unknown, sent again by the operator, then held by the machine."""
    world.put_campaign(2)
    world.settle(1, ChunkState.UNKNOWN)
    assert announced(world) == ["Campaign started", "Campaign settled"]
    deps = start_deps(world)

    execute({"action": "resend_unknown", "campaign": CAMPAIGN, "command": "c1"}, deps)
    world.campaigns.hold(
        CAMPAIGN, CampaignState.PAUSED, Hold(HoldKind.QUOTA, "h", "used up", int(world.clock()))
    )

    assert announced(world)[2:] == ["Campaign held"]


class BusyPointer(LivingStore):
    """Nobody can read which campaign lives."""

    def __init__(self) -> None: ...

    def load(self) -> Living | None:
        raise StoreBusy("The table was too busy")


def test_what_happened_is_announced_though_the_campaign_cannot_be_reconciled(world: World) -> None:
    opened(world)
    with pytest.raises(StoreBusy):
        execute({"action": "reconcile"}, start_deps(world, living=BusyPointer()))

    assert [event["DetailType"] for event in world.events.sent] == ["Campaign started"]
