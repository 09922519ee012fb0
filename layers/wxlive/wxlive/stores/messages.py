"""The callback's two queues: messages that wait for the store, and those that wait for a human.

Both hold the same: the message as it was verified and decrypted, and why it is there. So the
dead letters of the first may lie in the second, and go back once the cause is mended.
"""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from wxlive.messages import MAX_TEXT_BYTES

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


class MessageQueue:
    """Keeps messages. The client is made when first needed: on a good day it never is."""

    def __init__(self, client: Callable[[], "SQSClient"], url: str) -> None:
        self._client = client
        self._url = url

    def keep(self, text: str, why: str) -> None:
        """Keep a message; one too long to be WeChat's is cut, so that any fits.

        The body is JSON in ASCII: SQS refuses some characters that a message may hold.
        """
        body = json.dumps({"message": text[:MAX_TEXT_BYTES], "why": why})
        self._client().send_message(QueueUrl=self._url, MessageBody=body)


def read_kept(body: str) -> str:
    """Read the message that was kept.

    Raises:
        ValueError: the body is not one of ours.
    """
    kept = json.loads(body)
    message = kept.get("message") if isinstance(kept, dict) else None
    if not isinstance(message, str):
        raise ValueError("not a message that the callback kept")  # noqa: TRY004 - its content, not its type
    return message
