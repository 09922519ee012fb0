"""The push queue's dead letters: looked through without using them up."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Self

from wxlive.errors import RetryLater
from wxlive.stores.queue import read_ring

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

HOLD_S = 30
"""A message is hidden this long at most, should the command be killed while it looks."""

WAIT_S = 1
"""Waiting a moment makes SQS ask all of its servers, so that no answer means no message."""

MAX_RECEIVES = 1000
_BATCH = 10
"""SQS hands out and takes back ten messages at most."""

_CAMPAIGN = re.compile(r"[0-9A-Za-z-]{1,64}")
_CHUNKS = range(1, 1_000_000)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One message. Times are Unix seconds.

    ``ring`` is the campaign and the chunk it names, or None where it is no ring. ``received``
    counts the crashes and every look since, this one included.
    """

    message_id: str
    ring: tuple[str, int] | None
    received: int
    sent_at: int
    first_received_at: int


class DeadLetters:
    """Hands out each dead letter once; on leaving, what was not deleted is visible again.

    What somebody else looks at in this moment is hidden from us.
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
        """Walk what lies there, until SQS has no more.

        Raises:
            RetryLater: there is no end after ``MAX_RECEIVES`` receives.
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
            f"The dead letters have no end after {MAX_RECEIVES} receives; what was done is done, "
            "ask again for the rest"
        )

    def delete(self, letter: DeadLetter) -> None:
        """Take one out for good."""
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
        """Make visible what is held; what SQS fails to release comes back after ``HOLD_S``."""
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
    facts = message["Attributes"]
    return DeadLetter(
        message_id=message["MessageId"],
        ring=_ring_in(message["Body"]),
        received=int(facts["ApproximateReceiveCount"]),
        sent_at=int(facts["SentTimestamp"]) // 1000,
        first_received_at=int(facts["ApproximateFirstReceiveTimestamp"]) // 1000,
    )


def _ring_in(body: str) -> tuple[str, int] | None:
    """Read a ring as ``push_fanout`` does, and only one that the ledger can be asked about."""
    try:
        campaign, chunk = read_ring(body)
    except (ValueError, RecursionError):
        return None
    known = _CAMPAIGN.fullmatch(campaign) and not isinstance(chunk, bool) and chunk in _CHUNKS
    return (campaign, chunk) if known else None
