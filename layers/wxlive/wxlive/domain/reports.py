"""The report of a campaign: derived from its ledger and WeChat's results when it is read.

``sent`` and ``settled``, the sums, which result belongs to which chunk: none of it is stored, so
none of it can drift apart.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from wxlive.domain.attribution import CLOCK_SKEW_S, OpenCall, attribute, open_calls
from wxlive.domain.campaigns import ENDED, Campaign, CampaignState
from wxlive.domain.chunks import RESULT_OVERDUE_S, Chunk, ChunkState, EarlierCall
from wxlive.domain.events import PushResult


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of a campaign, according to its ledger and WeChat's results.

    ``unreported`` counts the accepted chunks whose result is still awaited, ``overdue`` are those
    whose result is no longer expected; ``unknown`` are the chunks whose call WeChat may or may not
    have carried out; ``orphans`` are results that fit no call; ``called_off`` are chunks that wait
    to be sent again although a result proves an earlier call of theirs, with that call;
    ``may_have_notified`` says that a call was accepted or may have reached WeChat; ``settled_at``
    is when the last result came or was given up (Unix s), 0 if none was awaited. ``reported`` are
    the chunks with a result, each with that; ``last_called_at`` is when the last call was claimed
    (Unix s), 0 if none was.
    """

    campaign: Campaign
    state: CampaignState
    chunks: Mapping[ChunkState, int]
    openids: Mapping[ChunkState, int]
    results: Mapping[str, int]
    unreported: int
    overdue: tuple[Chunk, ...]
    reasons: tuple[str, ...]
    unknown: tuple[Chunk, ...]
    orphans: tuple[PushResult, ...]
    may_have_notified: bool = False
    settled_at: int = 0
    called_off: tuple[tuple[Chunk, EarlierCall], ...] = ()
    reported: tuple[tuple[Chunk, PushResult], ...] = ()
    last_called_at: int = 0

    @property
    def nothing_left_to_send(self) -> bool:
        """Whether no chunk is queued or under way and none will be added."""
        planned = self.campaign.fully_planned or self.campaign.state in ENDED
        return planned and not (self.chunks[ChunkState.QUEUED] or self.chunks[ChunkState.SENDING])

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to send and no result is awaited."""
        return self.nothing_left_to_send and not self.unreported

    @property
    def in_trouble(self) -> bool:
        """Whether the operator should look: it failed, or chunks were refused or are unknown."""
        bad = (ChunkState.REFUSED, ChunkState.UNKNOWN)
        failed = self.state is CampaignState.FAILED
        return failed or bool(self.overdue) or any(self.chunks[state] for state in bad)

    def summary(self) -> dict[str, Any]:
        """Return the JSON of ``wxlive push`` and ``wxlive status``."""
        return {
            "campaign": self.campaign.campaign,
            "room_id": self.campaign.room_id,
            "state": self.state.value,
            "reason": self.campaign.reason,
            "audience": self.campaign.audience,
            "chunks": {state.value: n for state, n in self.chunks.items()},
            "openids": {state.value: n for state, n in self.openids.items()},
            "results": dict(self.results),
            "refusals": list(self.reasons),
            "overdue": [
                {"chunk": chunk.number, "openids": chunk.openids, "message_id": chunk.message_id}
                for chunk in self.overdue
            ],
            "orphans": [
                {"message_id": orphan.message_id, "total": orphan.total} for orphan in self.orphans
            ],
        }


@dataclass(frozen=True, slots=True)
class Joined:
    """The chunks of a campaign with WeChat's results.

    ``rows`` are the chunks as they stand, ``orphans`` the results that fit no call, ``called_off``
    as in ``Report``.
    """

    rows: tuple[Chunk, ...]
    by_message: Mapping[str, PushResult]
    orphans: tuple[PushResult, ...]
    called_off: tuple[tuple[Chunk, EarlierCall], ...]

    def result_of(self, row: Chunk) -> PushResult | None:
        """Return the result of a chunk's last call, if it has come."""
        return self.by_message.get(row.message_id) if row.message_id is not None else None


def as_it_stands(campaign: Campaign, chunk: Chunk, now_s: float) -> Chunk:
    """Return a ledger row as of now: no call follows once the campaign has ended."""
    row = chunk.as_seen(now_s)
    return row.as_left() if campaign.is_ended else row


def join(
    campaign: Campaign,
    ledger: Iterable[Chunk],
    results: Iterable[PushResult],
    now_s: float,
    *,
    others: Iterable[Chunk] = (),
) -> Joined:
    """Give each chunk its result: that with its ``message_id``, or one that proves its call.

    The arguments are those of ``report``.
    """
    rows = [as_it_stands(campaign, chunk, now_s) for chunk in ledger]
    others = [chunk.as_seen(now_s) for chunk in others]
    by_message = {result.message_id: result for result in results}
    rows, orphans, called_off = _attributed(campaign, rows, others, by_message)
    return Joined(tuple(rows), by_message, orphans, called_off)


