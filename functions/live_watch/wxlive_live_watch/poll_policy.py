"""When to poll WeChat for the rooms: decided from what is known, the time and the budget. Pure.

WeChat does not announce that a room went live, and the calls of a day are few
(docs/wechat-protocol.md#quota-and-limits). So WeChat is polled every few seconds while a planned
room is likely to open and a push may follow, and evenly for the rest of the day, with what that
leaves.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from wxlive.domain.rooms import Room

EARLY_S = 3 * 60
LATE_S = 12 * 60
"""A room is likely to open from so long before its planned start until so long after it."""

NEAR_EARLY_S = 15 * 60
NEAR_LATE_S = 60 * 60
"""A room may open from so long before its planned start until so long after it."""

SOON_S = 9
"""How often to poll while a room is likely to open that may be pushed: it is noticed within 15 s,
and its push begins."""

_UNTIL_S = LATE_S + SOON_S
"""One more poll finds the room that opened last."""

RESERVED_SHARE = 0.75
"""Which share of the calls until the end of that time is kept for it: most rooms open before. What
a late one takes more, the rest of the day has less."""

MINUTE_S = 60
"""How often to poll for what can wait for the next run of the schedule."""

RARELY_S = 15 * 60
"""Polling each minute for what is not likely must leave calls to poll so often until midnight."""

PATIENCE_S = 60 * 60
"""How long WeChat is polled each minute for a room that should be pushed and is not."""


class Reason(StrEnum):
    """Why WeChat is polled."""

    OPENING = "opening"
    WAITING = "waiting"
    PUSHING = "pushing"
    NEAR = "near"
    EVENLY = "evenly"


@dataclass(frozen=True, slots=True)
class NextPoll:
    """When WeChat is to be polled next (Unix s), perhaps long ago, and why.

    ``is_soon`` says that it can't wait for the next run of the schedule.
    """

    reason: Reason
    at: float
    is_soon: bool = False


def next_poll(
    rooms: Iterable[Room],
    *,
    now_s: float,
    asked_at: float,
    calls_left: int,
    day_ends_at: int,
    push_may_follow: bool,
    campaign_waits: bool = False,
    push_wanted_since: int | None = None,
) -> NextPoll | None:
    """Decide when WeChat is polled for the rooms next. Times are Unix seconds.

    Args:
        rooms: the rooms as they were seen last.
        now_s: the present time.
        asked_at: when WeChat was polled last, 0 if never.
        calls_left: how many calls of today's budget are left.
        day_ends_at: when the budget's day ends.
        push_may_follow: whether a room that opens may be pushed by itself.
        campaign_waits: whether a campaign waits for its room.
        push_wanted_since: since when a room should be pushed and is not, None if there is none.

    Returns:
        None if nothing is left of the budget.
    """
    if calls_left <= 0:
        return None
    starts = [room.starts_at for room in rooms if _is_expected(room)]
    soon_s = SOON_S if push_may_follow else MINUTE_S
    likely_s = _seconds_to_come(starts, now_s, day_ends_at)
    spare = calls_left - math.ceil(RESERVED_SHARE * likely_s / soon_s)
    even_s = (day_ends_at - now_s - likely_s) / spare if spare > 0 else math.inf
    intervals: list[tuple[float, Reason]] = []
    if any(-EARLY_S <= now_s - start < _UNTIL_S for start in starts):
        intervals.append((max(soon_s, likely_s / calls_left), Reason.OPENING))
    if campaign_waits:
        intervals.append((MINUTE_S, Reason.WAITING))
    if push_wanted_since is not None and now_s - push_wanted_since <= PATIENCE_S:
        intervals.append((MINUTE_S, Reason.PUSHING))
    if even_s <= RARELY_S and any(-NEAR_EARLY_S <= now_s - s <= NEAR_LATE_S for s in starts):
        intervals.append((MINUTE_S, Reason.NEAR))
    intervals.append((max(MINUTE_S, even_s), Reason.EVENLY))
    due = [
        NextPoll(reason, asked_at + interval_s, is_soon=interval_s < MINUTE_S)
        for interval_s, reason in intervals
    ]
    begins = [start - EARLY_S for start in starts if start - EARLY_S > now_s]
    due += [NextPoll(Reason.OPENING, at, is_soon=push_may_follow) for at in begins]
    return min(due, key=lambda poll: poll.at)


def is_due(poll: NextPoll, now_s: float) -> bool:
    """Whether to poll now.

    What can wait for the schedule is polled at the run nearest to its time, so polls are as far
    apart on average as they should be.
    """
    ahead_s = 0 if poll.is_soon else MINUTE_S / 2
    return poll.at - ahead_s <= now_s


def _is_expected(room: Room) -> bool:
    return bool(room.starts_at) and not (room.is_live or room.is_over)


def _seconds_to_come(starts: Iterable[int], now_s: float, day_ends_at: int) -> float:
    """Return how many seconds of today are still to come in which a room is likely to open."""
    total_s, counted_until = 0.0, now_s
    for start in sorted(starts):
        ends = min(start + _UNTIL_S, day_ends_at)
        begins = max(start - EARLY_S, counted_until)
        if ends > begins:
            total_s += ends - begins
            counted_until = ends
    return total_s
