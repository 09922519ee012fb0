"""A chunk's way to WeChat: once, in its slot, and only while its campaign is sending."""

import pytest

from factories import CAMPAIGN, DAY, NOW_S, ROOM, a_chunk, a_new_campaign
from support.aws_faults import FOR_LONG, collided
from support.push_fanout import A_CLAIM, fanout_deps, take_slots
from support.push_start import OTHER_ROOM
from support.world import World
from wxlive.domain.calendar import MIDNIGHT_DOUBT_S, day_ends_at
from wxlive.domain.campaigns import ENDED, HELD, CampaignState
from wxlive.domain.chunks import ChunkState
from wxlive.domain.pace import LATENESS_ALLOWED_MS, WINDOW_MS
from wxlive.telemetry import Metric
from wxlive.wechat.apis import Api
from wxlive_local.simulator import PUSH, QUOTA_GET, STABLE_TOKEN
from wxlive_push_fanout.send import CLAIM_LEAD_MS, MAX_WAIT_MS, SendResult, send

TICK_S = 0.001
"""Slots are in milliseconds."""


def test_a_chunk_is_sent_once_and_stored_with_its_message_id(world: World) -> None:
    world.put_campaign(3, 2)

    assert send(CAMPAIGN, 1, fanout_deps(world)) is SendResult.ACCEPTED

    assert world.pushed() == {"o1-0": 1, "o1-1": 1, "o1-2": 1}
    [call] = world.wechat.run_on_loop(lambda p: list(p.ledger.accepted_pushes))
    row = world.chunk()
    assert (row.state, row.message_id, row.attempts) == (ChunkState.ACCEPTED, call.message_id, 0)
    assert call.room_id == ROOM
    assert world.chunk(2).state is ChunkState.QUEUED
    assert world.quota.used(DAY) == 1
    assert world.days.holder(DAY) == (ROOM, CAMPAIGN)
    assert world.enqueued == []
    assert world.telemetry.counted == {Metric.CHUNK_ACCEPTED: 1, Metric.OPENIDS_ACCEPTED: 3}


def test_a_message_that_is_delivered_twice_makes_one_call(world: World) -> None:
    world.put_campaign(3)
    deps = fanout_deps(world)

    assert [send(CAMPAIGN, 1, deps) for _ in range(3)] == [
        SendResult.ACCEPTED, SendResult.DRAINED, SendResult.DRAINED,
    ]  # fmt: skip
    assert set(world.pushed().values()) == {1}
    assert world.quota.used(DAY) == 1


@pytest.mark.parametrize(
    "moment", ["GetItem", STABLE_TOKEN, QUOTA_GET, "PutItem", "TransactWriteItems", PUSH]
)
def test_two_workers_at_one_chunk_make_one_call_whenever_they_meet(
    world: World, moment: str
) -> None:
    world.put_campaign(3)
    other = fanout_deps(world)
    results: list[SendResult] = []
    world.steps.before(moment, lambda: results.append(send(CAMPAIGN, 1, other)))

    results.append(send(CAMPAIGN, 1, fanout_deps(world)))

    assert sorted(results) == [SendResult.ACCEPTED, SendResult.DRAINED]
    assert set(world.pushed().values()) == {1}
    assert world.chunk().state is ChunkState.ACCEPTED


@pytest.mark.parametrize("number", [1, 99])
@pytest.mark.parametrize("state", [None, *CampaignState])
def test_only_a_sending_campaigns_own_chunk_makes_a_call(
    world: World, state: CampaignState | None, number: int
) -> None:
    if state is not None:
        world.put_campaign(1, state=state)
    sent = (state, number) == (CampaignState.SENDING, 1)

    result = send(CAMPAIGN, number, fanout_deps(world))

    assert result is (SendResult.ACCEPTED if sent else SendResult.DRAINED)
    assert world.calls(PUSH) == int(sent)


def test_full_chunks_leave_a_window_apart_however_many_ask(world: World) -> None:
    world.put_campaign(2, 2, 2)
    began = world.clock() + CLAIM_LEAD_MS / 1000

    for number in (1, 2, 3):
        assert send(CAMPAIGN, number, fanout_deps(world, rate=2)) is SendResult.ACCEPTED

    calls = world.wechat.run_on_loop(lambda p: [call.at for call in p.ledger.pushes])
    expected = [began + n * WINDOW_MS / 1000 for n in range(3)]
    assert calls == pytest.approx(expected, abs=TICK_S)
    on_record = [world.chunk(number).slot_ms / 1000 for number in (1, 2, 3)]
    assert on_record == pytest.approx(expected, abs=TICK_S)


def test_a_chunk_is_claimed_shortly_before_its_slot(world: World) -> None:
    world.put_campaign(1)
    take_slots(world, 5000)
    slot = world.clock() + 5

    send(CAMPAIGN, 1, fanout_deps(world))

    assert world.clock.slept == pytest.approx([5 - CLAIM_LEAD_MS / 1000, CLAIM_LEAD_MS / 1000])
    assert world.chunk().claimed_at == int(slot - CLAIM_LEAD_MS / 1000)


