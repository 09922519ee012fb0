"""What a report tells: what left when, what went wrong, what results speak of."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wxlive.campaigns import ABANDONED, Campaign, CampaignState, Chunk, ChunkState
from wxlive.events import PushResult
from wxlive.reports import report
from wxlive_cli.report_chart import MAX_BARS, bar_width_s, chart
from wxlive_cli.report_facts import Account, Second, account

NOW_S, ROOM, LIMIT = 1_795_347_000, 1001, 2000
CAMPAIGN = Campaign(
    "c", ROOM, "2026-11-22", CampaignState.SENDING, NOW_S, audience=8000, fully_planned=True
)
TOLD = Chunk(1, ChunkState.ACCEPTED, 2000, "c", NOW_S, 1, "m1")
LOST = Chunk(2, ChunkState.UNKNOWN, 2000, "c", NOW_S + 1, 1, reason=ABANDONED)
REFUSED = Chunk(
    3, ChunkState.REFUSED, 1, "c", NOW_S + 2, 1, errcode=40003, rid="5f3e-0000-1111", reason="…"
)
WAITING = Chunk(4, ChunkState.QUEUED, 1999)


def a_result(message_id: str, total: int) -> PushResult:
    return PushResult(message_id, ROOM, NOW_S + 5, total, total, 0, 0, 0, 0)


def told(*chunks: Chunk, results: tuple[PushResult, ...] = ()) -> Account:
    return account(report(CAMPAIGN, chunks, results, 0), chunks, results, limit=LIMIT)


def test_what_left_is_counted_by_second_and_what_is_unknown_apart() -> None:
    found = told(TOLD, LOST, REFUSED, WAITING)

    assert found.seconds == (Second(NOW_S, 2000, 0), Second(NOW_S + 1, 0, 2000))
    assert (found.busiest, found.took_s, found.pace) == (2000, 2, 2000)
    assert found.unsent == 1999


def test_an_unknown_call_whose_result_came_counts_as_accepted() -> None:
    found = told(LOST, results=(a_result("m9", 2000),))

    assert found.seconds == (Second(NOW_S + 1, 2000, 0),)
    assert (found.accepted, found.awaited, found.miscounted) == (2000, 0, 0)


def test_claims_of_one_second_are_set_apart_as_the_pace_set_their_calls() -> None:
    crowded = [replace(TOLD, number=n, message_id=f"m{n}") for n in range(1, 4)]

    assert [second.at for second in told(*crowded).seconds] == [NOW_S, NOW_S + 1, NOW_S + 2]


@given(
    st.lists(st.integers(0, 30), min_size=1, max_size=40),
    st.sampled_from([(2000, 2000), (2000, 500), (2000, 300), (7, 3), (1, 1)]),
)
def test_no_second_is_ever_told_to_have_had_more_than_the_limit(
    claims: list[int], pace: tuple[int, int]
) -> None:
    limit, chunk = pace
    rows = [
        Chunk(n, ChunkState.ACCEPTED, chunk, "c", NOW_S + at, 1, f"m{n}")
        for n, at in enumerate(claims)
    ]
    found = account(report(CAMPAIGN, rows, (), 0), rows, (), limit=limit)

    assert found.busiest <= limit
    assert sum(second.openids for second in found.seconds) == chunk * len(claims)


def test_troubles_are_summed_by_code_with_their_meaning() -> None:
    overcome = replace(TOLD, errcode=45011, rid="5f3e-0000-2222", reason="Too many")
    found = told(replace(LOST, openids=5), overcome, REFUSED).troubles

    assert [trouble.errcode for trouble in found] == [45011, None, 40003]
    minute, lost, invalid = found
    assert (minute.calls, minute.overcome, minute.rid) == (1, 1, "5f3e-0000-2222")
    assert "Too many calls this minute" in minute.meaning
    assert (invalid.calls, invalid.openids, invalid.overcome) == (1, 1, 0)
    assert (lost.meaning, lost.overcome) == (ABANDONED, 0)


def test_results_that_are_awaited_and_those_that_will_never_come_are_told_apart() -> None:
    by_hand = replace(LOST, state=ChunkState.ACCEPTED, reason="Taken for sent by the operator")
    found = told(TOLD, replace(TOLD, number=5, message_id="m5"), by_hand,
                 results=(a_result("m1", 1990),))  # fmt: skip

    assert (found.accepted, found.awaited, found.miscounted) == (6000, 2000, 2010)
    assert found.last_result_at == NOW_S + 5


def test_a_campaign_that_sent_nothing_has_no_seconds() -> None:
    found = told(WAITING)

    assert (found.seconds, found.busiest, found.took_s, found.pace) == ((), 0, 0, 0)
    assert found.facts()["first_call_at"] is None
    assert chart(found.seconds, LIMIT) is None


# ------------------------------------------------------------------------- chart


@pytest.mark.parametrize(
    ("span_s", "width_s"), [(1, 1), (60, 1), (61, 2), (601, 15), (10**6, 7200)]
)
def test_bars_are_as_narrow_as_their_number_allows(span_s: int, width_s: int) -> None:
    assert bar_width_s(span_s) == width_s


def test_a_bar_is_the_average_of_its_seconds_and_reaches_the_limit_only_at_full_pace() -> None:
    seconds = [Second(NOW_S + s, 2000, 0) for s in range(1, 2 * MAX_BARS)]
    drawn = chart([Second(NOW_S, 0, 2000), *seconds], LIMIT)

    assert drawn is not None
    assert (drawn.width_s, len(drawn.bars)) == (2, MAX_BARS)
    assert (drawn.bars[0].accepted, drawn.bars[0].unknown) == (1000, 1000)
    for bar in drawn.bars:
        assert bar.accepted_height + bar.unknown_height == pytest.approx(1000 - drawn.limit_y)


def test_a_second_without_a_call_is_a_gap() -> None:
    drawn = chart([Second(NOW_S, 5, 0), Second(NOW_S + 3, 5, 0)], LIMIT)

    assert drawn is not None
    assert [bar.x for bar in drawn.bars] == [0, 750]
    assert (drawn.begins_at, drawn.ends_at) == (NOW_S, NOW_S + 4)
