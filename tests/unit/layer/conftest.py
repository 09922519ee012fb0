"""What tests of the layer share: the output of a function, and a process that has built nothing."""

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aws_lambda_powertools import Metrics

from factories import ENV
from wxlive.process_cache import forget_everything

Output = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def output(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Output:
    """Return the lines, log and metrics, that were written since the last call."""
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", uuid.uuid4().hex)  # its loggers are global
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "wxlive")
    monkeypatch.setenv("POWERTOOLS_LOG_LEVEL", "INFO")
    Metrics().clear_metrics()  # all of a process share one set; a test may have left some
    return lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.fixture
def fresh_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give a process with the environment of a function that has built nothing yet."""
    for name, value in ENV.items():
        monkeypatch.setenv(name, value)
    forget_everything()
    yield
    forget_everything()
