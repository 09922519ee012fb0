"""Logs hide what must be hidden; metrics are written once; problems are sentences."""

import json
import re
import uuid
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest

from wxlive.errors import NotAllowed, OutcomeUnknown
from wxlive.telemetry import REDACTED, Metric, Telemetry, short
from wxlive_local.paths import TEMPLATE

CONTEXT: Any = SimpleNamespace(aws_request_id="req-1")


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", uuid.uuid4().hex)  # its loggers are global
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "wxlive")
    monkeypatch.setenv("POWERTOOLS_LOG_LEVEL", "INFO")


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def metrics(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [line for line in lines(capsys) if "_aws" in line]


@pytest.mark.parametrize(
    ("openid", "shown"),
    [
        ("oABCDEFGHIJKLMNOPQRSTUVWXYZ1", "oABC…YZ1"),
        ("12345678", "1234…678"),
        ("1234567", REDACTED),
        ("1", REDACTED),
        ("", REDACTED),
    ],
)
def test_an_openid_is_shortened_until_nobody_can_use_it(openid: str, shown: str) -> None:
    assert short(openid) == shown


def test_a_secret_is_in_no_line_wherever_it_stands(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry = Telemetry()
    telemetry.hide(["s3cr3t", "t0k3n"])
    telemetry.logger.info("a s3cr3t", extra={"t0k3n": "t0k3n", "deep": [{"in": "xs3cr3tx"}]})
    try:
        int("t0k3n")
    except ValueError:
        telemetry.logger.exception("broken")
    told = capsys.readouterr().out
    assert REDACTED in told
    assert "broken" in told
    assert "s3cr3t" not in told
    assert "t0k3n" not in told


def test_hiding_nothing_hides_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry = Telemetry()
    telemetry.hide([""])
    telemetry.logger.info("plain")
    assert [line["message"] for line in lines(capsys)] == ["plain"]


@pytest.mark.parametrize(
    "around",
    [
        "https://h/p?access_token={}&x=1",
        "access_token={}",
        "'access_token={}'",
        '"access_token={}"',
    ],
)
def test_any_access_token_in_a_url_is_hidden_without_being_known(
    capsys: pytest.CaptureFixture[str], around: str
) -> None:
    telemetry = Telemetry()
    telemetry.logger.info("asked", extra={"url": around.format("76_ab-C.d%2F")})
    (line,) = lines(capsys)
    assert line["url"] == around.format(REDACTED)


def test_a_problem_is_a_sentence_with_errcode_and_rid_and_no_stack_trace(
    capsys: pytest.CaptureFixture[str],
) -> None:
    telemetry = Telemetry()
    error = NotAllowed("Not on the list", errcode=40164, rid="ab-cd")
    with suppress(NotAllowed):
        raise error
    telemetry.problem("push not accepted", error, chunk=7)
    (line,) = lines(capsys)
    assert {
        key: line[key]
        for key in ("level", "message", "error", "sentence", "errcode", "rid", "chunk")
    } == {
        "level": "WARNING",
        "message": "push not accepted",
        "error": "NotAllowed",
        "sentence": "Not on the list",
        "errcode": 40164,
        "rid": "ab-cd",
        "chunk": 7,
    }
    assert not {"exception", "exception_name", "stack_trace"} & set(line)


def test_a_problem_of_our_own_has_no_code(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry = Telemetry()
    telemetry.problem("push not accepted", OutcomeUnknown("Cut"))
    (line,) = lines(capsys)
    assert line["sentence"] == "Cut"
    assert not {"errcode", "rid"} & set(line)


def test_metrics_are_written_once_at_the_end_of_an_invocation(
    capsys: pytest.CaptureFixture[str],
) -> None:
    telemetry = Telemetry()
    with telemetry.invocation(CONTEXT):
        telemetry.count(Metric.CHUNK_ACCEPTED)
        telemetry.count(Metric.CHUNK_ACCEPTED)
        telemetry.count(Metric.OPENIDS_ACCEPTED, 2000)
        assert metrics(capsys) == []
    (blob,) = metrics(capsys)
    (declared,) = blob["_aws"]["CloudWatchMetrics"]
    assert declared["Namespace"] == "wxlive"
    assert {metric["Name"]: metric["Unit"] for metric in declared["Metrics"]} == {
        "ChunkAccepted": "Count",
        "OpenidsAccepted": "Count",
    }
    assert blob["ChunkAccepted"] == [1.0, 1.0]
    assert blob["OpenidsAccepted"] == [2000.0]
    with telemetry.invocation(CONTEXT):
        telemetry.count(Metric.CHUNK_REFUSED)
    (blob,) = metrics(capsys)
    assert "ChunkAccepted" not in blob


def test_an_invocation_that_breaks_still_writes_its_metrics(
    capsys: pytest.CaptureFixture[str],
) -> None:
    telemetry = Telemetry()
    with suppress(ZeroDivisionError), telemetry.invocation(CONTEXT):
        telemetry.count(Metric.CHUNK_UNKNOWN, 1 // int("1"))
        telemetry.count(Metric.CHUNK_UNKNOWN, 1 // int("0"))
    assert len(metrics(capsys)) == 1


def test_an_invocation_without_metrics_writes_none(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry = Telemetry()
    with telemetry.invocation(CONTEXT):
        telemetry.logger.info("hello")
    (line,) = lines(capsys)
    assert line["request"] == "req-1"


def test_no_alarm_waits_for_a_metric_that_nobody_emits() -> None:
    named = set(re.findall(r"(?m)^ +MetricName: (\w+)", TEMPLATE.read_text("utf-8")))
    ours = {name for name in named if not name.startswith("Approximate")}
    assert ours - {metric.value for metric in Metric} - {"Errors", "Throttles", "Duration"} == set()
