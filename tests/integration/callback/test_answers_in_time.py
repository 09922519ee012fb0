"""A store and a queue that accept the request and never answer: WeChat is answered in time."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from botocore.config import Config

from factories import ENV
from support.callback import PAGE
from wxlive import aws
from wxlive.process_cache import forget_everything
from wxlive_callback.dependencies import Dependencies, build_dependencies
from wxlive_callback.handler import answer

READ_TIMEOUT_S = 0.1
"""An eighth of the real one: the test need not wait for longer."""

LIMIT_S = 4
"""WeChat waits for 5 s, of which a cold start takes one."""


class SilentServer:
    """Accepts every connection, answers none."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        self.accepted: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                self.accepted.append(self._server.accept()[0])
            except OSError:  # closed: the test is over
                return

    def close(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for connection in self.accepted:
            connection.close()


@pytest.fixture
def silent_aws() -> Iterator[SilentServer]:
    with closing(SilentServer()) as server:
        yield server


@pytest.fixture
def deps(silent_aws: SilentServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Dependencies]:
    """The callback's real dependencies, with an AWS that never answers; the secret is known."""
    env = {
        **ENV,
        "AWS_ENDPOINT_URL": silent_aws.url,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "POWERTOOLS_SERVICE_NAME": f"test-{uuid4().hex}",
        "POWERTOOLS_METRICS_NAMESPACE": "wxlive",
    }
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    hurried = aws.FAIL_FAST.merge(Config(read_timeout=READ_TIMEOUT_S))
    monkeypatch.setattr(aws, "FAIL_FAST", hurried)
    forget_everything()
    yield replace(build_dependencies(), secrets=lambda: PAGE)
    forget_everything()


def test_a_store_and_a_queue_that_hang_are_each_called_once(
    silent_aws: SilentServer, deps: Dependencies, read: Any
) -> None:
    deps.telemetry.logger.setLevel("CRITICAL")

    started = time.monotonic()
    reply = answer(read("follow_secure_json"), deps)
    took_s = time.monotonic() - started

    assert reply["statusCode"] == 500
    assert len(silent_aws.accepted) == 2, "the table and the queue"
    assert took_s >= 2 * READ_TIMEOUT_S
    assert took_s < 2 * READ_TIMEOUT_S + 1


def test_two_calls_that_hang_leave_time_to_answer() -> None:
    config: Any = aws.FAIL_FAST  # its attributes are made at run time, which its stubs do not say

    assert 2 * (config.connect_timeout + config.read_timeout) < LIMIT_S
