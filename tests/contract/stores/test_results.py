"""Results: each stored once, by its message_id."""

from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError

from factories import CAMPAIGN, DAY, NOW_S, ROOM, a_chunk, a_result
from support.backends import Tables
from wxlive.domain.campaigns import Campaign
from wxlive.domain.chunks import ChunkState
from wxlive.domain.reports import report
from wxlive.stores.ledger import LedgerStore
from wxlive.stores.quota import QuotaStore
from wxlive.stores.results import ResultStore

OTHER_ROOM = 2002


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


@pytest.mark.parametrize("early", [True, False], ids=["result first", "acceptance first"])
def test_the_report_joins_acceptance_and_result_whichever_comes_first(
    ledger: LedgerStore, results: ResultStore, quota: QuotaStore, sending: Campaign, *, early: bool
) -> None:
    if early:
        results.add(a_result("m-1"), NOW_S)
    ledger.claim(CAMPAIGN, a_chunk(), claim="a", now_s=NOW_S, quota=quota, day=DAY)
    ledger.finish(CAMPAIGN, 1, ChunkState.ACCEPTED, claim="a", message_id="m-1")
    if not early:
        results.add(a_result("m-1"), NOW_S)

    joined = report(sending, ledger.chunks(CAMPAIGN), results.of_room(ROOM), NOW_S)

    assert joined.results["reported_chunks"] == 1
    assert joined.results["success"] == 10
    assert joined.orphans == ()
    assert joined.openids[ChunkState.ACCEPTED] == 2
    assert joined.openids[ChunkState.QUEUED] == 1
