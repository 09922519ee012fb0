"""What stray results say of unknown chunks: only what is sure."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from wxlive import reports
from wxlive.campaigns import RESULT_OVERDUE_S, Campaign, CampaignState, Chunk, ChunkState
from wxlive.events import PushResult
from wxlive.reports import Report, resolve

NOW = 1_790_000_000
UNKNOWN, SENDING, ACCEPTED = ChunkState.UNKNOWN, ChunkState.SENDING, ChunkState.ACCEPTED
CAMPAIGN = Campaign("c", 7, "2026-09-22", CampaignState.SENDING, NOW, fully_planned=True)


def report(campaign: Campaign, ledger: Iterable[Chunk], results: Iterable[PushResult]) -> Report:
    """The report while no result is overdue."""
    return reports.report(campaign, ledger, results, 0)


def chunk(number: int, state: ChunkState = UNKNOWN, openids: int = 10) -> Chunk:
    return Chunk(number=number, state=state, openids=openids, reason="lost")


def stray(message_id: str, total: int = 10, time_s: int = NOW) -> PushResult:
    return PushResult(message_id, 7, time_s, total, total, 0, 0, 0, 0)


def test_a_stray_that_fits_the_only_unknown_chunk_shows_that_it_was_sent() -> None:
    [resolved] = resolve([chunk(1)], [stray("m-1")])
    assert (resolved.state, resolved.message_id) == (ACCEPTED, "m-1")


def test_as_many_strays_as_unknown_chunks_of_a_size_resolve_them_all() -> None:
    ledger = [chunk(1), chunk(2), chunk(3, openids=4)]
    strays = [stray("m-2", time_s=NOW + 1), stray("m-1")]
    assert [row.message_id for row in resolve(ledger, strays)] == ["m-1", "m-2", None]


@pytest.mark.parametrize(
    ("ledger", "strays"),
    [
        pytest.param([chunk(1)], [], id="no stray"),
        pytest.param([chunk(1)], [stray("m-1", total=9)], id="another size"),
        pytest.param([chunk(1), chunk(2)], [stray("m-1")], id="one stray for two chunks"),
        pytest.param([chunk(1)], [stray("m-1"), stray("m-2")], id="two strays for one chunk"),
        pytest.param([chunk(1), chunk(2, SENDING)], [stray("m-1")], id="it may be the other's"),
    ],
)
def test_what_is_not_sure_stays_unknown(ledger: list[Chunk], strays: list[PushResult]) -> None:
    assert resolve(ledger, strays) == ledger


def test_a_resolved_chunk_counts_as_accepted_and_reported() -> None:
    told = report(CAMPAIGN, [chunk(1)], [stray("m-1")])
    assert (told.chunks[UNKNOWN], told.chunks[ACCEPTED]) == (0, 1)
    assert told.results["total"] == 10
    assert (told.unknown, told.orphans, told.reasons) == ((), (), ())
    assert told.is_over
    assert not told.in_trouble


def test_an_unknown_chunk_that_nothing_fits_is_shown_with_its_strays() -> None:
    told = report(CAMPAIGN, [chunk(1)], [stray("m-1", total=9)])
    assert told.unknown == (chunk(1),)
    assert told.orphans == (stray("m-1", total=9),)
    assert told.in_trouble


def test_a_result_from_before_the_campaign_resolves_nothing() -> None:
    told = report(CAMPAIGN, [chunk(1)], [stray("m-1", time_s=NOW - 86_400)])
    assert (told.chunks[UNKNOWN], told.orphans) == (1, ())


def test_what_the_operator_took_for_sent_awaits_no_result() -> None:
    told = report(CAMPAIGN, [chunk(1, ACCEPTED)], [])
    assert (told.state, told.unreported, told.is_over) == (CampaignState.SETTLED, 0, True)


def test_a_result_that_does_not_come_is_overdue_and_waited_for_no_longer() -> None:
    accepted = replace(chunk(1, ACCEPTED), message_id="m-1", claimed_at=NOW)
    on_time = reports.report(CAMPAIGN, [accepted], [], NOW + RESULT_OVERDUE_S)
    assert (on_time.state, on_time.unreported, on_time.overdue) == (CampaignState.SENT, 1, ())
    assert not on_time.in_trouble

    late = reports.report(CAMPAIGN, [accepted], [], NOW + RESULT_OVERDUE_S + 1)

    assert (late.state, late.unreported) == (CampaignState.SETTLED, 0)
    assert late.in_trouble
    assert late.is_over
    assert late.summary()["overdue"] == [{"chunk": 1, "openids": 10, "message_id": "m-1"}]


def test_a_result_that_comes_late_is_not_overdue_any_more() -> None:
    accepted = replace(chunk(1, ACCEPTED), message_id="m-1", claimed_at=NOW)
    told = reports.report(CAMPAIGN, [accepted], [stray("m-1")], NOW + RESULT_OVERDUE_S + 1)
    assert (told.overdue, told.results["reported_chunks"]) == ((), 1)
