"""A campaign's report: nothing is lost in the sums, and the order of its sources is nothing."""

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from factories import DAY, NOW_S, ROOM
from support.budget import budget
from wxlive.domain import reports
from wxlive.domain.attribution import CLOCK_SKEW_S
from wxlive.domain.campaigns import ENDED, Campaign, CampaignState
from wxlive.domain.chunks import Chunk, ChunkState, EarlierCall
from wxlive.domain.events import PushResult
from wxlive.domain.reports import Report

examples = budget(fast=40, thorough=1000)

STORED = [s for s in CampaignState if s not in {CampaignState.SENT, CampaignState.SETTLED}]
COUNTS = st.integers(0, 2000)
MESSAGE_IDS = [f"m-{i}" for i in range(12)]
SUMMED = (
    "total",
    "success",
    "openid_error",
    "relation_error",
    "user_recv_limit",
    "internal_error",
)

SIZES = st.integers(1, 3) | st.integers(1, 2000)
CALLED = {ChunkState.SENDING, ChunkState.UNKNOWN, ChunkState.ACCEPTED}

CAMPAIGNS = st.builds(
    Campaign,
    campaign=st.just("c-1"),
    room_id=st.just(ROOM),
    day=st.just(DAY),
    state=st.sampled_from(STORED),
    created_at=st.just(NOW_S),
    chunks=st.just(1),
    fully_planned=st.booleans(),
)


@dataclass(frozen=True)
class Sources:
    """What a report is made of: each message_id belongs to one chunk and one result at most."""

    campaign: Campaign
    ledger: list[Chunk]
    results: list[PushResult]
    others: list[Chunk]

    @property
    def rows(self) -> list[Chunk]:
        """The ledger, without what waits for a call that will not be made."""
        is_ended = self.campaign.is_ended
        return [row.as_left() for row in self.ledger] if is_ended else self.ledger

    def report(self) -> Report:
        return reports.report(self.campaign, self.ledger, self.results, 0, others=self.others)


@st.composite
def sources(draw: st.DrawFn) -> Sources:
    """All calls and results are so near to each other that only sizes tell them apart."""
    ledger = draw(st.lists(chunks(), max_size=8))
    others = draw(st.lists(chunks(), max_size=2))
    numbered = [replace(row, number=number) for number, row in enumerate(ledger + others)]
    rows = [_named(row) for row in numbered]
    reported = draw(st.lists(st.sampled_from(MESSAGE_IDS), unique=True))
    return Sources(
        draw(CAMPAIGNS),
        rows[: len(ledger)],
        [draw(results(each)) for each in reported],
        rows[len(ledger) :],
    )


@st.composite
def chunks(draw: st.DrawFn) -> Chunk:
    """A chunk; one that says ``m`` is given a message_id later."""
    state = draw(st.sampled_from(ChunkState))
    is_named = state is ChunkState.ACCEPTED and draw(st.integers(0, 3)) > 0
    return Chunk(
        number=0,
        state=state,
        openids=draw(SIZES),
        message_id="m" if is_named else None,
        reason=draw(st.sampled_from([None, "taken", "cut"])),
        earlier_calls=tuple(EarlierCall(0, size) for size in draw(st.lists(SIZES, max_size=1))),
    )


def _named(row: Chunk) -> Chunk:
    return replace(
        row,
        claimed_at=NOW_S + 50 + row.number,
        message_id=MESSAGE_IDS[row.number] if row.message_id else None,
        earlier_calls=tuple(
            replace(call, called_at=NOW_S + row.number) for call in row.earlier_calls
        ),
    )


@st.composite
def results(draw: st.DrawFn, message_id: str) -> PushResult:
    counts = {name: draw(st.integers(1, 3) | COUNTS) for name in SUMMED}
    times = st.sampled_from([NOW_S + 60, NOW_S - 200, NOW_S - CLOCK_SKEW_S - 1])
    return PushResult(message_id=message_id, room_id=ROOM, time_s=draw(times), **counts)


def ids_of(ledger: list[Chunk]) -> set[str]:
    return {chunk.message_id for chunk in ledger if chunk.message_id is not None}


@examples
@given(sources())
def test_every_chunk_and_every_openid_is_counted_once(given_: Sources) -> None:
    report = given_.report()
    assert sum(report.chunks.values()) == len(given_.ledger)
    assert sum(report.openids.values()) == sum(chunk.openids for chunk in given_.ledger)
    assert set(report.chunks) == set(report.openids) == set(ChunkState)


