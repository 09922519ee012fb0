"""samconfig.toml: one section per environment, no secret."""

import re
import tomllib
from typing import TYPE_CHECKING

import pytest

from wxlive_local.paths import ROOT

if TYPE_CHECKING:
    from support.template import ParsedTemplate

SAMCONFIG = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("environment", ["default", "local", "staging", "prod"])
def test_an_environment_names_its_stack_and_how_it_is_deployed(environment: str) -> None:
    section = SAMCONFIG[environment]

    assert section["global"]["parameters"]["stack_name"].startswith("wxlive")
    assert section["deploy"]["parameters"]["capabilities"].split() == [
        "CAPABILITY_IAM",
        "CAPABILITY_AUTO_EXPAND",
    ]


def test_prod_asks_before_it_changes_and_staging_is_another_stack() -> None:
    assert SAMCONFIG["prod"]["deploy"]["parameters"]["confirm_changeset"] is True
    stacks = [SAMCONFIG[e]["global"]["parameters"]["stack_name"] for e in ("staging", "prod")]
    assert len(set(stacks)) == 2


def test_samconfig_overrides_only_parameters_that_exist_and_holds_no_secret(
    template: "ParsedTemplate",
) -> None:
    deploy = [SAMCONFIG[e]["deploy"]["parameters"] for e in ("local", "staging", "prod")]
    pairs = [pair for options in deploy for pair in options.get("parameter_overrides", "").split()]
    overrides = [pair.split("=", 1) for pair in pairs]

    assert overrides
    assert {name for name, _ in overrides} <= set(template.parameters)
    assert not [value for _, value in overrides if re.fullmatch(r"[0-9a-zA-Z+=]{24,}", value)]
