"""``wxlive followers export``: its time and memory, beside a bare scan of the same table."""

import tempfile
from pathlib import Path

from bench_push import new_list
from exporting import export, walk_bare
from measuring import Measurement, alone
from place import QUICK_AWS

from wxlive_local.local_aws import LocalAws

ROUNDS = 3


def measure() -> list[Measurement]:
    """Seconds and memory for 100,000 followers."""
    return _measure(100_000, ROUNDS)


def _measure(followers: int, rounds: int) -> list[Measurement]:
    with LocalAws(program=QUICK_AWS) as aws:
        return export_at(aws, new_list(aws, followers), followers, rounds)


def export_at(aws: LocalAws, table: str, followers: int, rounds: int) -> list[Measurement]:
    """Export the followers in that table."""
    floors, turns = list[float](), list[tuple[float, float, float]]()
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(rounds):
            floors.append(alone(walk_bare, dict(aws.env), table))
            out = Path(folder) / "followers.csv"
            turns.append(alone(export, dict(aws.env), table, out, followers))
    return [
        Measurement(
            "export",
            "as CSV; floor: a scan whose items are thrown away",
            "s",
            floors,
            [taken_s for taken_s, _, _ in turns],
            followers,
        ),
        Measurement(
            "export, memory",
            "the process at its peak",
            "MB",
            [bare_mb for _, bare_mb, _ in turns],
            [peak for *_, peak in turns],
            followers,
        ),
    ]
