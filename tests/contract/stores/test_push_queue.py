"""A message of the push queue names a chunk or carries an outcome, now or later."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import pytest

from support.backends import Backend
from wxlive.domain.chunks import ChunkState
from wxlive.domain.outcomes import Outcome
from wxlive.stores.push_queue import (
    MAX_DELAY_S,
    WAKE,
    ChunkMessage,
    Message,
    OutcomeMessage,
    PushQueue,
    parse_message,
)

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


def received(sqs: "SQSClient", url: str) -> list[Message]:
    messages: list[Message] = []
    while answer := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        messages += [parse_message(message["Body"]) for message in answer]
    return messages


OUTCOME = OutcomeMessage(
    "20260922T120000-7", 12, "a", Outcome(ChunkState.ACCEPTED, message_id="1622047360795164672")
)


@pytest.mark.parametrize(
    "message",
    [
        ChunkMessage("20260922T120000-7", 12),
        OUTCOME,
        replace(OUTCOME, outcome=Outcome(ChunkState.REFUSED, None, 9410005, "r-1", "占用")),
        replace(OUTCOME, outcome=Outcome(ChunkState.QUEUED), refund_day="2026-09-22"),
        WAKE,
    ],
    ids=["a chunk", "accepted", "refused", "undone", "wake"],
)
def test_a_message_is_received_as_it_was_sent(sqs: "SQSClient", url: str, message: Message) -> None:
    PushQueue(sqs, url).send(message)
    assert received(sqs, url) == [message]


def test_a_chunk_that_was_enqueued_is_received(sqs: "SQSClient", url: str) -> None:
    PushQueue(sqs, url).enqueue("20260922T120000-7", 12)
    assert received(sqs, url) == [ChunkMessage("20260922T120000-7", 12)]


@pytest.mark.parametrize("number", [0, 1, 10, 11, 25])
def test_any_number_of_chunks_is_enqueued_at_once(sqs: "SQSClient", url: str, number: int) -> None:
    chunks = [*range(1, number), 500_001][:number]
    PushQueue(sqs, url).enqueue_all("c", chunks)
    wanted = [ChunkMessage("c", chunk) for chunk in chunks]
    assert sorted(received(sqs, url), key=str) == sorted(wanted, key=str)


class PartlyFailing:
    """SQS that takes each second message of a batch only, until asked again for each."""

    def __init__(self) -> None:
        self.received: list[str] = []

    def send_message_batch(self, *, Entries: list[dict[str, str]], **_: object) -> dict[str, Any]:  # noqa: N803 - its name
        self.received += [entry["MessageBody"] for entry in Entries[::2]]
        return {"Failed": [{"Id": entry["Id"]} for entry in Entries[1::2]]}

    def send_message(self, *, MessageBody: str, **_: object) -> None:  # noqa: N803 - its name
        self.received.append(MessageBody)


def test_what_sqs_refuses_of_a_batch_is_sent_by_itself() -> None:
    client: Any = PartlyFailing()
    PushQueue(client, "push").enqueue_all("c", range(1, 16))
    wanted = [ChunkMessage("c", chunk) for chunk in range(1, 16)]
    assert sorted(map(parse_message, client.received), key=str) == sorted(wanted, key=str)


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


def _outcome(**changes: object) -> str:
    """Return an outcome's message, spoilt."""
    message = {**asdict(OUTCOME), **changes}
    return json.dumps({name: value for name, value in message.items() if value is not ...})


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
        '{"campaign": "c", "chunk": true}',
        '{"wake": "up"}',
        _outcome(claim=...),
        _outcome(outcome=None),
        _outcome(outcome="accepted"),
        _outcome(outcome={}),
        _outcome(outcome={"to": "gone"}),
        _outcome(outcome={"to": "accepted", "more": 1}),
        _outcome(chunk="1"),
    ],
)
def test_a_message_that_is_not_ours_is_refused(body: str) -> None:
    with pytest.raises(ValueError, match=r"push queue|Expecting value"):
        parse_message(body)


def test_a_message_of_version_0_1_or_of_a_later_one_is_parsed() -> None:
    assert parse_message('{"campaign": "c", "chunk": 1}') == ChunkMessage("c", 1)
    later = json.dumps({"campaign": "c", "chunk": 1, "more": True})
    assert parse_message(later) == ChunkMessage("c", 1)
