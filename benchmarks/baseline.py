"""What the benchmarks gave when they were last committed, and whether a ratio got worse since."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from measuring import Measurement

COMMITTED = Path(__file__).with_name("baseline.json")

NOISE = 0.03
"""A share of the ratio that is never worth a word: rounds may happen to agree to the last digit."""

Facts: TypeAlias = Mapping[str, Any]
"""Of a benchmark: ``unit``, ``floor``, ``figure``, ``ratio``, ``low``, ``high``, ``rounds``."""


def worse(measurements: Iterable[Measurement], committed: Path = COMMITTED) -> Iterator[str]:
    """Name each ratio that got worse by more than the spread of its rounds, then or now."""
    known = _read(committed)
    for one in measurements:
        if one.title not in known:
            continue
        then = known[one.title]
        spread = then["high"] - then["low"]
        change = one.ratio - then["ratio"]
        allowed = max(spread, one.spread, NOISE * then["ratio"])
        if (-change if one.more_is_better else change) > allowed:
            yield (
                f"{one.title}: ratio {one.ratio:.3g}, was {then['ratio']:.3g} "
                f"(spread then {spread:.2g}, now {one.spread:.2g})"
            )


def save(measurements: Iterable[Measurement], committed: Path = COMMITTED) -> None:
    """Make these the baseline; what was not measured stays as it was."""
    known = dict(sorted({**_read(committed), **facts(measurements)}.items()))
    committed.write_text(json.dumps(known, indent=2) + "\n", encoding="utf-8")


def facts(measurements: Iterable[Measurement]) -> dict[str, Facts]:
    """Return what is kept and shown of measurements, by title."""
    return {
        one.title: {
            "unit": one.unit,
            **{name: round(getattr(one, name), 4) for name in ("floor", "figure", "ratio")},
            "low": round(min(one.ratios), 4),
            "high": round(max(one.ratios), 4),
            "rounds": len(one.figures),
        }
        for one in measurements
    }


def table(measured: Mapping[str, Facts] | None = None) -> Iterator[str]:
    """Show facts, or the whole baseline, as a Markdown table."""
    yield "| benchmark | floor | figure | ratio | spread of the ratio | rounds |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: |"
    for title, one in (_read(COMMITTED) if measured is None else measured).items():
        yield (
            f"| {title} | {shown(one['floor'])} {one['unit']} "
            f"| {shown(one['figure'])} {one['unit']} "
            f"| {one['ratio']:.2f} | {one['low']:.2f} to {one['high']:.2f} | {one['rounds']} |"
        )


def shown(number: float) -> str:
    """Write a figure as a person reads it."""
    return f"{number:,.0f}" if number >= 1000 else f"{number:.3g}"  # noqa: PLR2004 - no exponents


def _read(committed: Path) -> dict[str, Facts]:
    if not committed.exists():
        return {}
    known: dict[str, Facts] = json.loads(committed.read_text(encoding="utf-8"))
    return known
