"""Every benchmark beside its floor, measured in the same run.

A benchmark is a module ``bench_*.py`` with ``measure() -> list[Measurement]``, and with
``measure_quick()`` if it can be short. Figures are the median of paired rounds.
"""

import importlib
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import baseline
import click
from measuring import Measurement
from pages import fill
from rich.console import Console
from rich.table import Table

HERE = Path(__file__).parent
BUILD = HERE.parent / "build"
DOC = HERE.parent / "docs" / "performance.md"
TABLE_WIDTH = 120
KNOWN = sorted(path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py"))


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(KNOWN))
@click.option("--quick", is_flag=True, help="The short ones alone, in less than two minutes.")
@click.option(
    "--save-baseline", is_flag=True, help="Commit these: the baseline, and the table in docs."
)
def main(names: tuple[str, ...], *, quick: bool, save_baseline: bool) -> None:
    """Measure, print a table, write build/bench.json and build/bench.md.

    A ratio that got worse than benchmarks/baseline.json by more than its spread is named.
    Nothing fails on timing.
    """
    measurements = list(_measured(names or tuple(KNOWN), quick=quick))
    table = "\n".join(_markdown(measurements)) + "\n"
    BUILD.mkdir(exist_ok=True)
    (BUILD / "bench.md").write_text(table, encoding="utf-8")
    (BUILD / "bench.json").write_text(
        json.dumps([one.as_json() for one in measurements], indent=2) + "\n", encoding="utf-8"
    )
    _show(measurements)
    for line in baseline.worse(measurements):
        click.echo(f"worse than the baseline: {line}")
    if save_baseline:
        baseline.save(measurements)
        fill(DOC, "bench", baseline.table())


def _measured(names: tuple[str, ...], *, quick: bool) -> Iterator[Measurement]:
    for name in names:
        module = importlib.import_module(f"bench_{name}")
        measure = getattr(module, "measure_quick", None) if quick else module.measure
        if measure is not None:
            print(f"measuring {name} …", end=" ", file=sys.stderr, flush=True)
            began_at = time.monotonic()
            yield from measure()
            print(f"{time.monotonic() - began_at:.0f} s", file=sys.stderr)


def _show(measurements: list[Measurement]) -> None:
    table = Table(title="wxlive beside its floors", title_justify="left")
    for heading in ("benchmark", "floor", "figure", "ratio (spread)"):
        table.add_column(heading, no_wrap=True)
    for title, one in baseline.facts(measurements).items():
        table.add_row(
            title,
            f"{baseline.shown(one['floor'])} {one['unit']}",
            f"{baseline.shown(one['figure'])} {one['unit']}",
            f"{one['ratio']:.2f} ({one['low']:.2f} to {one['high']:.2f})",
        )
    Console(width=max(TABLE_WIDTH, Console().width)).print(table)


def _markdown(measurements: list[Measurement]) -> Iterator[str]:
    yield from baseline.table(baseline.facts(measurements))
    yield ""
    yield from (f"- {one.title}: {one.what}" for one in measurements)


if __name__ == "__main__":
    main()
