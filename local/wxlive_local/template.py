"""What ``template.yaml`` declares: parameters and the properties of resources."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import yaml

from wxlive.errors import Misconfigured


@dataclass(frozen=True, slots=True)
class Template:
    """The sections of a template that are read here. Intrinsic functions appear as ``None``."""

    parameters: Mapping[str, Mapping[str, Any]]
    resources: Mapping[str, Mapping[str, Any]]

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a SAM template."""
        text = path.read_text(encoding="utf-8")
        raw = yaml.load(text, Loader=_CloudFormationLoader)  # noqa: S506 - it is a SafeLoader
        return cls(parameters=raw.get("Parameters", {}), resources=raw["Resources"])

    def of_type(self, *types: str) -> dict[str, Mapping[str, Any]]:
        """Return the properties of each resource of these types by its logical id."""
        return {
            name: resource.get("Properties", {})
            for name, resource in self.resources.items()
            if resource["Type"] in types
        }

    def parameter_overrides(self, pairs: Iterable[str]) -> dict[str, str]:
        """Read ``Key=Value`` arguments; of several with the same key the last one counts.

        Raises:
            Misconfigured: no ``=``, no such parameter, or a value that the template refuses.
        """
        overrides = {}
        for pair in pairs:
            key, equals, value = pair.partition("=")
            if not equals:
                raise Misconfigured(f"--param {pair!r} is not Key=Value")
            if key not in self.parameters:
                raise Misconfigured(
                    f"--param {key}: template.yaml has no such parameter; "
                    f"it has {', '.join(sorted(self.parameters))}"
                )
            _check(key, value, self.parameters[key])
            overrides[key] = value
        return overrides


class _CloudFormationLoader(yaml.SafeLoader):
    """YAML with CloudFormation's tags, such as ``!Ref``, whose values are not needed here."""


_CloudFormationLoader.add_multi_constructor("!", lambda _loader, _suffix, _node: None)


def _check(key: str, value: str, rules: Mapping[str, Any]) -> None:
    allowed = [str(choice) for choice in rules.get("AllowedValues", [])]
    if allowed and value not in allowed:
        raise Misconfigured(f"--param {key}={value}: it must be one of {', '.join(allowed)}")
    pattern = rules.get("AllowedPattern")
    if pattern and not re.fullmatch(pattern, value):
        raise Misconfigured(f"--param {key}={value}: it must match {pattern}")
    if rules["Type"] == "Number":
        _check_number(key, value, rules)


def _check_number(key: str, value: str, rules: Mapping[str, Any]) -> None:
    try:
        number = int(value)
    except ValueError:
        raise Misconfigured(f"--param {key}={value}: it must be a whole number") from None
    low, high = rules.get("MinValue"), rules.get("MaxValue")
    if (low is not None and number < low) or (high is not None and number > high):
        limits = " and ".join(
            f"{word} {limit}"
            for word, limit in (("at least", low), ("at most", high))
            if limit is not None
        )
        raise Misconfigured(f"--param {key}={value}: it must be {limits}")
