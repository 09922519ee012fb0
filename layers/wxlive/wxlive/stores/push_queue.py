"""The push queue. A message names a chunk; the ledger says what to do with it."""

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

MAX_DELAY_S = 900
"""SQS delays a message by 15 minutes at most."""


class PushQueue:
    """Enqueues chunks."""

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    def enqueue(self, campaign: str, chunk: int, *, delay_s: int = 0) -> None:
        """Have one chunk sent, not before ``delay_s`` seconds from now."""
        self._client.send_message(
            QueueUrl=self._url,
            MessageBody=json.dumps({"campaign": campaign, "chunk": chunk}),
            DelaySeconds=min(delay_s, MAX_DELAY_S),
        )


def parse_message(body: str) -> tuple[str, int]:
    """Read a message: the campaign and the chunk's number.

    Raises:
        ValueError: it is not one of ours.
    """
    message = json.loads(body)
    try:
        campaign, chunk = message["campaign"], message["chunk"]
    except (TypeError, KeyError) as error:
        raise ValueError("not a message of the push queue") from error
    if not isinstance(campaign, str) or not isinstance(chunk, int):
        raise ValueError("not a message of the push queue")  # noqa: TRY004 - its content, not its type
    return campaign, chunk
