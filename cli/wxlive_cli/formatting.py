"""How figures are shown to a person."""

_MINUTE_S, _HOUR_S = 60, 3600


def format_quantity(number: int, noun: str) -> str:
    """Format a number with its noun: ``1 call``, ``2,000 calls``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def format_duration(seconds: int) -> str:
    """Format a duration in its two largest units: ``59 s``, ``1 min 0 s``, ``2 h 1 min``."""
    if seconds < _MINUTE_S:
        return f"{seconds} s"
    if seconds < _HOUR_S:
        return f"{seconds // _MINUTE_S} min {seconds % _MINUTE_S} s"
    return f"{seconds // _HOUR_S} h {seconds % _HOUR_S // _MINUTE_S} min"
