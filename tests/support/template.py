"""The parsed template."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

FUNCTIONS = {
    "CallbackFunction": "callback",
    "CallbackAllowListFunction": "callback_allow_list",
    "CallbackBacklogFunction": "callback_backlog",
    "FollowerSyncFunction": "follower_sync",
    "LiveWatchFunction": "live_watch",
    "PushStartFunction": "push_start",
    "PushFanoutFunction": "push_fanout",
}
"""The functions by their resource: the folder of each, which is its service in the metrics too."""

ALARM = "AWS::CloudWatch::Alarm"

NAMESPACE = "wxlive/${AWS::StackName}"
"""Where the metrics of the stack's functions are."""


class ParsedTemplate:
    """The template, with CloudFormation's short tags written out as the functions they stand for.

    ``text`` is the file; ``globals`` is what all functions share.
    """

    def __init__(self, path: Path) -> None:
        self.text = path.read_text(encoding="utf-8")
        sections: dict[str, Any] = yaml.load(self.text, Loader=_Loader)  # noqa: S506 - a SafeLoader
        self.parameters: dict[str, Any] = sections["Parameters"]
        self.resources: dict[str, Any] = sections["Resources"]
        self.outputs: dict[str, Any] = sections["Outputs"]
        self.metadata: dict[str, Any] = sections["Metadata"]
        self.globals: dict[str, Any] = sections["Globals"]["Function"]

    def properties(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.resources[name]["Properties"]
        return found

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """Return the properties of each resource of a type by its logical id."""
        return {
            name: resource["Properties"]
            for name, resource in self.resources.items()
            if resource["Type"] == kind
        }

    def environment(self, function: str | None = None) -> dict[str, Any]:
        """Return a function's own variables, or those of all functions."""
        scope = self.properties(function) if function else self.globals
        variables: dict[str, Any] = scope["Environment"]["Variables"]
        return variables

    def statements(self, function: str) -> list[dict[str, Any]]:
        """Return the statements of a function's policies."""
        policies = self.properties(function)["Policies"]
        return [statement for policy in policies for statement in policy["Statement"]]

    def actions(self, function: str) -> set[str]:
        """Return every action that a function's role allows."""
        listed = [statement["Action"] for statement in self.statements(function)]
        return {a for action in listed for a in ([action] if isinstance(action, str) else action)}

    def alarmed_metrics(self, queue: str) -> set[str]:
        """Return the metrics of a queue that an alarm watches."""
        alarms = self.of_type(ALARM).values()
        found = [a for a in alarms if f'"{queue}"' in json.dumps(a.get("Dimensions", []))]
        assert all(alarm["AlarmActions"] for alarm in found)
        return {alarm["MetricName"] for alarm in found}


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short tags."""


def _long_form(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> Mapping[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}": value}


yaml.add_multi_constructor("!", _long_form, Loader=_Loader)
