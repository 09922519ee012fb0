"""A flood of real callbacks: how many are answered and stored, and how late.

For another rate or duration: ``python benchmarks/flood.py RATE SECONDS``.
"""

from bench_harness.callback_flood import POOL, flood
from bench_harness.measurement import Measurement

RATE, DURATION_S, ROUNDS = 300, 5, 3


def measure() -> list[Measurement]:
    """Measure callbacks a second; the floor is the rate at which they arrive."""
    floods = [flood(RATE, DURATION_S) for _ in range(ROUNDS)]
    return [
        Measurement(
            name=f"callbacks, {POOL} environments",
            what=floods[-1].describe(),
            unit="callbacks/s",
            floors=[float(RATE)] * ROUNDS,
            figures=[result.answered_per_second for result in floods],
            more_is_better=True,
        )
    ]
