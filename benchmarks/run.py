"""Every benchmark beside its floor, measured in the same run: ``make bench``.

A benchmark is a module ``bench_*.py`` with ``measure() -> list[Measurement]``; named ones alone
run where names are given (``make bench BENCH="sync growth"``). Prints a table and writes
``build/bench.json``. Figures are the median of paired rounds; nothing fails on timing.
"""

import importlib
import json
import sys
from pathlib import Path

from measuring import Measurement
from rich.console import Console
from rich.table import Table

HERE = Path(__file__).parent
RESULT = HERE.parent / "build" / "bench.json"


def main() -> None:
    known = sorted(path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py"))
    chosen = sys.argv[1:] or known
    if unknown := set(chosen) - set(known):
        sys.exit(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    measurements: list[Measurement] = []
    for name in chosen:
        print(f"measuring {name} …", file=sys.stderr)
        measurements += importlib.import_module(f"bench_{name}").measure()
    show(measurements)
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps([one.as_json() for one in measurements], indent=2) + "\n")


def show(measurements: list[Measurement]) -> None:
    table = Table(title="wxlive beside its floors", title_justify="left")
    for heading in ("benchmark", "floor", "figure", "ratio (min to max)"):
        table.add_column(heading)
    for one in measurements:
        table.add_row(
            one.name,
            f"{one.floor:,.1f} {one.unit}",
            f"{one.figure:,.1f} {one.unit}",
            f"{one.ratio:.2f} ({min(one.ratios):.2f} to {max(one.ratios):.2f})",
        )
    console = Console()
    console.print(table)
    for one in measurements:
        console.print(f"{one.name}: {one.what}")


if __name__ == "__main__":
    main()
