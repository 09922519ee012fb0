"""Parameters and outputs: the names and values that others rely on."""

import re
from typing import TYPE_CHECKING

import pytest

from wxlive_local.paths import ROOT

if TYPE_CHECKING:
    from support.template import ParsedTemplate

OUTPUT_READ = re.compile(
    r"""\b(?:_?output|outputs\.get|invoke|invoke_async)\(\s*(?:\w+,\s*\w+,\s*)?"(\w+)\""""
)
"""How the CLI's code names an output that it reads, or a function that it invokes by one."""


@pytest.mark.parametrize(
    ("name", "default"),
    [
        ("WechatApiBase", "https://api.weixin.qq.com"),
        ("MessageMode", "secure"),
        ("PushRatePerSecond", 2000),
        ("PushChunkSize", 2000),
        ("DailyCallQuota", 5000),
        ("CallbackMaxAgeSeconds", 600),
        ("Architecture", "arm64"),
        ("AutoPush", "off"),
        ("WatchDailyCalls", 400),
        ("AlarmEmail", ""),
        ("SyncSchedule", ...),
        ("WatchSchedule", ...),
        ("LogLevel", ...),
    ],
)
def test_a_parameter_keeps_its_name_and_its_default(
    template: "ParsedTemplate", name: str, default: object
) -> None:
    parameter = template.parameters[name]

    assert "Default" in parameter
    if default is not ...:
        assert parameter["Default"] == default
        assert type(parameter["Default"]) is type(default)


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("MessageMode", ["secure", "compatible", "plaintext"]),
        ("Architecture", ["arm64", "x86_64"]),
        ("AutoPush", ["off", "on"]),
        ("PushRetryBusy", ["off", "on"]),
    ],
)
def test_a_choice_keeps_its_values(
    template: "ParsedTemplate", name: str, allowed: list[str]
) -> None:
    assert template.parameters[name]["AllowedValues"] == allowed


def test_a_chunk_is_never_larger_than_wechat_allows_and_any_age_can_be_accepted(
    template: "ParsedTemplate",
) -> None:
    assert template.parameters["PushChunkSize"]["MaxValue"] == 2000
    assert template.parameters["CallbackMaxAgeSeconds"]["MinValue"] == 0


def test_every_parameter_is_described_used_and_shown_in_a_group(template: "ParsedTemplate") -> None:
    used = set(re.findall(r"!Ref (\w+)|\$\{(\w+)\}", template.text))
    names = {name for pair in used for name in pair}
    groups = template.metadata["AWS::CloudFormation::Interface"]["ParameterGroups"]
    shown = [name for group in groups for name in group["Parameters"]]

    assert [
        n for n, parameter in template.parameters.items() if "Description" not in parameter
    ] == []
    assert set(template.parameters) <= names
    assert sorted(shown) == sorted(template.parameters)


def test_no_parameter_takes_a_secret(template: "ParsedTemplate") -> None:
    suspects = [p for p in template.parameters if re.search(r"(?i)secret|token|key|appid", p)]

    assert suspects == ["WechatSecretName", "NotifyWebhookSecretName"]
    assert "resolve:secretsmanager" not in template.text


def test_every_output_that_the_cli_reads_exists(template: "ParsedTemplate") -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "cli").rglob("*.py")]
    read = {name for source in sources for name in OUTPUT_READ.findall(source)}

    assert {"StateTable", "FollowersTable", "PushStartFunction", "FollowerSyncFunction"} <= read
    assert read <= set(template.outputs)
