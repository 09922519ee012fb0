"""What the benchmarks gave when they were last committed, and whether a ratio got worse since."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from measuring import Measurement

COMMITTED = Path(__file__).with_name("baseline.json")


def worse(measurements: Iterable[Measurement], committed: Path = COMMITTED) -> Iterator[str]:
    """Name each ratio that got worse by more than the spread of its rounds, then or now."""
    known = _read(committed)
    for one in measurements:
        if one.title not in known:
            continue
        then = known[one.title]
        change = one.ratio - then["ratio"]
        if (-change if one.more_is_better else change) > max(then["spread"], one.spread):
            yield (
                f"{one.title}: ratio {one.ratio:.3g}, was {then['ratio']:.3g} "
                f"(spread then {then['spread']:.2g}, now {one.spread:.2g})"
            )


def save(measurements: Iterable[Measurement], committed: Path = COMMITTED) -> None:
    """Make these the baseline; what was not measured keeps its ratio."""
    ratios = {
        one.title: {"ratio": round(one.ratio, 4), "spread": round(one.spread, 4)}
        for one in measurements
    }
    known = dict(sorted({**_read(committed), **ratios}.items()))
    committed.write_text(json.dumps(known, indent=2) + "\n", encoding="utf-8")


def _read(committed: Path) -> dict[str, dict[str, float]]:
    if not committed.exists():
        return {}
    known: dict[str, dict[str, float]] = json.loads(committed.read_text(encoding="utf-8"))
    return known
