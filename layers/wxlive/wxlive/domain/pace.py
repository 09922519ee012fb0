"""The arithmetic of pace. No clock, no store.

All senders share one log of the calls of the last second. A sender reserves the earliest time at
which its call fits: no window of one second may hold more openids than the rate allows, and equal
calls are spaced evenly. WeChat's day must not change while a call is on its way, so no call is
reserved close to midnight.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

JITTER_MARGIN = 0.045
"""Windows are this share longer than the limit asks.

WeChat counts when a call arrives, we know when it leaves: two calls may arrive nearer to each
other than they left. The margin absorbs 45 ms of such jitter and leaves 95.7 % of the limit in use.
"""

WINDOW_MS = math.ceil(1000 * (1 + JITTER_MARGIN))

LATENESS_ALLOWED_MS = 15
"""A slot used later than this is given up for a new one: a late call crowds the next one."""

MIDNIGHT_MARGIN_MS = 2_000
"""No slot is so close to the end of WeChat's day, whose clock may differ from ours."""


@dataclass(frozen=True, slots=True)
class Call:
    """A reserved call: when (Unix ms), and how many openids it has."""

    at_ms: int
    openids: int


@dataclass(frozen=True, slots=True)
class Pace:
    """What the senders share: the calls of the last window, the oldest first.

    ``next_free_ms`` is a lower bound of the next call (Unix ms), and grows with every reservation.
    """

    next_free_ms: int = 0
    recent: tuple[Call, ...] = ()


@dataclass(frozen=True, slots=True)
class Slot:
    """A reserved time to send at (Unix ms), and the pace after the reservation."""

    at_ms: int
    pace: Pace


@dataclass(frozen=True, slots=True)
class TooFar:
    """The next free slot is ``wait_ms`` away, too far for the sender. Nothing is reserved."""

    wait_ms: int


def interval_ms(rate_per_second: int, openids: int) -> int:
    """Milliseconds between two calls of so many openids; seconds where one exceeds the rate."""
    calls_per_second = rate_per_second // openids or rate_per_second / openids
    return math.ceil(1000 * (1 + JITTER_MARGIN) / calls_per_second)


def reserve(
    pace: Pace,
    *,
    openids: int,
    rate: int,
    now_ms: int,
    max_wait_ms: int,
    midnights_ms: Sequence[int],
) -> Slot | TooFar:
    """Decide on a reservation.

    Args:
        pace: what the senders share.
        openids: openids of the call, at most as many as WeChat allows in a second.
        rate: openids a second; a call that has more follows the one before after a longer time.
        now_ms: the earliest time wanted, Unix ms.
        max_wait_ms: how long the sender can wait for the slot.
        midnights_ms: ends of WeChat's days near ``now_ms``, Unix ms, in order.
    """
    at_ms = _earliest(pace, openids, rate, now_ms)
    for midnight_ms in midnights_ms:
        if abs(at_ms - midnight_ms) < MIDNIGHT_MARGIN_MS:
            at_ms = midnight_ms + MIDNIGHT_MARGIN_MS
    if at_ms - now_ms > max_wait_ms:
        return TooFar(wait_ms=at_ms - now_ms)
    kept = tuple(call for call in pace.recent if call.at_ms > at_ms - WINDOW_MS)
    next_free_ms = max(at_ms + interval_ms(rate, openids), pace.next_free_ms + 1)
    return Slot(at_ms, Pace(next_free_ms, (*kept, Call(at_ms, openids))))


def _earliest(pace: Pace, openids: int, rate: int, now_ms: int) -> int:
    """The earliest time from now that is evenly spaced and whose window has room."""
    last_ms = pace.recent[-1].at_ms + interval_ms(rate, openids) if pace.recent else 0
    at_ms = max(now_ms, last_ms) if pace.recent else max(now_ms, pace.next_free_ms)
    used = sum(call.openids for call in pace.recent)
    for call in pace.recent:
        if call.at_ms + WINDOW_MS > at_ms:
            if used + openids <= rate:
                break
            at_ms = call.at_ms + WINDOW_MS
        used -= call.openids
    return at_ms
