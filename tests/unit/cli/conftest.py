"""An operator at a stack in memory, while time stands still."""

import time
from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from support.cli import Operator, ScriptedClock, client, session
from wxlive_cli import console


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> ScriptedClock:
    """Stop the time: nothing in these tests really sleeps."""
    clock = ScriptedClock()
    monkeypatch.setattr(time, "time", clock)
    monkeypatch.setattr(time, "monotonic", clock)
    monkeypatch.setattr(time, "sleep", clock.sleep)
    return clock


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give an empty AWS in memory."""
    monkeypatch.setattr(boto3, "client", client)
    monkeypatch.setattr(boto3, "resource", session().resource)
    with mock_aws():
        yield


@pytest.fixture
def operator(clock: ScriptedClock, monkeypatch: pytest.MonkeyPatch) -> Operator:
    """Give an operator of a stack whose tables are empty."""
    operator = Operator(clock)
    monkeypatch.setattr(console, "connect", operator.connect)
    monkeypatch.delenv("WXLIVE_STACK", raising=False)
    return operator
