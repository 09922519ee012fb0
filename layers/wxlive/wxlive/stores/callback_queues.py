"""The callback's two queues: the backlog waits for the tables, the quarantine for a human.

Both hold the same: the message as it was verified and decrypted, and why it is there. So the
quarantine takes the dead letters of the backlog, which can be moved back once the cause is fixed.
"""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from wxlive.wechat.documents import MAX_TEXT_BYTES

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


class CallbackQueue:
    """Keeps messages. The client is made when first needed: on a good day it never is."""

    def __init__(self, client: Callable[[], "SQSClient"], url: str) -> None:
        self._client = client
        self._url = url

    def put(self, text: str, reason: str) -> None:
        """Keep a message; one too long to be WeChat's is cut, so that any fits.

        The body is JSON in ASCII: SQS refuses some characters that a message may hold.
        """
        body = json.dumps({"message": text[:MAX_TEXT_BYTES], "why": reason})
        self._client().send_message(QueueUrl=self._url, MessageBody=body)


def parse_message(body: str) -> str:
    """Read the message that was kept.

    Raises:
        ValueError: the body is not one of ours.
    """
    kept = json.loads(body)
    message = kept.get("message") if isinstance(kept, dict) else None
    if not isinstance(message, str):
        raise ValueError("not a message that the callback kept")  # noqa: TRY004 - its content, not its type
    return message
