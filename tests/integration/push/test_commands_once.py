"""A command has one effect, however late or often it comes, and returns its first outcome."""

from typing import Any

import pytest

from factories import CAMPAIGN, ROOM
from support.push_stack import PushStack
from support.push_start import AUDIENCE, planned
from support.world import World
from wxlive.domain.campaigns import CampaignState
from wxlive.domain.chunks import ChunkState
from wxlive_local.simulator import LIVE, PUSH


def test_a_start_that_is_delivered_twice_starts_one_campaign(
    world: World, stack: PushStack
) -> None:
    world.put_followers(*AUDIENCE)
    first = stack.push(command="c1")

    assert stack.push(command="c1")["campaign"] == first["campaign"]
    assert len(world.campaigns.of_room(ROOM)) == 1


def test_a_start_that_is_delivered_twice_at_once_returns_one_campaign(
    world: World, stack: PushStack
) -> None:
    world.put_followers(*AUDIENCE)
    other: list[dict[str, Any]] = []
    world.steps.before(
        "TransactWriteItems",
        lambda: other.append(stack.command("start", room_id=ROOM, command="c1")),
        about='"living"',
    )

    answer = stack.command("start", room_id=ROOM, command="c1")

    assert answer["campaign"] == other[0]["campaign"]
    assert len(world.campaigns.of_room(ROOM)) == 1


def test_a_start_that_comes_late_does_not_start_what_was_cancelled(
    world: World, stack: PushStack
) -> None:
    campaign = planned(world)
    stack.command("start", room_id=ROOM, command="late")
    stack.command("cancel", campaign=campaign)

    answer = stack.push(command="late")

    assert (answer["campaign"], answer["state"]) == (campaign, "cancelled")
    assert len(world.campaigns.of_room(ROOM)) == 1


@pytest.mark.parametrize(
    ("first", "second", "state"),
    [
        ("pause", "resume", CampaignState.SENDING),
        ("resume", "pause", CampaignState.PAUSED),
    ],
)
def test_a_command_that_comes_again_late_does_not_undo_a_newer_one(
    world: World, stack: PushStack, first: str, second: str, state: CampaignState
) -> None:
    world.put_campaign(1, state=CampaignState.PAUSED if first == "resume" else state)
    stack.command(first, campaign=CAMPAIGN, command="c1")
    stack.command(second, campaign=CAMPAIGN, command="c2")

    answer = stack.command(first, campaign=CAMPAIGN, command="c1")

    assert answer["state"] == world.campaign().state == state


def test_a_refusal_that_is_repeated_is_the_same_though_the_command_is_possible_now(
    world: World, stack: PushStack
) -> None:
    world.put_followers(*AUDIENCE)
    world.wechat.set_room(ROOM, 102)
    refused = stack.push(command="c1")["refused"]
    world.wechat.set_room(ROOM, LIVE)

    assert stack.push(command="c1") == {"refused": refused}
    assert world.calls(PUSH) == 0


def test_a_refusal_of_an_automatic_start_is_asked_again(world: World, stack: PushStack) -> None:
    world.put_followers(*AUDIENCE)
    world.wechat.set_room(ROOM, 102)
    automatic: dict[str, Any] = {"command": "auto#1", "automatic": True}
    assert "not live" in stack.push(**automatic)["refused"]
    world.wechat.set_room(ROOM, LIVE)

    assert stack.push(**automatic)["state"] == "sending"


@pytest.mark.parametrize("decision", ["resend_unknown", "accept_unknown"])
def test_a_decision_about_the_unknown_that_comes_again_is_no_second_one(
    world: World, stack: PushStack, decision: str
) -> None:
    world.put_campaign(1, 1)
    world.settle(1, ChunkState.UNKNOWN)
    stack.command(decision, campaign=CAMPAIGN, command="c1")
    stack.work()
    world.settle(2, ChunkState.UNKNOWN)

    answer = stack.command(decision, campaign=CAMPAIGN, command="c1")
    stack.work()

    assert answer["chunks"]["unknown"] == 1
    assert set(world.pushed().values()) <= {1}


def test_a_cancel_that_comes_again_is_acknowledged(world: World, stack: PushStack) -> None:
    world.put_campaign(1)

    for _ in range(2):
        answer = stack.command("cancel", campaign=CAMPAIGN, command="c1")
        assert answer["state"] == "cancelled"


def test_a_command_of_a_campaign_that_has_expired_says_so(world: World, stack: PushStack) -> None:
    world.put_campaign(1)
    stack.command("cancel", campaign=CAMPAIGN, command="c1")
    world.forget("campaign")

    assert "has expired" in stack.command("cancel", campaign=CAMPAIGN, command="c1")["refused"]
