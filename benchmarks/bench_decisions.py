"""The decisions of a push alone, in virtual time: what they cost in time and memory.

The floor is a loop over as many followers.
"""

from measuring import Measurement, alone, peak_mb, seconds
from virtual_push import Night

ROUNDS = 3


def measure() -> list[Measurement]:
    """Seconds and memory for a million followers."""
    return decisions_at(1_000_000, ROUNDS)


def measure_quick() -> list[Measurement]:
    """Measure the same: it takes seconds."""
    return measure()


def decisions_at(followers: int, rounds: int) -> list[Measurement]:
    """Decide every call of a push to so many followers."""
    turns = [alone(_decide, followers) for _ in range(rounds)]
    return [
        Measurement(
            "push decisions",
            "pace, quota, fate and report of every call; floor: counting to the followers",
            "s",
            [floor_s for floor_s, *_ in turns],
            [taken_s for _, taken_s, _, _ in turns],
            followers,
        ),
        Measurement(
            "push decisions, memory",
            "the process at its peak",
            "MB",
            [bare_mb for *_, bare_mb, _ in turns],
            [peak for *_, peak in turns],
            followers,
        ),
    ]


def _decide(followers: int) -> tuple[float, float, float, float]:
    floor_s = seconds(lambda: sum(1 for _ in range(followers)))
    bare_mb = peak_mb()
    return floor_s, seconds(lambda: Night(followers)), bare_mb, peak_mb()
