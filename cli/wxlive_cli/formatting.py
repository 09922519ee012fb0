"""How figures are shown to a person."""

from collections.abc import Callable, Mapping
from gettext import gettext as _
from gettext import ngettext

_MINUTE_S, _HOUR_S = 60, 3600


_NOUNS: Mapping[str, Callable[[int], str]] = {
    "call": lambda n: ngettext("{number} call", "{number} calls", n),
    "callback": lambda n: ngettext("{number} callback", "{number} callbacks", n),
    "follower": lambda n: ngettext("{number} follower", "{number} followers", n),
    "openid": lambda n: ngettext("{number} openid", "{number} openids", n),
    "result": lambda n: ngettext("{number} result", "{number} results", n),
}


def format_quantity(number: int, noun: str) -> str:
    """Format a number with its noun: ``1 call``, ``2,000 calls``."""
    return _NOUNS[noun](number).format(number=f"{number:,}")


def format_duration(seconds: int) -> str:
    """Format a duration in its two largest units: ``59 s``, ``1 min 0 s``, ``2 h 1 min``."""
    if seconds < _MINUTE_S:
        return _("{seconds} s").format(seconds=seconds)
    if seconds < _HOUR_S:
        minutes, rest = divmod(seconds, _MINUTE_S)
        return _("{minutes} min {seconds} s").format(minutes=minutes, seconds=rest)
    hours, rest = divmod(seconds, _HOUR_S)
    return _("{hours} h {minutes} min").format(hours=hours, minutes=rest // _MINUTE_S)
