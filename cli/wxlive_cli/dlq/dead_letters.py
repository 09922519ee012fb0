"""The dead letters of the push queue."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Self

from wxlive.errors import RetryLater
from wxlive.stores.push_queue import Message, WakeMessage, parse_message

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

HOLD_S = 30
"""How long a received message stays hidden if the command is killed before it releases it."""

WAIT_S = 1
"""With a wait, SQS asks all of its servers, so that an empty answer means an empty queue."""

MAX_RECEIVES = 1000
_BATCH = 10
"""The most messages that SQS returns, or changes, in one call."""

_CAMPAIGN = re.compile(r"[0-9A-Za-z-]{1,64}")
_CHUNKS = range(1, 1_000_000)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One message. Times are Unix seconds.

    ``message`` is what it says, or None if it can't be read.
    ``received`` counts the crashes and every listing since, this one included.
    """

    message_id: str
    message: Message | None
    received: int
    sent_at: int
    first_received_at: int


class DeadLetters:
    """Iterates over the dead letters, each once.

    A context manager: on exit, the messages that were not deleted become visible again. Messages
    that another command holds at the moment are not seen.
    """

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url
        self._held: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._release()

    def __iter__(self) -> Iterator[DeadLetter]:
        """Receive messages until SQS has no more.

        Raises:
            RetryLater: SQS still has messages after ``MAX_RECEIVES`` receives.
        """
        known: set[str] = set()
        for _ in range(MAX_RECEIVES):
            messages = self._receive()
            if not messages:
                return
            for message in messages:
                if message["MessageId"] not in known:
                    known.add(message["MessageId"])
                    yield _read(message)
        raise RetryLater(
            f"There are still dead letters after {MAX_RECEIVES} receives; run the command again "
            "for the rest"
        )

    def delete(self, letter: DeadLetter) -> None:
        """Delete a dead letter for good."""
        self._client.delete_message(QueueUrl=self._url, ReceiptHandle=self._held[letter.message_id])
        del self._held[letter.message_id]

    def _receive(self) -> "list[MessageTypeDef]":
        answer = self._client.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=_BATCH,
            VisibilityTimeout=HOLD_S,
            WaitTimeSeconds=WAIT_S,
            MessageSystemAttributeNames=[
                "ApproximateReceiveCount",
                "ApproximateFirstReceiveTimestamp",
                "SentTimestamp",
            ],
        )
        messages = answer.get("Messages", [])
        self._held |= {message["MessageId"]: message["ReceiptHandle"] for message in messages}
        return messages

    def _release(self) -> None:
        """Make the held messages visible; those that SQS does not release follow in ``HOLD_S``."""
        handles = list(self._held.values())
        for start in range(0, len(handles), _BATCH):
            self._client.change_message_visibility_batch(
                QueueUrl=self._url,
                Entries=[
                    {"Id": str(number), "ReceiptHandle": handle, "VisibilityTimeout": 0}
                    for number, handle in enumerate(handles[start : start + _BATCH])
                ],
            )
        self._held.clear()


def _read(message: "MessageTypeDef") -> DeadLetter:
    attributes = message["Attributes"]
    return DeadLetter(
        message_id=message["MessageId"],
        message=_parse(message["Body"]),
        received=int(attributes["ApproximateReceiveCount"]),
        sent_at=int(attributes["SentTimestamp"]) // 1000,
        first_received_at=int(attributes["ApproximateFirstReceiveTimestamp"]) // 1000,
    )


def _parse(body: str) -> Message | None:
    """Parse a message as ``push_fanout`` does; None unless the ledger could hold such a chunk."""
    try:
        message = parse_message(body)
    except (ValueError, RecursionError):
        return None
    if isinstance(message, WakeMessage):
        return message
    is_possible = _CAMPAIGN.fullmatch(message.campaign) and message.chunk in _CHUNKS
    return message if is_possible else None
