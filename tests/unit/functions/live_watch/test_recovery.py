"""What live_watch does about a campaign that has stopped."""

from dataclasses import replace
from typing import Any

import pytest

from factories import NOW_S, ROOM, a_campaign, a_room
from wxlive.domain.campaigns import Campaign, CampaignState
from wxlive.domain.rooms import Room, RoomStatus
from wxlive_live_watch.recovery import PLAN_STALLED_S, Recovery, choose_recovery

LIMIT_S = 3600
LIVE = {ROOM: a_room()}


def recovery_of(campaign: Campaign | None, rooms: dict[int, Room] | None = None) -> Recovery:
    return choose_recovery(campaign, rooms or {}, now_s=NOW_S, room_wait_limit_s=LIMIT_S)


def test_without_a_campaign_there_is_nothing_to_do() -> None:
    assert recovery_of(None, LIVE) is Recovery.NOTHING


@pytest.mark.parametrize("state", list(CampaignState))
def test_a_campaign_that_needs_nothing_is_left_alone(
    state: CampaignState,
) -> None:
    campaign = a_campaign(state=state, held_since=NOW_S)

    assert recovery_of(campaign) is Recovery.NOTHING


@pytest.mark.parametrize(
    ("rooms", "waited_s", "expected"),
    [
        (LIVE, 1, Recovery.RESUME),
        (LIVE, LIMIT_S + 1, Recovery.RESUME),
        ({}, LIMIT_S, Recovery.NOTHING),
        ({}, LIMIT_S + 1, Recovery.GIVE_UP),
        ({ROOM: a_room(status=RoomStatus.NOT_STARTED)}, LIMIT_S, Recovery.NOTHING),
        ({ROOM: a_room(status=RoomStatus.ENDED)}, LIMIT_S + 1, Recovery.GIVE_UP),
        ({7: a_room(7)}, LIMIT_S, Recovery.NOTHING),
    ],
)
def test_a_campaign_that_waits_resumes_with_its_room_or_fails_after_the_limit(
    rooms: dict[int, Room], waited_s: int, expected: Recovery
) -> None:
    waiting = a_campaign(state=CampaignState.WAITING_LIVE, held_since=NOW_S - waited_s)

    assert recovery_of(waiting, rooms) is expected


@pytest.mark.parametrize(
    ("resume_at", "expected"),
    [
        (0, Recovery.NOTHING),
        (NOW_S + 1, Recovery.NOTHING),
        (NOW_S, Recovery.RESUME),
        (NOW_S - 1, Recovery.RESUME),
    ],
)
def test_a_paused_campaign_resumes_at_its_time_and_never_without_one(
    resume_at: int, expected: Recovery
) -> None:
    paused = a_campaign(state=CampaignState.PAUSED, resume_at=resume_at)

    assert recovery_of(paused, LIVE) is expected


@pytest.mark.parametrize("state", [CampaignState.PLANNED, CampaignState.SENDING])
@pytest.mark.parametrize("field", ["created_at", "planned_at"])
@pytest.mark.parametrize(
    ("quiet_s", "expected"),
    [(PLAN_STALLED_S, Recovery.NOTHING), (PLAN_STALLED_S + 1, Recovery.PLAN)],
)
def test_planning_that_has_stalled_is_resumed(
    state: CampaignState, field: str, quiet_s: int, expected: Recovery
) -> None:
    long_ago = NOW_S - 10 * PLAN_STALLED_S
    campaign = a_campaign(
        state=state, fully_planned=False, created_at=long_ago, planned_at=long_ago
    )

    at: dict[str, Any] = {field: NOW_S - quiet_s}
    assert recovery_of(replace(campaign, **at)) is expected
