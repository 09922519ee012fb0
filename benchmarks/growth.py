"""Measure how time and memory grow with the followers: ``make growth``.

One round for each size, ten times as many followers each time. Writes ``growth.json`` here, and the
table and the charts of ``docs/performance.md``.
"""

import importlib
import json
import sys
from pathlib import Path

from bench_harness.charts import draw_growth
from bench_harness.doc_pages import DOCS, PERFORMANCE_PAGE, fill_section
from bench_harness.measurement import Measurement
from bench_harness.report import growth_table

SIZES = (10_000, 100_000, 1_000_000)
RESULT = Path(__file__).with_name("growth.json")


def main() -> None:
    """Measure the sizes given as arguments, or ``SIZES``."""
    measurements: list[Measurement] = []
    for followers in [int(size) for size in sys.argv[1:]] or SIZES:
        print(f"measuring {followers:,} followers …", file=sys.stderr, flush=True)
        measurements += measure_at(followers)
        facts = json.dumps([one.as_json() for one in measurements], indent=2)
        RESULT.write_text(facts + "\n", encoding="utf-8")
    fill_section(PERFORMANCE_PAGE, "growth", growth_table(measurements))
    draw_growth(measurements, DOCS)


def measure_at(followers: int) -> list[Measurement]:
    """Measure sync, push, export and decisions for so many followers, once each.

    What they need is imported here: each spawned process imports this module first, and their
    imports would count as its memory.
    """
    sync, push, export, decisions = (
        importlib.import_module(f"bench_{name}") for name in ("sync", "push", "export", "decisions")
    )
    aws_module = importlib.import_module("wxlive_local.local_aws")
    with aws_module.LocalAws() as aws:
        synced, table = sync.measure_at(aws, followers, rounds=1)
        pushed = push.measure_at(aws, table, followers, rounds=1)
        exported = export.measure_at(aws, table, followers, rounds=1)
    return [*synced, *pushed, *exported, *decisions.measure_at(followers, rounds=1)]


if __name__ == "__main__":
    main()
