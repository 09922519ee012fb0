"""Times as an operator types and reads them, in the time zone of WeChat's day."""

from datetime import datetime, timedelta, timezone

from wxlive.errors import InvalidCommand

_FORMATS = ("%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S")


def parse_time(text: str, *, now_s: float, offset_hours: int) -> int:
    """Parse a future time and return it in Unix seconds.

    A date and time, or a time of day, which means its next occurrence.

    Raises:
        InvalidCommand: the text is not a time, or the time is in the past.
    """
    zone = timezone(timedelta(hours=offset_hours))
    now = datetime.fromtimestamp(now_s, zone)
    at = _next_time_of_day(text, now) or _date_and_time(text, zone)
    if at <= now:
        past = format_time(at.timestamp(), offset_hours)
        raise InvalidCommand(f"{past} is in the past; give a future time")
    return int(at.timestamp())


def format_time(at_s: float, offset_hours: int) -> str:
    """Format a Unix time; ``-`` for 0."""
    if not at_s:
        return "-"
    zone = timezone(timedelta(hours=offset_hours))
    return datetime.fromtimestamp(at_s, zone).strftime(f"%Y-%m-%d %H:%M:%S UTC{offset_hours:+d}")


def _next_time_of_day(text: str, now: datetime) -> datetime | None:
    try:
        time = datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007 - takes the zone of now
    except ValueError:
        return None
    today = datetime.combine(now.date(), time, now.tzinfo)
    return today if today > now else today + timedelta(days=1)


def _date_and_time(text: str, zone: timezone) -> datetime:
    for form in _FORMATS:
        try:
            return datetime.strptime(text, form).replace(tzinfo=zone)
        except ValueError:
            continue
    raise InvalidCommand(f"{text!r} is not a time; write 20:00 or 2026-11-22T20:00 ({zone})")
