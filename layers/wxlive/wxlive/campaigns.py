"""A campaign tells every follower once that a room is live. Its states, its ledger, its report.

What is *stored* are decisions: the campaign's (sending, paused, …) and each chunk's (queued,
sending, accepted, …). What follows from them is *derived* when somebody looks: ``sent`` and
``settled``, the sums, which result belongs to which chunk. So nothing can drift apart, and a
result may come before or after our own record of its ``message_id``.

::

    campaign   planned → sending → (sent → settled)
                          ⇅ paused, waiting_live      → cancelled, failed
    chunk      queued → sending → accepted (+ result) | refused | unknown
                  ↑________|  surely not sent
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Self

from wxlive.messages import PushResult

CAMPAIGN_KEPT_S = 90 * 86_400
OPENIDS_KEPT_S = 7 * 86_400
CLAIM_STALE_S = 120
"""A claim older than this has outlived its worker: push_fanout runs for 60 s at most."""

ABANDONED = "The worker stopped between the claim and WeChat's answer; the call may have left"

CLOCK_SKEW_S = 300
"""WeChat stamps results with its own clock."""


class CampaignState(StrEnum):
    """Where a campaign stands. ``SENT`` and ``SETTLED`` are derived, never stored."""

    PLANNED = "planned"
    SENDING = "sending"
    WAITING_LIVE = "waiting_live"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    FAILED = "failed"
    SENT = "sent"
    SETTLED = "settled"


ENDED = frozenset({CampaignState.CANCELLED, CampaignState.FAILED})
"""Nothing more will be sent, whatever is still queued."""

HELD = frozenset({CampaignState.PAUSED, CampaignState.WAITING_LIVE})
"""Nothing is sent for now; ``resume`` goes on."""


class ChunkState(StrEnum):
    """A chunk's fate. The names are the contract's."""

    QUEUED = "queued"
    SENDING = "sending"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Campaign:
    """One push of one room. Times are Unix seconds.

    ``audience`` and ``chunks`` count what is planned so far; ``cursor`` is the last openid that
    was planned and ``fully_planned`` says that nobody follows it. ``resume_at`` is set while the
    campaign waits for a moment (quota), ``held_since`` while it is held at all.
    """

    campaign: str
    room_id: int
    day: str
    state: CampaignState
    created_at: int
    reason: str | None = None
    audience: int = 0
    chunks: int = 0
    cursor: str | None = None
    fully_planned: bool = False
    planned_at: int = 0
    held_since: int = 0
    resume_at: int = 0


@dataclass(frozen=True, slots=True)
class Chunk:
    """A ledger row: up to 2000 openids that share one call. Times are Unix seconds."""

    number: int
    state: ChunkState
    openids: int
    claim: str = ""
    claimed_at: int = 0
    attempts: int = 0
    message_id: str | None = None
    errcode: int | None = None
    rid: str | None = None
    reason: str | None = None

    def is_abandoned(self, now_s: float) -> bool:
        """Whether its worker died between the claim and the answer: the call may have left."""
        return self.state is ChunkState.SENDING and now_s - self.claimed_at > CLAIM_STALE_S

    def as_seen(self, now_s: float) -> Self:
        """Return the row as it stands now.

        An abandoned claim is unknown, even before its message comes back to write that down.
        """
        if not self.is_abandoned(now_s):
            return self
        return replace(self, state=ChunkState.UNKNOWN, reason=ABANDONED)


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a campaign, as its ledger and WeChat's results tell it."""

    campaign: Campaign
    state: CampaignState
    chunks: Mapping[ChunkState, int]
    openids: Mapping[ChunkState, int]
    results: Mapping[str, int]
    reasons: tuple[str, ...] = ()
    orphans: tuple[PushResult, ...] = field(default=())

    @property
    def nothing_left_to_send(self) -> bool:
        """Whether no chunk is queued or under way and none will be added."""
        planned = self.campaign.fully_planned or self.campaign.state in ENDED
        return planned and not (self.chunks[ChunkState.QUEUED] or self.chunks[ChunkState.SENDING])

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to send and every accepted chunk has its result."""
        return (
            self.nothing_left_to_send
            and self.results["reported_chunks"] == self.chunks[ChunkState.ACCEPTED]
        )

    @property
    def in_trouble(self) -> bool:
        """Whether somebody must look: it failed, or chunks were refused or have no known fate."""
        return self.state is CampaignState.FAILED or any(
            self.chunks[state] for state in (ChunkState.REFUSED, ChunkState.UNKNOWN)
        )

    def summary(self) -> dict[str, Any]:
        """The contract's JSON for ``wxlive push`` and ``wxlive status``."""
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
            "orphans": [
                {"message_id": orphan.message_id, "total": orphan.total} for orphan in self.orphans
            ],
        }


def report(campaign: Campaign, ledger: Iterable[Chunk], results: Iterable[PushResult]) -> Report:
    """Join the ledger with the results of its room by ``message_id``.

    The queued chunks of a campaign that has ended will make no call: they count as cancelled.
    A result that fits no chunk is an orphan: shown, never dropped.
    """
    by_message = {result.message_id: result for result in results}
    chunks = dict.fromkeys(ChunkState, 0)
    openids = dict.fromkeys(ChunkState, 0)
    joined: list[PushResult] = []
    reasons: dict[str, None] = {}
    for chunk in ledger:
        state = _state_in(campaign, chunk)
        chunks[state] += 1
        openids[state] += chunk.openids
        if chunk.reason and state in {ChunkState.REFUSED, ChunkState.UNKNOWN}:
            reasons[chunk.reason] = None
        if chunk.message_id is not None and chunk.message_id in by_message:
            joined.append(by_message.pop(chunk.message_id))
    since = campaign.created_at - CLOCK_SKEW_S
    orphans = tuple(result for result in by_message.values() if result.time_s >= since)
    counts = _sum_results(joined)
    return Report(
        campaign=campaign,
        state=_derived_state(campaign, chunks, counts["reported_chunks"]),
        chunks=chunks,
        openids=openids,
        results=counts,
        reasons=tuple(reasons),
        orphans=orphans,
    )


def _state_in(campaign: Campaign, chunk: Chunk) -> ChunkState:
    if chunk.state is ChunkState.QUEUED and campaign.state in ENDED:
        return ChunkState.CANCELLED
    return chunk.state


def _derived_state(
    campaign: Campaign, chunks: Mapping[ChunkState, int], reported: int
) -> CampaignState:
    left = chunks[ChunkState.QUEUED] + chunks[ChunkState.SENDING]
    if campaign.state in ENDED or left or not campaign.fully_planned:
        return campaign.state
    if reported < chunks[ChunkState.ACCEPTED]:
        return CampaignState.SENT
    return CampaignState.SETTLED


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
