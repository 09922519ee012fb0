"""A campaign's report: decisions are stored, everything else follows from them."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from factories import CAMPAIGN, NOW_S, ROOM, a_campaign, a_chunk, a_result
from wxlive.domain import reports
from wxlive.domain.attribution import CLOCK_SKEW_S
from wxlive.domain.campaigns import ENDED, Campaign, CampaignState
from wxlive.domain.chunks import (
    ABANDONED,
    CLAIM_STALE_S,
    RESULT_OVERDUE_S,
    Chunk,
    ChunkState,
    EarlierCall,
    size_of,
)
from wxlive.domain.events import PushResult
from wxlive.domain.reports import Report

ACCEPTED, QUEUED, REFUSED = ChunkState.ACCEPTED, ChunkState.QUEUED, ChunkState.REFUSED
SENDING, UNKNOWN = ChunkState.SENDING, ChunkState.UNKNOWN
STORED_STATES = [s for s in CampaignState if s not in {CampaignState.SENT, CampaignState.SETTLED}]


def report(
    campaign: Campaign,
    ledger: Iterable[Chunk],
    results: Iterable[PushResult] = (),
    *,
    others: Iterable[Chunk] = (),
) -> Report:
    """The report while no claim is stale and no result is overdue."""
    return reports.report(campaign, ledger, results, 0, others=others)


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


def test_a_campaign_without_a_chunk_has_failed_once_it_is_planned() -> None:
    """Its planner may have died before it stored the reason."""
    planned = report(a_campaign(chunks=0), [])
    assert (planned.state, planned.is_over, planned.in_trouble) == (
        CampaignState.FAILED,
        True,
        True,
    )
    assert report(a_campaign(fully_planned=False), []).state is CampaignState.SENDING


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
    """A chunk whose call has no known message_id."""
    return a_chunk(number, state, reason="lost", **{"claimed_at": NOW_S, **changes})


def unknown_of(report: Report) -> list[int]:
    return sorted(chunk.number for chunk in report.unknown)


def test_a_result_that_fits_the_only_unknown_chunk_shows_that_it_was_sent() -> None:
    found = report(a_campaign(), [lost(), a_chunk(2, ACCEPTED)], [a_result("m-1"), a_result("m-2")])
    assert (found.chunks, found.unknown) == (counts(accepted=2), ())


def test_as_many_results_as_unknown_chunks_of_a_size_prove_them_all() -> None:
    ledger = [lost(1), lost(2), lost(3, openids=4)]
    results = [a_result("m-2", time_s=NOW_S + 1), a_result("m-1")]
    assert unknown_of(report(a_campaign(), ledger, results)) == [3]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 1, 0, 2, 2, 0)])
@pytest.mark.parametrize("time_s", [NOW_S - 100, NOW_S + 5, NOW_S + RESULT_OVERDUE_S])
def test_lost_answers_in_chunks_of_different_sizes_are_named_by_any_of_their_results(
    order: tuple[int, ...], time_s: int
) -> None:
    """Results come in any order, early, late and doubled."""
    sizes = (2000, 1999, 1998)
    ledger = [lost(number, openids=size) for number, size in enumerate(sizes, 1)]
    results = [a_result(f"m-{size}", total=size, time_s=time_s) for size in sizes]
    for arrived in range(len(order) + 1):
        seen = {sizes[index] for index in order[:arrived]}
        found = report(a_campaign(), ledger, [results[index] for index in order[:arrived]])
        assert unknown_of(found) == [c.number for c in ledger if c.openids not in seen]
        assert found.results["total"] == sum(seen)
        assert found.orphans == ()


@pytest.mark.parametrize("arrived", [slice(0, 5), slice(3, None), slice(None)])
def test_of_a_campaign_with_many_kinds_of_failures_exactly_what_did_not_arrive_is_unknown(
    arrived: slice,
) -> None:
    """Twelve calls: four answers are lost, two of them before WeChat carried the call out."""
    sizes = [size_of(number, 2000, 16) for number in range(1, 13)]
    lost_answers, not_arrived = {3, 5, 7, 9}, {5, 9}
    ledger = [
        lost(number, openids=size)
        if number in lost_answers
        else a_chunk(number, ACCEPTED, openids=size, claimed_at=NOW_S + number)
        for number, size in enumerate(sizes, 1)
    ]
    results = [
        a_result(f"m-{number}", total=size, time_s=NOW_S + number)
        for number, size in enumerate(sizes, 1)
        if number not in not_arrived
    ][arrived]
    found = report(a_campaign(chunks=12), ledger, [*results, *reversed(results)])
    proven = {3, 7} & {int(result.message_id[2:]) for result in results}
    assert unknown_of(found) == sorted(lost_answers - proven)
    assert found.orphans == ()


@pytest.mark.parametrize(
    ("ledger", "strays"),
    [
        pytest.param([lost()], [], id="no result"),
        pytest.param([lost()], [a_result("m-1", total=9)], id="another size"),
        pytest.param([lost(1), lost(2)], [a_result("m-1")], id="one result for two chunks"),
        pytest.param([lost()], [a_result("m-1"), a_result("m-2")], id="two results for one chunk"),
        pytest.param([lost(1), lost(2, SENDING)], [a_result("m-1")], id="it may be the other's"),
        pytest.param([lost()], [a_result("m-1", time_s=NOW_S + 7200)], id="hours later"),
    ],
)
def test_what_is_not_sure_stays_unknown_and_its_results_are_orphans(
    ledger: list[Chunk], strays: list[PushResult]
) -> None:
    found = report(a_campaign(), ledger, strays)
    assert found.unknown == tuple(chunk for chunk in ledger if chunk.state is UNKNOWN)
    assert found.orphans == tuple(strays)


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


# ---------------------------------------------------------------- what the operator decided


def test_the_late_result_of_a_call_that_was_repeated_proves_nothing_about_the_repetition() -> None:
    again = lost(1, claimed_at=NOW_S + 900, earlier_calls=(EarlierCall(NOW_S, 10),))
    late = a_result("m-first", time_s=NOW_S + 905)
    found = report(a_campaign(), [again], [late])
    assert (found.unknown, found.results["reported_chunks"]) == ((again,), 0)


def test_the_late_result_of_a_call_that_was_repeated_proves_nothing_about_another_chunk() -> None:
    again = a_chunk(1, ACCEPTED, claimed_at=NOW_S + 900, earlier_calls=(EarlierCall(NOW_S, 10),))
    late = a_result("m-first", time_s=NOW_S + 905)
    found = report(a_campaign(), [again, lost(2, claimed_at=NOW_S + 5)], [a_result("m-1"), late])
    assert unknown_of(found) == [2]


def test_once_both_calls_of_a_repeated_chunk_have_results_it_is_known() -> None:
    again = lost(1, claimed_at=NOW_S + 900, earlier_calls=(EarlierCall(NOW_S, 10),))
    results = [a_result("m-first", time_s=NOW_S + 2), a_result("m-again", time_s=NOW_S + 905)]
    found = report(a_campaign(), [again], results)
    assert (found.unknown, found.orphans) == ((), ())
    assert found.results["reported_chunks"] == 1


def test_the_result_of_the_first_call_of_a_chunk_that_waits_again_is_no_orphan() -> None:
    """The first call's followers were notified; the second call's result is counted for them."""
    waiting = a_chunk(1, QUEUED, earlier_calls=(EarlierCall(NOW_S, 10),))
    found = report(a_campaign(), [waiting], [a_result("m-first")])
    assert (found.chunks[QUEUED], found.orphans, found.results["total"]) == (1, (), 0)


def test_the_late_result_of_an_accepted_chunk_proves_nothing_about_a_later_unknown_one() -> None:
    by_hand = lost(1, ACCEPTED, message_id=None)
    later = lost(2, claimed_at=NOW_S + 30)
    found = report(a_campaign(), [by_hand, later], [a_result("m-first", time_s=NOW_S + 40)])
    assert unknown_of(found) == [2]


def test_the_late_result_of_the_only_accepted_chunk_is_counted_as_its_own() -> None:
    found = report(a_campaign(), [lost(1, ACCEPTED, message_id=None)], [a_result("m-late")])
    assert (found.results["reported_chunks"], found.orphans) == (1, ())


# ---------------------------------------------------------------- other campaigns of the room


def test_a_result_of_another_campaign_of_the_room_is_neither_an_orphan_nor_a_proof() -> None:
    other = a_chunk(1, ACCEPTED, message_id="m-other", claimed_at=NOW_S)
    found = report(a_campaign(), [lost()], [a_result("m-other")], others=[other])
    assert (unknown_of(found), found.orphans) == ([1], ())


@pytest.mark.parametrize(
    "other",
    [
        lost(7),
        lost(7, ACCEPTED, message_id=None),
        lost(7, SENDING),
        a_chunk(7, QUEUED, earlier_calls=(EarlierCall(NOW_S, 10),)),
    ],
    ids=["unknown", "accepted by hand", "in progress", "sent again"],
)
def test_a_result_that_may_be_another_campaigns_proves_nothing(other: Chunk) -> None:
    found = report(a_campaign(), [lost()], [a_result("m-1")], others=[other])
    assert unknown_of(found) == [1]


def test_a_result_that_proves_another_campaigns_chunk_counts_there_alone() -> None:
    found = report(a_campaign(), [lost()], [a_result("m-1", total=9)], others=[lost(1, openids=9)])
    assert (unknown_of(found), found.orphans, found.results["total"]) == ([1], (), 0)


def test_a_claim_without_a_worker_of_another_campaign_counts_as_unknown() -> None:
    stale_s = NOW_S + CLAIM_STALE_S + 1
    ledger, other = [lost(1)], lost(2, SENDING)
    results = [a_result("m-1"), a_result("m-2")]
    found = reports.report(a_campaign(), ledger, results, stale_s, others=[other])
    assert (found.unknown, found.results["reported_chunks"]) == ((), 1)


# ---------------------------------------------------------------- who may have been notified


@pytest.mark.parametrize(
    ("ledger", "notified"),
    [
        ([], False),
        ([a_chunk(1, QUEUED), a_chunk(2, REFUSED)], False),
        ([a_chunk(1, QUEUED), a_chunk(2, ACCEPTED)], True),
        ([a_chunk(1, SENDING)], True),
        ([lost()], True),
        ([a_chunk(1, QUEUED, earlier_calls=(EarlierCall(NOW_S, 10),))], True),
        ([a_chunk(1, QUEUED, was_called=True)], True),
    ],
)
def test_a_campaign_may_have_notified_somebody_once_a_call_of_it_may_have_reached_wechat(
    ledger: list[Chunk], *, notified: bool
) -> None:
    assert report(a_campaign(), ledger).may_have_notified is notified


def test_a_campaign_that_was_sent_again_and_cancelled_may_have_notified_somebody() -> None:
    waiting = a_chunk(1, QUEUED, earlier_calls=(EarlierCall(NOW_S, 10),))
    found = report(a_campaign(state=CampaignState.CANCELLED), [waiting])
    assert found.chunks == counts(unknown=1)
    assert found.may_have_notified


def test_a_result_proves_the_call_of_a_chunk_that_was_sent_again_and_cancelled() -> None:
    waiting = a_chunk(1, QUEUED, earlier_calls=(EarlierCall(NOW_S, 10),))
    found = report(a_campaign(state=CampaignState.CANCELLED), [waiting], [a_result("m-1")])
    assert (found.chunks, found.results["total"]) == (counts(accepted=1), 10)


def test_a_result_of_an_earlier_call_whose_name_is_known_proves_no_other_call() -> None:
    again = lost(1, earlier_calls=(EarlierCall(NOW_S, 10, "first", "m-1"),))
    found = report(a_campaign(), [again], [a_result("m-1")])
    assert (unknown_of(found), found.orphans) == ([1], ())


def test_an_older_result_of_another_campaign_of_the_room_leaves_the_newer_one_its_own() -> None:
    """The older campaign's call has its result, so the newer result is of the newer call."""
    campaign = a_campaign(created_at=NOW_S + 1000)
    other, own = lost(7, claimed_at=NOW_S), lost(claimed_at=NOW_S + 1010)
    found = report(
        campaign,
        [own],
        [a_result("m-old", time_s=NOW_S + 2), a_result("m-new", time_s=NOW_S + 1012)],
        others=[other],
    )
    assert (unknown_of(found), found.orphans) == ([], ())


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
