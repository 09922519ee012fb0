"""The dashboard: what it shows, and where."""

import json
import re
from typing import TYPE_CHECKING, Any

from support.template import ALARM, MONITORED_NAMESPACE

if TYPE_CHECKING:
    from support.template import ParsedTemplate


def body_of(monitoring: "ParsedTemplate") -> str:
    return str(monitoring.properties("Dashboard")["DashboardBody"]["Fn::Sub"])


def widgets_of(monitoring: "ParsedTemplate") -> list[dict[str, Any]]:
    """The widgets, with 1 where CloudFormation inserts a value."""
    body = re.sub(r"\$\{(?!StackName)[^}]*\}", "1", body_of(monitoring))
    widgets: list[dict[str, Any]] = json.loads(body)["widgets"]
    return widgets


def test_the_dashboard_shows_metrics_that_something_emits(
    monitoring: "ParsedTemplate", emitted: set[tuple[str, str]], aws_metrics: set[tuple[str, str]]
) -> None:
    listed = [
        m for widget in widgets_of(monitoring) for m in widget["properties"].get("metrics", [])
    ]
    metrics = [metric for metric in listed if isinstance(metric[0], str)]

    assert len(metrics) > 20
    for namespace, name, *rest in metrics:
        if namespace == MONITORED_NAMESPACE:
            assert rest[0] == "service"
            assert (rest[1], name) in emitted
        else:
            assert (namespace, name) in aws_metrics


def test_the_dashboard_is_laid_out_without_gaps_or_overlaps(monitoring: "ParsedTemplate") -> None:
    widgets = widgets_of(monitoring)
    cells = [
        (x, y)
        for widget in widgets
        for x in range(widget["x"], widget["x"] + widget["width"])
        for y in range(widget["y"], widget["y"] + widget["height"])
    ]

    assert len(cells) == len(set(cells)) == 24 * (1 + max(y for _, y in cells))
    assert {x for x, _ in cells} == set(range(24))
    assert {widget["type"] for widget in widgets} == {"alarm", "metric"}


def test_the_dashboard_shows_every_alarm(monitoring: "ParsedTemplate") -> None:
    shown = set(re.findall(r"\$\{(\w+)\.Arn\}", body_of(monitoring)))

    assert shown == set(monitoring.of_type(ALARM))
