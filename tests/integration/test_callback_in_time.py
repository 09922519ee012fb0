"""A store and a queue that take the request and never answer: WeChat is answered in time."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from wxlive import aws
from wxlive.settings import Secrets, Settings
from wxlive_callback import handler

PAGE = Secrets("wxba5fad812f8e6fb9", "app-secret", ("AAAAA",), ("A" * 43,))
# The client config's attributes are made at run time, which its stubs do not say.
_hasty: Any = aws.HASTY
HASTY_S = _hasty.connect_timeout + _hasty.read_timeout


class Abyss:
    """Accepts every connection, answers none."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        self.taken: list[socket.socket] = []
        threading.Thread(target=self._take, daemon=True).start()

    def _take(self) -> None:
        while True:
            try:
                self.taken.append(self._server.accept()[0])
            except OSError:  # closed: the test is over
                return

    def close(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for connection in self.taken:
            connection.close()


@pytest.fixture
def abyss() -> Iterator[Abyss]:
    with closing(Abyss()) as made:
        yield made


@pytest.fixture
def parts(abyss: Abyss, monkeypatch: pytest.MonkeyPatch) -> Iterator[handler.Parts]:
    """Give the callback's real parts, with an AWS that never answers; the secret is known."""
    for name in Settings.__dataclass_fields__:
        monkeypatch.setenv(name.upper(), "1")
    changes = {
        "CALLBACK_MAX_AGE_S": "0",
        "MESSAGE_MODE": "secure",
        "PUSH_RETRY_BUSY": "off",
        "AUTO_PUSH": "off",
        "AWS_ENDPOINT_URL": abyss.url,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "WECHAT_SECRET_NAME": "wxlive/wechat",
        "POWERTOOLS_SERVICE_NAME": f"test-{uuid4().hex}",
        "POWERTOOLS_METRICS_NAMESPACE": "wxlive",
    }
    for name, value in changes.items():
        monkeypatch.setenv(name, value)
    kept = (handler.build, aws.dynamodb, aws.dynamodb_client, aws.sqs, aws.secretsmanager)
    for function in kept:
        function.cache_clear()
    yield replace(handler.build(), secrets=lambda: PAGE)
    for function in kept:
        function.cache_clear()


def test_a_store_and_a_queue_that_hang_leave_time_to_answer(
    abyss: Abyss, parts: handler.Parts, request: pytest.FixtureRequest
) -> None:
    file = Path(request.config.rootpath, "events", "callback", "follow_secure_json.json")
    event = json.loads(file.read_text(encoding="utf-8"))
    parts.intake.telemetry.logger.setLevel("CRITICAL")

    started = time.monotonic()
    reply = handler.answer(event, parts)
    took_s = time.monotonic() - started

    assert reply["statusCode"] == 500
    assert len(abyss.taken) == 2, "the table and the queue were asked once each"
    assert took_s < 2 * HASTY_S + 1
