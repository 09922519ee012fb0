"""A message of the push queue names a chunk, now or later."""

import json
import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from support.backends import Backend
from wxlive.stores.push_queue import MAX_DELAY_S, PushQueue, parse_message

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


@pytest.fixture
def sqs(backend: Backend) -> "SQSClient":
    return backend.sqs()


@pytest.fixture
def url(sqs: "SQSClient") -> Iterator[str]:
    made = sqs.create_queue(QueueName=f"contract-{uuid.uuid4().hex}")["QueueUrl"]
    yield made
    sqs.delete_queue(QueueUrl=made)


def received(sqs: "SQSClient", url: str) -> list[tuple[str, int]]:
    answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    return [parse_message(message["Body"]) for message in answer.get("Messages", [])]


def test_a_chunk_that_was_enqueued_is_received(sqs: "SQSClient", url: str) -> None:
    PushQueue(sqs, url).enqueue("20260922T120000-7", 12)
    assert received(sqs, url) == [("20260922T120000-7", 12)]


@pytest.mark.parametrize(("asked", "sent"), [(1, 1), (900, 900), (901, 900), (86_400, 900)])
def test_a_delay_is_as_long_as_sqs_can(sqs: "SQSClient", url: str, asked: int, sent: int) -> None:
    seen: list[dict[str, Any]] = []
    sqs.meta.events.register(
        "provide-client-params.sqs.SendMessage", lambda params, **_: seen.append(dict(params))
    )
    PushQueue(sqs, url).enqueue("c", 1, delay_s=asked)
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
def test_a_message_that_is_not_ours_is_refused(body: str) -> None:
    with pytest.raises(ValueError, match=r"push queue|Expecting value"):
        parse_message(body)


def test_a_message_is_parsed_whatever_else_it_says() -> None:
    assert parse_message(json.dumps({"campaign": "c", "chunk": 1, "more": True})) == ("c", 1)
