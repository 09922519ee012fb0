"""Which campaign live_watch wakes, and how."""

from dataclasses import replace
from typing import Any

import pytest

from wxlive.campaigns import Campaign, CampaignState
from wxlive.rooms import Room
from wxlive_live_watch.wake import PLAN_STALLED_S, Wake, wake

NOW_S = 1_795_347_000
LIMIT_S = 3600
LIVE = {1001: Room(1001, "evening", 101, 0, 0)}
CAMPAIGN = Campaign("c", 1001, "2026-11-22", CampaignState.SENDING, NOW_S, fully_planned=True)


def woken(campaign: Campaign | None, rooms: dict[int, Room] | None = None) -> Wake:
    return wake(campaign, rooms or {}, now_s=NOW_S, room_wait_limit_s=LIMIT_S)


def test_without_a_campaign_there_is_nothing_to_wake() -> None:
    assert woken(None, LIVE) is Wake.NOTHING


@pytest.mark.parametrize("state", list(CampaignState))
def test_a_campaign_that_runs_held_by_hand_or_has_ended_is_left_alone(state: CampaignState) -> None:
    campaign = replace(CAMPAIGN, state=state, held_since=NOW_S)

    assert woken(campaign) is Wake.NOTHING


@pytest.mark.parametrize(
    ("rooms", "waited_s", "expected"),
    [
        (LIVE, 1, Wake.RESUME),
        (LIVE, LIMIT_S + 1, Wake.RESUME),
        ({}, LIMIT_S, Wake.NOTHING),
        ({}, LIMIT_S + 1, Wake.GIVE_UP),
        ({1001: replace(LIVE[1001], status=102)}, LIMIT_S, Wake.NOTHING),
        ({1001: replace(LIVE[1001], status=103)}, LIMIT_S + 1, Wake.GIVE_UP),
        ({7: replace(LIVE[1001], room_id=7)}, LIMIT_S, Wake.NOTHING),
    ],
)
def test_a_campaign_that_waits_goes_on_with_its_room_or_fails_after_the_limit(
    rooms: dict[int, Room], waited_s: int, expected: Wake
) -> None:
    waiting = replace(CAMPAIGN, state=CampaignState.WAITING_LIVE, held_since=NOW_S - waited_s)

    assert woken(waiting, rooms) is expected


@pytest.mark.parametrize(
    ("resume_at", "expected"),
    [(0, Wake.NOTHING), (NOW_S + 1, Wake.NOTHING), (NOW_S, Wake.RESUME), (NOW_S - 1, Wake.RESUME)],
)
def test_a_paused_campaign_goes_on_at_its_moment_and_never_without_one(
    resume_at: int, expected: Wake
) -> None:
    paused = replace(CAMPAIGN, state=CampaignState.PAUSED, resume_at=resume_at)

    assert woken(paused, LIVE) is expected


@pytest.mark.parametrize("state", [CampaignState.PLANNED, CampaignState.SENDING])
@pytest.mark.parametrize("field", ["created_at", "planned_at"])
@pytest.mark.parametrize(
    ("quiet_s", "expected"), [(PLAN_STALLED_S, Wake.NOTHING), (PLAN_STALLED_S + 1, Wake.PLAN)]
)
def test_a_plan_that_has_been_silent_for_too_long_is_planned_on(
    state: CampaignState, field: str, quiet_s: int, expected: Wake
) -> None:
    long_ago = NOW_S - 10 * PLAN_STALLED_S
    campaign = replace(
        CAMPAIGN, state=state, fully_planned=False, created_at=long_ago, planned_at=long_ago
    )

    at: dict[str, Any] = {field: NOW_S - quiet_s}
    assert woken(replace(campaign, **at)) is expected
