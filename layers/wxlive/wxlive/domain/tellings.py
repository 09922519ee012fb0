"""Was this person told? What one campaign means for one follower, and how sure that is. Pure.

WeChat reports on a call as a whole, by counts. So nothing is said of a person with more certainty
than all of their call allow.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from wxlive.domain.campaigns import HELD, Campaign
from wxlive.domain.chunks import Chunk, ChunkState
from wxlive.domain.events import RESULT_ERRORS, PushResult
from wxlive.domain.followers import Follower, Status


class Told(StrEnum):
    """Whether somebody was notified."""

    TOLD = "told"
    PROBABLY_TOLD = "probably_told"
    NOT_TOLD = "not_told"
    UNKNOWN = "unknown"
    QUEUED = "queued"
    NOT_IN_AUDIENCE = "not_in_audience"


class Why(StrEnum):
    """Why that is so, or why it is not known."""

    ALL_TOLD = "all_told"
    SOME_NOT = "some_not"
    ALL_FAILED = "all_failed"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    ENDED_BEFORE = "ended_before"
    NO_ANSWER = "no_answer"
    UNDER_WAY = "under_way"
    RESULT_AWAITED = "result_awaited"
    RESULT_OVERDUE = "result_overdue"
    BY_HAND = "by_hand"
    EARLIER_CALL = "earlier_call"
    BEING_PLANNED = "being_planned"
    NOT_INDEXED = "not_indexed"
    TRIAL = "trial"
    WAITS = "waits"
    HELD = "held"
    NOT_SUBSCRIBED = "not_subscribed"
    SUBSCRIBED_LATER = "subscribed_later"
    KNOWN_LATER = "known_later"
    OUTSIDE = "outside"
    MUTED = "muted"
    EXCEPTED = "excepted"
    TOLD_BEFORE = "told_before"
    NOT_ON_RECORD = "not_on_record"


@dataclass(frozen=True, slots=True)
class Telling:
    """What a campaign means for somebody.

    ``at`` is when the call was made, or else what the outcome followed from (Unix s). ``chunk`` is
    the number of the call, with ``openids`` in it, and ``result`` WeChat's report on it. ``reason``
    is the sentence that is on record.
    """

    campaign: str
    room_id: int
    outcome: Told
    why: Why
    at: int
    chunk: int | None = None
    openids: int = 0
    reason: str | None = None
    result: PushResult | None = None

    def summary(self) -> dict[str, Any]:
        """Return the JSON of ``wxlive followers get``."""
        return {
            "campaign": self.campaign,
            "room_id": self.room_id,
            "chunk": self.chunk,
            "outcome": self.outcome.value,
            "at": self.at,
            "why": self.why.value,
            "reason": self.reason,
            "call": self._call(),
        }

    def _call(self) -> dict[str, int] | None:
        if self.chunk is None:
            return None
        counts = ("success", *RESULT_ERRORS)
        reported = {name: getattr(self.result, name) for name in counts} if self.result else {}
        return {"openids": self.openids, **reported}


def of_chunk(campaign: Campaign, row: Chunk, result: PushResult | None, now_s: float) -> Telling:
    """Return what a chunk means for whoever is in it.

    Args:
        campaign: the campaign.
        row: the chunk as it stands (``domain.reports``).
        result: WeChat's report on its call, None if it has not come.
        now_s: the present time.
    """
    outcome, why = _judge(campaign, row, result, now_s)
    reason = row.reason
    if row.state is ChunkState.CANCELLED or why is Why.HELD:
        reason = campaign.reason
    return Telling(
        campaign.campaign,
        campaign.room_id,
        outcome,
        why,
        _when(campaign, row),
        row.number,
        row.openids,
        reason,
        result,
    )


def of_nobody(campaign: Campaign, outcome: Told, why: Why) -> Telling:
    """Return what a campaign means for somebody who is in none of its chunks, or may be in one."""
    at = campaign.ended_at if why is Why.ENDED_BEFORE else planned_at(campaign)
    reason = campaign.reason if why is Why.ENDED_BEFORE else None
    return Telling(campaign.campaign, campaign.room_id, outcome, why, at, reason=reason)


def why_absent(
    campaign: Campaign,
    follower: Follower | None,
    *,
    muted_at: int,
    is_excepted: bool,
    was_told: bool,
) -> Why:
    """Return why somebody is in no chunk of a campaign, as far as the records tell.

    Args:
        campaign: the campaign.
        follower: the record as it is now.
        muted_at: since when the follower is muted (Unix s), 0 if not.
        is_excepted: whether the push's list of exceptions has the follower.
        was_told: whether an earlier campaign for the room may have notified the follower.
    """
    planned_s = planned_at(campaign)
    reasons = {
        Why.TOLD_BEFORE: was_told and not campaign.again,
        Why.MUTED: 0 < muted_at <= planned_s,
        Why.EXCEPTED: is_excepted,
        Why.NOT_SUBSCRIBED: follower is None or _was_gone(follower, planned_s),
        **(_why_overlooked(campaign, follower) if follower is not None else {}),
    }
    return next((why for why, is_so in reasons.items() if is_so), Why.NOT_ON_RECORD)


def _was_gone(follower: Follower, at_s: int) -> bool:
    return follower.status is not Status.SUBSCRIBED and follower.changed_at <= at_s


def _why_overlooked(campaign: Campaign, follower: Follower) -> dict[Why, bool]:
    """Return what a subscribed follower's record says."""
    if follower.status is not Status.SUBSCRIBED:
        return {}
    return {
        Why.SUBSCRIBED_LATER: follower.subscribed_at > campaign.created_at,
        Why.OUTSIDE: not campaign.target.includes(follower),
        Why.KNOWN_LATER: follower.changed_at > campaign.created_at,
    }


