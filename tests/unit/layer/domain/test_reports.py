"""A campaign's report: decisions are stored, everything else follows from them."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from factories import CAMPAIGN, NOW_S, ROOM, a_campaign, a_chunk, a_result
from wxlive.domain import reports
from wxlive.domain.campaigns import CLOCK_SKEW_S, ENDED, Campaign, CampaignState
from wxlive.domain.chunks import ABANDONED, CLAIM_STALE_S, RESULT_OVERDUE_S, Chunk, ChunkState
from wxlive.domain.events import PushResult
from wxlive.domain.reports import Report, resolve

ACCEPTED, QUEUED, REFUSED = ChunkState.ACCEPTED, ChunkState.QUEUED, ChunkState.REFUSED
SENDING, UNKNOWN = ChunkState.SENDING, ChunkState.UNKNOWN
STORED_STATES = [s for s in CampaignState if s not in {CampaignState.SENT, CampaignState.SETTLED}]


def report(
    campaign: Campaign, ledger: Iterable[Chunk], results: Iterable[PushResult] = ()
) -> Report:
    """The report while no claim is stale and no result is overdue."""
    return reports.report(campaign, ledger, results, 0)


def counts(**by_state: int) -> dict[ChunkState, int]:
    return {state: by_state.get(state.value, 0) for state in ChunkState}


# ---------------------------------------------------------------- sums


def test_chunks_and_openids_are_counted_by_state() -> None:
    ledger = [
        a_chunk(1, ACCEPTED, openids=2000),
        a_chunk(2, ACCEPTED, openids=2000),
        a_chunk(3, QUEUED, openids=7),
    ]
    found = report(a_campaign(), ledger)
    assert found.chunks == counts(accepted=2, queued=1)
    assert found.openids == counts(accepted=4000, queued=7)


def test_results_are_summed_over_the_chunks_they_belong_to() -> None:
    errors = {"openid_error": 2, "relation_error": 1, "user_recv_limit": 1, "internal_error": 1}
    results = [a_result("m-1", **errors), a_result("m-2", **errors)]
    found = report(a_campaign(), [a_chunk(1, ACCEPTED), a_chunk(2, ACCEPTED)], results)
    assert found.results == {
        "reported_chunks": 2,
        "total": 20,
        "success": 10,
        "openid_error": 4,
        "relation_error": 2,
        "user_recv_limit": 2,
        "internal_error": 2,
    }
    assert found.orphans == ()


def test_an_abandoned_claim_counts_as_unknown() -> None:
    ledger = [a_chunk(1, SENDING, claimed_at=NOW_S)]
    found = reports.report(a_campaign(), ledger, [], NOW_S + CLAIM_STALE_S + 1)
    assert found.chunks == counts(unknown=1)
    assert found.reasons == (ABANDONED,)


# ---------------------------------------------------------------- results without a chunk


def test_a_result_that_fits_no_chunk_is_an_orphan() -> None:
    found = report(a_campaign(), [a_chunk(1, ACCEPTED)], [a_result("m-1"), a_result("m-2")])
    assert found.orphans == (a_result("m-2"),)
    assert found.results["reported_chunks"] == 1


def test_a_result_of_an_earlier_campaign_of_the_room_is_no_orphan() -> None:
    earlier = a_result("m-2", time_s=NOW_S - CLOCK_SKEW_S - 1)
    skewed = a_result("m-3", time_s=NOW_S - CLOCK_SKEW_S)
    assert report(a_campaign(), [], [earlier, skewed]).orphans == (skewed,)


def test_a_result_from_a_wrong_clock_still_joins_its_chunk() -> None:
    found = report(a_campaign(), [a_chunk(1, ACCEPTED)], [a_result("m-1", time_s=0)])
    assert found.results["reported_chunks"] == 1


# ---------------------------------------------------------------- the state


@pytest.mark.parametrize("state", sorted(ENDED))
def test_what_is_queued_when_a_campaign_ends_counts_as_cancelled(state: CampaignState) -> None:
    found = report(a_campaign(state=state), [a_chunk(1, QUEUED), a_chunk(2, SENDING)])
    assert found.chunks == counts(cancelled=1, sending=1)


@pytest.mark.parametrize("state", STORED_STATES)
@pytest.mark.parametrize("left", [QUEUED, SENDING])
def test_while_something_is_left_the_state_is_the_stored_one(
    state: CampaignState, left: ChunkState
) -> None:
    ledger = [a_chunk(1, ACCEPTED), a_chunk(2, left)]
    assert report(a_campaign(state=state), ledger, [a_result("m-1")]).state is state


@pytest.mark.parametrize("state", STORED_STATES)
def test_while_more_may_be_planned_the_state_is_the_stored_one(state: CampaignState) -> None:
    campaign = a_campaign(state=state, fully_planned=False)
    found = report(campaign, [a_chunk(1, ACCEPTED)], [a_result("m-1")])
    assert found.state is state
    assert found.nothing_left_to_send is (state in ENDED)


def test_a_campaign_is_sent_until_every_accepted_chunk_has_its_result() -> None:
    ledger = [a_chunk(1, ACCEPTED), a_chunk(2, ACCEPTED), a_chunk(3, UNKNOWN)]
    waiting = report(a_campaign(), ledger, [a_result("m-1")])
    assert waiting.state is CampaignState.SENT
    assert (waiting.nothing_left_to_send, waiting.is_over) == (True, False)
    over = report(a_campaign(), ledger, [a_result("m-1"), a_result("m-2")])
    assert over.state is CampaignState.SETTLED
    assert (over.nothing_left_to_send, over.is_over) == (True, True)


@pytest.mark.parametrize("state", sorted(ENDED))
def test_an_ended_campaign_stays_what_it_is(state: CampaignState) -> None:
    found = report(a_campaign(state=state), [a_chunk(1, ACCEPTED)], [a_result("m-1")])
    assert found.state is state
    assert found.is_over


def test_an_ended_campaign_with_a_call_under_way_is_not_over() -> None:
    found = report(a_campaign(state=CampaignState.CANCELLED), [a_chunk(1, SENDING)])
    assert not found.nothing_left_to_send
    assert not found.is_over


# ---------------------------------------------------------------- trouble


@pytest.mark.parametrize(
    ("campaign", "ledger", "trouble"),
    [
        (a_campaign(), [a_chunk(1, ACCEPTED)], False),
        (a_campaign(state=CampaignState.CANCELLED), [a_chunk(1, QUEUED)], False),
        (a_campaign(state=CampaignState.FAILED), [], True),
        (a_campaign(), [a_chunk(1, REFUSED)], True),
        (a_campaign(), [a_chunk(1, UNKNOWN)], True),
    ],
)
def test_trouble_is_a_failure_a_refusal_or_an_unknown_outcome(
    campaign: Campaign, ledger: list[Chunk], *, trouble: bool
) -> None:
    assert report(campaign, ledger).in_trouble is trouble


def test_each_reason_is_given_once_and_only_for_what_went_wrong() -> None:
    ledger = [
        a_chunk(1, REFUSED, reason="taken"),
        a_chunk(2, UNKNOWN, reason="cut"),
        a_chunk(3, REFUSED, reason="taken"),
        a_chunk(4, QUEUED, reason="busy, sent again"),
        a_chunk(5, UNKNOWN),
    ]
    assert report(a_campaign(), ledger).reasons == ("taken", "cut")


# ---------------------------------------------------------------- unknown chunks


def lost(number: int = 1, state: ChunkState = UNKNOWN, **changes: Any) -> Chunk:
    return a_chunk(number, state, reason="lost", **changes)


def test_a_stray_that_fits_the_only_unknown_chunk_shows_that_it_was_sent() -> None:
    [resolved] = resolve([lost()], [a_result("m-1")])
    assert (resolved.state, resolved.message_id) == (ACCEPTED, "m-1")


def test_as_many_strays_as_unknown_chunks_of_a_size_resolve_them_all() -> None:
    ledger = [lost(1), lost(2), lost(3, openids=4)]
    strays = [a_result("m-2", time_s=NOW_S + 1), a_result("m-1")]
    assert [row.message_id for row in resolve(ledger, strays)] == ["m-1", "m-2", None]


@pytest.mark.parametrize(
    ("ledger", "strays"),
    [
        pytest.param([lost()], [], id="no stray"),
        pytest.param([lost()], [a_result("m-1", total=9)], id="another size"),
        pytest.param([lost(1), lost(2)], [a_result("m-1")], id="one stray for two chunks"),
        pytest.param([lost()], [a_result("m-1"), a_result("m-2")], id="two strays for one chunk"),
        pytest.param([lost(1), lost(2, SENDING)], [a_result("m-1")], id="it may be the other's"),
    ],
)
def test_what_is_not_sure_stays_unknown(ledger: list[Chunk], strays: list[PushResult]) -> None:
    assert resolve(ledger, strays) == ledger


def test_a_resolved_chunk_counts_as_accepted_and_reported() -> None:
    found = report(a_campaign(), [lost()], [a_result("m-1")])
    assert found.chunks == counts(accepted=1)
    assert found.results["total"] == 10
    assert (found.unknown, found.orphans, found.reasons) == ((), (), ())
    assert found.is_over
    assert not found.in_trouble


def test_an_unknown_chunk_that_nothing_fits_is_shown_with_its_strays() -> None:
    stray = a_result("m-1", total=9)
    found = report(a_campaign(), [lost()], [stray])
    assert (found.unknown, found.orphans) == ((lost(),), (stray,))
    assert found.in_trouble


def test_a_result_from_before_the_campaign_resolves_nothing() -> None:
    found = report(a_campaign(), [lost()], [a_result("m-1", time_s=NOW_S - 86_400)])
    assert (found.chunks[UNKNOWN], found.orphans) == (1, ())


# ---------------------------------------------------------------- missing results


def test_what_the_operator_accepted_as_sent_awaits_no_result() -> None:
    found = report(a_campaign(), [lost(1, ACCEPTED, message_id=None)])
    assert (found.state, found.unreported, found.is_over) == (CampaignState.SETTLED, 0, True)


def test_a_result_that_does_not_come_is_overdue_and_waited_for_no_longer() -> None:
    accepted = a_chunk(1, ACCEPTED, claimed_at=NOW_S)
    on_time = reports.report(a_campaign(), [accepted], [], NOW_S + RESULT_OVERDUE_S)
    assert (on_time.state, on_time.unreported, on_time.overdue) == (CampaignState.SENT, 1, ())
    assert not on_time.in_trouble

    late = reports.report(a_campaign(), [accepted], [], NOW_S + RESULT_OVERDUE_S + 1)

    assert (late.state, late.unreported) == (CampaignState.SETTLED, 0)
    assert late.in_trouble
    assert late.is_over
    assert late.summary()["overdue"] == [{"chunk": 1, "openids": 10, "message_id": "m-1"}]


def test_a_result_that_comes_late_is_not_overdue_any_more() -> None:
    accepted = a_chunk(1, ACCEPTED, claimed_at=NOW_S)
    late_s = NOW_S + RESULT_OVERDUE_S + 1
    found = reports.report(a_campaign(), [accepted], [a_result("m-1")], late_s)
    assert (found.overdue, found.results["reported_chunks"]) == ((), 1)


# ---------------------------------------------------------------- the summary


def test_the_summary_has_the_fields_of_the_commands_json() -> None:
    campaign = a_campaign(state=CampaignState.FAILED, reason="why", audience=23)
    ledger = [a_chunk(1, ACCEPTED), a_chunk(2, REFUSED, reason="taken", openids=3)]
    result = a_result("m-1", openid_error=2, relation_error=1, user_recv_limit=1, internal_error=1)
    found = report(campaign, ledger, [result, replace(result, message_id="m-9")])
    assert found.summary() == {
        "campaign": CAMPAIGN,
        "room_id": ROOM,
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
