"""``wxlive rotate``: what it writes into the secret, what it shows, and when it finishes."""

import json
import re
import time
from datetime import UTC, datetime
from functools import partial
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from factories import NOW_S
from support.chinese import english
from support.cli import Operator
from wxlive.settings import Secrets
from wxlive.stores.secrets import KEPT_S
from wxlive.telemetry import Metric
from wxlive_cli.rotate import QUIET_S

NAME, URL = "wxlive/wechat", "https://api/live/wechat/callback"
FIRST = {"appid": "wx1", "secret": "app-secret", "token": "old-token", "aes_key": "A" * 43}
READ_S = KEPT_S + 60
"""Seconds after which every function has read a new secret, and CloudWatch counts its use."""


class Secret:
    """The stored secret, and what CloudWatch has counted about its use."""

    def __init__(self) -> None:
        self.manager = boto3.client("secretsmanager")
        self.manager.create_secret(Name=NAME, SecretString=json.dumps(FIRST))

    @property
    def fields(self) -> dict[str, str]:
        answer = self.manager.get_secret_value(SecretId=NAME)
        fields: dict[str, str] = json.loads(answer["SecretString"])
        return fields

    def store(self, fields: dict[str, str]) -> None:
        self.manager.put_secret_value(SecretId=NAME, SecretString=json.dumps(fields))

    def count(self, metric: Metric, at_s: float, value: int = 1) -> None:
        client: Any = boto3.client("cloudwatch")
        point = {
            "MetricName": metric.value,
            "Dimensions": [{"Name": "service", "Value": "callback"}],
            "Timestamp": at_s,
            "Value": value,
        }
        client.put_metric_data(Namespace="wxlive/wxlive", MetricData=[point])


def client_of_aws(make_client: Any, service: str) -> Any:
    """Return a client of moto's that limits CloudWatch's answers as AWS does."""
    client = make_client(service)
    if service == "cloudwatch":
        statistics = client.get_metric_statistics

        def limited(**request: Any) -> Any:
            start, end, period_s = request["StartTime"], request["EndTime"], request["Period"]
            if (end - start).total_seconds() / period_s > 1440:
                refusal: Any = {
                    "Code": "InvalidParameterCombination",
                    "Message": "too many datapoints",
                }
                raise ClientError({"Error": refusal}, "GetMetricStatistics")
            kept_days = {60: 15, 300: 63, 3600: 455}[period_s]
            kept_from = datetime.fromtimestamp(time.time() - kept_days * 86_400, UTC)
            return statistics(**request | {"StartTime": max(start, kept_from)})

        client.get_metric_statistics = limited
    return client


@pytest.fixture
def secret(operator: Operator, aws: None, monkeypatch: pytest.MonkeyPatch) -> Secret:
    monkeypatch.setattr(boto3, "client", partial(client_of_aws, boto3.client))
    operator.outputs |= {"WechatSecretName": NAME, "CallbackUrl": URL}
    return Secret()


def test_a_rotation_generates_new_values_and_keeps_the_old_ones_accepted(
    operator: Operator, secret: Secret
) -> None:
    shown = operator.json("rotate")

    stored = Secrets.from_json(json.dumps(secret.fields))
    assert stored.tokens == (shown["token"], "old-token")
    assert stored.aes_keys == (shown["aes_key"], "A" * 43)
    assert (stored.appid, stored.secret) == ("wx1", "app-secret")
    assert re.fullmatch(r"[A-Za-z0-9]{32}", shown["token"])
    assert re.fullmatch(r"[A-Za-z0-9]{43}", shown["aes_key"])


def test_it_shows_what_to_enter_and_when_and_nothing_else(
    operator: Operator, secret: Secret
) -> None:
    shown = operator.json("rotate")
    again = operator.run("rotate")

    assert set(shown) == {"state", "url", "token", "aes_key", "paste_at"}
    assert (shown["state"], shown["url"]) == ("under way", URL)
    assert shown["paste_at"] == NOW_S + KEPT_S
    assert shown["token"] in again.stdout
    for hidden in ("app-secret", "old-token", "A" * 43):
        assert hidden not in again.output


def test_a_rotation_under_way_is_shown_again_and_generates_nothing(
    operator: Operator, secret: Secret
) -> None:
    first, stored = operator.json("rotate"), secret.fields

    assert operator.json("rotate") == first
    assert secret.fields == stored


def test_without_an_aes_key_only_the_token_is_rotated(operator: Operator, secret: Secret) -> None:
    secret.store(FIRST | {"aes_key": ""})

    assert operator.json("rotate")["aes_key"] is None
    assert Secrets.from_json(json.dumps(secret.fields)).aes_keys == ()