@pytest.mark.parametrize("held", sorted(HELD | ENDED))
def test_a_campaign_held_or_ended_while_a_chunk_waits_for_its_slot_makes_no_call(
    world: World, held: CampaignState
) -> None:
    world.put_campaign(1)
    take_slots(world, 5000)

    def sleep(seconds: float) -> None:
        world.change_campaign(state=held)
        world.clock.sleep(seconds)

    assert send(CAMPAIGN, 1, fanout_deps(world, sleep=sleep)) is SendResult.DRAINED

    assert world.calls(PUSH) == 0
    assert world.chunk() == a_chunk(openids=1, queued_at=NOW_S)
    assert world.quota.used(DAY) == 0
    assert world.enqueued == []


@pytest.mark.parametrize(
    ("ahead_ms", "delay_s"), [(MAX_WAIT_MS, None), (MAX_WAIT_MS + 1, 13), (60_000, 60),
                              (60_001, 61), (2_000_000, 900)]
)  # fmt: skip
def test_a_slot_too_far_ahead_is_left_to_a_later_message_at_no_cost(
    world: World, ahead_ms: int, delay_s: int | None
) -> None:
    world.put_campaign(1)
    take_slots(world, ahead_ms)

    result = send(CAMPAIGN, 1, fanout_deps(world))

    if delay_s is None:
        assert result is SendResult.ACCEPTED
        return
    assert result is SendResult.HANDED_BACK
    assert world.enqueued == [(CAMPAIGN, 1, delay_s)]
    assert world.chunk() == a_chunk(openids=1, queued_at=NOW_S)
    assert (world.quota.used(DAY), world.calls(PUSH), world.clock.slept) == (0, 0, [])


@pytest.mark.parametrize(
    ("late_ms", "again"), [(LATENESS_ALLOWED_MS - 1, False), (LATENESS_ALLOWED_MS + 1, True)]
)
def test_a_slot_that_was_missed_by_more_than_the_jitter_is_given_up_for_a_new_one(
    *, world: World, late_ms: int, again: bool
) -> None:
    world.put_campaign(1)
    slot = world.clock() + CLAIM_LEAD_MS / 1000

    def stumble() -> None:
        world.clock.now_s = slot + late_ms / 1000

    world.steps.before("TransactWriteItems", stumble)

    assert send(CAMPAIGN, 1, fanout_deps(world, rate=1)) is SendResult.ACCEPTED

    [call] = world.wechat.run_on_loop(lambda p: list(p.ledger.pushes))
    assert call.at == pytest.approx(slot + (WINDOW_MS if again else late_ms) / 1000, abs=TICK_S)
    assert world.quota.used(DAY) == 1


def test_a_missed_slot_with_none_near_returns_the_claimed_chunk_and_its_call(world: World) -> None:
    world.put_campaign(1)

    def stumble() -> None:
        world.clock.now_s += 5
        take_slots(world, 20_000)

    world.steps.before("TransactWriteItems", stumble)

    assert send(CAMPAIGN, 1, fanout_deps(world)) is SendResult.HANDED_BACK

    assert world.enqueued == [(CAMPAIGN, 1, 20)]
    assert world.chunk().state is ChunkState.QUEUED
    assert (world.calls(PUSH), world.quota.used(DAY)) == (0, 0)


def test_a_chunk_claimed_by_another_while_waiting_makes_no_call(world: World) -> None:
    world.put_campaign(1)
    world.steps.before("TransactWriteItems", world.claim)

    assert send(CAMPAIGN, 1, fanout_deps(world)) is SendResult.DRAINED
    assert world.calls(PUSH) == 0
    assert world.chunk().claim == "other"


def test_a_chunk_of_a_campaign_that_was_superseded_meanwhile_is_drained(world: World) -> None:
    world.put_campaign(1)
    rival = a_new_campaign("rival", room_id=OTHER_ROOM)
    world.steps.before(
        "TransactWriteItems",
        lambda: world.campaigns.open(rival, before=world.living.load(), release=None),
        about=A_CLAIM,
    )

    assert send(CAMPAIGN, 1, fanout_deps(world)) is SendResult.DRAINED

    assert world.calls(PUSH) == 0
    assert world.enqueued == []


@pytest.mark.parametrize(
    ("collisions", "result"), [(1, SendResult.ACCEPTED), (FOR_LONG, SendResult.HANDED_BACK)]
)
def test_a_claim_that_collides_is_retried_at_once_and_then_by_a_later_message(
    world: World, collisions: int, result: SendResult
) -> None:
    world.put_campaign(1)
    world.steps.before("TransactWriteItems", collided, about=A_CLAIM, times=collisions)

    assert send(CAMPAIGN, 1, fanout_deps(world)) is result

    if result is SendResult.HANDED_BACK:
        assert world.enqueued == [(CAMPAIGN, 1, 1)]
        assert world.chunk() == a_chunk(openids=1, queued_at=NOW_S)


def test_a_used_up_day_pauses_the_campaign_until_it_turns(world: World) -> None:
    world.put_campaign(1, 1)
    deps = fanout_deps(world, quota=world.quota_of(Api.PUSH_MESSAGE, 1))

    assert send(CAMPAIGN, 1, deps) is SendResult.ACCEPTED
    assert send(CAMPAIGN, 2, deps) is SendResult.NOT_SENT

    assert world.calls(PUSH) == 1
    assert world.chunk(2) == a_chunk(2, openids=1, queued_at=NOW_S)
    campaign = world.campaign()
    assert campaign.state is CampaignState.PAUSED
    assert campaign.resume_at == day_ends_at(world.clock(), 8) + MIDNIGHT_DOUBT_S
    assert "used up" in str(campaign.reason)
