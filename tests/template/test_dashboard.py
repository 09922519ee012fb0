"""The dashboard: what it shows, and where."""

import json
import re
from typing import TYPE_CHECKING, Any

from support.template import ALARM, NAMESPACE

if TYPE_CHECKING:
    from support.template import ParsedTemplate


def body_of(template: "ParsedTemplate") -> str:
    return str(template.properties("Dashboard")["DashboardBody"]["Fn::Sub"])


def widgets_of(template: "ParsedTemplate") -> list[dict[str, Any]]:
    """The widgets, with 1 where CloudFormation inserts a value."""
    body = re.sub(r"\$\{(?!AWS::StackName)[^}]*\}", "1", body_of(template))
    widgets: list[dict[str, Any]] = json.loads(body)["widgets"]
    return widgets


def test_the_dashboard_shows_metrics_that_something_emits(
    template: "ParsedTemplate", emitted: set[tuple[str, str]], aws_metrics: set[tuple[str, str]]
) -> None:
    listed = [m for widget in widgets_of(template) for m in widget["properties"].get("metrics", [])]
    metrics = [metric for metric in listed if isinstance(metric[0], str)]

    assert len(metrics) > 20
    for namespace, name, *rest in metrics:
        if namespace == NAMESPACE:
            assert rest[0] == "service"
            assert (rest[1], name) in emitted
        else:
            assert (namespace, name) in aws_metrics


def test_the_dashboard_is_laid_out_without_gaps_or_overlaps(template: "ParsedTemplate") -> None:
    widgets = widgets_of(template)
    cells = [
        (x, y)
        for widget in widgets
        for x in range(widget["x"], widget["x"] + widget["width"])
        for y in range(widget["y"], widget["y"] + widget["height"])
    ]

    assert len(cells) == len(set(cells)) == 24 * (1 + max(y for _, y in cells))
    assert {x for x, _ in cells} == set(range(24))
    assert {widget["type"] for widget in widgets} == {"alarm", "metric"}


def test_the_dashboard_shows_every_alarm(template: "ParsedTemplate") -> None:
    shown = set(re.findall(r"\$\{(\w+)\.Arn\}", body_of(template)))

    assert shown == set(template.of_type(ALARM))
