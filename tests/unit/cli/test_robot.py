"""``wxlive robot``: a robot is stored once it has shown a message, and never shown itself."""

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from support.chinese import english
from support.cli import Operator, ScriptedClock
from wxlive.errors import Misconfigured
from wxlive_cli import robot
from wxlive_cli.stack import Description
from wxlive_local.simulator import Simulator, robot_url
from wxlive_local.simulator.robots import SECRET

NAME = "wxlive/robot"
PUBLIC = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=made-up-key"


@pytest.fixture
def simulator(clock: ScriptedClock) -> Iterator[Simulator]:
    with Simulator(now=clock) as simulator:
        yield simulator


@pytest.fixture
def parameters(aws: None, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Give the parameters of the stack; while there are none, there is no stack."""
    parameters: dict[str, str] = {}

    def describe_stack(name: str) -> Description:
        if not parameters:
            raise Misconfigured(f"There is no stack {name}")
        return Description("CREATE_COMPLETE", {}, parameters)

    monkeypatch.setattr(robot, "describe_stack", describe_stack)
    return parameters


@pytest.fixture
def local(parameters: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Have AWS be the local one, whose robots are on the loopback."""
    real = boto3.client

    def client(service: str) -> Any:
        made = real(service)  # type: ignore[call-overload]  # any service
        meta = SimpleNamespace(endpoint_url="http://127.0.0.1:4566")
        return SimpleNamespace(
            meta=meta, put_secret_value=made.put_secret_value, create_secret=made.create_secret
        )

    monkeypatch.setattr(boto3, "client", client)


def stored(name: str = NAME) -> Any:
    client = boto3.session.Session("testing", "testing", region_name="us-east-1")
    found = client.client("secretsmanager").get_secret_value(SecretId=name)
    return json.loads(found["SecretString"])


def source(tmp_path: Path, **fields: Any) -> str:
    path = tmp_path / "robot.json"
    path.write_text(json.dumps(fields), encoding="utf-8")
    return str(path)


def test_a_robot_that_shows_a_message_is_stored(
    local: None, operator: Operator, simulator: Simulator
) -> None:
    url = robot_url(simulator.url, "feishu")
    result = operator.run("robot", "--kind", "feishu", typed=f"{url}\n{SECRET}\n")

    assert result.exit_code == 0, result.output
    assert stored() == {"url": url, "secret": SECRET, "kind": "feishu"}
    assert simulator.robots.shown[-1].text.startswith("wxlive: this group is told")
    assert "NotifyWebhookSecretName=wxlive/robot" in result.output
    assert url not in result.output
    assert SECRET not in result.output


def test_a_robot_that_refuses_is_not_stored(
    local: None, operator: Operator, simulator: Simulator, tmp_path: Path
) -> None:
    fields = {"url": robot_url(simulator.url, "feishu"), "secret": "wrong", "kind": "feishu"}
    refused = operator.refusal("robot", "--from", source(tmp_path, **fields))

    assert "Nothing was stored" in refused
    assert "errcode 19021" in refused
    with pytest.raises(Exception, match="ResourceNotFound"):
        stored()


def test_an_unchecked_robot_is_stored_as_it_is(
    parameters: dict[str, str], operator: Operator, tmp_path: Path
) -> None:
    facts = operator.json("robot", "--unchecked", "--from", source(tmp_path, url=PUBLIC))

    assert facts == {
        "secret_name": NAME,
        "kind": "wecom",
        "host": "qyapi.weixin.qq.com",
        "signed": False,
        "told": False,
    }
    assert stored()["url"] == PUBLIC


def test_the_secret_of_the_deployed_stack_is_replaced(
    parameters: dict[str, str], operator: Operator, tmp_path: Path
) -> None:
    parameters["NotifyWebhookSecretName"] = "team/robot"
    path = source(tmp_path, url=PUBLIC)
    operator.json("robot", "--unchecked", "--from", path)
    result = operator.run("robot", "--unchecked", "--from", path)

    assert stored("team/robot")["kind"] == "wecom"
    assert "deploy with" not in result.output


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"url": "robot"}, "no URL"),
        ({"url": "http://example.com/x"}, "https://"),
        ({"url": "https://10.0.0.1/x"}, "private network"),
        ({"url": 7}, "no text"),
        ({}, "no URL"),
        ({"url": PUBLIC, "kind": "telegram"}, "one of wecom"),
    ],
)
def test_what_is_no_robot_is_refused_in_a_sentence(
    parameters: dict[str, str],
    operator: Operator,
    tmp_path: Path,
    fields: dict[str, Any],
    sentence: str,
) -> None:
    assert sentence in operator.refusal("robot", "--from", source(tmp_path, **fields))


def test_a_file_that_is_not_json_is_refused(
    parameters: dict[str, str], operator: Operator, tmp_path: Path
) -> None:
    path = tmp_path / "robot.json"
    path.write_text("https://example.com", encoding="utf-8")
    assert "is not JSON" in operator.refusal("robot", "--from", str(path))


def test_it_speaks_chinese(operator: Operator, local: None, simulator: Simulator) -> None:
    typed = f"{robot_url(simulator.url, 'wecom')}\n\n"
    shown = operator.run("robot", "--kind", "wecom", "--lang", "zh", typed=typed).output

    assert "已保存在" in shown
    assert english(shown) - {"NotifyWebhookSecretName", "robot", "wecom", "URL"} == set()
