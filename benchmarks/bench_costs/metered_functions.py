"""A deployed stack whose functions are metered: what each used, as AWS would charge for it.

The local AWS invokes the functions as it always does (gateway, queues, schedules, each other) and
forwards each invocation to this process. The real runtime client runs the built function, so its
milliseconds are its own, and its requests to AWS go through a counting proxy.
"""

import json
import math
import os
import queue
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from bench_costs.embedded_metrics import metrics_in
from bench_costs.http_servers import address_of, serve_counting_proxy, serve_invocations
from bench_harness.built_functions import BuiltFunction, built_function, function_name
from bench_harness.dynamodb_meter import DynamodbMeter
from bench_harness.lambda_runtime import RuntimeApi, execution_environment
from wxlive_local.up import LocalStack

SQS_REQUEST_BYTES = 64 * 1024
PLATFORM_LOG_BYTES = 330
"""Lambda's own START, END and REPORT lines of an invocation."""


@dataclass
class FunctionUsage:
    """What a function used. ``used`` has the names and units of ``prices.json``."""

    used: Counter[str] = field(default_factory=Counter)
    metrics: set[tuple[str, ...]] = field(default_factory=set)
    ms: float = 0.0
    cold: int = 0


class MeteredFunction:
    """Runs the invocations of a function in processes of its own, and counts what they use."""

    def __init__(self, function: BuiltFunction, memory_mb: int, log: Path) -> None:
        self._memory_mb = memory_mb
        self._log_path, self._log_read = log, 0
        self._log = os.open(log, os.O_CREAT | os.O_APPEND | os.O_WRONLY)
        self._running = ExitStack()
        self._idle: queue.SimpleQueue[RuntimeApi] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._usage, self._meter = FunctionUsage(), DynamodbMeter()
        aws = urlsplit(function.env["AWS_ENDPOINT_URL"]).netloc
        self._proxy = serve_counting_proxy(aws, self._count_request)
        self._invocations = serve_invocations(self._invoke)
        env = {**function.env, "AWS_ENDPOINT_URL": address_of(self._proxy)}
        self._function = replace(function, env=env)

    @property
    def url(self) -> str:
        """Where the local AWS forwards invocations to."""
        return f"{address_of(self._invocations)}/"

    def collect(self) -> FunctionUsage:
        """Return what was used since the last call."""
        with self._lock:
            usage, meter = self._usage, self._meter
            self._usage, self._meter = FunctionUsage(), DynamodbMeter()
        written = self._new_log()
        usage.used["read_units"] += meter.read_units.total()
        usage.used["write_units"] += meter.write_units.total()
        usage.used["log_bytes"] += len(written)
        usage.metrics = set(metrics_in(written.decode()))
        return usage

    def close(self) -> None:
        """End its processes."""
        self._running.close()
        for server in (self._proxy, self._invocations):
            server.shutdown()
            server.server_close()
        os.close(self._log)

    def _invoke(self, event: Any) -> Any:
        """Return the answer of an idle environment, or of a new one."""
        started_at, is_cold = time.perf_counter(), False
        try:
            api = self._idle.get_nowait()
        except queue.Empty:
            api, is_cold = self._start_environment(), True
        answered_at, answer = api.invoke(event, timeout_s=900)
        self._idle.put(api)
        self._count_invocation(event, ms=1000 * (answered_at - started_at), is_cold=is_cold)
        return answer

    def _start_environment(self) -> RuntimeApi:
        with self._lock:
            return self._running.enter_context(execution_environment(self._function, self._log))

    def _count_invocation(self, event: Any, *, ms: float, is_cold: bool) -> None:
        with self._lock:
            used = self._usage.used
            used["lambda_requests"] += 1
            used["lambda_gb_s"] += math.ceil(ms) / 1000 * self._memory_mb / 1024  # type: ignore[assignment]  # a Counter of floats
            used["log_bytes"] += PLATFORM_LOG_BYTES
            self._usage.ms += ms
            self._usage.cold += is_cold
            if _is_from_queue(event):
                # Lambda received the messages with one request and deletes them with another.
                used["sqs_requests"] += 1 + _sqs_requests(len(json.dumps(event)))

    def _count_request(self, service: str, operation: str, request: bytes, answer: bytes) -> None:
        with self._lock:
            match service:
                case "dynamodb":
                    self._meter.count(operation, json.loads(request), json.loads(answer))
                case "sqs":
                    self._usage.used["sqs_requests"] += _sqs_requests(len(request))
                case "secretsmanager":
                    self._usage.used["secret_calls"] += 1
                case "events":
                    self._usage.used["events"] += len(json.loads(request)["Entries"])

    def _new_log(self) -> bytes:
        with self._log_path.open("rb") as log:
            log.seek(self._log_read)
            written = log.read()
        self._log_read += len(written)
        return written


@contextmanager
def metered_functions(
    stack: LocalStack, names: tuple[str, ...]
) -> Iterator[dict[str, MeteredFunction]]:
    """Meter these functions of the stack for the time of the block."""
    with ExitStack() as running:
        logs = Path(running.enter_context(TemporaryDirectory()))
        functions: dict[str, MeteredFunction] = {}
        for name in names:
            functions[name] = _metered_function(name, stack, logs / name)
            running.callback(functions[name].close)
        yield functions


def _metered_function(name: str, stack: LocalStack, log: Path) -> MeteredFunction:
    """Have the local AWS forward a function's invocations to a metered one."""
    client, full_name = stack.client("lambda"), function_name(name, stack)
    deployed = client.get_function_configuration(FunctionName=full_name)
    function = MeteredFunction(built_function(name, stack), deployed["MemorySize"], log)
    variables = deployed["Environment"]["Variables"]
    client.update_function_configuration(
        FunctionName=full_name,
        Environment={"Variables": {**variables, "MINISTACK_LAMBDA_PROXY_URL": function.url}},
    )
    return function


def _is_from_queue(event: Any) -> bool:
    return isinstance(event, dict) and "Records" in event


def _sqs_requests(size: int) -> int:
    return max(1, math.ceil(size / SQS_REQUEST_BYTES))
