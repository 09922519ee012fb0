"""Time and memory of work, and work in processes of its own."""

import multiprocessing
import re
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import ParamSpec, TypeVar

from bench_harness.measurement import Measurement

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class ProcessUsage:
    """What work took. Memory is the peak of its process before the work and until its end."""

    seconds: float
    before_mb: float
    peak_mb: float


def seconds(work: Callable[[], object]) -> float:
    """Return how long the work takes, by the wall clock."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def peak_mb() -> float:
    """Return the peak memory of this process (MB).

    Not ``ru_maxrss``, which in a spawned process starts with its parent's peak.
    """
    status = Path("/proc/self/status").read_text()
    [peak_kb] = re.findall(r"VmHWM:\s+(\d+) kB", status)
    return int(peak_kb) / 1024


def usage_of(work: Callable[[], object]) -> ProcessUsage:
    """Do the work in this process; returns what it took."""
    before_mb = peak_mb()
    return ProcessUsage(seconds(work), before_mb, peak_mb())


def peak_memory(name: str, usages: Sequence[ProcessUsage], followers: int) -> Measurement:
    """Return the memory of work as a measurement; the floor is the process before the work."""
    return Measurement(
        name=f"{name}, memory",
        what="peak memory of the process; floor: before its work",
        unit="MB",
        floors=[usage.before_mb for usage in usages],
        figures=[usage.peak_mb for usage in usages],
        followers=followers,
    )


class FreshProcesses(ExitStack):
    """Runs work in new processes, which start as cold as a new execution environment does."""

    def submit(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Start the work in a new process. Leaving the ``with`` block waits for it."""
        spawn = multiprocessing.get_context("spawn")
        return self.enter_context(ProcessPoolExecutor(1, mp_context=spawn)).submit(
            work, *args, **kwargs
        )


def run_in_fresh_process(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run work in a new process, whose memory and threads are its own; returns its result."""
    with FreshProcesses() as processes:
        return processes.submit(work, *args, **kwargs).result()