def planned_at(campaign: Campaign) -> int:
    """Return when the audience was determined (Unix s)."""
    return campaign.planned_at or campaign.created_at


_JUDGED = {
    ChunkState.SENDING: (Told.UNKNOWN, Why.UNDER_WAY),
    ChunkState.UNKNOWN: (Told.UNKNOWN, Why.NO_ANSWER),
    ChunkState.QUEUED: (Told.QUEUED, Why.WAITS),
    ChunkState.REFUSED: (Told.NOT_TOLD, Why.REFUSED),
    ChunkState.CANCELLED: (Told.NOT_TOLD, Why.CANCELLED),
}
"""What the state of a chunk says that WeChat has not accepted, if no other call is known."""


def _judge(
    campaign: Campaign, row: Chunk, result: PushResult | None, now_s: float
) -> tuple[Told, Why]:
    if row.state is ChunkState.ACCEPTED:
        return _judge_accepted(row, result, now_s)
    outcome, why = _JUDGED[row.state]
    if outcome is not Told.UNKNOWN and row.may_have_notified:
        return Told.UNKNOWN, Why.EARLIER_CALL
    is_held = row.state is ChunkState.QUEUED and campaign.state in HELD
    return outcome, Why.HELD if is_held else why


def _judge_accepted(row: Chunk, result: PushResult | None, now_s: float) -> tuple[Told, Why]:
    if result is not None:
        return _judge_result(row, result)
    if row.message_id is None:
        return Told.UNKNOWN, Why.BY_HAND
    return Told.UNKNOWN, Why.RESULT_OVERDUE if row.is_overdue(now_s) else Why.RESULT_AWAITED


def _judge_result(row: Chunk, result: PushResult) -> tuple[Told, Why]:
    if result.success >= row.openids:
        return Told.TOLD, Why.ALL_TOLD
    return (Told.PROBABLY_TOLD, Why.SOME_NOT) if result.success else (Told.NOT_TOLD, Why.ALL_FAILED)


def _when(campaign: Campaign, row: Chunk) -> int:
    if row.state is ChunkState.CANCELLED:
        return campaign.ended_at or row.queued_at
    if row.state is ChunkState.QUEUED:
        return row.queued_at
    return row.slot_ms // 1000 or row.claimed_at or row.queued_at
