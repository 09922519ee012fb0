"""The callback's queues hold a message as it was, and why it is there."""

import json
import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from support.backends import Backend
from wxlive.stores.callback_queues import CallbackQueue, parse_message
from wxlive.wechat.documents import MAX_TEXT_BYTES

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


def received(sqs: "SQSClient", url: str) -> list[str]:
    answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    return [message["Body"] for message in answer.get("Messages", [])]


@pytest.mark.parametrize(
    "text", ["", '{"a": 1}', "<xml>\u4e2d\u6587</xml>", "\x00\x0b\ufffe\ud800", "\U0001f600"]
)
def test_a_message_is_read_as_it_was_put(sqs: "SQSClient", url: str, text: str) -> None:
    CallbackQueue(lambda: sqs, url).put(text, "because")

    [body] = received(sqs, url)
    assert parse_message(body) == text
    assert json.loads(body)["why"] == "because"


@pytest.mark.parametrize("letter", ["x", "\u4e2d", "\x00"])
def test_a_message_that_is_too_long_is_cut_to_what_fits(letter: str) -> None:
    sent: list[str] = []

    class Client:
        def send_message(self, *, QueueUrl: str, MessageBody: str) -> None:  # noqa: N803 - boto3's
            sent.append(MessageBody)

    client: Any = Client()
    CallbackQueue(lambda: client, "url").put(letter * MAX_TEXT_BYTES * 2, "too long")

    [body] = sent
    assert parse_message(body) == letter * MAX_TEXT_BYTES
    assert len(body.encode()) < 1024 * 1024, "SQS takes a MiB"


def test_the_client_is_made_when_first_used() -> None:
    def never() -> NoReturn:
        raise AssertionError("made too early")

    queue = CallbackQueue(never, "url")
    with pytest.raises(AssertionError, match="made too early"):
        queue.put("a", "b")


@pytest.mark.parametrize("body", ["", "no json", "7", "null", "[]", "{}", '{"message": null}'])
def test_what_is_not_ours_is_refused(body: str) -> None:
    with pytest.raises(ValueError, match=r"the callback kept|Expecting value"):
        parse_message(body)
