"""A trial is followed, so that nobody waits until the next minute for its verdict."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from factories import CAMPAIGN, NOW_S, a_chunk, a_result
from support.starter import Starter
from wxlive.domain.campaigns import CampaignState, Trial
from wxlive.domain.chunks import ChunkState
from wxlive.stores.announcements import Announced
from wxlive_push_start.dependencies import FOLLOWED_S
from wxlive_push_start.follow_trial import follow_trial
from wxlive_push_start.plan import RESERVE_S

OPEN: dict[str, Any] = {"trial": Trial(10), "fully_planned": False, "audience": 10}


def followed(starter: Starter, *meanwhile: Callable[[], object]) -> float:
    """Follow the trial, while something happens at each look; returns how long that took."""
    happens = iter(meanwhile)

    def sleep(seconds: float) -> None:
        starter.clock.sleep(seconds)
        next(happens, lambda: None)()

    deps = replace(starter.deps, trial_followed_s=FOLLOWED_S, sleep=sleep)
    follow_trial(CAMPAIGN, deps)
    return starter.clock() - NOW_S


def called(starter: Starter) -> None:
    starter.put(a_chunk(1, ChunkState.ACCEPTED, claimed_at=NOW_S), **OPEN)


def test_a_trial_is_judged_within_seconds_of_its_result(starter: Starter) -> None:
    called(starter)
    starter.announcements.rows[CAMPAIGN] = Announced(CAMPAIGN, ())
    assert followed(starter, lambda: None, lambda: starter.results.rows.append(a_result())) < 6
    assert starter.campaign.state is CampaignState.TRIAL
    announced = [event["DetailType"] for event in starter.events.sent]
    assert announced == ["Campaign started", "Campaign trial done"]
    assert starter.campaign.reason == "Trial: 10 of 10 told (100 %)"


def test_a_trial_whose_result_does_not_come_is_judged_without_it(starter: Starter) -> None:
    called(starter)
    assert 120 < followed(starter) < 130
    assert starter.campaign.state is CampaignState.TRIAL


@pytest.mark.parametrize(
    "facts", [{"state": CampaignState.PAUSED}, {"trial_ended_at": NOW_S}], ids=["held", "ended"]
)
def test_a_trial_that_is_held_or_over_is_not_followed(
    starter: Starter, facts: dict[str, Any]
) -> None:
    called(starter)
    assert followed(starter, lambda: starter.change(**facts)) < 4


def test_a_trial_that_is_not_sent_is_left_to_the_schedule(starter: Starter) -> None:
    starter.put(a_chunk(1), **OPEN)
    assert followed(starter) == FOLLOWED_S
    assert starter.campaign.state is CampaignState.SENDING


def test_a_trial_is_followed_for_as_long_as_there_is_time(starter: Starter) -> None:
    starter.put(a_chunk(1), **OPEN)
    starter.deps = replace(starter.deps, remaining_s=lambda: NOW_S + 100 - starter.clock())
    assert followed(starter) == 100 - RESERVE_S
