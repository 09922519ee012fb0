"""A campaign's report: what is stored are decisions, everything else follows from them."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from wxlive import reports
from wxlive.campaigns import (
    ABANDONED,
    CLAIM_STALE_S,
    CLOCK_SKEW_S,
    ENDED,
    Campaign,
    CampaignState,
    Chunk,
    ChunkState,
)
from wxlive.events import PushResult
from wxlive.reports import Report

NOW = 1_790_000_000
STORED_STATES = [s for s in CampaignState if s not in {CampaignState.SENT, CampaignState.SETTLED}]


def report(campaign: Campaign, ledger: Iterable[Chunk], results: Iterable[PushResult]) -> Report:
    """The report while no result is overdue."""
    return reports.report(campaign, ledger, results, 0)


def a_campaign(**changes: Any) -> Campaign:
    sending = Campaign(
        campaign="c-1",
        room_id=7,
        day="2026-09-22",
        state=CampaignState.SENDING,
        created_at=NOW,
        fully_planned=True,
    )
    return replace(sending, **changes)


def a_chunk(number: int = 1, state: ChunkState = ChunkState.ACCEPTED, **facts: Any) -> Chunk:
    if state is ChunkState.ACCEPTED:
        facts.setdefault("message_id", f"m-{number}")
    return Chunk(number=number, state=state, openids=facts.pop("openids", 10), **facts)


def a_result(number: int = 1, **changes: Any) -> PushResult:
    told = PushResult(
        message_id=f"m-{number}",
        room_id=7,
        time_s=NOW,
        total=10,
        success=5,
        openid_error=2,
        relation_error=1,
        user_recv_limit=1,
        internal_error=1,
    )
    return replace(told, **changes)


def test_a_claim_is_abandoned_when_it_outlived_its_worker() -> None:
    chunk = a_chunk(state=ChunkState.SENDING, claimed_at=NOW)
    assert not chunk.is_abandoned(NOW + CLAIM_STALE_S)
    assert chunk.is_abandoned(NOW + CLAIM_STALE_S + 1)


def test_an_abandoned_claim_is_seen_as_unknown_before_that_is_written_down() -> None:
    chunk = a_chunk(state=ChunkState.SENDING, claimed_at=NOW)
    assert chunk.as_seen(NOW + CLAIM_STALE_S) is chunk
    seen = chunk.as_seen(NOW + CLAIM_STALE_S + 1)
    assert (seen.state, seen.reason) == (ChunkState.UNKNOWN, ABANDONED)
    assert replace(seen, state=chunk.state, reason=chunk.reason) == chunk


@pytest.mark.parametrize("state", [s for s in ChunkState if s is not ChunkState.SENDING])
def test_only_a_chunk_under_way_can_be_abandoned(state: ChunkState) -> None:
    assert not a_chunk(state=state).is_abandoned(NOW)


def test_chunks_and_openids_are_counted_by_state() -> None:
    told = report(
        a_campaign(),
        [
            a_chunk(1, openids=2000),
            a_chunk(2, openids=2000),
            a_chunk(3, ChunkState.QUEUED, openids=7),
        ],
        [],
    )
    assert told.chunks == {
        **dict.fromkeys(ChunkState, 0),
        ChunkState.ACCEPTED: 2,
        ChunkState.QUEUED: 1,
    }
    assert told.openids == {
        **dict.fromkeys(ChunkState, 0),
        ChunkState.ACCEPTED: 4000,
        ChunkState.QUEUED: 7,
    }


def test_results_are_summed_over_the_chunks_they_belong_to() -> None:
    told = report(a_campaign(), [a_chunk(1), a_chunk(2)], [a_result(1), a_result(2)])
    assert told.results == {
        "reported_chunks": 2,
        "total": 20,
        "success": 10,
        "openid_error": 4,
        "relation_error": 2,
        "user_recv_limit": 2,
        "internal_error": 2,
    }
    assert told.orphans == ()


def test_a_result_that_fits_no_chunk_is_an_orphan() -> None:
    told = report(a_campaign(), [a_chunk(1)], [a_result(1), a_result(2)])
    assert told.orphans == (a_result(2),)
    assert told.results["reported_chunks"] == 1


def test_a_result_of_an_earlier_campaign_of_the_room_is_no_orphan() -> None:
    earlier = a_result(2, time_s=NOW - CLOCK_SKEW_S - 1)
    skewed = a_result(3, time_s=NOW - CLOCK_SKEW_S)
    assert report(a_campaign(), [], [earlier, skewed]).orphans == (skewed,)


def test_a_result_from_a_wrong_clock_still_joins_its_chunk() -> None:
    told = report(a_campaign(), [a_chunk(1)], [a_result(1, time_s=0)])
    assert told.results["reported_chunks"] == 1


@pytest.mark.parametrize("state", sorted(ENDED))
def test_what_is_queued_when_a_campaign_ends_counts_as_cancelled(state: CampaignState) -> None:
    queued = a_chunk(1, ChunkState.QUEUED)
    told = report(a_campaign(state=state), [queued, a_chunk(2, ChunkState.SENDING)], [])
    assert told.chunks[ChunkState.QUEUED] == 0
    assert told.chunks[ChunkState.CANCELLED] == 1
    assert told.chunks[ChunkState.SENDING] == 1


@pytest.mark.parametrize("state", STORED_STATES)
@pytest.mark.parametrize("left", [ChunkState.QUEUED, ChunkState.SENDING])
def test_while_something_is_left_the_state_is_the_stored_one(
    state: CampaignState, left: ChunkState
) -> None:
    told = report(a_campaign(state=state), [a_chunk(1), a_chunk(2, left)], [a_result(1)])
    assert told.state is state


@pytest.mark.parametrize("state", STORED_STATES)
def test_while_more_may_be_planned_the_state_is_the_stored_one(state: CampaignState) -> None:
    told = report(a_campaign(state=state, fully_planned=False), [a_chunk(1)], [a_result(1)])
    assert told.state is state
    assert told.nothing_left_to_send is (state in ENDED)


def test_a_campaign_is_sent_until_every_accepted_chunk_has_its_result() -> None:
    ledger = [a_chunk(1), a_chunk(2), a_chunk(3, ChunkState.UNKNOWN)]
    waiting = report(a_campaign(), ledger, [a_result(1)])
    assert waiting.state is CampaignState.SENT
    assert (waiting.nothing_left_to_send, waiting.is_over) == (True, False)
    over = report(a_campaign(), ledger, [a_result(1), a_result(2)])
    assert over.state is CampaignState.SETTLED
    assert (over.nothing_left_to_send, over.is_over) == (True, True)


@pytest.mark.parametrize("state", sorted(ENDED))
def test_an_ended_campaign_stays_what_it_is(state: CampaignState) -> None:
    told = report(a_campaign(state=state), [a_chunk(1)], [a_result(1)])
    assert told.state is state
    assert told.is_over


def test_an_ended_campaign_with_a_call_under_way_is_not_over() -> None:
    told = report(a_campaign(state=CampaignState.CANCELLED), [a_chunk(1, ChunkState.SENDING)], [])
    assert not told.nothing_left_to_send
    assert not told.is_over


@pytest.mark.parametrize(
    ("campaign", "ledger", "trouble"),
    [
        (a_campaign(), [a_chunk()], False),
        (a_campaign(state=CampaignState.CANCELLED), [a_chunk(1, ChunkState.QUEUED)], False),
        (a_campaign(state=CampaignState.FAILED), [], True),
        (a_campaign(), [a_chunk(1, ChunkState.REFUSED)], True),
        (a_campaign(), [a_chunk(1, ChunkState.UNKNOWN)], True),
    ],
)
def test_trouble_is_failure_refusal_or_an_unknown_fate(
    campaign: Campaign, ledger: list[Chunk], *, trouble: bool
) -> None:
    assert report(campaign, ledger, []).in_trouble is trouble


def test_each_reason_is_told_once_and_only_for_what_went_wrong() -> None:
    told = report(
        a_campaign(),
        [
            a_chunk(1, ChunkState.REFUSED, reason="taken"),
            a_chunk(2, ChunkState.UNKNOWN, reason="cut"),
            a_chunk(3, ChunkState.REFUSED, reason="taken"),
            a_chunk(4, ChunkState.QUEUED, reason="busy, sent again"),
            a_chunk(5, ChunkState.UNKNOWN),
        ],
        [],
    )
    assert told.reasons == ("taken", "cut")


def test_the_summary_shows_the_contracts_fields() -> None:
    campaign = a_campaign(state=CampaignState.FAILED, reason="why", audience=23)
    ledger = [a_chunk(1), a_chunk(2, ChunkState.REFUSED, reason="taken", openids=3)]
    told = report(campaign, ledger, [a_result(1), a_result(9)])
    assert told.summary() == {
        "campaign": "c-1",
        "room_id": 7,
        "state": "failed",
        "reason": "why",
        "audience": 23,
        "chunks": {
            "queued": 0,
            "sending": 0,
            "accepted": 1,
            "refused": 1,
            "unknown": 0,
            "cancelled": 0,
        },
        "openids": {
            "queued": 0,
            "sending": 0,
            "accepted": 10,
            "refused": 3,
            "unknown": 0,
            "cancelled": 0,
        },
        "results": {
            "reported_chunks": 1,
            "total": 10,
            "success": 5,
            "openid_error": 2,
            "relation_error": 1,
            "user_recv_limit": 1,
            "internal_error": 1,
        },
        "refusals": ["taken"],
        "overdue": [],
        "orphans": [{"message_id": "m-9", "total": 10}],
    }
