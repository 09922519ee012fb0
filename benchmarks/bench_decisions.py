"""The decisions of a push alone, in virtual time: what they cost in time and memory.

The floor is a loop over as many followers.
"""

from bench_harness.measurement import Measurement
from bench_harness.processes import (
    ProcessUsage,
    peak_memory,
    run_in_fresh_process,
    seconds,
    usage_of,
)
from bench_harness.virtual_push import VirtualPush

ROUNDS = 3


def measure() -> list[Measurement]:
    """Measure seconds and memory for a million followers."""
    return measure_at(1_000_000, ROUNDS)


def measure_quick() -> list[Measurement]:
    """Measure the same: it takes seconds."""
    return measure()


def measure_at(followers: int, rounds: int) -> list[Measurement]:
    """Decide every call of a push to so many followers."""
    pairs = [run_in_fresh_process(_decide, followers) for _ in range(rounds)]
    usages = [usage for _, usage in pairs]
    return [
        Measurement(
            "push decisions",
            "pace, quota, outcome and report of every call; floor: counting to the followers",
            "s",
            [floor_s for floor_s, _ in pairs],
            [usage.seconds for usage in usages],
            followers,
        ),
        peak_memory("push decisions", usages, followers),
    ]


def _decide(followers: int) -> tuple[float, ProcessUsage]:
    floor_s = seconds(lambda: sum(1 for _ in range(followers)))
    return floor_s, usage_of(lambda: VirtualPush(followers))
