"""Logs hide what must be hidden; metrics are written once; problems are sentences."""

from collections.abc import Callable
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest

from wxlive.errors import NotAllowed, OutcomeUnknown, TokenRefused, WxliveError
from wxlive.telemetry import REDACTED, Area, Metric, Telemetry, short

Output = Callable[[], list[dict[str, Any]]]

CONTEXT: Any = SimpleNamespace(aws_request_id="req-1")


def metrics(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [line for line in lines if "_aws" in line]


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


@pytest.mark.parametrize(
    ("error", "counted"),
    [
        (NotAllowed("no", errcode=40164), True),
        (TokenRefused("no"), True),
        (OutcomeUnknown("?"), False),
    ],
)
def test_a_problem_with_access_is_counted_for_the_alarm(
    error: WxliveError, *, counted: bool, output: Output
) -> None:
    telemetry = Telemetry()
    with telemetry.invocation(CONTEXT):
        telemetry.problem("push not accepted", error)

    assert sum(Metric.ACCESS_REFUSED in line for line in metrics(output())) == counted


def test_what_needs_the_operator_is_counted_for_its_area_as_well(output: Output) -> None:
    telemetry = Telemetry()
    with telemetry.invocation(CONTEXT):
        telemetry.count(Metric.CAMPAIGN_HELD)
        telemetry.count(Metric.CHUNK_UNKNOWN, 2)
        telemetry.count(Metric.QUOTA_LOW)
    with telemetry.invocation(CONTEXT):
        telemetry.count(Metric.CHUNK_ACCEPTED)

    needed = [line for line in metrics(output()) if Metric.OPERATOR_NEEDED in line]
    assert {line["service"]: line[Metric.OPERATOR_NEEDED] for line in needed} == {
        Area.PUSH: [3.0],
        Area.STACK: [1.0],
    }
    assert len(needed) == 2


def test_a_secret_is_in_no_line_wherever_it_occurs(output: Output) -> None:
    telemetry = Telemetry()
    telemetry.hide(["s3cr3t-word", "t0k3n-word"])
    telemetry.logger.info(
        "a s3cr3t-word", extra={"t0k3n-word": "t0k3n-word", "deep": [{"in": "xs3cr3t-wordx"}]}
    )
    try:
        int("t0k3n-word")
    except ValueError:
        telemetry.logger.exception("broken")
    shown = str(output())
    assert REDACTED in shown
    assert "broken" in shown
    assert "s3cr3t" not in shown
    assert "t0k3n" not in shown


def test_a_short_secret_does_not_blot_out_the_log(output: Output) -> None:
    telemetry = Telemetry()
    telemetry.hide(["e", ":", '"', "callbac", "1"])
    telemetry.logger.info("callback ingested", extra={"room": 1001})
    (line,) = output()
    assert (line["message"], line["room"]) == ("callback ingested", 1001)


@pytest.mark.parametrize(
    "secret", ['quo"ted-word', "back\\slash-word", "w\u00f6rd-and-more", "8letters"]
)
def test_a_secret_is_hidden_however_json_writes_it(output: Output, secret: str) -> None:
    telemetry = Telemetry()
    telemetry.hide([secret])
    telemetry.logger.info("a message", extra={"value": f"x{secret}x"})
    (line,) = output()
    assert line["value"] == f"x{REDACTED}x"


def test_hiding_nothing_hides_nothing(output: Output) -> None:
    telemetry = Telemetry()
    telemetry.hide([""])
    telemetry.logger.info("plain")
    assert [line["message"] for line in output()] == ["plain"]


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
    output: Output, around: str
) -> None:
    telemetry = Telemetry()
    telemetry.logger.info("called", extra={"url": around.format("76_ab-C.d%2F")})
    (line,) = output()
    assert line["url"] == around.format(REDACTED)


def test_a_problem_is_a_sentence_with_errcode_and_rid_and_no_stack_trace(
    output: Output,
) -> None:
    telemetry = Telemetry()
    error = NotAllowed("Not on the list", errcode=40164, rid="ab-cd")
    with suppress(NotAllowed):
        raise error
    telemetry.problem("push not accepted", error, chunk=7)
    (line,) = output()
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


def test_a_problem_of_our_own_has_no_code(output: Output) -> None:
    telemetry = Telemetry()
    telemetry.problem("push not accepted", OutcomeUnknown("Cut"))
    (line,) = output()
    assert line["sentence"] == "Cut"
    assert not {"errcode", "rid"} & set(line)


def test_metrics_are_written_once_at_the_end_of_an_invocation(
    output: Output,
) -> None:
    telemetry = Telemetry()
    with telemetry.invocation(CONTEXT):
        telemetry.count(Metric.CHUNK_ACCEPTED)
        telemetry.count(Metric.CHUNK_ACCEPTED)
        telemetry.count(Metric.OPENIDS_ACCEPTED, 2000)
        assert metrics(output()) == []
    (blob,) = metrics(output())
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
    (blob,) = metrics(output())
    assert "ChunkAccepted" not in blob


def test_an_invocation_that_breaks_still_writes_its_metrics(
    output: Output,
) -> None:
    telemetry = Telemetry()
    with suppress(ZeroDivisionError), telemetry.invocation(CONTEXT):
        telemetry.count(Metric.CHUNK_REFUSED, 1 // int("1"))
        telemetry.count(Metric.CHUNK_REFUSED, 1 // int("0"))
    assert len(metrics(output())) == 1


def test_an_invocation_without_metrics_writes_none(output: Output) -> None:
    telemetry = Telemetry()
    with telemetry.invocation(CONTEXT):
        telemetry.logger.info("hello")
    (line,) = output()
    assert line["request"] == "req-1"
