"""The body of a POST of WeChat's, before anything in it is believed. Pure, no I/O."""

from wxlive.errors import RequestRejected
from wxlive.wechat.documents import read_fields

MAX_BODY_BYTES = 160 * 1024
"""The longest envelope: a message of ``MAX_TEXT_BYTES`` in base64, and once more in clear."""


def read_encrypted(body: bytes) -> str:
    """The ``Encrypt`` field of a secure or compatible envelope, in XML or JSON, as received.

    Nothing else in the envelope is read: only this field is under ``msg_signature``.

    Raises:
        RequestRejected: status 400; the body is too long, not UTF-8, neither XML nor JSON, or has
            no such field.
    """
    if len(body) > MAX_BODY_BYTES:
        raise RequestRejected(
            f"the body has {len(body)} bytes, more than the {MAX_BODY_BYTES} of any envelope",
            status=400,
        )
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RequestRejected("the body is not UTF-8", status=400) from error
    encrypted = read_fields(text).get("Encrypt")
    if not isinstance(encrypted, str) or not encrypted:
        raise RequestRejected(
            "the envelope has no Encrypt; is the message mode in the WeChat console "
            "the one that was deployed?",
            status=400,
        )
    return encrypted
