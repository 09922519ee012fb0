"""Cold start: from the start of the process to the first answer, as built and compiled."""

from bench_harness.cold_starts import measure_cold_starts
from bench_harness.measurement import Measurement


def measure() -> list[Measurement]:
    """Measure every function, in milliseconds."""
    return measure_cold_starts()


def measure_quick() -> list[Measurement]:
    """Measure the function that WeChat waits for."""
    return measure_cold_starts(("callback",), rounds=2)
