"""The AWS clients: one a process and config, and none of them waits longer than its caller may."""

from typing import Any

import boto3
import pytest

from wxlive import aws


@pytest.fixture(autouse=True)
def built(monkeypatch: pytest.MonkeyPatch, fresh_process: None) -> list[tuple[str, Any]]:
    """The clients that were built: service and config."""
    built: list[tuple[str, Any]] = []

    def build(service: str, config: Any) -> object:
        built.append((service, config))
        return object()

    monkeypatch.setattr(boto3, "client", build)
    monkeypatch.setattr(boto3, "resource", build)
    return built


def test_a_client_is_built_once_for_each_config(built: list[tuple[str, Any]]) -> None:
    assert aws.sqs() is aws.sqs()
    assert aws.sqs(aws.FAIL_FAST) is aws.sqs(aws.FAIL_FAST)
    assert aws.sqs() is not aws.sqs(aws.FAIL_FAST)
    assert built == [("sqs", aws.DEFAULT), ("sqs", aws.FAIL_FAST)]


def test_each_service_has_its_own_client(built: list[tuple[str, Any]]) -> None:
    build = (aws.dynamodb, aws.dynamodb_client, aws.sqs, aws.events, aws.lambda_)
    clients = [each() for each in (*build, aws.secretsmanager, aws.wafv2)]
    assert len(set(map(id, clients))) == len(clients)
    assert [service for service, _ in built] == [
        "dynamodb",
        "dynamodb",
        "sqs",
        "events",
        "lambda",
        "secretsmanager",
        "wafv2",
    ]


def test_the_secret_the_store_and_the_queue_all_time_out_while_wechat_waits() -> None:
    config: Any = aws.FAIL_FAST
    assert config.retries == {"mode": "standard", "total_max_attempts": 1}
    assert 3 * (config.connect_timeout + config.read_timeout) < 4
