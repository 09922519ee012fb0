"""The alarms: what they watch, and what they say."""

import re
from typing import TYPE_CHECKING

import pytest

from support.template import ALARM, MONITORED_NAMESPACE
from wxlive.settings import Language
from wxlive.telemetry import NEEDS_OPERATOR, Metric
from wxlive_local.paths import ROOT

if TYPE_CHECKING:
    from support.template import ParsedTemplate


def test_an_alarm_watches_a_metric_that_something_emits(
    monitoring: "ParsedTemplate",
    alarm: str,
    emitted: set[tuple[str, str]],
    aws_metrics: set[tuple[str, str]],
) -> None:
    properties = monitoring.properties(alarm)
    dimensions = {each["Name"]: each["Value"] for each in properties["Dimensions"]}

    if properties["Namespace"] == {"Fn::Sub": MONITORED_NAMESPACE}:
        assert (dimensions["service"], properties["MetricName"]) in emitted
        assert set(dimensions) == {"service"}
    else:
        assert (properties["Namespace"], properties["MetricName"]) in aws_metrics


def test_an_alarm_says_what_to_do_and_is_in_the_runbook(
    monitoring: "ParsedTemplate", alarm: str
) -> None:
    runbook = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")

    name = alarm.removesuffix("Alarm")
    words = {"Fn::FindInMap": ["AlarmWords", {"Ref": "Language"}, name]}
    assert monitoring.properties(alarm)["AlarmDescription"] == words
    assert len(monitoring.mapping("AlarmWords")["en"][name]) > 50
    assert f"| `{name}` |" in runbook
    assert monitoring.properties(alarm)["AlarmActions"] == [{"Ref": "AlarmTopic"}]


def test_the_alarms_speak_every_language(
    monitoring: "ParsedTemplate", template: "ParsedTemplate"
) -> None:
    for parsed in (monitoring, template):
        words = parsed.mapping("AlarmWords")
        assert set(words) == {language.value for language in Language}
        assert words["en"].keys() == words["zh"].keys()
        assert all(re.search("[\u4e00-\u9fff]", text) for text in words["zh"].values())
        said = [text for texts in words.values() for text in texts.values()]
        for page in (page for text in said for page in re.findall(r"docs/[\w.-]+\.md", text)):
            assert (ROOT / page).exists()


@pytest.mark.parametrize("reason", sorted(NEEDS_OPERATOR))
def test_every_reason_that_needs_the_operator_is_in_the_runbook(reason: Metric) -> None:
    runbook = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")

    assert f"| `{reason}` |" in runbook


def test_an_idle_month_of_alarms_costs_little(monitoring: "ParsedTemplate") -> None:
    """An alarm costs $0.10 a month; a reason of its own belongs to ``NEEDS_OPERATOR``."""
    assert len(monitoring.of_type(ALARM)) <= 14
    assert monitoring.resources["Dashboard"]["Condition"] == "CreateDashboard"


def test_an_alarm_evaluates_no_longer_than_cloudwatch_allows(
    monitoring: "ParsedTemplate", alarm: str
) -> None:
    properties = monitoring.properties(alarm)
    period, periods = properties["Period"], properties["EvaluationPeriods"]

    assert period * periods <= (604_800 if period >= 3600 else 86_400)
