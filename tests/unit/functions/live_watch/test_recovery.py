"""What live_watch does about a campaign that is held."""

from dataclasses import replace

import pytest

from factories import NOW_S, ROOM, a_campaign, a_room
from wxlive.domain.campaigns import HELD, Campaign, CampaignState, HoldKind
from wxlive.domain.rooms import OVER, Room, RoomStatus
from wxlive_live_watch.recovery import NOTHING, Decision, Recovery, choose_recovery

LIMIT_S = 3600
LIVE = a_room()
CLOSED = a_room(status=RoomStatus.PAUSED)
GIVEN_UP = Decision(Recovery.GIVE_UP, "The room was not live for 3600 s (RoomWaitLimitSeconds)")
RESUMED = Decision(Recovery.END_HOLD)
HOLDS = [
    (CampaignState.WAITING_LIVE, HoldKind.ROOM),
    *((CampaignState.PAUSED, kind) for kind in HoldKind if kind is not HoldKind.ROOM),
]


def held(
    state: CampaignState = CampaignState.WAITING_LIVE,
    kind: HoldKind = HoldKind.ROOM,
    *,
    not_live_since: int = 0,
) -> Campaign:
    return a_campaign(
        state=state,
        hold_kind=kind,
        hold_id="h-1",
        held_since=NOW_S - 10,
        not_live_since=not_live_since,
    )


def decide(campaign: Campaign | None, *rooms: Room) -> Decision:
    known = {room.room_id: room for room in rooms}
    return choose_recovery(campaign, known, now_s=NOW_S, room_wait_limit_s=LIMIT_S)


def test_without_a_campaign_there_is_nothing_to_do() -> None:
    assert decide(None, LIVE) == NOTHING


@pytest.mark.parametrize("state", [s for s in CampaignState if s not in HELD])
@pytest.mark.parametrize("room", [LIVE, CLOSED, a_room(status=RoomStatus.ENDED)])
def test_a_campaign_that_is_not_held_is_left_alone(state: CampaignState, room: Room) -> None:
    assert decide(a_campaign(state=state, not_live_since=1), room) == NOTHING


# ---------------------------------------------------------------- the room is live


def test_a_campaign_that_waits_for_its_room_resumes_when_the_room_is_live() -> None:
    assert decide(held(), LIVE) == RESUMED
    assert decide(held(not_live_since=NOW_S - LIMIT_S), LIVE) == RESUMED


@pytest.mark.parametrize("kind", [k for k in HoldKind if k is not HoldKind.ROOM])
def test_a_campaign_that_is_held_for_another_reason_does_not_resume_with_its_room(
    kind: HoldKind,
) -> None:
    assert decide(held(CampaignState.PAUSED, kind), LIVE) == NOTHING


@pytest.mark.parametrize("rooms", [(), (CLOSED,), (a_room(7),)])
def test_a_campaign_waits_while_its_room_is_not_seen_live(rooms: tuple[Room, ...]) -> None:
    assert decide(held(), *rooms) == NOTHING


# ---------------------------------------------------------------- a hold does not outlive its room


@pytest.mark.parametrize("status", sorted(OVER))
@pytest.mark.parametrize(("state", "kind"), HOLDS)
def test_a_held_campaign_whose_room_is_over_is_given_up_whoever_holds_it(
    status: RoomStatus, state: CampaignState, kind: HoldKind
) -> None:
    room = a_room(status=status)
    expected = Decision(Recovery.GIVE_UP, f"Room {ROOM} is {room.status_words}")
    assert decide(held(state, kind), room) == expected


@pytest.mark.parametrize(("state", "kind"), HOLDS)
def test_a_held_campaign_is_given_up_once_its_room_was_not_live_for_longer_than_the_limit(
    state: CampaignState, kind: HoldKind
) -> None:
    campaign = held(state, kind)
    closed_for = {s: a_room(status=105, closed_since=NOW_S - s) for s in (LIMIT_S, LIMIT_S + 1)}
    assert decide(campaign, closed_for[LIMIT_S]) == NOTHING
    assert decide(campaign, closed_for[LIMIT_S + 1]) == GIVEN_UP


def test_the_limit_counts_from_the_first_refusal_though_the_list_says_live() -> None:
    """Each minute the hold is ended, the next call is refused and a new hold begins."""
    young = replace(held(), held_since=NOW_S - 30)
    assert decide(replace(young, not_live_since=NOW_S - LIMIT_S), LIVE) == RESUMED
    assert decide(replace(young, not_live_since=NOW_S - LIMIT_S - 1), LIVE) == GIVEN_UP


def test_the_limit_counts_from_the_first_refusal_where_the_room_is_not_listed() -> None:
    assert decide(held(not_live_since=NOW_S - LIMIT_S - 1)) == GIVEN_UP


def test_the_operators_hold_of_a_room_that_opened_meanwhile_is_left_to_the_operator() -> None:
    """The refusals ended with the hold; nobody has called since."""
    paused = held(CampaignState.PAUSED, HoldKind.OPERATOR, not_live_since=NOW_S - LIMIT_S - 1)
    assert decide(paused, LIVE) == NOTHING


@pytest.mark.parametrize(("state", "kind"), HOLDS)
def test_a_held_campaign_is_given_up_once_its_room_was_not_listed_for_longer_than_the_limit(
    state: CampaignState, kind: HoldKind
) -> None:
    missing_for = {s: a_room(unlisted_since=NOW_S - s) for s in (LIMIT_S, LIMIT_S + 1)}
    waits = RESUMED if kind is HoldKind.ROOM else NOTHING
    assert decide(held(state, kind), missing_for[LIMIT_S]) == waits
    assert decide(held(state, kind), missing_for[LIMIT_S + 1]) == GIVEN_UP


@pytest.mark.parametrize("rooms", [(), (CLOSED,)])
@pytest.mark.parametrize(("state", "kind"), HOLDS)
def test_a_held_campaign_of_whose_room_nothing_is_known_is_given_up_after_the_limit(
    state: CampaignState, kind: HoldKind, rooms: tuple[Room, ...]
) -> None:
    campaign = held(state, kind)
    assert decide(replace(campaign, held_since=NOW_S - LIMIT_S), *rooms) == NOTHING
    assert decide(replace(campaign, held_since=NOW_S - LIMIT_S - 1), *rooms) == GIVEN_UP


def test_a_room_that_is_over_is_named_although_the_limit_has_passed_as_well() -> None:
    ended = a_room(status=RoomStatus.ENDED, closed_since=1)
    assert "ended (103)" in decide(held(not_live_since=1), ended).reason
