"""Results: each stored once, by its message_id."""

from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError

from factories import CAMPAIGN, DAY, NOW_S, ROOM, a_result
from support.backends import Tables
from support.push_stores import SLOT_MS, PushStores
from support.table_faults import Fault, Faults
from wxlive.domain.campaigns import Campaign, CampaignState
from wxlive.domain.chunks import ChunkState
from wxlive.domain.outcomes import Outcome
from wxlive.domain.reports import Report
from wxlive.stores.reports import read_report
from wxlive.stores.results import ResultStore

OTHER_ROOM = 2002


@pytest.fixture
def results(stores: PushStores) -> ResultStore:
    return stores.results


def test_a_result_is_stored_by_its_message_id(results: ResultStore) -> None:
    assert results.add(a_result(), NOW_S) == a_result()
    assert list(results.of_room(ROOM)) == [a_result()]
    assert list(results.of_room(OTHER_ROOM)) == []


def test_a_repeated_result_changes_nothing(results: ResultStore, tables: Tables) -> None:
    results.add(a_result(), NOW_S)
    before = tables.rows()
    assert results.add(a_result(), NOW_S + 60) == a_result()
    assert tables.rows() == before


def test_of_two_results_for_one_message_the_first_is_kept_and_returned(
    results: ResultStore,
) -> None:
    first, second = a_result(), a_result(total=11, success=5)
    results.add(first, NOW_S)
    assert results.add(second, NOW_S) == first
    assert list(results.of_room(ROOM)) == [first]


def test_results_are_walked_page_by_page(
    results: ResultStore, in_pages: Callable[[str, int], None]
) -> None:
    wanted = [a_result(f"m-{i}") for i in range(9)]
    for result in wanted:
        results.add(result, NOW_S)
    in_pages("Query", 4)
    assert list(results.of_room(ROOM)) == wanted


def test_a_result_that_dynamodb_refuses_is_not_taken_for_stored(tables: Tables) -> None:
    with pytest.raises(ClientError, match="ValidationException"):
        ResultStore(tables.followers).add(a_result(), NOW_S)


def test_a_result_that_dynamodb_is_too_busy_for_is_not_taken_for_stored(
    results: ResultStore, faults: Faults, tables: Tables
) -> None:
    """WeChat waits 5 s for the answer, so there is one attempt: the backlog queue is the next."""
    faults.writes = [Fault.THROTTLED]
    with pytest.raises(ClientError, match="ThroughputExceeded"):
        results.add(a_result(), NOW_S)
    assert tables.rows() == []
    assert faults.pauses_s == []


def test_a_result_that_was_stored_although_its_answer_was_lost_is_the_stored_one(
    results: ResultStore, faults: Faults
) -> None:
    faults.writes = [Fault.DONE_TWICE]
    assert results.add(a_result(), NOW_S) == a_result()


# ----------------------------------------------------------------- the report


@pytest.mark.parametrize("early", [True, False], ids=["result first", "acceptance first"])
def test_the_report_joins_acceptance_and_result_whichever_comes_first(
    stores: PushStores, sending: Campaign, *, early: bool
) -> None:
    if early:
        stores.results.add(a_result("m-1", total=4), NOW_S)
    stores.claim()
    accepted = Outcome(ChunkState.ACCEPTED, message_id="m-1")
    stores.ledger.finish(CAMPAIGN, 1, accepted, claim="a", now_s=NOW_S)
    if not early:
        stores.results.add(a_result("m-1", total=4), NOW_S)

    joined = _report(stores, sending)

    assert joined.results["reported_chunks"] == 1
    assert joined.results["success"] == 4
    assert joined.orphans == ()
    assert joined.openids[ChunkState.ACCEPTED] == 4
    assert joined.openids[ChunkState.QUEUED] == 1


def test_the_report_knows_the_results_of_the_room_s_other_campaigns(
    stores: PushStores, sending: Campaign
) -> None:
    """One with a message_id of another campaign is neither proof nor orphan in this one."""
    stores.claim()
    accepted = Outcome(ChunkState.ACCEPTED, message_id="m-1")
    stores.ledger.finish(CAMPAIGN, 1, accepted, claim="a", now_s=NOW_S)
    stores.results.add(a_result("m-1", total=4), NOW_S)
    later = stores.open("later-8", before=stores.lives(), state=CampaignState.SENDING)
    planned = stores.campaigns.add_chunk(later, ["o-6"] * 4, NOW_S, plan_id="p", cursors={})
    (chunk,) = stores.ledger.chunks("later-8")
    stores.ledger.claim(
        planned, chunk, claim="b", now_s=NOW_S, slot_ms=SLOT_MS, quota=stores.quota, day=DAY
    )
    unknown = Outcome(ChunkState.UNKNOWN, reason="lost")
    stores.ledger.finish("later-8", 1, unknown, claim="b", now_s=NOW_S)

    seen = _report(stores, planned)

    assert [row.number for row in seen.unknown] == [1]
    assert seen.orphans == ()

    stores.results.add(a_result("m-2", total=4), NOW_S)
    assert _report(stores, planned).unknown == ()


def _report(stores: PushStores, campaign: Campaign) -> Report:
    return read_report(campaign, stores.campaigns, stores.ledger, stores.results, NOW_S + 60)
