"""What became of a call, and what follows from it once its claim no longer holds. Pure.

The outcome of a chunk that is still claimed, or unknown, is written as it is. One that comes later
meets a decision that was made without it: the operator has accepted the chunk or had it sent again,
the chunk was cut, its campaign was replaced. What WeChat said is kept all the same.
"""

from dataclasses import dataclass, replace

from wxlive.domain.chunks import Chunk, ChunkState, EarlierCall


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a claimed chunk, and what WeChat said.

    ``may_have_notified`` says of a chunk that is queued again that the call may have been carried
    out all the same, ``wait_s`` for how long it is not called again.
    """

    to: ChunkState
    message_id: str | None = None
    errcode: int | None = None
    rid: str | None = None
    reason: str | None = None
    may_have_notified: bool = False
    wait_s: int = 0

    @property
    def is_of_no_call(self) -> bool:
        """Whether the call surely notified nobody."""
        is_certain = self.to in {ChunkState.REFUSED, ChunkState.QUEUED}
        return is_certain and not self.may_have_notified


def correct(chunk: Chunk, claim: str, outcome: Outcome) -> Chunk:
    """Return a chunk as the late outcome of one of its calls leaves it.

    An acceptance leaves its ``message_id``, so that its result proves that call and no other; a
    chunk that waits to be sent again needs no other call then. A call that notified nobody is
    forgotten; a chunk that the operator accepted because of it is refused, so that another campaign
    may notify its openids.

    Args:
        chunk: the chunk, which ``claim`` no longer holds.
        claim: the claim of the call.
        outcome: what became of the call.

    Returns:
        The same chunk if nothing follows.
    """
    for call in chunk.earlier_calls:
        if call.claim == claim:
            return _correct_earlier(chunk, call, outcome)
    is_by_hand = chunk.state is ChunkState.ACCEPTED and chunk.message_id is None
    if chunk.claim != claim or not is_by_hand:
        return chunk
    if outcome.message_id is not None:
        return replace(chunk, message_id=outcome.message_id)
    if not outcome.is_of_no_call:
        return chunk
    return replace(
        chunk,
        state=ChunkState.REFUSED,
        errcode=outcome.errcode,
        rid=outcome.rid,
        reason=outcome.reason,
    )


def _correct_earlier(chunk: Chunk, call: EarlierCall, outcome: Outcome) -> Chunk:
    if outcome.is_of_no_call:
        others = tuple(other for other in chunk.earlier_calls if other is not call)
        return replace(chunk, earlier_calls=others)
    if outcome.message_id is None:
        return chunk
    answered = replace(call, message_id=outcome.message_id)
    calls = tuple(answered if other is call else other for other in chunk.earlier_calls)
    known = replace(chunk, earlier_calls=calls)
    is_whole = chunk.state is ChunkState.QUEUED and call.openids == chunk.openids
    return known.decided_by(answered) if is_whole else known
