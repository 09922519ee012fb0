"""What ends by itself: waiting for a room, attempts, quota, the time of an invocation."""

from dataclasses import replace
from itertools import count

import pytest

from factories import CAMPAIGN, DAY, NOW_S, a_chunk
from support.push_fanout import A_CLAIM, fanout_deps, take_slots
from support.push_stack import PushStack
from support.push_start import opened, start_deps
from support.world import World
from wxlive.domain.campaigns import CampaignState, HoldKind
from wxlive.domain.chunks import CALL_LIMIT_S, ChunkState
from wxlive.stores import followers
from wxlive.telemetry import Metric
from wxlive.wechat.apis import Api
from wxlive_local.simulator import PUSH, Fault, FaultRule
from wxlive_push_fanout.failure_decision import ACCESS_RETRY_S, ATTEMPTS_ALLOWED
from wxlive_push_fanout.send import STORING_S, SendResult, send
from wxlive_push_start.plan import RESERVE_S, Planning, plan

WAIT_LIMIT_S = 600


def test_a_room_that_the_list_calls_live_and_wechat_refuses_is_waited_for_no_longer_than_the_limit(
    world: World,
) -> None:
    """Each minute the hold ends, a call is refused, and the campaign is held anew."""
    stack = PushStack(world, room_wait_limit_s=WAIT_LIMIT_S)
    world.put_campaign(1, 1)
    world.wechat.inject(FaultRule(PUSH, Fault.ERRCODE, errcode=9410006, times=1000))
    stack.deliver(1)

    stack.run(WAIT_LIMIT_S // 60 + 3)

    ended = world.campaign()
    assert ended.state is CampaignState.FAILED
    assert "not live for 600 s (RoomWaitLimitSeconds); 2 followers" in str(ended.reason)
    assert world.telemetry.counted[Metric.CAMPAIGN_FAILED] == 1
    assert world.calls(PUSH) <= 2 * (WAIT_LIMIT_S // 60 + 1)


def test_the_wait_for_a_room_begins_anew_once_a_call_was_accepted(world: World) -> None:
    stack = PushStack(world, room_wait_limit_s=WAIT_LIMIT_S)
    world.put_campaign(1, 1)
    refused = FaultRule(PUSH, Fault.ERRCODE, errcode=9410006)
    world.wechat.inject(refused)
    stack.deliver(1)
    assert world.campaign().not_live_since == int(world.clock())

    stack.run(1)

    assert world.campaign().not_live_since == 0
    assert set(world.pushed().values()) == {1}


def test_answers_of_wechat_are_no_attempts_that_failed(world: World, stack: PushStack) -> None:
    world.put_campaign(1)
    world.wechat.inject(
        FaultRule(PUSH, Fault.ERRCODE, errcode=45011, times=ATTEMPTS_ALLOWED + 1),
        FaultRule(PUSH, Fault.TOKEN_DEAD),
    )

    stack.deliver(1)
    stack.work(world.clock() + 60 * (ATTEMPTS_ALLOWED + 3))

    assert world.chunk().state is ChunkState.ACCEPTED
    assert world.campaign().hold_kind is None


def test_a_campaign_that_wechat_does_not_let_in_is_tried_again_in_minutes(
    world: World, stack: PushStack
) -> None:
    world.put_campaign(1)
    world.wechat.inject(FaultRule(PUSH, Fault.ERRCODE, errcode=40164))
    stack.deliver(1)
    assert world.campaign().hold_kind is HoldKind.ACCESS

    stack.run(ACCESS_RETRY_S // 60 + 1)

    assert world.chunk().state is ChunkState.ACCEPTED


@pytest.mark.parametrize("missed", [1, 3])
def test_a_missed_slot_costs_no_call_of_the_quota(
    world: World, stack: PushStack, missed: int
) -> None:
    """With exactly as many calls as chunks, a call that leaks would hold the campaign."""
    stack.sender = replace(stack.sender, quota=world.quota_of(Api.PUSH_MESSAGE, 3))
    world.put_campaign(1, 1, 1)

    def stumble() -> None:
        world.clock.now_s += 2

    world.steps.after("TransactWriteItems", *[stumble] * missed, about=A_CLAIM)

    stack.deliver(1, 2, 3)

    assert stack.processed == ["accepted"] * 3
    assert world.quota.used(DAY) == 3


@pytest.mark.parametrize(
    ("spare_s", "result"), [(0.5, SendResult.ACCEPTED), (-0.5, SendResult.HANDED_BACK)]
)
def test_nothing_is_claimed_that_the_invocation_has_no_time_to_finish(
    world: World, spare_s: float, result: SendResult
) -> None:
    world.put_campaign(1)
    take_slots(world, 10_000)
    world.ends_at = NOW_S + 10 + CALL_LIMIT_S + STORING_S + spare_s

    assert send(CAMPAIGN, 1, fanout_deps(world)) is result

    claimed = "TransactWriteItems" in world.steps.calls()
    assert claimed == (result is SendResult.ACCEPTED)


def test_a_planner_of_a_sparse_audience_looks_at_the_clock_and_resumes_where_it_was(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Few among many are wanted: no chunk is filled for as long as an invocation lasts."""
    monkeypatch.setattr(followers, "_FIRST_PAGE", 1)
    world.put_followers(*(f"others-{n}" for n in range(24)))
    campaign = opened(world, "o1")
    world.put_followers("o1", room_id=7, changed_at=NOW_S)
    world.change_campaign(campaign, target={"rooms": [7], "since": 0, "before": 0})
    turns = 0

    for turns in count(1):
        left = iter([RESERVE_S, RESERVE_S, RESERVE_S - 1])
        if plan(campaign, start_deps(world, remaining_s=lambda: next(left))) is Planning.DONE:  # noqa: B023 - used at once
            break
        assert turns < 20

    assert turns > 1
    assert world.openids_by_chunk(campaign) == [["o1"]]


def test_a_chunk_whose_openids_have_expired_is_refused(world: World, stack: PushStack) -> None:
    world.put_campaign(1)
    world.forget(f"openids#{CAMPAIGN}#000001")

    stack.deliver(1)

    row = world.chunk()
    assert row == a_chunk(
        state=ChunkState.REFUSED, openids=1, queued_at=NOW_S, reason="Its openids have expired"
    )
