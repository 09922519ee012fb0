"""The ingestor of the callback and of its backlog: it fails fast, and a cold start costs little."""

from collections.abc import Callable
from typing import Any
from unittest.mock import Mock

import pytest

from wxlive import aws
from wxlive.bootstrap.ingest import callback_queue, event_ingestor

pytestmark = pytest.mark.usefixtures("fresh_process", "output")


@pytest.fixture(autouse=True)
def built(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """The clients that were built: name and config."""
    built: list[tuple[str, Any]] = []

    def build(name: str) -> Callable[..., Mock]:
        def client(config: Any = aws.DEFAULT) -> Mock:
            built.append((name, config))
            return Mock()

        return client

    for name in ("dynamodb", "dynamodb_client", "sqs"):
        monkeypatch.setattr(aws, name, build(name))
    return built


def test_building_the_ingestor_builds_the_client_of_a_follow_event_alone(
    built: list[tuple[str, Any]],
) -> None:
    event_ingestor()
    assert set(built) == {("dynamodb_client", aws.FAIL_FAST)}


def test_the_store_of_results_is_built_when_the_first_result_comes(
    built: list[tuple[str, Any]],
) -> None:
    ingestor = event_ingestor()
    built.clear()
    ingestor.results()
    assert built == [("dynamodb", aws.FAIL_FAST)]


def test_a_queue_is_built_when_the_first_message_is_put_into_it(
    built: list[tuple[str, Any]],
) -> None:
    queue = callback_queue("https://sqs.test/quarantine")
    assert built == []
    queue.put("hello", "why")
    assert built == [("sqs", aws.FAIL_FAST)]
