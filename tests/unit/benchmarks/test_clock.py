"""The clock that benchmarks shift."""

import subprocess
import sys
import time

import pytest

from bench_harness.clock import ShiftedClock


def test_the_clock_is_the_machines_until_it_is_shifted() -> None:
    assert ShiftedClock()() == pytest.approx(time.time(), abs=5)


def test_a_process_with_its_environment_has_the_same_time() -> None:
    clock = ShiftedClock()
    clock.ahead_s = 86_400.0

    printed = subprocess.check_output(
        [sys.executable, "-c", "import time; print(time.time())"], env=clock.env
    )

    assert float(printed) == pytest.approx(clock(), abs=5)
