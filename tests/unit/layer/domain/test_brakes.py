"""When the results of a campaign say that it should hold itself."""

from dataclasses import replace
from typing import Any

import pytest

from factories import NOW_S, a_campaign, a_chunk, a_result
from wxlive.domain.brakes import CALLS_JUDGED, judge_brake
from wxlive.domain.campaigns import CampaignState, Trial
from wxlive.domain.chunks import Chunk, ChunkState
from wxlive.domain.events import PushResult


def reported(*failed: int, claimed_at: int = NOW_S) -> list[tuple[Chunk, PushResult]]:
    """Return calls of ten openids, reported one after the other, of which so many failed."""
    return [
        (
            a_chunk(number, ChunkState.ACCEPTED, claimed_at=claimed_at + number),
            a_result(f"m-{number}", relation_error=errors, time_s=NOW_S + number),
        )
        for number, errors in enumerate(failed, 1)
    ]


def test_a_campaign_whose_last_five_calls_failed_holds_itself_with_the_counts() -> None:
    assert judge_brake(a_campaign(), reported(0, 10, 0, 5, 5, 5), 50) == (
        "25 of 50 followers in the last 5 reported calls were not notified (50.0 %; "
        "25 relation_error)"
    )


@pytest.mark.parametrize("failed", [(4, 5, 5, 5, 5), (10, 10, 10, 10), (10, 10, 0, 5, 5, 5, 5), ()])
def test_it_goes_on_if_fewer_failed_or_fewer_calls_are_reported(failed: tuple[int, ...]) -> None:
    assert judge_brake(a_campaign(), reported(*failed), 50) is None


def test_results_are_in_the_order_in_which_they_came() -> None:
    """When they came is ours; WeChat's time, of calls that it made at once, is in any order."""
    calls = [
        (chunk, replace(result, received_at=NOW_S + 9 - chunk.number))
        for chunk, result in reported(10, 10, 10, 10, 10, 0, 0, 0, 0, 0)
    ]
    assert "50 of 50" in str(judge_brake(a_campaign(), calls, 50))


@pytest.mark.parametrize(("percent", "holds"), [(0, False), (1, True), (100, True)])
def test_the_share_is_the_operators(percent: int, *, holds: bool) -> None:
    all_failed = reported(*[10] * CALLS_JUDGED)
    assert (judge_brake(a_campaign(), all_failed, percent) is not None) is holds


def test_after_a_resume_only_later_calls_count() -> None:
    seen = reported(*[10] * CALLS_JUDGED)
    resumed = a_campaign(resumed_at=NOW_S + 4)
    assert judge_brake(resumed, seen, 50) is None
    assert judge_brake(a_campaign(resumed_at=NOW_S + 1), seen, 50) is None
    assert judge_brake(a_campaign(resumed_at=NOW_S), seen, 50) is not None
    assert judge_brake(resumed, reported(*[10] * 9, claimed_at=NOW_S), 50) is not None


@pytest.mark.parametrize(
    "facts",
    [
        {"state": CampaignState.PAUSED},
        {"state": CampaignState.CANCELLED},
        {"trial": Trial(10)},
    ],
    ids=["held", "ended", "in its trial"],
)
def test_a_campaign_that_does_not_send_its_rest_is_not_held(facts: dict[str, Any]) -> None:
    assert judge_brake(a_campaign(**facts), reported(*[10] * 5), 50) is None


def test_calls_of_nobody_say_nothing() -> None:
    nobody = [(chunk, a_result(total=0, time_s=NOW_S)) for chunk, _ in reported(0, 0, 0, 0, 0)]
    assert judge_brake(a_campaign(), nobody, 50) is None
