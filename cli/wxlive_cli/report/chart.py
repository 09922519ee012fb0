"""The chart of a report: openids per second beside the limit. Pure; lengths are per mille."""

from collections.abc import Sequence
from dataclasses import dataclass

from wxlive_cli.report.facts import Second

MAX_BARS = 60
WIDTHS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200)
"""The seconds that one bar may cover."""

HEADROOM = 1.1
"""The scale ends this much above the limit, so that the line of the limit is visible."""


@dataclass(frozen=True, slots=True)
class Bar:
    """The average openids per second from ``at`` (Unix s) on, and where the bar is drawn."""

    at: int
    accepted: float
    unknown: float
    x: float
    width: float
    accepted_height: float
    unknown_height: float


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars of ``width_s`` seconds each, from ``begins_at`` to ``ends_at`` (Unix s)."""

    bars: tuple[Bar, ...]
    width_s: int
    begins_at: int
    ends_at: int
    limit_y: float


def chart(seconds: Sequence[Second], limit: int) -> Chart | None:
    """Return the chart of the calls, or None if none left. Seconds without a call are gaps."""
    if not seconds:
        return None
    begins_at, last = seconds[0].at, seconds[-1].at
    width_s = bar_width_s(last - begins_at + 1)
    count = (last - begins_at) // width_s + 1
    rates = _rates(seconds, width_s)
    top = HEADROOM * max(limit, *(accepted + unknown for accepted, unknown in rates.values()))
    bars = tuple(
        Bar(
            at=begins_at + number * width_s,
            accepted=accepted,
            unknown=unknown,
            x=1000 * number / count,
            width=1000 / count,
            accepted_height=1000 * accepted / top,
            unknown_height=1000 * unknown / top,
        )
        for number, (accepted, unknown) in rates.items()
    )
    ends_at = begins_at + count * width_s
    return Chart(bars, width_s, begins_at, ends_at, limit_y=1000 - 1000 * limit / top)


def _rates(seconds: Sequence[Second], width_s: int) -> dict[int, tuple[float, float]]:
    """Return the openids accepted and unknown per second, by the number of the bar."""
    rates: dict[int, tuple[float, float]] = {}
    for second in seconds:
        number = (second.at - seconds[0].at) // width_s
        accepted, unknown = rates.get(number, (0.0, 0.0))
        rates[number] = accepted + second.accepted / width_s, unknown + second.unknown / width_s
    return rates


def bar_width_s(span_s: int) -> int:
    """Return the smallest width of a bar with which a span needs at most ``MAX_BARS`` bars."""
    return next((width for width in WIDTHS_S if span_s <= width * MAX_BARS), WIDTHS_S[-1])
