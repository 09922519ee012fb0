"""A command is read, refused if it makes no sense, and executed."""

from dataclasses import replace
from typing import Any

import pytest

from factories import ROOM
from support.live_watch import WAITING
from support.push_start import AUDIENCE, start_deps
from support.world import World
from wxlive.domain.audience import Audience
from wxlive.errors import InvalidCommand
from wxlive_push_start.commands import execute


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ({"action": "start"}, "room_id must be a number"),
        ({"action": "start", "room_id": "1001"}, "room_id must be a number"),
        ({"action": "start", "room_id": True}, "room_id must be a number"),
        ({"action": "start", "room_id": 1, "audience": []}, "Room 1 is not among"),
        ({"action": "start", "room_id": 1, "audience": [5]}, "audience must be like"),
        ({"action": "start", "room_id": 1, "audience": {"room": 5}}, "audience must be like"),
        ({"action": "start", "room_id": 1, "audience": {"rooms": 5}}, "audience must be like"),
        ({"action": "start", "room_id": 1, "audience": {"rooms": ["5"]}}, "audience must be"),
        ({"action": "start", "room_id": 1, "audience": {"since": -1}}, "audience must be like"),
        (
            {"action": "start", "room_id": 1, "audience": {"rooms": list(range(51))}},
            "at most 50",
        ),
        ({"action": "dance"}, "Unknown action 'dance'"),
        ({}, "Unknown action None"),
        ({"action": "pause"}, "campaign must be a campaign's id"),
        ({"action": "plan", "campaign": ""}, "campaign must be a campaign's id"),
        ({"action": "cancel", "campaign": 7}, "campaign must be a campaign's id"),
        ({"action": "resume", "campaign": "nobody"}, "There is no campaign nobody"),
    ],
)
def test_a_malformed_command_is_refused(world: World, event: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidCommand, match=words):
        execute(event, start_deps(world))


def test_an_audience_reaches_its_campaign(world: World) -> None:
    world.put_followers("o1", room_id=7, subscribed_at=60)
    audience = {"rooms": [9, 7, 7], "since": 50, "before": 70}

    report = execute({"action": "start", "room_id": ROOM, "audience": audience}, start_deps(world))

    assert world.campaign(report["campaign"]).target == Audience((7, 9), 50, 70)


def test_each_action_reaches_its_campaign(world: World) -> None:
    world.put_followers(*AUDIENCE)
    deps = start_deps(world)

    assert execute({"action": "start", "room_id": ROOM, "dry_run": True}, deps)["dry_run"]
    campaign = execute({"action": "start", "room_id": ROOM}, deps)["campaign"]
    command = {"campaign": campaign}
    hurried = replace(deps, remaining_s=lambda: 0.0)
    assert execute(command | {"action": "plan"}, hurried) == command | {"planning": "out_of_time"}
    assert world.invoked == [campaign, campaign]
    assert execute(command | {"action": "plan"}, deps) == command | {"planning": "done"}
    assert execute(command | {"action": "pause"}, deps)["state"] == "paused"
    assert execute(command | {"action": "resume"}, deps)["state"] == "sending"
    assert execute({"action": "reconcile"}, deps) == command | {
        "enqueued": 0,
        "announced": 3,
        "indexed": 1,
    }
    assert execute(command | {"action": "cancel"}, deps)["state"] == "cancelled"


def test_the_stack_ends_a_hold_or_gives_a_campaign_up_by_the_name_of_the_hold(
    world: World,
) -> None:
    campaign = world.put_campaign(1, **WAITING).campaign
    command = {"campaign": campaign, "hold": "h1", "reason": "Room 1001 is ended (103)"}

    assert execute(command | {"action": "end_hold"}, start_deps(world))["state"] == "sending"
    world.change_campaign(**WAITING)
    ended = execute(command | {"action": "give_up"}, start_deps(world))

    assert ended["state"] == "failed"
    assert ended["reason"] == "Room 1001 is ended (103); 1 followers were not notified"