def report(
    campaign: Campaign,
    ledger: Iterable[Chunk],
    results: Iterable[PushResult],
    now_s: float,
    *,
    others: Iterable[Chunk] = (),
) -> Report:
    """Join the ledger with the results of its room, as of ``now_s`` (Unix s).

    A result belongs to the chunk with its ``message_id``, or proves that an unknown chunk was sent
    (``wxlive.domain.attribution``). What is left over is an orphan: shown, never dropped. The
    queued chunks of a campaign that has ended will make no call: they count as cancelled, or as
    what an earlier call left (``Chunk.as_left``).

    Args:
        campaign: the campaign.
        ledger: its chunks.
        results: the results of its room.
        now_s: the present time.
        others: the chunks of the room's other campaigns, which have results of their own.
    """
    return report_of(campaign, join(campaign, ledger, results, now_s, others=others), now_s)


def report_of(campaign: Campaign, joined: Joined, now_s: float) -> Report:
    """Sum up the chunks of a campaign with their results, as of ``now_s`` (Unix s)."""
    rows = joined.rows
    sent = [(row, joined.result_of(row)) for row in rows if row.message_id is not None]
    reported = tuple((row, result) for row, result in sent if result is not None)
    came = [result for _, result in reported]
    missing = [row for row, result in sent if result is None]
    overdue = tuple(sorted((r for r in missing if r.is_overdue(now_s)), key=lambda r: r.number))
    unreported = len(missing) - len(overdue)
    counts = Counter(row.state for row in rows)
    chunks = {state: counts[state] for state in ChunkState}
    return Report(
        campaign=campaign,
        state=_derived_state(campaign, chunks, unreported),
        chunks=chunks,
        openids={state: _openids_in(rows, state) for state in ChunkState},
        results=_sum_results(came),
        unreported=unreported,
        overdue=overdue,
        reasons=_reasons(rows),
        unknown=tuple(row for row in rows if row.state is ChunkState.UNKNOWN),
        orphans=joined.orphans,
        may_have_notified=any(row.may_have_notified for row in rows),
        settled_at=max(
            (*(result.time_s for result in came), *map(_given_up_at, overdue)), default=0
        ),
        called_off=joined.called_off,
        reported=reported,
        last_called_at=max((row.claimed_at for row in rows), default=0),
    )


def _attributed(
    campaign: Campaign,
    rows: Sequence[Chunk],
    others: Sequence[Chunk],
    by_message: Mapping[str, PushResult],
) -> tuple[list[Chunk], tuple[PushResult, ...], tuple[tuple[Chunk, EarlierCall], ...]]:
    """Give rows the results that prove them.

    Returns:
        The rows, the results of no call, and the queued rows one of whose earlier calls is proven.
    """
    named = {name for chunk in (*rows, *others) for name in chunk.message_ids}
    since = campaign.created_at - CLOCK_SKEW_S
    strays = [result for result in by_message.values() if result.message_id not in named]
    own = open_calls(rows)
    pairs = attribute([*own, *open_calls(others)], strays)
    used = {result.message_id for _, result in pairs}
    proven = {
        call.chunk: result.message_id
        for call, result in pairs
        if call.chunk is not None and any(call is one for one in own)
    }
    sent = [
        replace(row, state=ChunkState.ACCEPTED, message_id=proven[row.number])
        if row.number in proven
        else row
        for row in rows
    ]
    left = [stray for stray in strays if stray.message_id not in used]
    orphans = tuple(stray for stray in left if stray.time_s >= since)
    return sent, orphans, _called_off(rows, pairs)


def _called_off(
    rows: Iterable[Chunk], pairs: Iterable[tuple[OpenCall, PushResult]]
) -> tuple[tuple[Chunk, EarlierCall], ...]:
    proven = {call.claim: result.message_id for call, result in pairs if call.claim}
    return tuple(
        (row, replace(call, message_id=proven[call.claim]))
        for row in rows
        if row.state is ChunkState.QUEUED
        for call in row.earlier_calls
        if call.claim in proven and call.openids == row.openids
    )


def _derived_state(
    campaign: Campaign, chunks: Mapping[ChunkState, int], unreported: int
) -> CampaignState:
    left = chunks[ChunkState.QUEUED] + chunks[ChunkState.SENDING]
    if campaign.state in ENDED or left or not campaign.fully_planned:
        return campaign.state
    if not campaign.chunks:
        return CampaignState.FAILED
    return CampaignState.SENT if unreported else CampaignState.SETTLED


def _given_up_at(row: Chunk) -> int:
    return row.claimed_at + RESULT_OVERDUE_S


def _openids_in(rows: Sequence[Chunk], state: ChunkState) -> int:
    return sum(row.openids for row in rows if row.state is state)


def _reasons(rows: Sequence[Chunk]) -> tuple[str, ...]:
    """Return why chunks were refused or became unknown, each reason once."""
    failed = (ChunkState.REFUSED, ChunkState.UNKNOWN)
    return tuple(dict.fromkeys(row.reason for row in rows if row.reason and row.state in failed))


def _sum_results(results: list[PushResult]) -> dict[str, int]:
    return {
        "reported_chunks": len(results),
        "total": sum(r.total for r in results),
        "success": sum(r.success for r in results),
        "openid_error": sum(r.openid_error for r in results),
        "relation_error": sum(r.relation_error for r in results),
        "user_recv_limit": sum(r.user_recv_limit for r in results),
        "internal_error": sum(r.internal_error for r in results),
    }
