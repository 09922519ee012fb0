"""Midnight: a campaign, a room and a quota belong to the day of the slot, and to no other."""

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from factories import CAMPAIGN, DAY, NOW_S, ROOM
from support.live_watch import watch_deps
from support.push_stack import PushStack
from support.push_start import AUDIENCE, OTHER_ROOM
from support.world import DAY_OFFSET_HOURS, World
from wxlive.domain.calendar import MIDNIGHT_DOUBT_S, YOUNG_DAY_S, day_ends_at
from wxlive.domain.campaigns import CampaignState, HoldKind
from wxlive.domain.pace import MIDNIGHT_MARGIN_MS
from wxlive.domain.rooms import Choice
from wxlive.telemetry import Metric
from wxlive.wechat.apis import Api
from wxlive_live_watch.poll import poll
from wxlive_local.simulator import LIVE, LIVE_INFO, PUSH, QUOTA_GET, Fault, FaultRule

if TYPE_CHECKING:
    from wxlive_local.simulator import PushCall

MIDNIGHT_S = day_ends_at(NOW_S, DAY_OFFSET_HOURS)
NEXT_DAY = "2026-11-23"


def calls_of(world: World) -> list["PushCall"]:
    return world.wechat.run_on_loop(lambda platform: list(platform.ledger.pushes))


def everybody_once(world: World) -> bool:
    return world.pushed() == dict.fromkeys(AUDIENCE, 1)


def test_a_push_repeated_just_after_midnight_returns_the_campaign_that_was(
    world: World, stack: PushStack
) -> None:
    world.put_followers(*AUDIENCE)
    world.clock.now_s = MIDNIGHT_S - 20
    first = stack.push()
    assert everybody_once(world)
    world.clock.now_s = MIDNIGHT_S + 5

    again = stack.push()

    assert (again["campaign"], again["repeated"]) == (first["campaign"], True)
    assert everybody_once(world)


def test_a_push_repeated_just_after_midnight_returns_the_campaign_that_still_sends(
    world: World, stack: PushStack
) -> None:
    world.put_followers(*AUDIENCE)
    world.clock.now_s = MIDNIGHT_S - 20
    first = stack.command("start", room_id=ROOM)
    world.clock.now_s = MIDNIGHT_S + 5

    again = stack.push()

    assert (again["campaign"], again["repeated"]) == (first["campaign"], True)
    assert everybody_once(world)


def test_a_room_that_flickers_after_midnight_under_auto_push_is_not_pushed_again(
    world: World,
) -> None:
    world.put_followers(*AUDIENCE)
    world.clock.now_s = MIDNIGHT_S - 150
    stack = PushStack(world, auto_push=True)
    stack.run(1)
    assert everybody_once(world)
    stack.run(2)
    for status in (105, LIVE):
        world.wechat.set_room(ROOM, status)
        stack.run(16)

    assert world.clock() > MIDNIGHT_S
    assert everybody_once(world)
    assert len(world.campaigns.of_room(ROOM)) == 1


def test_another_room_is_refused_after_midnight_while_a_campaign_lives(
    world: World, stack: PushStack
) -> None:
    world.put_campaign(1, 1)
    world.wechat.set_room(OTHER_ROOM, LIVE)
    world.clock.now_s = MIDNIGHT_S + 60

    refused = stack.push(OTHER_ROOM)

    assert f"Campaign {CAMPAIGN} for room {ROOM} is sending" in refused["refused"]
    stack.deliver(1, 2)
    assert {call.room_id for call in calls_of(world)} == {ROOM}


def test_a_campaign_that_runs_across_midnight_takes_the_new_day_for_its_room(
    world: World, stack: PushStack
) -> None:
    world.put_campaign(1, 1)
    stack.deliver(1)
    world.clock.now_s = MIDNIGHT_S + 60
    stack.deliver(2)

    for day in (DAY, NEXT_DAY):
        assert world.days.holder(day) == (ROOM, CAMPAIGN)
        assert world.quota.used(day) == 1
    world.wechat.set_room(OTHER_ROOM, LIVE)
    assert f"Room {ROOM} was pushed today" in stack.push(OTHER_ROOM)["refused"]


@pytest.mark.parametrize("before_s", [1.5, 0.5, 0.0])
def test_no_call_is_made_within_two_seconds_of_midnight(
    world: World, stack: PushStack, before_s: float
) -> None:
    world.put_campaign(1)
    world.clock.now_s = MIDNIGHT_S - before_s

    stack.deliver(1)

    [call] = calls_of(world)
    assert call.at == pytest.approx(MIDNIGHT_S + MIDNIGHT_MARGIN_MS / 1000, abs=0.001)
    assert (world.quota.used(DAY), world.quota.used(NEXT_DAY)) == (0, 1)


@pytest.mark.parametrize(("push_at", "word"), [(0, "chosen"), (MIDNIGHT_S + 20 * 3600, "planned")])
def test_a_room_wanted_for_the_new_day_holds_the_campaign_at_midnight_until_it_is_decided(
    world: World, stack: PushStack, push_at: int, word: str
) -> None:
    """The plan is for the evening: its time is far away when the day begins."""
    world.put_campaign(1, 1)
    stack.deliver(1)
    world.rooms.choose(NEXT_DAY, Choice(OTHER_ROOM, NOW_S, push_at))
    world.clock.now_s = MIDNIGHT_S + 60

    stack.deliver(2)
    stack.run(10)

    held = world.campaign()
    assert (held.state, held.hold_kind) == (CampaignState.PAUSED, HoldKind.DAY)
    assert f"Room {OTHER_ROOM} is {word} for {NEXT_DAY}" in str(held.reason)
    assert world.telemetry.counted[Metric.CAMPAIGN_HELD]
    assert (world.calls(PUSH), world.days.holder(NEXT_DAY)) == (1, None)
    world.forget("choice")
    stack.command("resume", campaign=CAMPAIGN)
    stack.work()
    assert world.calls(PUSH) == 2


