"""``wxlive rotate``: what it writes into the secret, what it shows, and when it lets go."""

import json
import re
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from click.testing import CliRunner, Result
from moto import mock_aws

from wxlive.settings import Secrets
from wxlive.stores.secrets import KEPT_S
from wxlive.telemetry import Metric
from wxlive_cli import console, rotate
from wxlive_cli.main import main
from wxlive_cli.rotate import QUIET_S
from wxlive_cli.stack import Stack

NAME, URL = "wxlive/wechat", "https://api/live/wechat/callback"
FIRST = {"appid": "wx1", "secret": "app-secret", "token": "old-token", "aes_key": "A" * 43}
KNOWN_S = KEPT_S + 60


class Desk:
    """An operator, the secret, and what CloudWatch has counted."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, fields: dict[str, str]) -> None:
        self.now_s = time.time()
        self.manager = boto3.client("secretsmanager")
        self.manager.create_secret(Name=NAME, SecretString=json.dumps(fields))
        nothing: Any = None
        outputs = {"WechatSecretName": NAME, "CallbackUrl": URL}
        stack = Stack("wxlive", outputs, *[nothing] * 7)
        monkeypatch.setattr(console, "connect", lambda _: stack)
        monkeypatch.setattr(rotate, "time", SimpleNamespace(time=lambda: self.now_s))

    @property
    def secret(self) -> dict[str, str]:
        answer = self.manager.get_secret_value(SecretId=NAME)
        fields: dict[str, str] = json.loads(answer["SecretString"])
        return fields

    def count(self, metric: Metric, at_s: float, value: int = 1) -> None:
        client: Any = boto3.client("cloudwatch")
        point = {
            "MetricName": metric.value,
            "Dimensions": [{"Name": "service", "Value": "callback"}],
            "Timestamp": at_s,
            "Value": value,
        }
        client.put_metric_data(Namespace="wxlive/wxlive", MetricData=[point])

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(main, ["rotate", *words])

    def json(self, *words: str, code: int = 0) -> dict[str, Any]:
        result = self.run(*words, "--json")
        assert result.exit_code == code, result.output
        facts: dict[str, Any] = json.loads(result.stdout)
        return facts


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    with mock_aws():
        yield Desk(monkeypatch, FIRST)


def test_a_rotation_makes_new_values_and_keeps_the_old_ones_accepted(desk: Desk) -> None:
    shown = desk.json()

    held = Secrets.from_json(json.dumps(desk.secret))
    assert held.tokens == (shown["token"], "old-token")
    assert held.aes_keys == (shown["aes_key"], "A" * 43)
    assert (held.appid, held.secret) == ("wx1", "app-secret")
    assert re.fullmatch(r"[A-Za-z0-9]{32}", shown["token"])
    assert re.fullmatch(r"[A-Za-z0-9]{43}", shown["aes_key"])


def test_it_shows_what_is_pasted_and_when_and_nothing_else(desk: Desk) -> None:
    shown = desk.json()
    everything = desk.run()

    assert set(shown) == {"state", "url", "token", "aes_key", "paste_at"}
    assert (shown["state"], shown["url"]) == ("under way", URL)
    assert shown["paste_at"] == pytest.approx(desk.now_s + KEPT_S, abs=5)
    assert shown["token"] in everything.stdout
    for hidden in ("app-secret", "old-token", "A" * 43):
        assert hidden not in everything.output


def test_a_rotation_under_way_is_shown_again_and_nothing_new_is_made(desk: Desk) -> None:
    first, held = desk.json(), desk.secret

    assert desk.json() == pytest.approx(first)
    assert desk.secret == held


def test_without_an_aes_key_only_the_token_is_rotated(desk: Desk) -> None:
    desk.manager.put_secret_value(SecretId=NAME, SecretString=json.dumps(FIRST | {"aes_key": ""}))

    assert desk.json()["aes_key"] is None
    assert Secrets.from_json(json.dumps(desk.secret)).aes_keys == ()


def test_a_rotation_ends_when_only_the_new_values_are_seen(desk: Desk) -> None:
    began_s, shown = desk.now_s, desk.json()
    desk.count(Metric.CALLBACK_PREVIOUS_SECRETS, began_s + KNOWN_S + 60)
    desk.count(Metric.CALLBACK_CURRENT_SECRETS, began_s + KNOWN_S + 120, 7)
    desk.now_s = began_s + KNOWN_S + QUIET_S + 200

    assert desk.json("--finish") == {"state": "finished", "previous_used": 0, "current_used": 7}
    assert desk.secret == FIRST | {"token": shown["token"], "aes_key": shown["aes_key"]}


@pytest.mark.parametrize(
    ("counted", "words"),
    [
        ([], "No callback was seen with the new values"),
        ([(Metric.CALLBACK_CURRENT_SECRETS, 60)], "No callback was seen with the new values"),
        (
            [(Metric.CALLBACK_CURRENT_SECRETS, 1200), (Metric.CALLBACK_PREVIOUS_SECRETS, 1200)],
            "1 callbacks of the last 15 minutes needed the previous values",
        ),
    ],
)
def test_what_may_still_be_needed_is_kept(
    desk: Desk, counted: list[tuple[Metric, int]], words: str
) -> None:
    desk.json()
    held, began_s = desk.secret, desk.now_s
    for metric, after_s in counted:
        desk.count(metric, began_s + after_s)
    desk.now_s = began_s + 1500

    result = desk.run("--finish")

    assert result.exit_code == 1
    assert words in result.stderr.replace("\n", " ")
    assert desk.json("--finish", code=1)["state"] == "under way"
    assert desk.secret == held


def test_right_after_the_beginning_nothing_is_known_yet(desk: Desk) -> None:
    desk.json()

    assert desk.json("--finish", code=1)["current_used"] == 0


def test_force_removes_the_previous_values_in_any_case(desk: Desk) -> None:
    desk.json()

    assert desk.json("--finish", "--force")["state"] == "finished"
    assert set(desk.secret) == set(FIRST)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--finish"], "wxlive: No rotation is under way; wxlive rotate begins one"),
        (["--force"], "wxlive: --force goes with --finish"),
    ],
)
def test_what_makes_no_sense_is_refused(desk: Desk, options: list[str], sentence: str) -> None:
    result = desk.run(*options)

    assert (result.exit_code, result.stderr.strip()) == (2, sentence)
    assert desk.secret == FIRST


def test_a_secret_that_the_functions_could_not_read_is_not_rotated(desk: Desk) -> None:
    desk.manager.put_secret_value(SecretId=NAME, SecretString='{"appid": "wx1"}')

    result = desk.run()

    assert result.exit_code == 2
    assert "no usable" in result.stderr
    assert desk.secret == {"appid": "wx1"}
