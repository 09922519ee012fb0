"""``wxlive followers export``: its time and memory, compared with a bare scan of the same table."""

import tempfile
from pathlib import Path

from bench_harness.export_processes import export, scan_table
from bench_harness.made_up_followers import filled_followers_table
from bench_harness.measurement import Measurement
from bench_harness.processes import ProcessUsage, peak_memory, run_in_fresh_process
from wxlive_local.local_aws import LocalAws

ROUNDS = 3
FOLLOWERS = 100_000


def measure() -> list[Measurement]:
    """Measure seconds and memory for 100,000 followers."""
    with LocalAws() as aws:
        table = filled_followers_table(aws, FOLLOWERS)
        return measure_at(aws, table, FOLLOWERS, ROUNDS)


def measure_at(aws: LocalAws, table: str, followers: int, rounds: int) -> list[Measurement]:
    """Export the followers in that table."""
    floors: list[float] = []
    usages: list[ProcessUsage] = []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(rounds):
            floors.append(run_in_fresh_process(scan_table, dict(aws.env), table))
            out = Path(folder) / "followers.csv"
            usages.append(run_in_fresh_process(export, dict(aws.env), table, out, followers))
    return [
        Measurement(
            "export",
            "as CSV; floor: a scan whose items are dropped",
            "s",
            floors,
            [usage.seconds for usage in usages],
            followers,
        ),
        peak_memory("export", usages, followers),
    ]
