"""Times as an operator types and reads them, in the time zone of WeChat's day.

People get this one zone, named on each screen; ``--json`` and CSV files get Unix seconds.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from wxlive.errors import InvalidCommand

_TIME_OF_DAY = "%H:%M"
_FORMATS = ("%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S")


def parse_time(text: str, *, now_s: float, offset_hours: int) -> int:
    """Parse a future time and return it in Unix seconds.

    A date and time, or a time of day, which means today.

    Raises:
        InvalidCommand: the text is not a time, or the time is in the past.
    """
    zone = _zone(offset_hours)
    now = datetime.fromtimestamp(now_s, zone)
    at = _today_at(text, now) or _date_and_time(text, zone, offset_hours)
    if at <= now:
        past, present = (format_time(each.timestamp(), offset_hours) for each in (at, now))
        raise InvalidCommand(
            f"{past} is in the past: it is {present}; give a future time, with its date if it is "
            "not today"
        )
    return int(at.timestamp())


def format_time(at_s: float, offset_hours: int) -> str:
    """Format a Unix time with its zone; ``-`` for 0."""
    if not at_s:
        return "-"
    local = datetime.fromtimestamp(at_s, _zone(offset_hours))
    return f"{local:%Y-%m-%d %H:%M:%S} {zone_name(offset_hours)}"


def format_clock(at_s: float, offset_hours: int) -> str:
    """Format the time of day, for a screen that names the zone elsewhere."""
    return f"{datetime.fromtimestamp(at_s, _zone(offset_hours)):%H:%M:%S}"


def format_times(facts: Mapping[str, Any], offset_hours: int) -> dict[str, Any]:
    """Return facts with the Unix times among them (``*_at``) formatted; None stays None."""
    return {
        name: format_time(value, offset_hours)
        if name.endswith("_at") and value is not None
        else value
        for name, value in facts.items()
    }


def zone_name(offset_hours: int) -> str:
    """Return the name of the zone as every screen shows it: ``UTC+8``."""
    return f"UTC{offset_hours:+d}"


def _zone(offset_hours: int) -> timezone:
    return timezone(timedelta(hours=offset_hours))


def _today_at(text: str, now: datetime) -> datetime | None:
    try:
        time = datetime.strptime(text, _TIME_OF_DAY).time()  # noqa: DTZ007 - takes the zone of now
    except ValueError:
        return None
    return datetime.combine(now.date(), time, now.tzinfo)


def _date_and_time(text: str, zone: timezone, offset_hours: int) -> datetime:
    for form in _FORMATS:
        try:
            return datetime.strptime(text, form).replace(tzinfo=zone)
        except ValueError:
            continue
    raise InvalidCommand(
        f"{text!r} is not a time; write 20:00 or 2026-11-22T20:00 ({zone_name(offset_hours)})"
    )
