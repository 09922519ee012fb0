"""The day that WeChat's counters belong to, at a given offset from UTC."""

from datetime import UTC, datetime, timedelta, timezone

MIDNIGHT_DOUBT_S = 60
"""So close to midnight, WeChat's counters may belong to either day: its clock may differ."""

YOUNG_DAY_S = 300
"""A quota that is used up so soon after midnight is probably still that of the day before."""

_DAY_S = 86_400


def day_of(now_s: float, offset_hours: int) -> str:
    """Return the day (``2026-11-22``) of a Unix time."""
    return _local(now_s, offset_hours).date().isoformat()


def day_ends_at(now_s: float, offset_hours: int) -> int:
    """Return when that day ends (Unix s)."""
    local = _local(now_s, offset_hours)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return int(midnight.astimezone(UTC).timestamp())


def stamp_of(now_s: float, offset_hours: int) -> str:
    """Return a sortable local timestamp (``20261122T193000``) for identifiers."""
    return _local(now_s, offset_hours).strftime("%Y%m%dT%H%M%S")


def clock_of(now_s: float, offset_hours: int) -> str:
    """Return the time of day (``19:30:00``) of a Unix time."""
    return _local(now_s, offset_hours).strftime("%H:%M:%S")


def day_of_count(asked_s: float, answered_s: float, offset_hours: int) -> str | None:
    """Return the day that a count of WeChat's belongs to, None if it may be either of two.

    Args:
        asked_s: when WeChat was asked, Unix s.
        answered_s: when it answered, Unix s.
        offset_hours: the offset of WeChat's day from UTC.
    """
    earliest = day_of(asked_s - MIDNIGHT_DOUBT_S, offset_hours)
    latest = day_of(answered_s + MIDNIGHT_DOUBT_S, offset_hours)
    return earliest if earliest == latest else None


def calls_resume_at(refused_s: float, offset_hours: int) -> int:
    """Return when calls that a used up quota refused at that time are worth another try (Unix s).

    A refusal minutes after midnight is probably of the day before, and just after midnight WeChat's
    new day may not have begun.

    Args:
        refused_s: when the call was made, Unix s; not when its answer came, which may be later.
        offset_hours: the offset of WeChat's day from UTC.
    """
    ends_at = day_ends_at(refused_s, offset_hours)
    is_young = refused_s - (ends_at - _DAY_S) < YOUNG_DAY_S
    return int(refused_s) + YOUNG_DAY_S if is_young else ends_at + MIDNIGHT_DOUBT_S


def _local(now_s: float, offset_hours: int) -> datetime:
    return datetime.fromtimestamp(now_s, timezone(timedelta(hours=offset_hours)))
