"""Lambda's Runtime API, with which the real runtime client runs a function on this machine.

An execution environment is one process of ``awslambdaric``, started as Lambda starts it: the
function's folder as the task root, the layer on the path, nothing else of the repository.
"""

import json
import queue
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from bench_harness.built_functions import BuiltFunction

REMAINING_S = 900


class QuietServer(ThreadingHTTPServer):
    """Ignores connections that break, as when an environment is killed while it waits."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print nothing."""


class RuntimeApi:
    """Passes events to one environment, and returns its answers."""

    def __init__(self) -> None:
        self.events: queue.Queue[bytes] = queue.Queue()
        self.answers: queue.Queue[tuple[float, Any]] = queue.Queue()
        self._server = QuietServer(("127.0.0.1", 0), _handler_of(self))
        Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        """Host and port, as the runtime client wants them."""
        return f"127.0.0.1:{self._server.server_port}"

    def invoke(self, event: Any, *, timeout_s: float = 20) -> tuple[float, Any]:
        """Return the time of the answer (``perf_counter``) and the answer."""
        self.events.put(json.dumps(event).encode())
        return self.answers.get(timeout=timeout_s)

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def execution_environment(
    function: BuiltFunction, log: int = subprocess.DEVNULL
) -> Iterator[RuntimeApi]:
    """Run one execution environment for the time of the block; it writes to ``log``."""
    api = RuntimeApi()
    process = subprocess.Popen(
        [sys.executable, "-m", "awslambdaric", function.handler],
        cwd=function.root,
        env={
            **function.env,
            "AWS_LAMBDA_RUNTIME_API": api.address,
            "LAMBDA_TASK_ROOT": str(function.root),
            "PYTHONPATH": str(function.layer or ""),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        stdout=log,
        stderr=log,
    )
    try:
        yield api
    finally:
        process.kill()
        process.wait()
        api.close()


def _handler_of(api: RuntimeApi) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self._reply(200, api.events.get())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answered_at = time.perf_counter()
            self._reply(202, b"{}")
            api.answers.put((answered_at, json.loads(body)))

        def _reply(self, status: int, body: bytes) -> None:
            deadline_ms = int(1000 * (time.time() + REMAINING_S))
            self.send_response(status)
            for name, value in (
                ("Content-Type", "application/json"),  # the client crashes without it
                ("Content-Length", str(len(body))),
                ("Lambda-Runtime-Aws-Request-Id", "1"),
                ("Lambda-Runtime-Deadline-Ms", str(deadline_ms)),
                ("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:::function"),
            ):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    return Handler
