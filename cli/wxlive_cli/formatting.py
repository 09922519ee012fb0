"""How figures are shown to a person."""

_MINUTE_S, _HOUR_S = 60, 3600


def format_quantity(number: int, noun: str) -> str:
    """Format a number with its noun: ``1 call``, ``2,000 calls``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def format_share(part: int, whole: int) -> str:
    """Format a part as percent. Only everything is 100 %, and only nothing is 0 %."""
    if not whole:
        return "-"
    if part >= whole:
        return "100 %"
    return f"{min(max(100 * part / whole, 0.1), 99.9):.1f} %" if part else "0 %"


def format_duration(seconds: int) -> str:
    """Format a duration in its two largest units: ``59 s``, ``1 min 0 s``, ``2 h 1 min``."""
    if seconds < _MINUTE_S:
        return f"{seconds} s"
    if seconds < _HOUR_S:
        return f"{seconds // _MINUTE_S} min {seconds % _MINUTE_S} s"
    return f"{seconds // _HOUR_S} h {seconds % _HOUR_S // _MINUTE_S} min"
