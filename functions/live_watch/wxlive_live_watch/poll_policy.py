"""When to poll WeChat for the rooms: decided from what is known, the time and the budget. Pure.

WeChat does not announce that a room went live, and the calls of a day are few
(docs/wechat-protocol.md#quota-and-limits). So WeChat is polled each minute while a room may open,
and rarely otherwise.
"""

from collections.abc import Iterable
from enum import StrEnum

from wxlive.domain.rooms import Room

EARLY_S = 15 * 60
LATE_S = 60 * 60
"""A room is expected from so long before its planned start until so long after it."""

RARELY_S = 15 * 60
"""How often to poll while no room is expected: a new room is known before it is expected."""

PATIENCE_S = 60 * 60
"""How long WeChat is polled each minute for a room that should be pushed and is not."""


class Reason(StrEnum):
    """Why WeChat is polled now."""

    WAITING = "waiting"
    PUSHING = "pushing"
    OPENING = "opening"
    RARELY = "rarely"


def reason_to_ask(
    rooms: Iterable[Room],
    *,
    now_s: float,
    asked_at: int,
    calls_left: int,
    day_ends_at: int,
    campaign_waits: bool = False,
    push_wanted_since: int | None = None,
) -> Reason | None:
    """Decide whether WeChat is polled for the rooms now. Times are Unix seconds.

    Args:
        rooms: the rooms as they were seen last.
        now_s: the present time.
        asked_at: when WeChat was polled last, 0 if never.
        calls_left: how many calls of today's budget are left.
        day_ends_at: when the budget's day ends.
        campaign_waits: whether a campaign waits for its room.
        push_wanted_since: since when a room should be pushed and is not, None if there is none.
    """
    expected = [room for room in rooms if not (room.is_live or room.is_over) and room.starts_at]
    if calls_left <= 0:
        return None
    if campaign_waits:
        return Reason.WAITING
    if push_wanted_since is not None and now_s - push_wanted_since <= PATIENCE_S:
        return Reason.PUSHING
    if any(-EARLY_S <= now_s - room.starts_at <= LATE_S for room in expected):
        return Reason.OPENING
    spare = calls_left - minutes_to_come(expected, now_s, day_ends_at)
    return Reason.RARELY if spare > 0 and now_s - asked_at >= RARELY_S else None


def minutes_to_come(expected: Iterable[Room], now_s: float, day_ends_at: int) -> int:
    """Count the minutes of today that are still to come in which a room is expected."""
    minutes: set[int] = set()
    for room in expected:
        begins = max(room.starts_at - EARLY_S, int(now_s))
        ends = min(room.starts_at + LATE_S, day_ends_at)
        minutes.update(range(begins // 60, ends // 60))
    return len(minutes)