def proven_sizes(given_: Sources, strays: list[PushResult]) -> set[int]:
    """The sizes of which there are as many strays as open calls, none of them in progress."""
    calls: Counter[int] = Counter()
    in_progress: set[int] = set()
    for row in given_.rows + given_.others:
        calls.update(call.openids for call in row.earlier_calls)
        if row.state in CALLED and row.message_id is None and row.claimed_at:
            calls[row.openids] += 1
            if row.state is ChunkState.SENDING:
                in_progress.add(row.openids)
    found = Counter(stray.total for stray in strays)
    return {size for size in found if found[size] == calls[size]} - in_progress


@examples
@given(sources())
def test_every_result_is_joined_proves_a_call_is_an_orphan_or_of_an_earlier_push(
    given_: Sources,
) -> None:
    report = given_.report()
    known = ids_of(given_.rows)
    joined = [result for result in given_.results if result.message_id in known]
    strays = [
        result
        for result in given_.results
        if result.message_id not in known | ids_of(given_.others)
        and result.time_s >= NOW_S - CLOCK_SKEW_S
    ]
    proven = proven_sizes(given_, strays)
    rows = [
        row
        for row in given_.rows
        if row.state in CALLED and row.message_id is None and row.openids in proven
        if row.claimed_at  # else it was cut after its call: no result is its own
    ]
    unknown = [row for row in given_.rows if row.state is ChunkState.UNKNOWN]
    assert list(report.orphans) == [stray for stray in strays if stray.total not in proven]
    assert list(report.unknown) == [row for row in unknown if row not in rows]
    assert report.results["reported_chunks"] == len(joined) + len(rows)
    assert report.results["total"] == sum(result.total for result in joined) + sum(
        row.openids for row in rows
    )
    for name in SUMMED:
        least = sum(getattr(result, name) for result in joined)
        assert least <= report.results[name] <= least + sum(getattr(r, name) for r in strays)


@examples
@given(sources(), st.data())
def test_the_order_of_ledger_and_results_is_nothing(given_: Sources, data: st.DataObject) -> None:
    shuffled = Sources(
        given_.campaign,
        data.draw(st.permutations(given_.ledger)),
        data.draw(st.permutations(given_.results)),
        data.draw(st.permutations(given_.others)),
    )
    assert _comparable(shuffled.report()) == _comparable(given_.report())


def _comparable(report: Report) -> dict[str, Any]:
    summary = report.summary()
    summary["orphans"] = sorted(summary["orphans"], key=lambda orphan: orphan["message_id"])
    summary["refusals"] = sorted(summary["refusals"])
    return summary


@examples
@given(sources())
def test_the_state_follows_from_what_is_stored(given_: Sources) -> None:
    report = given_.report()
    states = [chunk.state for chunk in given_.ledger]
    left = ChunkState.QUEUED in states or ChunkState.SENDING in states
    unreported = ids_of(given_.ledger) - {result.message_id for result in given_.results}
    stored = given_.campaign.state
    if stored in ENDED or left or not given_.campaign.fully_planned:
        assert report.state is stored
    else:
        assert report.state is (CampaignState.SENT if unreported else CampaignState.SETTLED)


@examples
@given(sources())
def test_what_is_over_has_nothing_left_and_stays_over(given_: Sources) -> None:
    report = given_.report()
    assert report.is_over <= report.nothing_left_to_send
    if report.state is CampaignState.SETTLED:
        assert report.is_over
    if report.is_over:
        assert report.state in {CampaignState.SETTLED, *ENDED}


@examples
@given(sources())
def test_an_ended_campaign_has_nothing_queued(given_: Sources) -> None:
    report = given_.report()
    if given_.campaign.state in ENDED:
        assert report.chunks[ChunkState.QUEUED] == 0


@examples
@given(sources())
def test_reasons_are_listed_once_each_and_only_of_trouble(given_: Sources) -> None:
    report = given_.report()
    refused = [chunk for chunk in given_.ledger if chunk.state is ChunkState.REFUSED]
    trouble = [*refused, *report.unknown]
    assert len(report.reasons) == len(set(report.reasons))
    assert set(report.reasons) == {chunk.reason for chunk in trouble} - {None}
    assert report.in_trouble == (given_.campaign.state is CampaignState.FAILED or bool(trouble))
