"""A deployed stack whose functions are counted: what each used, as AWS would charge for it.

The local AWS invokes the functions as it always does (gateway, queues, schedules, each other) and
passes each invocation on to us. We drive the built function with the real runtime client, so its
milliseconds are its own, and it calls AWS through a door that counts.
"""

import json
import math
import os
import queue
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from bench_cold_start import Built, built
from meter import Meter
from runtime_api import Quiet, RuntimeApi, environment

from wxlive_local.up import Stack

SQS_REQUEST_BYTES = 64 * 1024
PLATFORM_LOG_BYTES = 330
"""Lambda's own START, END and REPORT lines of an invocation."""


@dataclass
class Usage:
    """What a function used. ``used`` is named and measured as ``prices.json`` has it."""

    used: Counter[str] = field(default_factory=Counter)
    metrics: set[tuple[str, ...]] = field(default_factory=set)
    ms: float = 0.0
    cold: int = 0


class Function:
    """Serves a function's invocations from processes of its own, and counts."""

    def __init__(self, name: str, function: Built, memory_mb: int, log: Path) -> None:
        self._name, self._function, self._memory_mb = name, function, memory_mb
        self._log_path, self._log_read = log, 0
        self._log = os.open(log, os.O_CREAT | os.O_APPEND | os.O_WRONLY)
        self._running = ExitStack()
        self._idle: queue.SimpleQueue[RuntimeApi] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._usage, self._meter = Usage(), Meter()
        self._door = _serve(_counting(self, urlsplit(function.env["AWS_ENDPOINT_URL"]).netloc))
        self._entrance = _serve(_invoking(self))

    @property
    def url(self) -> str:
        """Where its invocations go."""
        return f"http://127.0.0.1:{self._entrance.server_port}/"

    def invoke(self, event: Any) -> Any:
        """Have an environment answer: an idle one, or a new one."""
        began_at, is_cold = time.perf_counter(), False
        try:
            api = self._idle.get_nowait()
        except queue.Empty:
            api, is_cold = self._begin(), True
        answered_at, answer = api.invoke(event, timeout_s=900)
        self._idle.put(api)
        ms = 1000 * (answered_at - began_at)
        with self._lock:
            used = self._usage.used
            used["lambda_requests"] += 1
            used["lambda_gb_s"] += math.ceil(ms) / 1000 * self._memory_mb / 1024  # type: ignore[assignment]  # a Counter of floats
            used["log_bytes"] += PLATFORM_LOG_BYTES
            self._usage.ms += ms
            self._usage.cold += is_cold
            if _is_from_queue(event):
                # The poller's receive and its delete.
                used["sqs_requests"] += 1 + _sqs_requests(len(json.dumps(event)))
        return answer

    def count(self, service: str, operation: str, request: bytes, answer: bytes) -> None:
        """Count a call to AWS."""
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

    def take(self) -> Usage:
        """Return what was used since the last time."""
        with self._lock:
            usage, meter = self._usage, self._meter
            self._usage, self._meter = Usage(), Meter()
        usage.used["read_units"] += meter.read_units.total()
        usage.used["write_units"] += meter.write_units.total()
        with self._log_path.open("rb") as log:
            log.seek(self._log_read)
            written = log.read()
        self._log_read += len(written)
        usage.used["log_bytes"] += len(written)
        usage.metrics = set(_metrics(written))
        return usage

    def close(self) -> None:
        """End its processes."""
        self._running.close()
        for server in (self._door, self._entrance):
            server.shutdown()
            server.server_close()
        os.close(self._log)

    def _begin(self) -> RuntimeApi:
        function = self._function
        env = {**function.env, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self._door.server_port}"}
        with self._lock:
            return self._running.enter_context(
                environment(function.root, function.handler, function.layer, env, self._log)
            )


@contextmanager
def metered(stack: Stack, names: tuple[str, ...]) -> Iterator[dict[str, Function]]:
    """Count what these functions of the stack do, from now on."""
    client = stack.client("lambda")
    with ExitStack() as running:
        folder = Path(running.enter_context(TemporaryDirectory()))
        functions: dict[str, Function] = {}
        for name in names:
            full_name = f"{stack.stack_name}-{name.replace('_', '-')}"
            deployed = client.get_function_configuration(FunctionName=full_name)
            function = Function(name, built(name, stack), deployed["MemorySize"], folder / name)
            running.callback(function.close)
            variables = deployed["Environment"]["Variables"]
            client.update_function_configuration(
                FunctionName=full_name,
                Environment={
                    "Variables": {**variables, "MINISTACK_LAMBDA_PROXY_URL": function.url}
                },
            )
            functions[name] = function
        yield functions


def _serve(handler: type[BaseHTTPRequestHandler]) -> Quiet:
    server = Quiet(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def _invoking(function: Function) -> type[BaseHTTPRequestHandler]:
    class Entrance(_Handler):
        def do_POST(self) -> None:
            answer = function.invoke(json.loads(self.body()))
            self.reply(200, {"Content-Type": "application/json"}, json.dumps(answer).encode())

    return Entrance


def _counting(function: Function, aws: str) -> type[BaseHTTPRequestHandler]:
    class Door(_Handler):
        def do_GET(self) -> None:
            self._pass_on()

        def do_POST(self) -> None:
            self._pass_on()

        def _pass_on(self) -> None:
            request = self.body()
            connection = _connection(aws)
            connection.request(self.command, self.path, request, dict(self.headers))
            with connection.getresponse() as response:
                answer = response.read()
            if response.status == 200:  # noqa: PLR2004 - what was refused is not charged for here
                service, operation = _what(self.headers)
                function.count(service, operation, request, answer)
            kept = {"content-type", "x-amzn-requestid", "x-amz-crc32", "x-amz-function-error"}
            headers = {k: v for k, v in response.getheaders() if k.lower() in kept}
            self.reply(response.status, headers, answer)

    return Door


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def reply(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


_connections = threading.local()


def _connection(aws: str) -> HTTPConnection:
    """Return this thread's connection to the local AWS; a thread serves one client's."""
    if not hasattr(_connections, "aws"):
        _connections.aws = HTTPConnection(aws)
    connection: HTTPConnection = _connections.aws
    return connection


def _what(headers: Any) -> tuple[str, str]:
    """Name the service and the operation of an AWS request."""
    names = {"DynamoDB_20120810": "dynamodb", "AmazonSQS": "sqs", "AWSEvents": "events"}
    service, _, operation = headers.get("X-Amz-Target", "").partition(".")
    return names.get(service, service), operation


def _is_from_queue(event: Any) -> bool:
    return isinstance(event, dict) and "Records" in event


def _sqs_requests(size: int) -> int:
    return max(1, math.ceil(size / SQS_REQUEST_BYTES))


def _metrics(log: bytes) -> Iterator[tuple[str, ...]]:
    """Name each metric that a log emits, with its dimensions: each is charged for."""
    for emitted in _documents(log.decode()):
        for directive in emitted.get("_aws", {}).get("CloudWatchMetrics", ()):
            for dimensions in directive["Dimensions"]:
                values = [f"{name}={emitted[name]}" for name in dimensions]
                for metric in directive["Metrics"]:
                    yield (metric["Name"], *values)


def _documents(text: str) -> Iterator[dict[str, Any]]:
    """Cut JSON objects out of a log; the runtime client does not put each on a line of its own."""
    decoder, at = json.JSONDecoder(), 0
    while (at := text.find("{", at)) >= 0:
        try:
            found, at = decoder.raw_decode(text, at)
        except ValueError:
            at += 1
        else:
            yield found
