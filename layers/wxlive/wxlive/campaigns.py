"""A campaign tells every follower once that a room is live. Its states and its ledger.

What is *stored* are decisions: the campaign's (sending, paused, …) and each chunk's (queued,
sending, accepted, …). What follows from them is *derived* when somebody looks
(``wxlive.reports``). So nothing can drift apart, and a result may come before or after our own
record of its ``message_id``.

::

    campaign   planned → sending → (sent → settled)
                          ⇅ paused, waiting_live      → cancelled, failed
    chunk      queued → sending → accepted (+ result) | refused | unknown
                  ↑________|  surely not sent
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Self

from wxlive.followers import EVERYBODY, Audience

CAMPAIGN_KEPT_S = 90 * 86_400
OPENIDS_KEPT_S = 7 * 86_400
CLAIM_STALE_S = 120
"""A claim older than this has outlived its worker: push_fanout runs for 60 s at most."""

ABANDONED = "The worker stopped between the claim and WeChat's answer; the call may have left"

RESULT_OVERDUE_S = 3600
"""A result that has not come by then will not: WeChat delivers within seconds, three times."""

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

    ``target`` says whom it is for. ``audience`` and ``chunks`` count what is planned so far;
    ``cursors`` are the last openids that were planned, by segment of the table, and
    ``fully_planned`` says that nobody follows them. ``resume_at`` is set while the campaign waits
    for a moment (quota), ``held_since`` while it is held at all.
    """

    campaign: str
    room_id: int
    day: str
    state: CampaignState
    created_at: int
    reason: str | None = None
    audience: int = 0
    chunks: int = 0
    target: Audience = EVERYBODY
    cursors: Mapping[str, str] = field(default_factory=dict)
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

    def is_overdue(self, now_s: float) -> bool:
        """Whether its result, if it has not come, is waited for no longer."""
        return now_s - self.claimed_at > RESULT_OVERDUE_S

    def as_seen(self, now_s: float) -> Self:
        """Return the row as it stands now.

        An abandoned claim is unknown, even before its message comes back to write that down.
        """
        if not self.is_abandoned(now_s):
            return self
        return replace(self, state=ChunkState.UNKNOWN, reason=ABANDONED)
