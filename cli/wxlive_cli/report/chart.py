"""The picture of a campaign, for a page and for a terminal. Pure; places are 0 to 1.

The followers in accepted calls over time beside what WeChat's limit allows; each call as a mark by
its fate; each hold as a band.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from wxlive.domain.campaigns import HELD, PastHold
from wxlive_cli.report.axis import Axis, Interval, axis
from wxlive_cli.report.facts import CampaignFacts
from wxlive_cli.report.fates import ACCEPTED, Fate

_SECOND_MS = 1000

Line = tuple[tuple[float, float], ...]
"""The corners of a line, from left to right: how far to the right, and how high."""


@dataclass(frozen=True, slots=True)
class Lane:
    """The calls of one fate: how many with how many openids, and where each is marked."""

    fate: Fate
    calls: int
    openids: int
    marks: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Band:
    """A hold, its number in the list of holds, and where it is drawn.

    ``is_shortened`` says that it is drawn shorter than it was, ``is_open`` that it still stands.
    """

    number: int
    hold: PastHold
    left: float
    right: float
    is_shortened: bool
    is_open: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """The picture; ``top`` is the number of followers at its upper edge."""

    axis: Axis
    top: int
    accepted: Line
    allowed: Line
    lanes: tuple[Lane, ...]
    bands: tuple[Band, ...]


def chart(facts: CampaignFacts, now_s: float) -> Chart | None:
    """Return the picture of a campaign as of now (Unix s); None before its first call and hold."""
    campaign = facts.report.campaign
    holds = [hold for hold in campaign.holds_until(now_s) if hold.since]
    if not (facts.calls or holds):
        return None
    spans = [Interval(hold.since * _SECOND_MS, hold.until * _SECOND_MS) for hold in holds]
    times = [call.at_ms for call in facts.calls]
    times += [edge for span in spans for edge in (span.begins_ms, span.ends_ms)]
    if not (facts.report.nothing_left_to_send or campaign.is_ended):
        times.append(round(now_s * _SECOND_MS))
    drawn = axis(min(times), max(times), spans)
    accepted = sum(call.openids for call in facts.calls if call.fate in ACCEPTED)
    top = max(1, facts.audience, accepted)  # whoever is notified again counts again
    last = len(holds) if campaign.state in HELD else 0
    return Chart(
        axis=drawn,
        top=top,
        accepted=_accepted(facts, drawn, top),
        allowed=_allowed(facts, drawn, top),
        lanes=tuple(_lanes(facts, drawn)),
        bands=tuple(
            Band(
                number=number,
                hold=hold,
                left=drawn.place(span.begins_ms),
                right=drawn.place(span.ends_ms),
                is_shortened=span in drawn.shortened,
                is_open=number == last,
            )
            for number, (hold, span) in enumerate(zip(holds, spans, strict=True), 1)
        ),
    )


def height(line: Line, place: float) -> float:
    """Return how high a line is at a place: 0 before it begins, its last height after it ends."""
    number = bisect_right(line, place, key=lambda corner: corner[0])
    if number == 0:
        return 0
    left, low = line[number - 1]
    if number == len(line):
        return low
    right, high = line[number]
    return low + (high - low) * (place - left) / (right - left)


def _accepted(facts: CampaignFacts, drawn: Axis, top: int) -> Line:
    """Rise at each accepted call by its openids."""
    calls = [call for call in facts.calls if call.fate in ACCEPTED]
    sums = list(accumulate((call.openids for call in calls), initial=0))
    corners: list[tuple[float, float]] = []
    for call, low, high in zip(calls, sums, sums[1:], strict=False):
        place = drawn.place(call.at_ms)
        corners += [(place, low / top), (place, high / top)]
    return (*corners, (1.0, sums[-1] / top)) if calls else ()


def _allowed(facts: CampaignFacts, drawn: Axis, top: int) -> Line:
    """Rise from the first call on by the limit of a second each second, up to the audience."""
    if not facts.calls or not facts.limit:
        return ()
    first_ms = facts.calls[0].at_ms
    done_ms = first_ms + max(0, top - facts.limit) * _SECOND_MS / facts.limit
    edges = [first_ms, done_ms, *drawn.times_ms]
    times = sorted(at_ms for at_ms in {*edges} if first_ms <= at_ms)
    return tuple(
        (
            drawn.place(at_ms),
            min(top, facts.limit + facts.limit * (at_ms - first_ms) / _SECOND_MS) / top,
        )
        for at_ms in times
        if at_ms <= drawn.ends_ms
    )


def _lanes(facts: CampaignFacts, drawn: Axis) -> Iterable[Lane]:
    for fate in Fate:
        calls = [call for call in facts.calls if call.fate is fate]
        if calls:
            openids = sum(call.openids for call in calls)
            yield Lane(fate, len(calls), openids, tuple(drawn.place(call.at_ms) for call in calls))


def thinned(places: Sequence[float], steps: int) -> list[int]:
    """Return places in so many steps, each step once, however many marks share it."""
    return sorted({round(place * steps) for place in places})
