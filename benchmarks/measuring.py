"""Paired rounds: the floor and the figure in turn, so that a drifting machine hits both."""

import re
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Measurement:
    """A figure beside its floor; ``floors`` and ``figures`` are paired rounds in ``unit``."""

    name: str
    what: str
    unit: str
    floors: list[float]
    figures: list[float]

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

    def as_json(self) -> dict[str, Any]:
        """All of it, for ``build/bench.json``."""
        derived = {"floor": self.floor, "figure": self.figure, "ratio": self.ratio}
        return {**asdict(self), **derived}


def seconds(work: Callable[[], object]) -> float:
    """How long it takes, by the wall clock."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def peak_mb() -> float:
    """The most memory that this process has had.

    Not ``ru_maxrss``, which in a spawned process begins with its parent's peak.
    """
    status = Path("/proc/self/status").read_text()
    [peak_kb] = re.findall(r"VmHWM:\s+(\d+) kB", status)
    return int(peak_kb) / 1024
