"""What the tests of the template share."""

import re
from itertools import combinations
from typing import Any

import pytest

from support.template import ALARM, FUNCTIONS, DeployedTemplate, ParsedTemplate
from wxlive import aws
from wxlive.telemetry import Area, Metric
from wxlive_local.paths import MONITORING, ROOT, TEMPLATE

PARSED_MONITORING = ParsedTemplate(MONITORING)

SWITCHES: dict[str, dict[str, str]] = {
    "fixed egress": {"FixedEgress": "on"},
    "given subnets": {"VpcSubnetIds": "subnet-1", "VpcSecurityGroupIds": "sg-1"},
    "firewall": {"CallbackFirewall": "on"},
    "allow-list": {"CallbackAllowList": "on"},
    "domain": {"CallbackDomain": "wechat.example.com", "CallbackCertificateArn": "arn"},
    "reserved concurrency": {"CallbackReservedConcurrency": "5"},
    "existing followers": {"ExistingFollowersTable": "followers"},
    "existing state": {"ExistingStateTable": "state"},
    "robot": {"NotifyWebhookSecretName": "wxlive/robot"},
    "mail": {"AlarmEmail": "you@example.com"},
    "dashboard": {"Dashboard": "on"},
    "existing log role": {"ApiLogRole": "existing"},
    "x86_64": {"Architecture": "x86_64"},
}
"""The parameters that decide which resources there are, or what they allow."""

ALL_ON = {name: value for switch in SWITCHES.values() for name, value in switch.items()}

COMBINATIONS = {
    "defaults": {},
    **SWITCHES,
    **{f"{a}, {b}": SWITCHES[a] | SWITCHES[b] for a, b in combinations(SWITCHES, 2)},
    "all on": ALL_ON,
}


@pytest.fixture(params=COMBINATIONS)
def combination(request: pytest.FixtureRequest) -> dict[str, str]:
    """The defaults, each switch alone, each pair, and all on."""
    return COMBINATIONS[request.param]


@pytest.fixture(scope="session")
def template() -> ParsedTemplate:
    """The template, as it is written."""
    return ParsedTemplate(TEMPLATE)


@pytest.fixture(scope="session")
def monitoring() -> ParsedTemplate:
    """The nested template of the alarms and the dashboard."""
    return PARSED_MONITORING


@pytest.fixture(scope="session")
def deployed() -> DeployedTemplate:
    """The template as AWS deploys it, with every parameter at its default."""
    return DeployedTemplate({})


@pytest.fixture(scope="session")
def everything() -> DeployedTemplate:
    """The template as AWS deploys it, with every function and every switch on."""
    return DeployedTemplate(ALL_ON)


@pytest.fixture(params=FUNCTIONS)
def function(request: pytest.FixtureRequest) -> str:
    """Each function's logical id in turn."""
    return str(request.param)


@pytest.fixture(params=sorted(PARSED_MONITORING.of_type(ALARM)))
def alarm(request: pytest.FixtureRequest) -> str:
    """Each alarm's logical id in turn."""
    return str(request.param)


@pytest.fixture(scope="session")
def emitted() -> set[tuple[str, str]]:
    """Every metric that a function's code, or the telemetry it uses, counts: service and name."""
    found = {(area.value, Metric.OPERATOR_NEEDED.value) for area in Area}
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
        ("AWS/ApiGateway", "Count"),
        ("AWS/ApiGateway", "Latency"),
        ("AWS/Lambda", "Errors"),
        ("AWS/Lambda", "Throttles"),
    }


@pytest.fixture(scope="session")
def fail_fast_s() -> float:
    """The longest that one call to AWS takes where WeChat waits."""
    config: Any = aws.FAIL_FAST  # its attributes are made at run time, which its stubs do not say
    return float(config.connect_timeout + config.read_timeout)
