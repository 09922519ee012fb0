"""The axis of time: where a moment lies in a picture. Pure; times are Unix ms, places 0 to 1.

A hold may last a night and the calls a minute. So holds that would leave the calls no room are
drawn shorter, and say so; everything else is to scale.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400)
_TICKS = 6
_TICKS_APART = 0.21
_MARGIN = 0.02
_HELD_TO_SCALE = 4
"""Holds are to scale as long as the rest has a fifth of the width."""

_EDGE = 0.06
_SHORTEST_MS = 1000


@dataclass(frozen=True, slots=True)
class Interval:
    """A time in which a campaign was held."""

    begins_ms: int
    ends_ms: int

    @property
    def length_ms(self) -> int:
        return self.ends_ms - self.begins_ms


@dataclass(frozen=True, slots=True)
class Axis:
    """Maps times to places: linear between ``times_ms``, whose places are ``places``.

    ``shortened`` are the intervals that are drawn shorter than they were.
    """

    times_ms: tuple[int, ...]
    places: tuple[float, ...]
    shortened: frozenset[Interval]

    @property
    def begins_ms(self) -> int:
        return self.times_ms[0]

    @property
    def ends_ms(self) -> int:
        return self.times_ms[-1]

    def place(self, at_ms: float) -> float:
        """Return where a moment lies; one outside lies at the end."""
        number = min(max(bisect_right(self.times_ms, at_ms), 1), len(self.times_ms) - 1)
        (begin, end), (left, right) = (
            (each[number - 1], each[number]) for each in (self.times_ms, self.places)
        )
        return min(max(left + (right - left) * (at_ms - begin) / (end - begin), 0), 1)

    def ticks_s(self, offset_s: int) -> list[int]:
        """Return up to a handful of round times (Unix s) for labels, well apart.

        Args:
            offset_s: the offset from UTC of the zone in which they are round.
        """
        scaled = [
            (begin, end)
            for begin, end in pairwise(self.times_ms)
            if Interval(begin, end) not in self.shortened
        ]
        span_s = sum(end - begin for begin, end in scaled) / 1000
        step = next((step for step in _STEPS_S if span_s / step <= _TICKS), _STEPS_S[-1])
        found: list[int] = []
        for begin, end in scaled:
            first = -(-(begin // 1000 + offset_s) // step) * step - offset_s
            for at_s in range(first, end // 1000 + 1, step):
                place = self.place(at_s * 1000)
                last = self.place(found[-1] * 1000) if found else -1
                is_inside = begin <= at_s * 1000 and _EDGE <= place <= 1 - _EDGE
                if is_inside and place - last >= _TICKS_APART:
                    found.append(at_s)
        return found


def axis(begins_ms: int, ends_ms: int, holds: Sequence[Interval]) -> Axis:
    """Return the axis from one time to another, with the holds between, in order."""
    span_ms = ends_ms - begins_ms
    held_ms = sum(hold.length_ms for hold in holds)
    active_ms = max(span_ms - held_ms, _SHORTEST_MS)
    longest_ms = span_ms if held_ms <= _HELD_TO_SCALE * active_ms else active_ms / len(holds)
    shortened = frozenset(hold for hold in holds if hold.length_ms > longest_ms)
    if span_ms - held_ms < _SHORTEST_MS:  # nothing but holds
        longest_ms, shortened = span_ms, frozenset()
    drawn_ms = span_ms - sum(hold.length_ms - longest_ms for hold in shortened)
    margin_ms = max(round(drawn_ms * _MARGIN), _SHORTEST_MS // 2)
    edges = {begins_ms - margin_ms, ends_ms + margin_ms}
    edges |= {edge for hold in shortened for edge in (hold.begins_ms, hold.ends_ms)}
    times = sorted(edges)
    lengths = [
        longest_ms if Interval(begin, end) in shortened else end - begin
        for begin, end in pairwise(times)
    ]
    whole = sum(lengths)
    places = tuple(done / whole for done in accumulate(lengths, initial=0.0))
    return Axis(tuple(times), places, shortened)
