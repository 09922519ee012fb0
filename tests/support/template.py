"""The templates of the repository, parsed; and as AWS deploys them, expanded by SAM."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from wxlive_local.paths import SAM, TEMPLATE

FUNCTIONS = {
    "CallbackFunction": "callback",
    "CallbackAllowListFunction": "callback_allow_list",
    "CallbackBacklogFunction": "callback_backlog",
    "FollowerSyncFunction": "follower_sync",
    "LiveWatchFunction": "live_watch",
    "NotifyFunction": "notify",
    "PushStartFunction": "push_start",
    "PushFanoutFunction": "push_fanout",
}
"""The functions by their resource: the folder of each, which is its service in the metrics too."""

ALARM = "AWS::CloudWatch::Alarm"

NAMESPACE = "wxlive/${AWS::StackName}"
"""Where the metrics of the stack's functions are."""

MONITORED_NAMESPACE = "wxlive/${StackName}"
"""The same, as the nested template is told it."""

_EXPAND = """
import json, sys
from samtranslator.translator.transform import transform
class NoManagedPolicies:
    def load(self): return {}
json.dump(transform(json.load(sys.stdin), {}, NoManagedPolicies()), sys.stdout)
"""
"""What CloudFormation does with ``Transform: AWS::Serverless-2016-10-31``: AWS's own code."""