def test_a_day_that_another_room_has_holds_the_campaign_at_midnight(
    world: World, stack: PushStack
) -> None:
    other = world.put_campaign(1, 1)
    world.clock.now_s = MIDNIGHT_S + 60
    world.ledger.claim(
        replace(other, room_id=OTHER_ROOM),
        world.chunk(1),
        claim="other",
        now_s=world.clock(),
        slot_ms=round(world.clock() * 1000),
        quota=world.quota,
        day=NEXT_DAY,
    )

    stack.deliver(2)

    assert world.campaign().hold_kind is HoldKind.DAY
    assert f"Room {OTHER_ROOM} has {NEXT_DAY} at WeChat" in str(world.campaign().reason)
    assert world.calls(PUSH) == 0


@pytest.mark.parametrize("asks", ["sender", "start"])
@pytest.mark.parametrize(
    ("asked_s", "answered_s"),
    [(-1, 1), (-30, -29), (30, 31)],
    ids=["across midnight", "our clock is behind", "our clock is ahead"],
)
def test_a_quota_answered_around_midnight_counts_for_no_day(
    world: World, stack: PushStack, asks: str, asked_s: int, answered_s: int
) -> None:
    world.put_followers(*AUDIENCE)
    world.clock.now_s = MIDNIGHT_S + asked_s
    world.at_wechat(lambda platform: platform.quotas.set_used(PUSH, 4990))

    def answer() -> None:
        world.clock.now_s = MIDNIGHT_S + answered_s

    world.steps.after(QUOTA_GET, answer)
    if asks == "sender":
        world.put_campaign(1, state=CampaignState.SENDING)
        stack.deliver(1)
    else:
        stack.command("start", room_id=ROOM)

    assert world.quota.used(DAY) + world.quota.used(NEXT_DAY) <= 1


def test_a_quota_answered_well_after_midnight_counts_for_the_new_day(
    world: World, stack: PushStack
) -> None:
    world.put_campaign(1)
    world.clock.now_s = MIDNIGHT_S + 61
    world.at_wechat(lambda platform: platform.quotas.set_used(PUSH, 100))

    stack.deliver(1)

    assert world.quota.used(NEXT_DAY) == 101


def test_a_day_used_up_just_after_midnight_is_yesterdays_and_tried_again_in_minutes(
    world: World, stack: PushStack
) -> None:
    world.put_campaign(1)
    world.clock.now_s = MIDNIGHT_S + 30
    world.wechat.inject(FaultRule(PUSH, Fault.ERRCODE, errcode=45009))

    stack.deliver(1)

    held = world.campaign()
    called_s = MIDNIGHT_S + 30
    assert held.hold_kind is HoldKind.QUOTA
    assert held.resume_at == pytest.approx(called_s + YOUNG_DAY_S, abs=2)
    stack.run(6)
    assert set(world.pushed().values()) == {1}


@pytest.mark.parametrize("asked_s", [-0.5, -90])
def test_a_room_list_used_up_before_midnight_and_answered_after_it_leaves_the_new_day_its_calls(
    world: World, asked_s: float
) -> None:
    world.clock.now_s = MIDNIGHT_S + asked_s
    world.wechat.inject(FaultRule(LIVE_INFO, Fault.ERRCODE, errcode=45009))

    def answer() -> None:
        world.clock.now_s = MIDNIGHT_S + 61

    world.steps.after(LIVE_INFO, answer)
    poll(watch_deps(world))

    assert world.quota_of(Api.GET_LIVE_INFO).used(NEXT_DAY) == 0


def test_a_room_list_is_counted_for_the_day_that_it_is_asked_for_in(world: World) -> None:
    world.clock.now_s = MIDNIGHT_S - 0.5

    def turn() -> None:
        world.clock.now_s = MIDNIGHT_S + 0.5

    world.steps.before("PutItem", turn, about='"asked"')
    poll(watch_deps(world))

    counted = world.quota_of(Api.GET_LIVE_INFO)
    assert (counted.used(DAY), counted.used(NEXT_DAY)) == (0, 1)


def test_a_room_list_used_up_around_midnight_leaves_the_new_day_its_calls(world: World) -> None:
    stack = PushStack(world)
    world.clock.now_s = MIDNIGHT_S - 60
    world.wechat.inject(FaultRule(LIVE_INFO, Fault.ERRCODE, errcode=45009))

    stack.run(1)

    assert world.quota_of(Api.GET_LIVE_INFO).used(NEXT_DAY) == 1


def test_a_campaign_held_for_quota_is_resumed_when_the_day_turns(world: World) -> None:
    stack = PushStack(world)
    stack.sender = replace(stack.sender, quota=world.quota_of(Api.PUSH_MESSAGE, 1))
    world.put_campaign(1, 1)
    world.clock.now_s = MIDNIGHT_S - 400
    stack.deliver(1, 2)
    stack.run(7)
    assert world.clock() == pytest.approx(MIDNIGHT_S, abs=1)
    assert world.calls(PUSH) == 1
    assert world.campaign().hold_kind is HoldKind.QUOTA

    stack.run(1)

    assert world.clock() == pytest.approx(MIDNIGHT_S + MIDNIGHT_DOUBT_S, abs=4)
    assert set(world.pushed().values()) == {1}
    assert world.calls(PUSH) == 2
