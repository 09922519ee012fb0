"""The clock that benchmarks shift, and what else happens to a process on a host."""

import subprocess
import sys
import time

import pytest

from bench_harness.clock import ShiftedClock
from bench_harness.function_hosts import host_environment


def test_the_clock_is_the_machines_until_it_is_shifted() -> None:
    assert ShiftedClock()() == pytest.approx(time.time(), abs=5)


def test_a_process_with_its_environment_has_the_same_time() -> None:
    clock = ShiftedClock()
    clock.ahead_s = 86_400.0

    printed = subprocess.check_output(
        [sys.executable, "-c", "import time; print(time.time())"], env=clock.env
    )

    assert float(printed) == pytest.approx(clock(), abs=5)


def test_the_clocks_of_a_host_differ_by_as_much_as_was_said() -> None:
    printed = [
        subprocess.check_output(
            [sys.executable, "-c", "import time; print(time.time() - time.clock_gettime(0))"],
            env=host_environment(clock_ahead_s=100, clock_spread_s=50),
        )
        for _ in range(3)
    ]
    ahead = [float(each) for each in printed]

    assert len(set(ahead)) == 3
    assert all(50 <= each <= 150 for each in ahead)


def test_a_host_may_start_a_process_slowly() -> None:
    began = time.monotonic()
    subprocess.check_call([sys.executable, "-c", "pass"], env=host_environment(slow_start_s=0.2))

    assert time.monotonic() - began > 0.2
