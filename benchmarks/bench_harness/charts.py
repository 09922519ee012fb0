"""Charts of growth: one of time and one of memory, both axes logarithmic."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pygal
from pygal.style import Style

from bench_harness.measurement import Measurement

STYLE = Style(
    background="#ffffff",
    plot_background="#ffffff",
    foreground="#1b1f24",
    foreground_strong="#1b1f24",
    foreground_subtle="#1b1f24",
    guide_stroke_color="#d9dee4",
    major_guide_stroke_color="#d9dee4",
    guide_stroke_dasharray="none",
    major_guide_stroke_dasharray="none",
    font_family="system-ui, sans-serif",
    label_font_size=13,
    major_label_font_size=13,
    legend_font_size=13,
    title_font_size=16,
    colors=("#1f6feb", "#1a7f37", "#d98e04", "#c01c28", "#8250df", "#59636e", "#0a7ea4"),
)


def draw_growth(measurements: Iterable[Measurement], folder: Path) -> None:
    """Write ``growth-time.svg`` and ``growth-memory.svg`` into the folder."""
    measured = list(measurements)
    for unit, name, title, labels in (
        ("s", "time", "Seconds, by followers", [0.0001, 0.001, 0.01, 0.1, 1, 10, 100, 1000]),
        ("MB", "memory", "Peak memory of the process (MB), by followers", [50, 100, 200, 400]),
    ):
        chart = _chart(title, labels)
        chart.uuid = f"growth-{name}"  # a fixed one: it is random otherwise, and in the file
        for task, points in _points(measured, unit).items():
            chart.add(task.removesuffix(", memory"), points)
        chart.render_to_file(str(folder / f"growth-{name}.svg"))


def _points(measurements: Iterable[Measurement], unit: str) -> dict[str, list[tuple[float, float]]]:
    points = defaultdict[str, list[tuple[float, float]]](list)
    for one in measurements:
        if one.unit == unit and one.followers:
            points[one.name].append((one.followers, round(one.figure, 4)))
    return points


def _chart(title: str, y_labels: Sequence[float]) -> Any:
    chart = pygal.XY(
        title=title,
        y_labels=y_labels,
        range=(y_labels[0], y_labels[-1]),
        margin_right=40,
        show_x_guides=True,
        style=STYLE,
        logarithmic=True,
        js=(),
        width=900,
        height=480,
        explicit_size=False,
        legend_at_bottom=True,
        legend_at_bottom_columns=4,
        x_labels=[10_000, 100_000, 1_000_000],
        x_value_formatter=lambda value: f"{value:,.0f}",
        value_formatter=lambda value: f"{value:g}",
        truncate_legend=-1,
        disable_xml_declaration=True,
        dots_size=4,
        stroke_style={"width": 2},
    )
    chart.add_xml_filter(_without_scripts)
    return chart


def _without_scripts(root: Any) -> Any:
    for defs in root.iter("defs"):
        for script in defs.findall("script"):
            defs.remove(script)
    return root
