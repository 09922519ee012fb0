"""The committed figures, and which ratios have become worse since."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from bench_harness.measurement import Measurement, Summary, summaries

BASELINE = Path(__file__).with_name("baseline.json")

NOISE = 0.03
"""Changes up to this share of a ratio are ignored: rounds may happen to agree exactly."""


def load(path: Path = BASELINE) -> dict[str, Summary]:
    """Return the committed summaries by title; none if the file is missing."""
    if not path.exists():
        return {}
    known: dict[str, Summary] = json.loads(path.read_text(encoding="utf-8"))
    return known


def save(measurements: Iterable[Measurement], path: Path = BASELINE) -> None:
    """Make these the baseline. Benchmarks that were not measured keep their entries."""
    known = dict(sorted({**load(path), **summaries(measurements)}.items()))
    path.write_text(json.dumps(known, indent=2) + "\n", encoding="utf-8")


def regressions(measurements: Iterable[Measurement], path: Path = BASELINE) -> Iterator[str]:
    """Describe each ratio that is worse by more than the spread of its rounds, then or now."""
    known = load(path)
    for one in measurements:
        if one.title in known and _is_worse(one, known[one.title]):
            then = known[one.title]
            yield (
                f"{one.title}: ratio {one.ratio:.3g}, was {then['ratio']:.3g} "
                f"(spread then {then['high'] - then['low']:.2g}, now {one.spread:.2g})"
            )


def _is_worse(now: Measurement, then: Summary) -> bool:
    change = now.ratio - then["ratio"]
    allowed = max(then["high"] - then["low"], now.spread, NOISE * then["ratio"])
    return (-change if now.more_is_better else change) > allowed
