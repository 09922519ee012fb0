"""Measurements as tables: for the terminal, for ``build/`` and for the documentation."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench_harness.measurement import Measurement, Summary, fitted_exponents, summaries

TABLE_WIDTH = 120
BUILD = Path(__file__).parents[2] / "build"


def write_results(measurements: Sequence[Measurement], folder: Path = BUILD) -> None:
    """Write ``bench.json`` and ``bench.md``."""
    folder.mkdir(exist_ok=True)
    facts = json.dumps([one.as_json() for one in measurements], indent=2)
    (folder / "bench.json").write_text(facts + "\n", encoding="utf-8")
    lines = [
        *markdown_table(summaries(measurements)),
        "",
        *(f"- {one.title}: {one.what}" for one in measurements),
    ]
    (folder / "bench.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def print_table(measurements: Sequence[Measurement]) -> None:
    """Print floor, figure and ratio of each measurement."""
    table = Table(title="wxlive beside its floors", title_justify="left")
    for heading in ("benchmark", "floor", "figure", "ratio (spread)"):
        table.add_column(heading, no_wrap=True)
    for title, one in summaries(measurements).items():
        table.add_row(
            title,
            f"{format_number(one['floor'])} {one['unit']}",
            f"{format_number(one['figure'])} {one['unit']}",
            f"{one['ratio']:.2f} ({one['low']:.2f} to {one['high']:.2f})",
        )
    Console(width=max(TABLE_WIDTH, Console().width)).print(table)


def markdown_table(by_title: Mapping[str, Summary]) -> Iterator[str]:
    """Yield the lines of a Markdown table of summaries."""
    yield "| benchmark | floor | figure | ratio | spread of the ratio | rounds |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: |"
    for title, one in by_title.items():
        yield (
            f"| {title} | {format_number(one['floor'])} {one['unit']} "
            f"| {format_number(one['figure'])} {one['unit']} "
            f"| {one['ratio']:.2f} | {one['low']:.2f} to {one['high']:.2f} | {one['rounds']} |"
        )


def growth_table(measurements: Sequence[Measurement]) -> Iterator[str]:
    """Yield the lines of a Markdown table with a column for each number of followers."""
    sizes = sorted({one.followers for one in measurements if one.followers is not None})
    yield f"| | {' | '.join(f'{size:,}' for size in sizes)} | fitted exponent |"
    yield f"| --- |{' ---: |' * (len(sizes) + 1)}"
    for name, exponent in fitted_exponents(measurements).items():
        found = {one.followers: one for one in measurements if one.name == name}
        cells = [
            f"{found[size].figure:,.3g} {found[size].unit} ({found[size].ratio:.2f} x floor)"
            for size in sizes
        ]
        yield f"| {name} | {' | '.join(cells)} | {exponent:.2f} |"


def format_number(number: float) -> str:
    """Format with three significant digits, or thousands separators from 1000 on."""
    return f"{number:,.0f}" if number >= 1000 else f"{number:.3g}"  # noqa: PLR2004 - no exponents
