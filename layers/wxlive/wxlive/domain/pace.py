"""The arithmetic of pace. No clock, no store.

Pace is a GCRA (virtual scheduling): one time, the *next free slot*, is shared by all senders.
Each sender takes that slot and moves it on by the interval of one call. There is no burst: with
calls of up to ``chunk`` openids and a limit of ``rate`` a second, at most ``rate // chunk`` calls
fit in any second, so that is the spacing, and every call is charged as a whole chunk.
"""

import math
from dataclasses import dataclass

JITTER_MARGIN = 0.045
"""Calls are spaced this share wider than the limit asks.

WeChat counts when a call arrives, we know when it leaves: two calls may arrive nearer to each
other than they left. At 2000 openids a second the margin absorbs 45 ms of such jitter and
leaves 95.7 % of the limit in use.
"""

LATENESS_ALLOWED_MS = 15
"""A slot used later than this is given up for a new one: what leaves late crowds the next call."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A reserved time to send at. ``at_ms`` and ``next_free_ms`` are Unix milliseconds."""

    at_ms: int
    next_free_ms: int


@dataclass(frozen=True, slots=True)
class TooFar:
    """The next free slot is ``wait_ms`` away, more than the sender may wait. Nothing is taken."""

    wait_ms: int


def interval_ms(rate_per_second: int, chunk: int) -> int:
    """Milliseconds between two calls of up to ``chunk`` openids (1 <= chunk <= rate)."""
    calls_per_second = rate_per_second // chunk
    return math.ceil(1000 * (1 + JITTER_MARGIN) / calls_per_second)


def reserve(
    next_free_ms: int | None, *, now_ms: int, interval_ms: int, max_wait_ms: int
) -> Slot | TooFar:
    """Decide on a reservation, given the shared next free slot (None: never used)."""
    at_ms = max(now_ms, next_free_ms or 0)
    if at_ms - now_ms > max_wait_ms:
        return TooFar(wait_ms=at_ms - now_ms)
    return Slot(at_ms=at_ms, next_free_ms=at_ms + interval_ms)
