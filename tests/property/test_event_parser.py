"""Reading messages: any form of one event is that event, and nothing else gets through."""

import json
import re
import string
from collections.abc import Callable
from typing import Any, TypeVar
from xml.sax.saxutils import escape

from hypothesis import given
from hypothesis import strategies as st

from support.budget import budget
from wxlive.domain.events import Event, FollowAction, FollowNotify, OtherEvent, PushResult
from wxlive.errors import RequestRejected
from wxlive.wechat.event_parser import parse_event
from wxlive.wechat.message_body import read_encrypted

Given = TypeVar("Given")
Read = TypeVar("Read")

examples = budget(fast=50, thorough=2000)

NUMBERS = st.integers(0, 2**63 - 1)
# All visible characters but brackets, which could spell a literal CDATA of their own.
VISIBLE = "".join(c for c in string.printable if not c.isspace() and c not in "[]")
OPENIDS = st.text(VISIBLE, min_size=1, max_size=128)
FOLLOWS = st.builds(
    FollowNotify,
    openid=OPENIDS,
    room_id=NUMBERS,
    time_s=NUMBERS,
    room_status=NUMBERS,
    action=st.sampled_from(FollowAction),
)
RESULTS = st.builds(
    PushResult,
    message_id=st.integers(0, 2**64 - 1).map(str),
    room_id=NUMBERS,
    time_s=NUMBERS,
    total=NUMBERS,
    success=NUMBERS,
    openid_error=NUMBERS,
    relation_error=NUMBERS,
    user_recv_limit=NUMBERS,
    internal_error=NUMBERS,
)


def fields_of(event: FollowNotify | PushResult) -> tuple[str, str, dict[str, Any]]:
    if isinstance(event, FollowNotify):
        return (
            "wxalive_follow_notify",
            "FollowNotify",
            {
                "room_id": event.room_id,
                "user_openid": event.openid,
                "time": event.time_s,
                "live_status": event.room_status,
                "action": str(event.action),
            },
        )
    return (
        "wxalive_push_message_notify",
        "PushMessageApiNotify",
        {
            "message_id": event.message_id,
            "room_id": event.room_id,
            "total_count": event.total,
            "success_count": event.success,
            "openid_error_count": event.openid_error,
            "relation_error_count": event.relation_error,
            "user_recv_limit_count": event.user_recv_limit,
            "internal_error_count": event.internal_error,
        },
    )


def written(value: Any, style: str, *, in_xml: bool) -> str:
    """``value`` as WeChat's pages may print it, unquoted."""
    text = str(value)
    if style == "literal":
        text = f"![CDATA[{text}]]"
    elif style == "lost":
        text = f"[CDATA[{text}]]"
    elif style == "cdata" and in_xml:
        return f"<![CDATA[{text}]]>"
    return escape(text) if in_xml else text


STYLES = st.sampled_from(["number", "text", "literal", "lost", "cdata"])


@examples
@given(event=FOLLOWS | RESULTS, data=st.data())
def test_every_form_of_an_event_is_that_event(
    event: FollowNotify | PushResult, data: st.DataObject
) -> None:
    name, nest, fields = fields_of(event)
    head = {
        "ToUserName": "gh_1",
        "FromUserName": "someone else",
        "CreateTime": event.time_s,
        "MsgType": "event",
        "Event": name,
    }
    styles = {k: data.draw(STYLES, label=k) for k in head | fields}
    styles |= {"ToUserName": "text", "FromUserName": "text"}

    def as_json(part: dict[str, Any]) -> dict[str, Any]:
        numbers = {k for k, v in part.items() if isinstance(v, int)} | {"message_id"}
        return {
            k: int(v)
            if styles[k] == "number" and k in numbers
            else written(v, styles[k], in_xml=False)
            for k, v in part.items()
        }

    def as_xml(part: dict[str, Any]) -> str:
        items = data.draw(st.permutations(list(part.items())))
        return "\n".join(f"<{k}>{written(v, styles[k], in_xml=True)}</{k}>" for k, v in items)

    forms = [
        json.dumps(as_json(head) | {nest: as_json(fields)}),
        json.dumps(as_json(head) | as_json(fields), indent=2),
        f"<xml>{as_xml(head)}<{nest}>{as_xml(fields)}</{nest}></xml>",
        f"<xml>{as_xml(fields | head)}</xml>\n",
    ]
    assert [parse_event(form) for form in forms] == [event] * 4


