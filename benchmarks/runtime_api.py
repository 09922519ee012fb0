"""Lambda's side of the Runtime API, so that the real runtime client drives a function here.

One execution environment is one process of ``awslambdaric``, started like Lambda starts it: the
function's folder as the task root, the layer on the path, nothing else of the clone.
"""

import json
import queue
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any


class Quiet(ThreadingHTTPServer):
    """Says nothing when an environment is killed while it waits for its next event."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


class RuntimeApi:
    """Hands events to one environment, and its answers back."""

    def __init__(self) -> None:
        self._events: queue.Queue[bytes] = queue.Queue()
        self.answers: queue.Queue[tuple[float, Any]] = queue.Queue()
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                self._reply(200, api._events.get())

            def do_POST(self) -> None:
                body, moment = (
                    self.rfile.read(int(self.headers["Content-Length"])),
                    time.perf_counter(),
                )
                self._reply(202, b"{}")
                api.answers.put((moment, json.loads(body)))

            def _reply(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header(
                    "Content-Type", "application/json"
                )  # without it the client crashes
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Lambda-Runtime-Aws-Request-Id", "1")
                self.send_header(
                    "Lambda-Runtime-Deadline-Ms", str(int(1000 * time.time()) + 900_000)
                )
                self.send_header("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:::function")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = Quiet(("127.0.0.1", 0), Handler)
        Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    def invoke(self, event: Any, *, timeout_s: float = 20) -> tuple[float, Any]:
        """Returns the moment of the answer (``perf_counter``) and the answer."""
        self._events.put(json.dumps(event).encode())
        return self.answers.get(timeout=timeout_s)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def environment(
    task_root: Path,
    handler: str,
    layer: Path | None,
    env: Mapping[str, str],
    log: int = subprocess.DEVNULL,
) -> Iterator[RuntimeApi]:
    """One execution environment, from its process's start to its end; it writes to ``log``."""
    api = RuntimeApi()
    process = subprocess.Popen(
        [sys.executable, "-m", "awslambdaric", handler],
        cwd=task_root,
        env={
            **env,
            "AWS_LAMBDA_RUNTIME_API": api.address,
            "LAMBDA_TASK_ROOT": str(task_root),
            "PYTHONPATH": str(layer or ""),
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
