"""Parsing what WeChat pushes into events. Pure, no I/O; authenticity is checked elsewhere.

The shapes: docs/wechat-protocol.md#reading-events. WeChat's pages leave things open, so parsing is
tolerant where their samples disagree with their tables, and strict where a wrong guess would
change a record:

- an event's fields are in an element of their own (samples) or at the top level (tables);
- a number is a number or a string of digits: captures show both within one message;
- ``![CDATA[x]]`` and ``[CDATA[x]]`` as plain text mean ``x``: samples are printed that way.
"""

import re
from collections.abc import Mapping
from typing import Any

from wxlive.domain.events import Event, FollowAction, FollowNotify, OtherEvent, PushResult
from wxlive.errors import RequestRejected
from wxlive.wechat.documents import MAX_TEXT_BYTES, read_fields
from wxlive.wechat.fields import MESSAGE_ID, plain, read_number, read_openid

_NOT_VISIBLE = re.compile(r"[^!-~]")
_NAME_LENGTH = 64
_MESSAGE_ID_END = 2**64


class MalformedEvent(RequestRejected):
    """An event of a kind we act on lacks a field or has a senseless value in it.

    The sentence names the field and never shows its value, which may be an openid.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message, status=400)


_ACTIONS = frozenset(FollowAction)


def parse_event(text: str) -> Event:
    """The event in ``text``: the decrypted message, or in plaintext mode the body.

    Event names are compared exactly as documented; what is not known is an ``OtherEvent``.

    Raises:
        RequestRejected: status 400; the text is too long, or neither XML nor JSON as WeChat
            writes it.
        MalformedEvent: MsgType or Event is no text, or a follow or push result event has missing
            or senseless fields.
    """
    # Half a surrogate pair (JSON can hold one) is counted here and judged by the field it is in.
    if len(text.encode("utf-8", "surrogatepass")) > MAX_TEXT_BYTES:
        raise RequestRejected(f"the message has more than {MAX_TEXT_BYTES} bytes", status=400)
    message = read_fields(text)
    kind = _name(message, "MsgType")
    name = _name(message, "Event") if kind in {"event", ""} else kind
    if name == "wxalive_follow_notify":
        return _follow(message, _fields(message, "FollowNotify"))
    if name == "wxalive_push_message_notify":
        return _push_result(message, _fields(message, "PushMessageApiNotify"))
    return OtherEvent(name=_NOT_VISIBLE.sub("?", name or kind)[:_NAME_LENGTH] or "unnamed")


def _fields(message: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    nested = message.get(name)
    if nested is None:
        return message
    if not isinstance(nested, dict):
        raise MalformedEvent(f"{name} is there, but holds no fields")
    return nested


def _follow(message: Mapping[str, Any], fields: Mapping[str, Any]) -> FollowNotify:
    openid = _text(fields, "user_openid")
    try:
        openid = read_openid(openid)
    except ValueError as error:
        raise MalformedEvent(f"user_openid is {error}") from error
    action = _text(fields, "action")
    if action not in _ACTIONS:
        raise MalformedEvent(f"action is none of {', '.join(FollowAction)}")
    untimed = _absent(fields, "time")
    return FollowNotify(
        openid=openid,
        room_id=_number_or_zero(fields, "room_id"),
        time_s=_number(message, "CreateTime") if untimed else _number(fields, "time"),
        room_status=_number_or_zero(fields, "live_status"),
        action=FollowAction(action),
    )


def _push_result(message: Mapping[str, Any], fields: Mapping[str, Any]) -> PushResult:
    return PushResult(
        message_id=_message_id(fields, "message_id"),
        room_id=_number(fields, "room_id"),
        time_s=_number(message, "CreateTime"),
        total=_number(fields, "total_count"),
        success=_number(fields, "success_count"),
        openid_error=_number(fields, "openid_error_count"),
        relation_error=_number(fields, "relation_error_count"),
        user_recv_limit=_number(fields, "user_recv_limit_count"),
        internal_error=_number(fields, "internal_error_count"),
    )


def _absent(fields: Mapping[str, Any], name: str) -> bool:
    # An empty XML element is read as None; JSON says the same with null or "".
    return fields.get(name) in (None, "")


def _name(message: Mapping[str, Any], field: str) -> str:
    return "" if _absent(message, field) else _text(message, field)


def _text(fields: Mapping[str, Any], name: str) -> str:
    if _absent(fields, name):
        raise MalformedEvent(f"{name} is missing")
    value = fields[name]
    if not isinstance(value, str):
        raise MalformedEvent(f"{name} is not text")
    return plain(value)


def _number(fields: Mapping[str, Any], name: str) -> int:
    if _absent(fields, name):
        raise MalformedEvent(f"{name} is missing")
    try:
        return read_number(fields[name])
    except ValueError as error:
        raise MalformedEvent(f"{name} is {error}") from error


def _number_or_zero(fields: Mapping[str, Any], name: str) -> int:
    return 0 if _absent(fields, name) else _number(fields, name)


def _message_id(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    if type(value) is int and 0 <= value < _MESSAGE_ID_END:
        return str(value)
    text = _text(fields, name)
    if not MESSAGE_ID.fullmatch(text):
        raise MalformedEvent(f"{name} is not 1 to 64 visible characters")
    return text
