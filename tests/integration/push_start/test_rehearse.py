"""A rehearsal reports what a push would take and leaves nothing behind."""

import pytest

from factories import DAY, NOW_S, ROOM
from support.push_start import AUDIENCE, OTHER_ROOM, planned, start_deps
from support.world import World
from wxlive.domain.calendar import day_ends_at
from wxlive.domain.chunks import ChunkState
from wxlive.domain.followers import Status
from wxlive.domain.rooms import Choice
from wxlive.errors import InvalidCommand
from wxlive.wechat.apis import Api
from wxlive_push_start.control import cancel
from wxlive_push_start.plan import plan
from wxlive_push_start.start import rehearse, start


def test_a_rehearsal_reports_what_a_push_would_take_and_leaves_nothing(world: World) -> None:
    world.put_followers(*AUDIENCE)

    report = rehearse(ROOM, start_deps(world, interval_ms=120_000))

    assert {
        "campaign": None,
        "dry_run": True,
        "room_id": ROOM,
        "audience": 5,
    }.items() <= report.items()
    assert (report["calls"], report["minutes"], report["quota_after"]) == (3, 6.0, 4997)
    assert set(report["chunks"].values()) == {0}
    assert world.campaigns.newest() is None
    assert world.living.load() is None
    assert world.days.holder(DAY) is None
    assert world.invoked == []
    assert world.sent_to_push == []


@pytest.mark.parametrize(
    ("room", "words"),
    [(ROOM, "was pushed to this audience by campaign"), (OTHER_ROOM, "not finished")],
)
def test_a_rehearsal_is_refused_where_a_push_would_be_refused(
    world: World, room: int, words: str
) -> None:
    planned(world)

    with pytest.raises(InvalidCommand, match=words):
        rehearse(room, start_deps(world))


def cancelled_after(world: World, chunks: int) -> None:
    """Push the room, and cancel that after so many chunks of two."""
    campaign = planned(world)
    for number in range(1, chunks + 1):
        world.settle(number, ChunkState.ACCEPTED, campaign)
    cancel(campaign, start_deps(world), "c1")


def test_followers_whom_the_room_has_notified_take_no_calls(world: World) -> None:
    cancelled_after(world, 2)
    world.put_followers("new")

    report = rehearse(ROOM, start_deps(world))

    assert (report["audience"], report["calls"]) == (2, 1)
    again = rehearse(ROOM, start_deps(world), again=True)
    assert (again["audience"], again["calls"]) == (6, 3)


def test_a_push_to_the_rest_is_not_refused_for_the_calls_that_the_others_would_take(
    world: World,
) -> None:
    cancelled_after(world, 2)
    one_left = world.quota_of(Api.PUSH_MESSAGE, world.quota.used(DAY) + 1)
    world.clock.now_s += 1

    report = start(ROOM, start_deps(world, quota=one_left))

    plan(report["campaign"], start_deps(world))
    assert world.campaign(report["campaign"]).audience == 1


def test_the_rest_does_not_run_across_midnight_for_the_calls_that_the_others_would_take(
    world: World,
) -> None:
    cancelled_after(world, 2)
    day_left_s = day_ends_at(world.clock(), 8) - world.clock()
    slow = start_deps(world, interval_ms=int(day_left_s * 1000) // 2)

    assert rehearse(ROOM, slow)["crosses_midnight"] is False
    assert rehearse(ROOM, slow, again=True)["crosses_midnight"] is True


@pytest.mark.parametrize(
    ("choice", "is_held"),
    [(None, False), (Choice(ROOM, NOW_S), False), (Choice(OTHER_ROOM, NOW_S, NOW_S + 9), True)],
)
def test_a_rehearsal_says_that_the_push_would_hold_at_midnight_for_another_room(
    world: World, choice: Choice | None, *, is_held: bool
) -> None:
    world.put_followers(*AUDIENCE)
    if choice is not None:
        world.rooms.choose("2026-11-23", choice)
    day_left_s = day_ends_at(world.clock(), 8) - world.clock()

    slow = rehearse(ROOM, start_deps(world, interval_ms=int(day_left_s * 1000)))

    assert (slow["crosses_midnight"], slow["held_at_midnight"]) == (True, is_held)
    assert rehearse(ROOM, start_deps(world))["held_at_midnight"] is False


def test_a_push_to_nobody_but_those_who_were_notified_is_refused_and_says_so(
    world: World,
) -> None:
    cancelled_after(world, 2)
    world.put_followers("o4", status=Status.UNSUBSCRIBED, changed_at=int(world.clock()))

    with pytest.raises(InvalidCommand, match=r"has notified 4 followers before.*--again"):
        rehearse(ROOM, start_deps(world))


def test_a_push_is_refused_where_it_is_not_known_any_more_whom_to_leave_out(world: World) -> None:
    cancelled_after(world, 2)
    campaign = world.campaigns.of_room(ROOM)[0].campaign
    world.forget(f"openids#{campaign}#000001")

    with pytest.raises(InvalidCommand, match="no longer on record"):
        rehearse(ROOM, start_deps(world))


def test_after_a_campaign_that_notified_nobody_a_rehearsal_works(world: World) -> None:
    cancel(planned(world), start_deps(world), "c1")

    assert rehearse(ROOM, start_deps(world))["audience"] == 5
