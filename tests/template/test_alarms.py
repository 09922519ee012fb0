"""The alarms: what they watch, and what they say."""

from typing import TYPE_CHECKING

from support.template import NAMESPACE
from wxlive_local.paths import ROOT

if TYPE_CHECKING:
    from support.template import ParsedTemplate


def test_an_alarm_watches_a_metric_that_something_emits(
    template: "ParsedTemplate",
    alarm: str,
    emitted: set[tuple[str, str]],
    aws_metrics: set[tuple[str, str]],
) -> None:
    properties = template.properties(alarm)
    dimensions = {each["Name"]: each["Value"] for each in properties["Dimensions"]}

    if properties["Namespace"] == {"Fn::Sub": NAMESPACE}:
        assert (dimensions["service"], properties["MetricName"]) in emitted
        assert set(dimensions) == {"service"}
    else:
        assert (properties["Namespace"], properties["MetricName"]) in aws_metrics


def test_an_alarm_says_what_to_do_and_is_in_the_runbook(
    template: "ParsedTemplate", alarm: str
) -> None:
    runbook = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")

    assert len(template.properties(alarm)["AlarmDescription"]) > 50
    assert f"| `{alarm.removesuffix('Alarm')}` |" in runbook
    assert template.properties(alarm)["AlarmActions"] == [{"Ref": "AlarmTopic"}]


def test_an_alarm_evaluates_no_longer_than_cloudwatch_allows(
    template: "ParsedTemplate", alarm: str
) -> None:
    properties = template.properties(alarm)
    period, periods = properties["Period"], properties["EvaluationPeriods"]

    assert period * periods <= (604_800 if period >= 3600 else 86_400)
