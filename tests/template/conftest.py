"""What the tests of the template share."""

import re
from typing import Any

import pytest

from support.template import ALARM, FUNCTIONS, ParsedTemplate
from wxlive import aws
from wxlive.telemetry import Metric
from wxlive_local.paths import ROOT, TEMPLATE

PARSED = ParsedTemplate(TEMPLATE)


@pytest.fixture(scope="session")
def template() -> ParsedTemplate:
    """The template."""
    return PARSED


@pytest.fixture(params=FUNCTIONS)
def function(request: pytest.FixtureRequest) -> str:
    """Each function's logical id in turn."""
    return str(request.param)


@pytest.fixture(params=sorted(PARSED.of_type(ALARM)))
def alarm(request: pytest.FixtureRequest) -> str:
    """Each alarm's logical id in turn."""
    return str(request.param)


@pytest.fixture(scope="session")
def emitted() -> set[tuple[str, str]]:
    """Every metric that a function's code, or the telemetry it uses, counts: service and name."""
    found = set()
    for service in FUNCTIONS.values():
        sources = [path.read_text("utf-8") for path in (ROOT / "functions" / service).rglob("*.py")]
        if "wxlive.bootstrap.ingest" in "".join(sources):
            sources.append((ROOT / "layers/wxlive/wxlive/ingest.py").read_text("utf-8"))
        names = re.findall(r"Metric\.([A-Z_]+)", "".join(sources))
        found |= {(service, Metric[name].value) for name in names}
        if ".problem(" in "".join(sources):
            found.add((service, Metric.ACCESS_REFUSED.value))
    return found


@pytest.fixture(scope="session")
def aws_metrics() -> set[tuple[str, str]]:
    """Metrics that AWS emits, as its documentation names them: namespace and name."""
    return {
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible"),
        ("AWS/SQS", "ApproximateAgeOfOldestMessage"),
        ("AWS/ApiGateway", "5XXError"),
        ("AWS/ApiGateway", "Latency"),
        ("AWS/Lambda", "Errors"),
    }


@pytest.fixture(scope="session")
def fail_fast_s() -> float:
    """The longest that one call to AWS takes where WeChat waits."""
    config: Any = aws.FAIL_FAST  # its attributes are made at run time, which its stubs do not say
    return float(config.connect_timeout + config.read_timeout)
