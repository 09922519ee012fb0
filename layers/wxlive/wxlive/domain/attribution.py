"""Which call a result belongs to when no ledger row has its ``message_id``.

A result names no openid, only how many there were and when it was made. Chunks that are sent at
about the same time differ in size (``wxlive.domain.chunks``), so size and time name the call.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from wxlive.domain.chunks import RESULT_OVERDUE_S, Chunk, ChunkState
from wxlive.domain.events import PushResult

CLOCK_SKEW_S = 300
"""WeChat stamps results with its own clock."""

OWN_SKEW_S = 2
"""So much the clocks of our own functions may differ."""


@dataclass(frozen=True, slots=True)
class OpenCall:
    """A call without a ``message_id``: when it was claimed (Unix s), and its openids.

    ``chunk`` is the number of its ledger row, or None if the row has since made another call.
    ``claim`` names a call of the latter kind. ``in_progress`` says that its answer may still come.
    """

    chunk: int | None
    called_at: int
    openids: int
    in_progress: bool = False
    claim: str = ""

    def may_have(self, result: PushResult) -> bool:
        """Whether the result may be this call's.

        It has its size, was made at about its time by WeChat's clock, and came after it by ours.
        """
        soonest, latest = self.called_at - CLOCK_SKEW_S, self.called_at + RESULT_OVERDUE_S
        is_of_its_time = soonest <= result.time_s <= latest
        came_before = 0 < result.received_at < self.called_at - OWN_SKEW_S
        return result.total == self.openids and is_of_its_time and not came_before


def open_calls(ledger: Iterable[Chunk]) -> list[OpenCall]:
    """Return the calls of a ledger that have no ``message_id``, whatever was decided about them."""
    calls: list[OpenCall] = []
    for chunk in ledger:
        calls += [
            OpenCall(None, call.called_at, call.openids, claim=call.claim)
            for call in chunk.earlier_calls
            if call.message_id is None
        ]
        called = {ChunkState.SENDING, ChunkState.UNKNOWN, ChunkState.ACCEPTED}
        if chunk.state in called and chunk.message_id is None:
            in_progress = chunk.state is ChunkState.SENDING
            calls.append(OpenCall(chunk.number, chunk.claimed_at, chunk.openids, in_progress))
    return calls


def attribute(
    calls: Sequence[OpenCall], strays: Sequence[PushResult]
) -> list[tuple[OpenCall, PushResult]]:
    """Pair calls with results where no other pairing is possible.

    Calls and results that may belong together form groups. A group proves its calls if it has as
    many results as calls and none of the calls is in progress, whose answer may still name its
    result. What stays ambiguous is not paired.
    """
    pairs: list[tuple[OpenCall, PushResult]] = []
    for group_calls, group_results in _groups(calls, strays):
        if len(group_calls) != len(group_results) or any(c.in_progress for c in group_calls):
            continue
        in_order = list(
            zip(
                sorted(group_calls, key=lambda call: call.called_at),
                sorted(group_results, key=lambda result: (result.time_s, result.message_id)),
                strict=True,
            )
        )
        if all(call.may_have(result) for call, result in in_order):
            pairs += in_order
    return pairs


def _groups(
    calls: Sequence[OpenCall], strays: Sequence[PushResult]
) -> list[tuple[list[OpenCall], list[PushResult]]]:
    """Return the connected groups that have at least one result."""
    groups: list[tuple[list[OpenCall], list[PushResult]]] = []
    for stray in strays:
        merged_calls = [call for call in calls if call.may_have(stray)]
        merged_results = [stray]
        apart = []
        for group in groups:
            if any(call is other for call in merged_calls for other in group[0]):
                merged_calls += [c for c in group[0] if all(c is not m for m in merged_calls)]
                merged_results += group[1]
            else:
                apart.append(group)
        groups = [*apart, (merged_calls, merged_results)]
    return groups
