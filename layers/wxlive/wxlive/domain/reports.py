"""The report of a campaign: derived from its ledger and WeChat's results when it is read.

``sent`` and ``settled``, the sums, which result belongs to which chunk: none of it is stored, so
none of it can drift apart.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from wxlive.domain.campaigns import CLOCK_SKEW_S, ENDED, Campaign, CampaignState
from wxlive.domain.chunks import Chunk, ChunkState
from wxlive.domain.events import PushResult


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of a campaign, according to its ledger and WeChat's results.

    ``unreported`` counts the accepted chunks whose result is still awaited, ``overdue`` are those
    whose result is no longer expected; ``unknown`` are the chunks whose call WeChat may or may not
    have carried out; ``orphans`` are results that fit no chunk.
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


def report(
    campaign: Campaign, ledger: Iterable[Chunk], results: Iterable[PushResult], now_s: float
) -> Report:
    """Join the ledger with the results of its room, as of ``now_s`` (Unix s).

    A result belongs to the chunk with its ``message_id``, or shows that an unknown chunk was
    sent (``resolve``). What is left over is an orphan: shown, never dropped. The queued chunks
    of a campaign that has ended will make no call: they count as cancelled.
    """
    since = campaign.created_at - CLOCK_SKEW_S
    by_message = {result.message_id: result for result in results}
    rows = [_as_ended(campaign, chunk.as_seen(now_s)) for chunk in ledger]
    named = {chunk.message_id for chunk in rows}
    strays = [r for r in by_message.values() if r.message_id not in named and r.time_s >= since]
    rows = resolve(rows, strays)
    sent = [row for row in rows if row.message_id is not None]
    joined = [by_message[row.message_id] for row in sent if row.message_id in by_message]
    missing = [row for row in sent if row.message_id not in by_message]
    overdue = tuple(sorted((r for r in missing if r.is_overdue(now_s)), key=lambda r: r.number))
    unreported = len(missing) - len(overdue)
    claimed = {row.message_id for row in sent}
    counts = Counter(row.state for row in rows)
    chunks = {state: counts[state] for state in ChunkState}
    return Report(
        campaign=campaign,
        state=_derived_state(campaign, chunks, unreported),
        chunks=chunks,
        openids={state: _openids_in(rows, state) for state in ChunkState},
        results=_sum_results(joined),
        unreported=unreported,
        overdue=overdue,
        reasons=_reasons(rows),
        unknown=tuple(row for row in rows if row.state is ChunkState.UNKNOWN),
        orphans=tuple(stray for stray in strays if stray.message_id not in claimed),
    )


def resolve(ledger: Sequence[Chunk], strays: Sequence[PushResult]) -> list[Chunk]:
    """Turn unknown chunks into accepted ones where stray results prove that they were sent.

    A result names no openid, only how many there were, so chunks of one size look alike.
    But when there are as many strays of a size as unknown chunks, and no chunk of that size is in
    progress whose result may have come early, each of them was sent.
    """
    under_way = {row.openids for row in ledger if row.state is ChunkState.SENDING}
    unknown = Counter(row.openids for row in ledger if row.state is ChunkState.UNKNOWN)
    found: dict[int, list[str]] = {}
    for stray in sorted(strays, key=lambda result: (result.time_s, result.message_id)):
        found.setdefault(stray.total, []).append(stray.message_id)
    sure = {
        size: iter(found[size])
        for size, count in unknown.items()
        if len(found.get(size, ())) == count and size not in under_way
    }
    return [
        replace(row, state=ChunkState.ACCEPTED, message_id=next(sure[row.openids]))
        if row.state is ChunkState.UNKNOWN and row.openids in sure
        else row
        for row in ledger
    ]


def _as_ended(campaign: Campaign, chunk: Chunk) -> Chunk:
    if chunk.state is ChunkState.QUEUED and campaign.state in ENDED:
        return replace(chunk, state=ChunkState.CANCELLED)
    return chunk


def _derived_state(
    campaign: Campaign, chunks: Mapping[ChunkState, int], unreported: int
) -> CampaignState:
    left = chunks[ChunkState.QUEUED] + chunks[ChunkState.SENDING]
    if campaign.state in ENDED or left or not campaign.fully_planned:
        return campaign.state
    return CampaignState.SENT if unreported else CampaignState.SETTLED


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