class ParsedTemplate:
    """A template, with CloudFormation's short tags written out as the functions they stand for.

    ``text`` is the file; ``globals`` is what all functions share.
    """

    def __init__(self, path: Path) -> None:
        self.text = path.read_text(encoding="utf-8")
        self.sections: dict[str, Any] = yaml.load(self.text, Loader=_Loader)  # noqa: S506 - a SafeLoader
        self.parameters: dict[str, Any] = self.sections["Parameters"]
        self.resources: dict[str, Any] = self.sections["Resources"]
        self.outputs: dict[str, Any] = self.sections.get("Outputs", {})
        self.metadata: dict[str, Any] = self.sections.get("Metadata", {})
        self.globals: dict[str, Any] = self.sections.get("Globals", {}).get("Function", {})

    def properties(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.resources[name]["Properties"]
        return found

    def mapping(self, name: str) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = self.sections["Mappings"][name]
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


class DeployedTemplate:
    """The main template as SAM expands it, for given parameters, with its conditions decided.

    Resources of conditions that do not hold are left out; of each ``Fn::If`` only the branch that
    counts is left. References to parameters are replaced, those to resources stay.
    """

    def __init__(self, parameters: Mapping[str, str], *, partition: str = "aws") -> None:
        expanded = _expanded()
        self._values: dict[str, Any] = {
            "AWS::Partition": partition,
            **{name: rules.get("Default", "") for name, rules in expanded["Parameters"].items()},
            **parameters,
        }
        self._conditions: dict[str, Any] = expanded["Conditions"]
        self.resources = self._existing(expanded["Resources"])
        self.outputs = self._existing(expanded["Outputs"])

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

    def functions(self) -> set[str]:
        """Return the logical ids of the functions."""
        return set(self.of_type("AWS::Lambda::Function"))

    def role(self, function: str) -> dict[str, Any]:
        """Return the properties of a function's role."""
        return self.properties(self.properties(function)["Role"]["Fn::GetAtt"][0])

    def statements(self, function: str) -> list[dict[str, Any]]:
        """Return the statements of a function's role."""
        policies = self.role(function)["Policies"]
        return [s for policy in policies for s in policy["PolicyDocument"]["Statement"]]

    def actions(self, function: str) -> set[str]:
        """Return every action that a function's role allows."""
        listed = [statement["Action"] for statement in self.statements(function)]
        return {a for action in listed for a in ([action] if isinstance(action, str) else action)}

    def needs(self, name: str) -> set[str]:
        """Return the resources that a resource waits for: what it refers to or depends on."""
        resource = self.resources[name]
        named = resource.get("DependsOn", [])
        found = {named} if isinstance(named, str) else set(named)
        return {n for n in found if n in self.resources} | set(
            references(resource.get("Properties", {}))
        )

    def order(self) -> list[str]:
        """Return the resources in an order in which they can be created.

        Raises:
            AssertionError: some wait for each other.
        """
        waiting = {name: self.needs(name) for name in self.resources}
        done: list[str] = []
        while waiting:
            ready = sorted(name for name, needs in waiting.items() if needs <= set(done))
            assert ready, f"a circle among {sorted(waiting)}"
            done += ready
            for name in ready:
                del waiting[name]
        return done

    def _existing(self, section: Mapping[str, Any]) -> dict[str, Any]:
        return {
            name: self._decided(entry)
            for name, entry in section.items()
            if "Condition" not in entry or self._holds(entry["Condition"])
        }

    def _decided(self, value: Any) -> Any:
        if isinstance(value, list):
            decided = [self._decided(each) for each in value]
            return [each for each in decided if each != _NO_VALUE]
        if not isinstance(value, dict):
            return value
        if "Fn::If" in value:
            condition, yes, no = value["Fn::If"]
            return self._decided(yes if self._holds(condition) else no)
        if set(value) == {"Ref"} and value["Ref"] in self._values:
            return self._values[value["Ref"]]
        entries = {key: self._decided(each) for key, each in value.items()}
        return {key: each for key, each in entries.items() if each != _NO_VALUE}

    def _holds(self, condition: str) -> bool:
        return bool(self._truth(self._conditions[condition]))

    def _truth(self, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        [(function, argument)] = value.items()
        if function == "Ref":
            return self._values[argument]
        if function == "Condition":
            return self._holds(argument)
        arguments = [self._truth(each) for each in argument]
        if function == "Fn::Equals":
            return str(arguments[0]) == str(arguments[1])
        return {"Fn::Not": not arguments[0], "Fn::Or": any(arguments)}[function]


_NO_VALUE = {"Ref": "AWS::NoValue"}

_UPLOADED = {
    "CodeUri": "s3://bucket/code",
    "ContentUri": "s3://bucket/layer",
    "Location": "https://s3.amazonaws.com/bucket/template",
}
"""Addresses as `sam deploy` puts them in the place of local paths, once it has uploaded them."""


def references(value: Any) -> Iterator[str]:
    """Yield the logical ids that a value refers to."""
    if isinstance(value, list):
        for each in value:
            yield from references(each)
    elif isinstance(value, dict):
        if isinstance(value.get("Ref"), str) and not value["Ref"].startswith("AWS::"):
            yield value["Ref"]
        if "Fn::GetAtt" in value:
            target = value["Fn::GetAtt"]
            yield target.split(".")[0] if isinstance(target, str) else target[0]
        if "Fn::Sub" in value:
            yield from _substituted(sub_text(value))
        for each in value.values():
            yield from references(each)


def sub_text(value: Mapping[str, Any]) -> str:
    """Return the text of a ``Fn::Sub``, which may have values of its own; empty for others."""
    text = value.get("Fn::Sub", "")
    return str(text if isinstance(text, str) else text[0])


def _substituted(text: str) -> Iterator[str]:
    known = _expanded()["Resources"]
    for part in text.split("${")[1:]:
        name = part.split("}")[0].split(".")[0]
        if name in known:
            yield name


@cache
def _expanded() -> dict[str, Any]:
    sections = ParsedTemplate(TEMPLATE).sections
    for resource in sections["Resources"].values():
        for name in _UPLOADED.keys() & resource.get("Properties", {}).keys():
            resource["Properties"][name] = _UPLOADED[name]
    done = subprocess.run(
        [SAM.with_name("python"), "-c", _EXPAND],
        input=json.dumps(sections),
        env={**os.environ, "AWS_DEFAULT_REGION": "us-east-1"},
        capture_output=True,
        check=False,
        text=True,
    )
    assert not done.returncode, done.stderr
    expanded: dict[str, Any] = json.loads(done.stdout)
    return expanded


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
