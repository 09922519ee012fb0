"""A sender whose stores are plain dictionaries."""

import uuid

import pytest

from support.doubles import CountingTelemetry
from support.sender import Sender


@pytest.fixture
def sender(monkeypatch: pytest.MonkeyPatch) -> Sender:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", uuid.uuid4().hex)  # its loggers are global
    monkeypatch.setenv("POWERTOOLS_LOG_LEVEL", "INFO")
    return Sender(CountingTelemetry())
