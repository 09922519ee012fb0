"""The body of a POST of WeChat's, before anything in it is believed. Pure, no I/O."""

import re

from wxlive.errors import RequestRejected
from wxlive.wechat.documents import read_fields

MAX_BODY_BYTES = 160 * 1024
"""The longest envelope: a message of ``MAX_TEXT_BYTES`` in base64, and once more in clear."""

_NOT_VISIBLE = re.compile(r"[^!-~]")
_ADDRESSEE_LENGTH = 64

_USUAL_ENVELOPE = re.compile(
    rb"""
    [ \t\r\n]*+ <xml>
    [ \t\r\n]*+ <ToUserName> (<!\[CDATA\[)? [0-9A-Za-z_-]*+ (?(1)\]\]>) </ToUserName>
    [ \t\r\n]*+ <Encrypt> (<!\[CDATA\[)? ([0-9A-Za-z+/]++={0,2}) (?(2)\]\]>) </Encrypt>
    [ \t\r\n]*+ </xml>
    [ \t\r\n]*+
    """,
    re.VERBOSE,
)
"""The XML envelope of secure mode as WeChat writes it: docs/wechat-protocol.md#modes-and-envelopes.

Whatever it matches, an XML parser reads alike, in ten times the time.
"""


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
    usual = _USUAL_ENVELOPE.fullmatch(body)
    if usual:
        return usual[3].decode("ascii")
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


def read_addressee(text: str) -> str | None:
    """The ``ToUserName`` of a plaintext message: the account that it is addressed to.

    Fit for a log: at most 64 visible characters, others shown as ``?``; empty where there is none.
    None if the text cannot be read.
    """
    try:
        addressee = read_fields(text).get("ToUserName")
    except RequestRejected:
        return None
    if not isinstance(addressee, str):
        return ""
    return _NOT_VISIBLE.sub("?", addressee)[:_ADDRESSEE_LENGTH]
