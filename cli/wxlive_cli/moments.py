"""Moments as an operator types and reads them, in the time zone of WeChat's day."""

from datetime import datetime, timedelta, timezone

from wxlive.errors import Refused

_FORMS = ("%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S")


def read_moment(text: str, *, now_s: float, offset_hours: int) -> int:
    """Read a moment to come (Unix s): a date and time, or a time, which means the next such time.

    Raises:
        Refused: it is neither, or it has passed.
    """
    zone = timezone(timedelta(hours=offset_hours))
    now = datetime.fromtimestamp(now_s, zone)
    at = _time_of_day(text, now) or _date_and_time(text, zone)
    if at <= now:
        raise Refused(f"{show_moment(at.timestamp(), offset_hours)} has passed; name one to come")
    return int(at.timestamp())


def show_moment(at_s: float, offset_hours: int) -> str:
    """Show a moment, ``-`` where there is none."""
    if not at_s:
        return "-"
    zone = timezone(timedelta(hours=offset_hours))
    return datetime.fromtimestamp(at_s, zone).strftime(f"%Y-%m-%d %H:%M:%S UTC{offset_hours:+d}")


def _time_of_day(text: str, now: datetime) -> datetime | None:
    try:
        time = datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007 - takes the zone of now
    except ValueError:
        return None
    today = datetime.combine(now.date(), time, now.tzinfo)
    return today if today > now else today + timedelta(days=1)


def _date_and_time(text: str, zone: timezone) -> datetime:
    for form in _FORMS:
        try:
            return datetime.strptime(text, form).replace(tzinfo=zone)
        except ValueError:
            continue
    raise Refused(f"{text!r} is no moment; write 20:00 or 2026-11-22T20:00, in {zone}")
