"""The chart of a report: openids per second against the limit. Pure; lengths are per mille."""

from collections.abc import Sequence
from dataclasses import dataclass

from wxlive_cli.report_facts import Second

MAX_BARS = 60
WIDTHS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200)
"""How many seconds one bar may stand for."""

HEADROOM = 1.1
"""The scale reaches this much above the limit, so that its line is seen as a line."""


@dataclass(frozen=True, slots=True)
class Bar:
    """The average openids a second from ``at`` (Unix s) on; the rest is its place in the chart."""

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
    """Draw what left when; None where nothing left. Seconds without a call are gaps."""
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
    """Average by bar: openids accepted and unknown a second, by the bar's number."""
    rates: dict[int, tuple[float, float]] = {}
    for second in seconds:
        number = (second.at - seconds[0].at) // width_s
        accepted, unknown = rates.get(number, (0.0, 0.0))
        rates[number] = accepted + second.accepted / width_s, unknown + second.unknown / width_s
    return rates


def bar_width_s(span_s: int) -> int:
    """The narrowest width with which a span needs no more than ``MAX_BARS`` bars."""
    return next((width for width in WIDTHS_S if span_s <= width * MAX_BARS), WIDTHS_S[-1])