@examples
@given(encrypted=st.text(string.ascii_letters + string.digits + "+/=", min_size=1))
def test_encrypt_is_read_as_received(encrypted: str) -> None:
    bodies = [
        json.dumps({"ToUserName": "gh_1", "Encrypt": encrypted}),
        f"<xml><ToUserName><![CDATA[gh_1]]></ToUserName><Encrypt>{encrypted}</Encrypt></xml>",
        f"<xml>\n    <Encrypt><![CDATA[{encrypted}]]></Encrypt>\n    <MsgId>1</MsgId>\n</xml>\n",
    ]
    assert [read_encrypted(body.encode()) for body in bodies] == [encrypted] * 3


# ------------------------------------------------------------ anything at all

NAMES = st.sampled_from(
    [
        *("Encrypt", "MsgType", "Event", "CreateTime", "FollowNotify", "PushMessageApiNotify"),
        *("room_id", "user_openid", "time", "live_status", "action", "message_id", "total_count"),
        *("success_count", "openid_error_count", "relation_error_count"),
        *("user_recv_limit_count", "internal_error_count"),
    ]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=40)
    | st.sampled_from(["event", "add_follow", "[CDATA[del_follow]]", "1", "[CDATA[]]"])
)
EVENTS = st.sampled_from(["wxalive_follow_notify", "wxalive_push_message_notify"])
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=9)
)
DOCUMENTS = st.builds(
    lambda event, rest: json.dumps({"Event": event, **rest}),
    EVENTS,
    st.dictionaries(NAMES, VALUES, max_size=12),
)
PIECES = st.sampled_from(
    [
        *("<xml>", "</xml>", "<Event>", "</Event>", "wxalive_follow_notify", "<room_id>", "1"),
        *("</room_id>", "<![CDATA[", "]]>", "]]", "[CDATA[", "&a;", "&#65;", "&#0;", "&lt;"),
        *("<!DOCTYPE xml>", "<!ENTITY a 'b'>", "<?xml version='1.0'?>", "<!--", "-->", "\x00"),
        *("<FollowNotify>", "</FollowNotify>", "<action a='b'>", "</action>", "\ud800", " "),
    ]
)
XMLISH = st.lists(PIECES, max_size=30).map("".join)


def attempt(read: Callable[[Given], Read], given: Given) -> Read | int:
    """What was read, or the status of the refusal. Any other error fails the test."""
    try:
        return read(given)
    except RequestRejected as error:
        return error.status


def check(event: Event | int) -> None:
    """What the rest of the code may rely on, whatever was read."""
    if isinstance(event, int):
        assert event == 400
    elif isinstance(event, OtherEvent):
        assert re.fullmatch(r"[!-~]{1,64}", event.name)
    elif isinstance(event, FollowNotify):
        assert re.fullmatch(r"[!-~]{1,128}", event.openid)
        assert type(event.action) is FollowAction
        for number in (event.room_id, event.time_s, event.room_status):
            assert type(number) is int
            assert 0 <= number < 2**63
    else:
        assert re.fullmatch(r"[!-~]{1,64}", event.message_id)
        assert event.adds_up in {True, False}
        for number in (event.room_id, event.time_s, event.total, event.internal_error):
            assert type(number) is int
            assert 0 <= number < 2**63


@examples
@given(text=st.text(st.characters()) | XMLISH | XMLISH.map("<xml>{}</xml>".format) | DOCUMENTS)
def test_any_text_is_an_event_or_rejected(text: str) -> None:
    check(attempt(parse_event, text))


@examples
@given(event=FOLLOWS | RESULTS, changes=st.dictionaries(NAMES, VALUES, min_size=1, max_size=3))
def test_a_changed_event_is_an_event_or_rejected(
    event: FollowNotify | PushResult, changes: dict[str, Any]
) -> None:
    name, nest, fields = fields_of(event)
    message = {"Event": name, "CreateTime": event.time_s, nest: fields | changes}
    check(attempt(parse_event, json.dumps(message)))


@examples
@given(body=st.binary() | XMLISH.map(lambda t: t.encode("utf-8", "surrogatepass")))
def test_any_body_is_text_or_rejected(body: bytes) -> None:
    encrypted = attempt(read_encrypted, body)
    assert encrypted == 400 or (isinstance(encrypted, str) and encrypted)
