"""How time and memory grow with the followers: ``make growth``.

One round for each size, ten times more followers each time. Writes ``benchmarks/growth.json``, the
table in ``docs/performance.md`` and, by ``plots.py``, the charts there.
"""

import importlib
import json
import sys
from collections.abc import Iterable
from pathlib import Path

from measuring import Measurement, exponents
from pages import fill
from place import QUICK_AWS
from plots import draw

SIZES = (10_000, 100_000, 1_000_000)
RESULT = Path(__file__).with_name("growth.json")
DOC = Path(__file__).parents[1] / "docs" / "performance.md"


def main() -> None:
    """Measure the sizes that are given, or ``SIZES``."""
    measurements: list[Measurement] = []
    for followers in [int(size) for size in sys.argv[1:]] or SIZES:
        print(f"measuring {followers:,} followers …", file=sys.stderr, flush=True)
        measurements += measure_at(followers)
        grown = [one.as_json() for one in measurements]
        RESULT.write_text(json.dumps(grown, indent=2) + "\n", encoding="utf-8")
    fill(DOC, "growth", _table(measurements))
    draw()


def measure_at(followers: int) -> list[Measurement]:
    """Measure sync, push, export and decisions for so many followers, once each.

    Their modules are imported here, because each spawned process imports this one first.
    """
    sync, push, export, decisions = (
        importlib.import_module(f"bench_{name}") for name in ("sync", "push", "export", "decisions")
    )
    with importlib.import_module("wxlive_local.local_aws").LocalAws(program=QUICK_AWS) as aws:
        synced, table = sync.sync_at(aws, followers, rounds=1)
        pushed = push.push_at(aws, table, followers, rounds=1)
        exported = export.export_at(aws, table, followers, rounds=1)
    return [*synced, *pushed, *exported, *decisions.decisions_at(followers, rounds=1)]


def _table(measurements: list[Measurement]) -> Iterable[str]:
    sizes = sorted({one.followers for one in measurements if one.followers is not None})
    fitted = exponents(measurements)
    yield f"| | {' | '.join(f'{size:,}' for size in sizes)} | fitted exponent |"
    yield f"| --- |{' ---: |' * (len(sizes) + 1)}"
    for name, exponent in fitted.items():
        found = {one.followers: one for one in measurements if one.name == name}
        cells = [
            f"{found[size].figure:,.3g} {found[size].unit} ({found[size].ratio:.2f} x floor)"
            for size in sizes
        ]
        yield f"| {name} | {' | '.join(cells)} | {exponent:.2f} |"


if __name__ == "__main__":
    main()
