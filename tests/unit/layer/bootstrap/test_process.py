"""The frame of every handler: settings read once, metrics flushed at the end of an invocation."""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest

from wxlive import aws
from wxlive.bootstrap.process import entry_point, invoke_async, secret_store, settings, telemetry
from wxlive.errors import Misconfigured
from wxlive.process_cache import forget_everything
from wxlive.telemetry import Metric

pytestmark = pytest.mark.usefixtures("fresh_process")

CONTEXT: Any = SimpleNamespace(aws_request_id="req-1")
Output = Callable[[], list[dict[str, Any]]]


def test_the_settings_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings().state_table == "state"
    monkeypatch.setenv("STATE_TABLE", "another")
    assert settings().state_table == "state"
    forget_everything()
    assert settings().state_table == "another"


def test_settings_that_make_no_sense_are_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STATE_TABLE")
    with pytest.raises(Misconfigured, match=r"^STATE_TABLE is not set"):
        settings()
    monkeypatch.setenv("STATE_TABLE", "state")
    assert settings().state_table == "state"


def test_a_handler_answers_what_the_function_returns(output: Output) -> None:
    @entry_point
    def lambda_handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        return {"event": event, "request": context.aws_request_id}

    assert lambda_handler({"a": 1}, CONTEXT) == {"event": {"a": 1}, "request": "req-1"}
    assert lambda_handler.__name__ == "lambda_handler"


def test_an_invocation_flushes_its_metrics_and_names_itself_in_the_log(output: Output) -> None:
    @entry_point
    def handle(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        telemetry().count(Metric.SYNC_DONE)
        telemetry().logger.info("working")
        assert [line["message"] for line in output()] == ["working"], "metrics come at the end"
        telemetry().logger.info("done")
        return {}

    handle({}, CONTEXT)

    log, metrics = output()
    assert (log["message"], log["request"]) == ("done", "req-1")
    assert metrics["SyncDone"] == [1.0]


def test_an_invocation_that_raises_flushes_its_metrics(output: Output) -> None:
    @entry_point
    def handle(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        telemetry().count(Metric.SYNC_DONE)
        raise ZeroDivisionError

    with suppress(ZeroDivisionError):
        handle({}, CONTEXT)

    [metrics] = output()
    assert metrics["SyncDone"] == [1.0]


def test_a_process_reads_the_secret_once_for_its_invocations(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each read is charged for, and a schedule of every minute makes many."""
    reads: list[str] = []

    def get_secret_value(**request: Any) -> dict[str, str]:
        reads.append(request["SecretId"])
        return {"SecretString": json.dumps({"appid": "a", "secret": "s", "token": "t"})}

    client = SimpleNamespace(get_secret_value=get_secret_value)
    monkeypatch.setattr(aws, "secretsmanager", lambda _config: client)

    loaded = [secret_store().load().appid for _ in range(3)]

    assert loaded == ["a"] * 3
    assert reads == [settings().secret_name]


def test_a_function_is_invoked_without_waiting_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    invoked: list[dict[str, Any]] = []
    client = SimpleNamespace(invoke=lambda **request: invoked.append(request))
    monkeypatch.setattr(aws, "lambda_", lambda: client)

    invoke_async("wxlive-push-start", {"action": "plan", "campaign": "c"})

    [request] = invoked
    assert (request["FunctionName"], request["InvocationType"]) == ("wxlive-push-start", "Event")
    assert json.loads(request["Payload"]) == {"action": "plan", "campaign": "c"}
