"""No second has more openids than WeChat allows, whatever happens while a sender waits."""

import json
from itertools import pairwise

import pytest

from factories import CAMPAIGN, DAY, NOW_S
from support.deployment import Deployment
from support.push_fanout import take_slots
from support.push_stack import PushStack
from support.world import World
from wxlive.domain.chunks import ChunkState
from wxlive.domain.pace import WINDOW_MS
from wxlive.wechat.access_token import MARGIN_S
from wxlive.wechat.apis import Api
from wxlive.wechat.client import IDLE_LIMIT_S
from wxlive_local.simulator import PUSH, QUOTA_GET
from wxlive_push_fanout.handler import lambda_handler
from wxlive_push_fanout.send import MAX_WAIT_MS

TICK_S = 0.001
"""Slots are in milliseconds."""


def call_times(world: World) -> list[float]:
    return world.wechat.run_on_loop(lambda platform: [call.at for call in platform.ledger.pushes])


def busiest_window(world: World) -> int:
    """Return the most openids that WeChat got in any second."""
    calls = world.wechat.run_on_loop(lambda platform: list(platform.ledger.pushes))
    return max(
        sum(len(call.openids) for call in calls if began <= call.at < began + 1)
        for began in (call.at for call in calls)
    )


def is_ready(world: World, stack: PushStack) -> None:
    """Have the sender make its first call, so that it has a token and a connection."""
    world.put_campaign(1, 2000, 2000)
    stack.deliver(1)


@pytest.mark.parametrize(
    ("fresh_for_s", "results"),
    [(5, ["handed_back", "accepted"]), (9.9, ["accepted"])],
    ids=["before the claim", "between the claim and the call"],
)
def test_a_token_that_goes_stale_while_waiting_for_the_slot_is_not_fetched_in_the_slot(
    world: World, stack: PushStack, fresh_for_s: float, results: list[str]
) -> None:
    """Stale means that it should be renewed; it is valid for minutes yet."""
    is_ready(world, stack)
    token_ends_at = NOW_S + 7200 - MARGIN_S
    world.clock.now_s = token_ends_at - 25
    stack.sender.wechat.quota(Api.PUSH_MESSAGE)
    world.clock.now_s = token_ends_at - fresh_for_s
    take_slots(world, 10_000)

    stack.deliver(2)

    assert stack.processed[1:] == results
    made = world.steps.calls()
    before_calls = [sooner for sooner, later in pairwise(made) if later == PUSH]
    assert before_calls == ["TransactWriteItems"] * 2, "nothing comes between a claim and its call"
    assert world.quota.used(DAY) == 2


@pytest.mark.parametrize("idle_s", [IDLE_LIMIT_S - 1, IDLE_LIMIT_S - MAX_WAIT_MS / 1000])
def test_a_connection_that_would_pass_its_idle_limit_while_waiting_is_used_before(
    world: World, stack: PushStack, idle_s: float
) -> None:
    is_ready(world, stack)
    asked = world.calls(QUOTA_GET)
    world.clock.now_s += idle_s
    take_slots(world, 11_000)
    began = world.clock()

    stack.deliver(2, 3)

    assert stack.processed == ["accepted"] * 3
    assert world.calls(QUOTA_GET) == asked + 1
    _, second, third = call_times(world)
    assert second == pytest.approx(began + 11, abs=TICK_S)
    assert third == pytest.approx(second + WINDOW_MS / 1000, abs=TICK_S)


def test_a_chunk_size_lowered_under_a_running_campaign_keeps_the_pace(
    deployment: Deployment,
) -> None:
    """Its chunks are as large as they were planned."""
    world = deployment.world
    world.put_campaign(2000, 2000, 2000)
    deployment.configure(PUSH_CHUNK_SIZE="500")

    for number in (1, 2, 3):
        body = json.dumps({"campaign": CAMPAIGN, "chunk": number})
        event = deployment.event("push_fanout/one_chunk.json")
        event["Records"][0]["body"] = body
        lambda_handler(event, deployment.context)

    times = call_times(world)
    gaps = [later - sooner for sooner, later in pairwise(times)]
    assert gaps == pytest.approx([WINDOW_MS / 1000] * 2, abs=TICK_S)
    assert busiest_window(world) == 2000


def test_chunks_of_any_sizes_share_one_second(world: World, stack: PushStack) -> None:
    world.put_campaign(1999, 1, 1500, 400, 200, 2000)

    stack.deliver(1, 2, 3, 4, 5, 6)

    assert stack.processed == ["accepted"] * 6
    assert busiest_window(world) <= 2000
    assert {chunk.state for chunk in world.ledger.chunks(CAMPAIGN)} == {ChunkState.ACCEPTED}


# ------------------------------------------------------------ the operator's pace


def test_calls_that_are_larger_than_the_pace_are_farther_apart(
    world: World, stack: PushStack
) -> None:
    world.put_campaign(2000, 2000, 2000)
    stack.command("pace", campaign=CAMPAIGN, per_second=500)

    for number in (1, 2, 3):
        stack.deliver(number)

    first, second, third = call_times(world)
    assert [second - first, third - second] == pytest.approx([4.18, 4.18], abs=0.02)
    assert len(world.pushed()) == 6000


def test_a_pace_takes_effect_before_the_next_call(world: World, stack: PushStack) -> None:
    """A sender that waits for a slot at the former pace does not call in it."""
    is_ready(world, stack)
    take_slots(world, 10_000)
    world.steps.before(
        "TransactWriteItems",
        lambda: world.change_campaign(per_second=500),
    )

    stack.deliver(2)

    assert stack.processed[1:] == ["handed_back"]
    assert (len(call_times(world)), world.quota.used(DAY)) == (1, 1)
    stack.deliver(2)
    assert (len(call_times(world)), world.quota.used(DAY)) == (2, 2)


def test_back_at_full_pace_calls_follow_each_other_at_full_pace(
    world: World, stack: PushStack
) -> None:
    world.put_campaign(2000, 2000, 2000)
    stack.command("pace", campaign=CAMPAIGN, per_second=500)
    stack.deliver(1)
    stack.command("pace", campaign=CAMPAIGN, per_second=0)

    stack.deliver(2)
    stack.deliver(3)

    times = call_times(world)
    assert times[2] - times[1] == pytest.approx(1.045, abs=0.02)
    assert busiest_window(world) <= 2000
