"""Paired rounds: the floor and the figure in turn, so that a drifting machine hits both."""

import math
import multiprocessing
import re
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Measurement:
    """A figure beside its floor; ``floors`` and ``figures`` are paired rounds in ``unit``.

    ``followers`` says for how many it is, where that matters. ``more_is_better`` is for rates.
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
        """The name that no other measurement has."""
        return self.name if self.followers is None else f"{self.name}, {self.followers:,} followers"

    @property
    def floor(self) -> float:
        return statistics.median(self.floors)

    @property
    def figure(self) -> float:
        return statistics.median(self.figures)

    @property
    def ratios(self) -> list[float]:
        """Figure over floor, round by round."""
        return [figure / floor for floor, figure in zip(self.floors, self.figures, strict=True)]

    @property
    def ratio(self) -> float:
        return statistics.median(self.ratios)

    @property
    def spread(self) -> float:
        """How far the rounds' ratios lie apart."""
        return max(self.ratios) - min(self.ratios)

    def as_json(self) -> dict[str, Any]:
        """All of it, for ``build/bench.json``."""
        derived = {
            "floor": self.floor,
            "figure": self.figure,
            "ratio": self.ratio,
            "spread": self.spread,
        }
        return {"title": self.title, **asdict(self), **derived}


def exponents(measurements: Iterable[Measurement]) -> dict[str, float]:
    """Fit figure = a x followers ** exponent, for each name with two sizes or more."""
    points = defaultdict[str, list[tuple[float, float]]](list)
    for one in measurements:
        if one.followers is not None:
            points[one.name].append((math.log(one.followers), math.log(one.figure)))
    return {
        name: statistics.linear_regression(*zip(*found, strict=True)).slope
        for name, found in points.items()
        if len(found) > 1
    }


def seconds(work: Callable[[], object]) -> float:
    """How long it takes, by the wall clock."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def alone(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Do it in a fresh process, so that memory and threads are its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, *args, **kwargs).result()


def peak_mb() -> float:
    """The most memory that this process has had.

    Not ``ru_maxrss``, which in a spawned process begins with its parent's peak.
    """
    status = Path("/proc/self/status").read_text()
    [peak_kb] = re.findall(r"VmHWM:\s+(\d+) kB", status)
    return int(peak_kb) / 1024
