"""A figure beside its floor.

Floor and figure are measured in turn, round by round, so that a change of the machine's speed
affects both.
"""

import math
import statistics
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, TypedDict


class Summary(TypedDict):
    """What is kept and shown of a measurement: medians, and the lowest and highest ratio."""

    unit: str
    floor: float
    figure: float
    ratio: float
    low: float
    high: float
    rounds: int


@dataclass(frozen=True)
class Measurement:
    """Figures and their floors; ``floors`` and ``figures`` are paired rounds in ``unit``.

    ``what`` says in words what was measured. ``followers`` is for how many, where that matters.
    ``more_is_better`` is for rates.
    """

    name: str
    what: str
    unit: str
    floors: list[float]
    figures: list[float]
    followers: int | None = None
    more_is_better: bool = False

    @property
    def title(self) -> str:
        """The name with the number of followers, unique among all measurements."""
        return self.name if self.followers is None else f"{self.name}, {self.followers:,} followers"

    @property
    def floor(self) -> float:
        """The median floor."""
        return statistics.median(self.floors)

    @property
    def figure(self) -> float:
        """The median figure."""
        return statistics.median(self.figures)

    @property
    def ratios(self) -> list[float]:
        """Figure over floor, round by round."""
        return [figure / floor for floor, figure in zip(self.floors, self.figures, strict=True)]

    @property
    def ratio(self) -> float:
        """The median ratio."""
        return statistics.median(self.ratios)

    @property
    def spread(self) -> float:
        """The distance between the lowest and the highest ratio."""
        return max(self.ratios) - min(self.ratios)

    def summary(self) -> Summary:
        """Summarize the rounds."""
        return Summary(
            unit=self.unit,
            floor=round(self.floor, 4),
            figure=round(self.figure, 4),
            ratio=round(self.ratio, 4),
            low=round(min(self.ratios), 4),
            high=round(max(self.ratios), 4),
            rounds=len(self.figures),
        )

    def as_json(self) -> dict[str, Any]:
        """Return everything, with what is derived from it."""
        derived = {
            "floor": self.floor,
            "figure": self.figure,
            "ratio": self.ratio,
            "spread": self.spread,
        }
        return {"title": self.title, **asdict(self), **derived}


def without(name: str, what: str, unit: str, *, of_all: int, wrong: int) -> Measurement:
    """Return how many are as they must be, beside all of them: the ratio is 1 if none is wrong."""
    floor = max(1, of_all)  # none of none is wrong
    return Measurement(
        name=name,
        what=what,
        unit=unit,
        more_is_better=True,
        floors=[float(floor)],
        figures=[float(floor - wrong)],
    )


def summaries(measurements: Iterable[Measurement]) -> dict[str, Summary]:
    """Summarize measurements, by title."""
    return {one.title: one.summary() for one in measurements}


def fitted_exponents(measurements: Iterable[Measurement]) -> dict[str, float]:
    """Fit figure = a x followers ** exponent, for each name with at least two sizes."""
    points = defaultdict[str, list[tuple[float, float]]](list)
    for one in measurements:
        if one.followers is not None:
            points[one.name].append((math.log(one.followers), math.log(one.figure)))
    return {
        name: statistics.linear_regression(*zip(*found, strict=True)).slope
        for name, found in points.items()
        if len(found) > 1
    }