def test_a_rotation_finishes_when_only_the_new_values_are_used(
    operator: Operator, secret: Secret
) -> None:
    shown = operator.json("rotate")
    secret.count(Metric.CALLBACK_PREVIOUS_SECRETS, NOW_S + READ_S + 60)
    secret.count(Metric.CALLBACK_CURRENT_SECRETS, NOW_S + READ_S + 120, 7)
    operator.clock.now_s = NOW_S + READ_S + QUIET_S + 200

    facts = operator.json("rotate", "--finish")

    assert facts == {"state": "finished", "previous_used": 0, "current_used": 7}
    assert secret.fields == FIRST | {"token": shown["token"], "aes_key": shown["aes_key"]}


@pytest.mark.parametrize(
    ("counted", "says"),
    [
        ([], "No message has used the new values"),
        ([(Metric.CALLBACK_CURRENT_SECRETS, 60)], "No message has used the new values"),
        (
            [(Metric.CALLBACK_CURRENT_SECRETS, 1200), (Metric.CALLBACK_PREVIOUS_SECRETS, 1200)],
            "1 callback of the last 15 minutes used the previous values",
        ),
    ],
)
def test_values_that_may_still_be_used_are_kept(
    operator: Operator, secret: Secret, counted: list[tuple[Metric, int]], says: str
) -> None:
    operator.json("rotate")
    stored = secret.fields
    for metric, after_s in counted:
        secret.count(metric, NOW_S + after_s)
    operator.clock.now_s = NOW_S + 1500

    result = operator.run("rotate", "--finish")

    assert result.exit_code == 1
    assert says in result.stderr.replace("\n", " ")
    assert operator.json("rotate", "--finish", code=1)["state"] == "under way"
    assert secret.fields == stored


@pytest.mark.parametrize("days", [2, 30, 200])
def test_a_rotation_may_be_finished_days_later(
    operator: Operator, secret: Secret, days: int
) -> None:
    operator.json("rotate")
    secret.count(Metric.CALLBACK_PREVIOUS_SECRETS, NOW_S + READ_S + 60)
    operator.clock.now_s = NOW_S + days * 86_400
    secret.count(Metric.CALLBACK_CURRENT_SECRETS, operator.clock.now_s - 8000, 3)

    assert operator.json("rotate", "--finish") == {
        "state": "finished",
        "previous_used": 0,
        "current_used": 3,
    }


def test_the_values_that_the_last_callback_used_are_kept(
    operator: Operator, secret: Secret
) -> None:
    operator.json("rotate")
    secret.count(Metric.CALLBACK_CURRENT_SECRETS, NOW_S + READ_S + 60)
    secret.count(Metric.CALLBACK_PREVIOUS_SECRETS, NOW_S + READ_S + 3600)
    operator.clock.now_s = NOW_S + READ_S + 3600 + QUIET_S + 120

    result = operator.run("rotate", "--finish")

    assert result.exit_code == 1
    assert "No message has used the new values" in result.stderr.replace("\n", " ")


def test_right_after_the_start_no_use_is_known(operator: Operator, secret: Secret) -> None:
    operator.json("rotate")

    assert operator.json("rotate", "--finish", code=1)["current_used"] == 0


def test_force_removes_the_previous_values_in_any_case(operator: Operator, secret: Secret) -> None:
    operator.json("rotate")

    result = operator.run("rotate", "--finish", "--force")

    assert result.exit_code == 0
    assert "although no message has used the new ones yet" in result.stderr
    assert set(secret.fields) == set(FIRST)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            ["--finish"],
            "wxlive: No rotation is under way; start one with `wxlive rotate`",
        ),
        (["--force"], "wxlive: --force requires --finish; see `wxlive rotate --help`"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    operator: Operator, secret: Secret, options: list[str], sentence: str
) -> None:
    assert operator.refusal("rotate", *options) == sentence
    assert secret.fields == FIRST


def test_a_secret_that_the_functions_could_not_read_is_not_rotated(
    operator: Operator, secret: Secret
) -> None:
    secret.store({"appid": "wx1"})

    assert "no usable" in operator.refusal("rotate")
    assert secret.fields == {"appid": "wx1"}


def test_it_speaks_chinese(operator: Operator, secret: Secret) -> None:
    began = operator.run("rotate", "--lang", "zh").output
    early = operator.run("rotate", "--finish", "--lang", "zh").output
    forced = operator.run("rotate", "--finish", "--force", "--lang", "zh").output

    assert "请在所示的时间" in began
    assert "还没有消息使用过新值" in early
    assert "已移除旧值" in forced
    values = set(re.findall("[A-Za-z]+", f"{secret.fields['token']} {secret.fields['aes_key']}"))
    names = {"Token", "EncodingAESKey", "URL", "CloudWatch"}
    assert english(began + early + forced) - values - names == set()
