"""What a trial has shown, from the report of its campaign."""

from typing import Any

import pytest

from factories import NOW_S, a_campaign, a_chunk, a_result
from wxlive.domain.campaigns import Campaign, CampaignState, Trial
from wxlive.domain.chunks import Chunk, ChunkState
from wxlive.domain.events import PushResult
from wxlive.domain.reports import report
from wxlive.domain.trials import RESULT_AWAITED_S, TrialVerdict, judge_trial

CALLED = a_chunk(1, ChunkState.ACCEPTED, claimed_at=NOW_S)
MIXED = a_result(openid_error=1, relation_error=2)


def tried(go_on_at: int = 0, **facts: Any) -> Campaign:
    trial = {"trial": Trial(10, go_on_at=go_on_at), "audience": 10, "fully_planned": False}
    return a_campaign(**{**trial, **facts})


def judged(
    campaign: Campaign, *chunks: Chunk, results: tuple[PushResult, ...] = (), after_s: int = 3
) -> TrialVerdict | None:
    now_s = NOW_S + after_s
    return judge_trial(report(campaign, chunks, results, now_s), now_s)


def test_a_trial_tells_the_share_of_success_and_of_each_error() -> None:
    verdict = judged(tried(), CALLED, results=(MIXED,))
    assert verdict == TrialVerdict(
        goes_on=False,
        reason="Trial: 7 of 10 told (70.0 %), 1 openid_error (10.0 %), 2 relation_error (20.0 %)",
    )


@pytest.mark.parametrize(
    ("go_on_at", "goes_on"), [(0, False), (1, True), (70, True), (71, False), (100, False)]
)
def test_a_campaign_goes_on_if_enough_were_told(go_on_at: int, *, goes_on: bool) -> None:
    verdict = judged(tried(go_on_at), CALLED, results=(MIXED,))
    assert verdict is not None
    assert verdict.goes_on is goes_on


def test_all_of_them_is_a_hundred_percent() -> None:
    verdict = judged(tried(100), CALLED, results=(a_result(),))
    assert verdict == TrialVerdict(goes_on=True, reason="Trial: 10 of 10 told (100 %)")


@pytest.mark.parametrize("state", [ChunkState.QUEUED, ChunkState.SENDING])
def test_a_call_that_is_to_come_is_awaited(state: ChunkState) -> None:
    assert judged(tried(), a_chunk(1, state, claimed_at=NOW_S)) is None


def test_each_part_of_a_trial_that_was_cut_is_awaited() -> None:
    parts = a_chunk(1, ChunkState.ACCEPTED, openids=6), a_chunk(500_001, openids=4)
    assert judged(tried(), *parts, results=(a_result(total=6),)) is None


@pytest.mark.parametrize("state", [ChunkState.ACCEPTED, ChunkState.UNKNOWN])
def test_a_result_is_awaited_for_two_minutes(state: ChunkState) -> None:
    call = a_chunk(1, state, claimed_at=NOW_S)
    assert judged(tried(50), call, after_s=RESULT_AWAITED_S) is None
    verdict = judged(tried(50), call, after_s=RESULT_AWAITED_S + 1)
    assert verdict is not None
    assert not verdict.goes_on
    missing = "unknown" if state is ChunkState.UNKNOWN else "without a result"
    assert verdict.reason == f"Trial: 0 of 10 told (0 %), 10 {missing} (100 %)"


def test_a_result_that_comes_later_is_heeded() -> None:
    verdict = judged(tried(50), CALLED, results=(a_result(),), after_s=9999)
    assert verdict is not None
    assert verdict.goes_on


def test_a_refused_call_is_judged_at_once() -> None:
    verdict = judged(tried(1), a_chunk(1, ChunkState.REFUSED), after_s=0)
    assert verdict is not None
    assert not verdict.goes_on
    assert "10 refused (100 %)" in verdict.reason


@pytest.mark.parametrize(
    "facts",
    [
        {"trial": None},
        {"trial_ended_at": NOW_S},
        {"chunks": 0, "audience": 0},
        {"fully_planned": True},
    ],
    ids=["none", "ended", "not planned", "everybody was in it"],
)
def test_without_an_open_trial_there_is_nothing_to_judge(facts: dict[str, Any]) -> None:
    assert judged(tried(**facts), CALLED, results=(a_result(),)) is None


def test_a_trial_is_judged_in_whatever_state_its_campaign_is() -> None:
    held = tried(state=CampaignState.TRIAL)
    assert judged(held, CALLED, results=(a_result(),)) is not None
