"""Hostile requests to the callback: no 5xx, no state change, bounded CPU and memory.

The requests come from a seed. The stores and queues raise as soon as they are used. For another
number of requests: ``python benchmarks/hostile.py NUMBER``.
"""

import random
import statistics
import time
import tracemalloc
from collections import Counter
from dataclasses import dataclass
from typing import NoReturn

from bench_harness.hostile_requests import APPID, BOMBS, hostile_requests
from bench_harness.measurement import Measurement
from wxlive.ingest import EventIngestor
from wxlive.settings import MessageMode, Secrets, Settings
from wxlive.telemetry import Telemetry
from wxlive_callback.dependencies import Dependencies
from wxlive_callback.handler import answer

REQUESTS, SEED, ROUNDS = 100_000, 20261122, 3
SECRETS = Secrets(APPID, "app-secret", ("token-nobody-knows",), ("K" * 43,))
EXPECTED_STATUSES = {400, 403, 405, 413}


@dataclass(frozen=True)
class HostileResult:
    """The answers by status, the CPU of each request, the peak memory of each kind of bomb."""

    answers: Counter[int]
    cpu_ms: list[float]
    peaks_mib: list[float]


def measure() -> list[Measurement]:
    """Measure the worst request's CPU (ms) and memory (MiB)."""
    return _measure(REQUESTS)


def measure_quick() -> list[Measurement]:
    """Measure the same with fewer requests."""
    return _measure(REQUESTS // 50)


def send_hostile(requests: int, seed: int = SEED) -> HostileResult:
    """Answer so many requests.

    Raises:
        AssertionError: one was answered with 2xx or 5xx, or reached a store.
    """
    source = random.Random(seed)
    deps = {mode: _dependencies(mode) for mode in (MessageMode.SECURE, MessageMode.COMPATIBLE)}
    answers: Counter[int] = Counter()
    cpu_ms = []
    for _, event in zip(range(requests), hostile_requests(source), strict=False):
        mode = source.choice(list(deps))
        started = time.process_time()
        answers[answer(event, deps[mode])["statusCode"]] += 1
        cpu_ms.append(1000 * (time.process_time() - started))
    if set(answers) - EXPECTED_STATUSES:
        raise AssertionError(f"hostile requests were answered {dict(answers)}")
    peaks_mib = [_peak_mib(body, deps[MessageMode.SECURE]) for body in BOMBS.values()]
    return HostileResult(answers, cpu_ms, peaks_mib)


def _measure(requests: int) -> list[Measurement]:
    rounds = [send_hostile(requests // ROUNDS, SEED + number) for number in range(ROUNDS)]
    answers = sum((result.answers for result in rounds), Counter[int]())
    shown = ", ".join(f"{count} x {status}" for status, count in sorted(answers.items()))
    return [
        Measurement(
            f"hostile, worst CPU of {requests:,}",
            f"{shown}; none stored; floor: the median request",
            "ms",
            [statistics.median(result.cpu_ms) for result in rounds],
            [max(result.cpu_ms) for result in rounds],
        ),
        Measurement(
            "hostile, worst memory",
            "peak of one request, each kind of bomb once; floor: the smallest",
            "MiB",
            [min(result.peaks_mib) for result in rounds],
            [max(result.peaks_mib) for result in rounds],
        ),
    ]


def _peak_mib(body: str, deps: Dependencies) -> float:
    event = {"httpMethod": "POST", "queryStringParameters": {}, "body": body}
    tracemalloc.start()
    answer(event, deps)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 2**20


class _UntouchedStore:
    """Takes the place of every store and queue."""

    def _touched(self, *_: object, **__: object) -> NoReturn:
        raise AssertionError("a hostile request reached a store")

    apply = add = put = _touched


class _SilentTelemetry(Telemetry):
    """Counts nothing, and logs only what is critical."""

    def __init__(self) -> None:
        super().__init__()
        self.logger.setLevel("CRITICAL")

    def count(self, metric: object, value: int = 1) -> None:
        pass


def _dependencies(mode: MessageMode) -> Dependencies:
    untouched, telemetry = _UntouchedStore(), _SilentTelemetry()
    unused = dict.fromkeys(Settings.__dataclass_fields__, "")
    settings = Settings(**unused | {"message_mode": mode, "callback_max_age_s": 600})  # type: ignore[arg-type]  # the callback reads these two
    return Dependencies(
        settings=settings,
        secrets=lambda: SECRETS,
        ingestor=EventIngestor(untouched, lambda: untouched, untouched, telemetry),
        backlog=untouched,
        telemetry=telemetry,
    )
