"""A chunk is the part of a campaign's audience that shares one ``push_message`` call.

::

    queued → sending → accepted (+ result) | refused | unknown
       ↑________|  surely not sent

A queued chunk of a campaign that has ended counts as cancelled.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple, Self

MAX_OPENIDS_PER_CALL = 2000
"""Most openids in one ``push_message`` call: docs/wechat-protocol.md#push."""

CALL_LIMIT_S = 18
"""A call takes at most so long: the connection's and the answer's timeouts."""

CALL_DELAY_S = 1
"""A call begins within so long after its claim, or not at all."""

CLAIM_STALE_S = 30
"""A claim without an outcome after so long has lost its worker, or its worker can no longer call.

The call has begun within ``CALL_DELAY_S`` and ended after ``CALL_LIMIT_S``.
"""

SIZE_SPREAD_PERCENT = 0.75
"""Chunks that follow each other differ in size within this share, so that a result names its call.

At 2000 openids there are 16 sizes, 2000 to 1985, which costs 0.4 % more calls.
"""

REFUSED_CALLS_KEPT = 20
"""So many refused calls of a chunk stay on record; the row must stay small."""

ABANDONED = "The worker stopped between the claim and WeChat's answer; the call may have left"

SENT_AGAIN = "It was to be sent again when the campaign ended; an earlier call may have notified"

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


class RefusedCall(NamedTuple):
    """A call that WeChat refused, after which its openids were queued again."""

    slot_ms: int
    openids: int
    errcode: int


@dataclass(frozen=True, slots=True)
class EarlierCall:
    """A call that may have notified its openids before the chunk was queued again.

    ``called_at`` is when ``claim`` was made (Unix s), for the slot at ``slot_ms`` (Unix ms).
    ``message_id`` is known if WeChat's answer came after all.
    """

    called_at: int
    openids: int
    claim: str = ""
    message_id: str | None = None
    slot_ms: int = 0


@dataclass(frozen=True, slots=True)
class Chunk:
    """A ledger row: up to 2000 openids that share one call. Times are Unix seconds.

    ``queued_at`` is when it was last queued, ``waits_until`` until when it is not called again.
    ``earlier_calls`` are those whose outcome was not known when the chunk was queued again;
    ``was_called`` says that a chunk it was cut from has such calls. ``attempts`` counts attempts in
    a row that did not reach WeChat. ``slot_ms`` is when its last call left (Unix ms), 0 if none did
    or if version 0.1 made it; ``refused_calls`` are those before it that WeChat refused, the latest
    ``REFUSED_CALLS_KEPT``. ``planned`` is the number of the planned chunk that it was cut from, 0
    if it is one, or if version 0.1 cut it.
    """

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
    queued_at: int = 0
    earlier_calls: tuple[EarlierCall, ...] = ()
    was_called: bool = False
    slot_ms: int = 0
    refused_calls: tuple[RefusedCall, ...] = ()
    waits_until: int = 0
    planned: int = 0

    def is_abandoned(self, now_s: float) -> bool:
        """Whether its worker died between the claim and the answer: the call may have left."""
        return self.state is ChunkState.SENDING and now_s - self.claimed_at > CLAIM_STALE_S

    def is_queued_as(self, read: Self) -> bool:
        """Whether it is queued as it was read: not cut, and not called, since."""
        is_same = (self.openids, self.claim) == (read.openids, read.claim)
        return self.state is ChunkState.QUEUED and is_same

    @property
    def called_at(self) -> tuple[int, ...]:
        """When each call of it was claimed that was accepted or may have reached WeChat (Unix s).

        Of a half, only those made since it was cut: the other half has the earlier ones.
        """
        called = {ChunkState.SENDING, ChunkState.ACCEPTED, ChunkState.UNKNOWN}
        earlier = tuple(call.called_at for call in self.earlier_calls)
        return (*earlier, self.claimed_at) if self.state in called else earlier

    @property
    def message_ids(self) -> set[str]:
        """The names that WeChat gave to its calls, as far as they are known."""
        names = (self.message_id, *(call.message_id for call in self.earlier_calls))
        return {name for name in names if name is not None}

    @property
    def may_have_notified(self) -> bool:
        """Whether a call of it was accepted, or may have reached WeChat."""
        return self.was_called or bool(self.called_at)

    @property
    def all_refused_calls(self) -> tuple[RefusedCall, ...]:
        """``refused_calls``, and its last call if WeChat refused that and it waits for another."""
        waits = self.state in {ChunkState.QUEUED, ChunkState.CANCELLED}
        if not (waits and self.slot_ms and self.errcode is not None):
            return self.refused_calls
        last = RefusedCall(self.slot_ms, self.openids, self.errcode)
        return (*self.refused_calls, last)[-REFUSED_CALLS_KEPT:]

    def with_refused(self, call: RefusedCall) -> tuple[RefusedCall, ...]:
        """Return its refused calls with one that was made since the row was read."""
        return (*self.all_refused_calls, call)[-REFUSED_CALLS_KEPT:]

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

    def as_left(self) -> Self:
        """Return a queued row as it stands once its campaign has ended: no call will follow.

        It is what its last call was, if it has one: unknown, unless WeChat's answer is known. The
        parts of a chunk that was called and then cut are unknown, and no result is theirs.
        """
        if self.state is not ChunkState.QUEUED:
            return self
        if not self.may_have_notified:
            return replace(self, state=ChunkState.CANCELLED)
        whole = [call for call in self.earlier_calls if call.openids == self.openids]
        if not whole:
            return replace(self, state=ChunkState.UNKNOWN, reason=SENT_AGAIN, claimed_at=0)
        last = max(whole, key=lambda call: (call.message_id is not None, call.called_at))
        return self.decided_by(last)

    def decided_by(self, call: EarlierCall) -> Self:
        """Return the row as an earlier call of all its openids leaves it, with no call after it."""
        is_answered = call.message_id is not None
        return replace(
            self,
            state=ChunkState.ACCEPTED if is_answered else ChunkState.UNKNOWN,
            claim=call.claim,
            claimed_at=call.called_at,
            slot_ms=call.slot_ms,
            message_id=call.message_id,
            reason=None if is_answered else SENT_AGAIN,
            earlier_calls=tuple(other for other in self.earlier_calls if other is not call),
        )


def spread_of(chunk_openids: int) -> int:
    """Return how many sizes chunks of up to so many openids have: 1 where they are small."""
    return 1 + int(chunk_openids * SIZE_SPREAD_PERCENT / 100)


def size_of(number: int, chunk_openids: int, spread: int) -> int:
    """Return how many openids the chunk of a number (from 1) gets.

    ``spread`` is that of the campaign's start; the chunk size may have been lowered since.
    """
    return chunk_openids - (number - 1) % min(spread, spread_of(chunk_openids))


def cut_at(openids: int, cut: int) -> int:
    """Return how many of a chunk's openids its first half gets; the other half gets the rest.

    The halves differ in size, from each other and from those of the cuts before, within the share
    that chunks do. ``cut`` counts the campaign's cuts.
    """
    middle = openids // 2
    sizes = spread_of(middle) - 1
    return middle - (1 + cut % sizes if sizes else 0)
