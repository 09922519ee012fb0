"""A chunk is the part of a campaign's audience that shares one ``push_message`` call.

::

    queued → sending → accepted (+ result) | refused | unknown
       ↑________|  surely not sent

A queued chunk of a campaign that has ended counts as cancelled.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

MAX_OPENIDS_PER_CALL = 2000
"""Most openids in one ``push_message`` call: docs/wechat-protocol.md#push."""

OPENIDS_KEPT_S = 7 * 86_400

CLAIM_STALE_S = 120
"""A claim older than this has outlived its worker: push_fanout runs for 60 s at most."""

ABANDONED = "The worker stopped between the claim and WeChat's answer; the call may have left"

RESULT_OVERDUE_S = 3600
"""A result that has not come by then is not expected any more: WeChat delivers within seconds."""


class ChunkState(StrEnum):
    """The state of a chunk in the ledger."""

    QUEUED = "queued"
    SENDING = "sending"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"


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
        """Whether its result, if it has not come, is no longer expected."""
        return now_s - self.claimed_at > RESULT_OVERDUE_S

    def as_seen(self, now_s: float) -> Self:
        """Return the row as of now.

        An abandoned claim is unknown, even before its message returns to record that.
        """
        if not self.is_abandoned(now_s):
            return self
        return replace(self, state=ChunkState.UNKNOWN, reason=ABANDONED)
