"""Measure each benchmark beside its floor: ``make bench``.

A benchmark is a module ``bench_*.py`` with ``measure() -> list[Measurement]``, and with
``measure_quick()`` if it has a short form.
"""

import importlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click

from bench_harness import baseline
from bench_harness.doc_pages import PERFORMANCE_PAGE, fill_section
from bench_harness.measurement import Measurement
from bench_harness.report import markdown_table, print_table, write_results

KNOWN = sorted(
    path.stem.removeprefix("bench_") for path in Path(__file__).parent.glob("bench_*.py")
)


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(KNOWN))
@click.option("--quick", is_flag=True, help="Run only the short ones, in less than two minutes.")
@click.option(
    "--save-baseline",
    is_flag=True,
    help="Write the figures into the baseline and into docs/performance.md.",
)
def main(names: tuple[str, ...], *, quick: bool, save_baseline: bool) -> None:
    """Measure, print a table, write build/bench.json and build/bench.md.

    Ratios that are worse than in benchmarks/bench_harness/baseline.json by more than their spread
    are listed. The exit code does not depend on timing.
    """
    measurements = list(_measure(names or tuple(KNOWN), quick=quick))
    write_results(measurements)
    print_table(measurements)
    for line in baseline.regressions(measurements):
        click.echo(f"worse than the baseline: {line}")
    if save_baseline:
        baseline.save(measurements)
        fill_section(PERFORMANCE_PAGE, "bench", markdown_table(baseline.load()))


def _measure(names: tuple[str, ...], *, quick: bool) -> Iterator[Measurement]:
    for name in names:
        module = importlib.import_module(f"bench_{name}")
        measure = getattr(module, "measure_quick", None) if quick else module.measure
        if measure is not None:
            print(f"measuring {name} …", end=" ", file=sys.stderr, flush=True)
            started_at = time.monotonic()
            yield from measure()
            print(f"{time.monotonic() - started_at:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
