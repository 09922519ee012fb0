"""The push queue.

A message names a chunk to send, or carries an outcome that must be stored, or only wakes a sender.
The ledger decides: a message that comes late, twice or never does no harm.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, TypeAlias

from wxlive.domain.chunks import ChunkState
from wxlive.domain.outcomes import Outcome

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

MAX_DELAY_S = 900
"""SQS delays a message by 15 minutes at most."""

_BATCH = 10


@dataclass(frozen=True, slots=True)
class ChunkMessage:
    """A chunk to send."""

    campaign: str
    chunk: int


@dataclass(frozen=True, slots=True)
class OutcomeMessage:
    """The outcome of a claimed chunk that could not be stored.

    ``refund_day`` is the day whose call is refunded because it was not made, empty otherwise.
    """

    campaign: str
    chunk: int
    claim: str
    outcome: Outcome
    refund_day: str = ""


@dataclass(frozen=True, slots=True)
class WakeMessage:
    """A push is about to start: get ready. It names no chunk."""

    wake: bool = True


WAKE = WakeMessage()

Message: TypeAlias = ChunkMessage | OutcomeMessage | WakeMessage


class PushQueue:
    """Enqueues messages for push_fanout."""

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    def send(self, message: Message, *, delay_s: int = 0) -> None:
        """Send a message, to be received not before ``delay_s`` seconds from now."""
        self._client.send_message(
            QueueUrl=self._url,
            MessageBody=json.dumps(asdict(message)),
            DelaySeconds=min(delay_s, MAX_DELAY_S),
        )

    def enqueue(self, campaign: str, chunk: int, *, delay_s: int = 0) -> None:
        """Have one chunk sent, not before ``delay_s`` seconds from now."""
        self.send(ChunkMessage(campaign, chunk), delay_s=delay_s)

    def enqueue_all(self, campaign: str, chunks: Sequence[int]) -> None:
        """Have chunks sent."""
        for begin in range(0, len(chunks), _BATCH):
            entries = [
                {
                    "Id": str(number),
                    "MessageBody": json.dumps(asdict(ChunkMessage(campaign, number))),
                }
                for number in chunks[begin : begin + _BATCH]
            ]
            answer = self._client.send_message_batch(QueueUrl=self._url, Entries=entries)  # type: ignore[arg-type]  # plain dicts
            for failed in answer.get("Failed", ()):
                self.enqueue(campaign, int(failed["Id"]))


def parse_message(body: str) -> Message:
    """Parse a message.

    Raises:
        ValueError: it is not one of ours.
    """
    message = json.loads(body)
    try:
        if message.get("wake") is True:
            return WAKE
        campaign, chunk = message["campaign"], message["chunk"]
        if not isinstance(campaign, str) or type(chunk) is not int:
            raise ValueError("no campaign or no chunk")  # noqa: TRY301 - one way out for all
        if "outcome" not in message:
            return ChunkMessage(campaign, chunk)
        outcome = message["outcome"]
        return OutcomeMessage(
            campaign,
            chunk,
            claim=message["claim"],
            outcome=Outcome(**{**outcome, "to": ChunkState(outcome["to"])}),
            refund_day=message["refund_day"],
        )
    except (AttributeError, TypeError, KeyError, ValueError) as error:
        raise ValueError("not a message of the push queue") from error
