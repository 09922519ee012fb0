"""The calls of a campaign: when each left, and what became of it. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from wxlive.domain.chunks import Chunk, ChunkState
from wxlive.domain.pace import interval_ms

_INVALID_OPENID = 40003
"""One openid spoils the call; its chunk is cut in halves: docs/wechat-protocol.md#error-codes."""


class Fate(StrEnum):
    """What became of a call."""

    REPORTED = "reported"
    AWAITED = "awaited"
    SENDING = "sending"
    SPLIT = "split"
    REPEATED = "repeated"
    REFUSED = "refused"
    UNKNOWN = "unknown"


ACCEPTED = frozenset({Fate.REPORTED, Fate.AWAITED})
"""WeChat accepted the call, by its answer, by its result, or by the operator's decision."""

MAY_HAVE_NOTIFIED = ACCEPTED | {Fate.UNKNOWN}


@dataclass(frozen=True, slots=True, order=True)
class Call:
    """A call that left at ``at_ms`` (Unix ms) with so many openids."""

    at_ms: int
    openids: int
    fate: Fate


def calls_of(
    chunks: Iterable[Chunk], reported: Iterable[str], unknown: Iterable[int], limit: int
) -> tuple[Call, ...]:
    """Return the calls of a ledger, the earliest first.

    Args:
        chunks: the ledger.
        reported: the ids of the calls whose result has arrived.
        unknown: the numbers of the chunks whose call no result proves.
        limit: the most openids per second.
    """
    chunks = list(chunks)
    fates = _Fates(frozenset(reported), frozenset(unknown))
    times = _times_ms(chunks, limit)
    return tuple(sorted(call for chunk in chunks for call in fates.calls(chunk, times)))


@dataclass(frozen=True, slots=True)
class _Fates:
    reported: frozenset[str]
    unknown: frozenset[int]

    def calls(self, chunk: Chunk, times_ms: Mapping[int, int]) -> Iterator[Call]:
        for refused in chunk.all_refused_calls:
            is_split = refused.errcode == _INVALID_OPENID and refused.openids > 1
            fate = Fate.SPLIT if is_split else Fate.REPEATED
            yield Call(refused.slot_ms, refused.openids, fate)
        for call in chunk.earlier_calls:
            fate = Fate.UNKNOWN if call.message_id is None else self._answered(call.message_id)
            yield Call(call.slot_ms or call.called_at * 1000, call.openids, fate)
        last = self._last(chunk)
        if last is not None and chunk.number in times_ms:
            yield Call(times_ms[chunk.number], chunk.openids, last)

    def _answered(self, message_id: str | None) -> Fate:
        return Fate.REPORTED if message_id in self.reported else Fate.AWAITED

    def _last(self, chunk: Chunk) -> Fate | None:
        match chunk.state:
            case ChunkState.ACCEPTED:
                return self._answered(chunk.message_id)
            case ChunkState.UNKNOWN:
                return Fate.UNKNOWN if chunk.number in self.unknown else Fate.REPORTED
            case ChunkState.SENDING:
                return Fate.SENDING
            case ChunkState.REFUSED:
                return Fate.REFUSED
            case _:
                return None


def _times_ms(chunks: Iterable[Chunk], limit: int) -> dict[int, int]:
    """Return when the last call of each chunk left, by its number.

    Rows of version 0.1 hold only the second of the claim. Their calls are taken to have left no
    earlier than the pace allowed after the one before.
    """
    times: dict[int, int] = {}
    called = [chunk for chunk in chunks if chunk.claimed_at]
    size = min(limit, max((chunk.openids for chunk in called), default=1))
    at_ms = 0
    for chunk in sorted(called, key=lambda chunk: (chunk.claimed_at, chunk.number)):
        at_ms = chunk.slot_ms or max(chunk.claimed_at * 1000, at_ms + interval_ms(limit, size))
        times[chunk.number] = at_ms
    return times
