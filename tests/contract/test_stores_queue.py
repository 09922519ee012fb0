"""A message of the push queue names a chunk, now or later."""

import json
import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from wxlive.stores.queue import MAX_DELAY_S, PushQueue, read_ring

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from tests.contract.conftest import Backend


@pytest.fixture
def sqs(backend: "Backend") -> "SQSClient":
    return backend.sqs()


@pytest.fixture
def url(sqs: "SQSClient") -> Iterator[str]:
    made = sqs.create_queue(QueueName=f"contract-{uuid.uuid4().hex}")["QueueUrl"]
    yield made
    sqs.delete_queue(QueueUrl=made)


def received(sqs: "SQSClient", url: str) -> list[tuple[str, int]]:
    answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    return [read_ring(message["Body"]) for message in answer.get("Messages", [])]


def test_what_was_rung_is_received(sqs: "SQSClient", url: str) -> None:
    PushQueue(sqs, url).ring("20260922T120000-7", 12)
    assert received(sqs, url) == [("20260922T120000-7", 12)]


@pytest.mark.parametrize(("asked", "sent"), [(1, 1), (900, 900), (901, 900), (86_400, 900)])
def test_a_later_ring_is_delayed_by_as_much_as_sqs_can(
    sqs: "SQSClient", url: str, asked: int, sent: int
) -> None:
    seen: list[dict[str, Any]] = []
    sqs.meta.events.register(
        "provide-client-params.sqs.SendMessage", lambda params, **_: seen.append(dict(params))
    )
    PushQueue(sqs, url).ring("c", 1, delay_s=asked)
    assert [params["DelaySeconds"] for params in seen] == [sent]
    assert received(sqs, url) == []


def test_the_longest_delay_is_what_sqs_allows() -> None:
    assert MAX_DELAY_S == 900


@pytest.mark.parametrize(
    "body",
    [
        "",
        "no json",
        "7",
        "null",
        '["campaign", "chunk"]',
        "{}",
        '{"campaign": "c"}',
        '{"chunk": 1}',
        '{"campaign": 1, "chunk": 1}',
        '{"campaign": "c", "chunk": "1"}',
        '{"campaign": "c", "chunk": null}',
    ],
)
def test_a_message_that_is_not_ours_is_no_ring(body: str) -> None:
    with pytest.raises(ValueError, match=r"push queue|Expecting value"):
        read_ring(body)


def test_a_ring_is_read_whatever_else_it_says() -> None:
    assert read_ring(json.dumps({"campaign": "c", "chunk": 1, "more": True})) == ("c", 1)
