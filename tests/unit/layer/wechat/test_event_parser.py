"""Reading what WeChat pushes: the documented samples, what is tolerated, what is refused."""

import json
from typing import Any

import pytest

from wxlive.domain.events import FollowAction, FollowNotify, OtherEvent, PushResult
from wxlive.errors import RequestRejected
from wxlive.wechat.crypto import Envelope, is_signed, signature
from wxlive.wechat.documents import MAX_TEXT_BYTES
from wxlive.wechat.event_parser import MalformedEvent, parse_event
from wxlive.wechat.message_body import read_encrypted
from wxlive_local.paths import ROOT

CALLBACKS = ROOT / "events/callback"

OPENID = "o9AgO5Kd5ggOC-bXrbNODIiE3bGY"
FOLLOW_FIELDS: dict[str, Any] = {
    "room_id": 1001,
    "user_openid": OPENID,
    "time": 1714112445,
    "live_status": 101,
    "action": "add_follow",
}
RESULT_FIELDS: dict[str, Any] = {
    "message_id": "1622047360795164672",
    "room_id": 1001,
    "total_count": 2000,
    "success_count": 1970,
    "openid_error_count": 1,
    "relation_error_count": 20,
    "user_recv_limit_count": 7,
    "internal_error_count": 2,
}
FOLLOW = FollowNotify(OPENID, 1001, 1714112445, 101, FollowAction.ADD_FOLLOW)
RESULT = PushResult("1622047360795164672", 1001, 1714112446, 2000, 1970, 1, 20, 7, 2)


def head(event: str) -> dict[str, Any]:
    return {
        "ToUserName": "gh_97417a04a28d",
        "FromUserName": "sender",
        "CreateTime": 1714112446,
        "MsgType": "event",
        "Event": event,
    }


def follow(**changes: Any) -> str:
    """A follow event in JSON; a change to ``...`` leaves the field out."""
    fields = {k: v for k, v in (FOLLOW_FIELDS | changes).items() if v is not ...}
    return json.dumps(head("wxalive_follow_notify") | {"FollowNotify": fields})


def result(**changes: Any) -> str:
    fields = {k: v for k, v in (RESULT_FIELDS | changes).items() if v is not ...}
    return json.dumps(head("wxalive_push_message_notify") | {"PushMessageApiNotify": fields})


def xml(fields: dict[str, Any]) -> str:
    inner = "".join(
        f"<{k}>{xml(v)[5:-6] if isinstance(v, dict) else v}</{k}>" for k, v in fields.items()
    )
    return f"<xml>{inner}</xml>"


def request(name: str) -> tuple[dict[str, str], str]:
    event = json.loads((CALLBACKS / f"{name}.json").read_text("utf-8"))
    return event["queryStringParameters"], event["body"]


# ------------------------------------------------------------ the request files


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("debug_demo_secure_json", OtherEvent("debug_demo")),
        (
            "follow_secure_json",
            FollowNotify(OPENID, 1001, 1714112445, 101, FollowAction("add_follow")),
        ),
        (
            "unfollow_secure_json",
            FollowNotify(OPENID, 1001, 1714112445, 101, FollowAction("del_follow")),
        ),
        (
            "push_result_secure_xml",
            PushResult("1622047360795164672", 1001, 1714112445, 2000, 1970, 1, 20, 7, 2),
        ),
    ],
)
def test_secure_request_files_are_signed_and_read(name: str, expected: object) -> None:
    query, body = request(name)
    encrypted = read_encrypted(body.encode())
    assert is_signed(query["msg_signature"], "AAAAA", query["timestamp"], query["nonce"], encrypted)
    assert parse_event(Envelope("A" * 43, "wxba5fad812f8e6fb9").decrypt(encrypted)) == expected


def test_the_compatible_request_file_is_signed_and_read() -> None:
    query, body = request("compatible_xml")
    encrypted = read_encrypted(body.encode())
    assert is_signed(
        query["msg_signature"], "spamtest", query["timestamp"], query["nonce"], encrypted
    )
    envelope = Envelope("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "wx2c2769f8efd9abc2")
    assert parse_event(envelope.decrypt(encrypted)) == OtherEvent("text")
    assert parse_event(body) == OtherEvent("text")


def test_the_forged_request_file_is_well_formed_but_not_signed() -> None:
    query, body = request("forged")
    encrypted = read_encrypted(body.encode())
    words = ("AAAAA", query["timestamp"], query["nonce"])
    assert not is_signed(query["msg_signature"], *words, encrypted)
    assert is_signed(query["signature"], *words)


def test_the_url_verification_files() -> None:
    for name, good in (("verify_url", True), ("verify_url_forged", False)):
        query, _ = request(name)
        assert is_signed(query["signature"], "AAAAA", query["timestamp"], query["nonce"]) is good, (
            name
        )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "follow_plaintext_xml",
            FollowNotify("xxx", 1, 1546924844, 101, FollowAction.ADD_FOLLOW),
        ),
        (
            "push_result_plaintext_xml",
            PushResult("1622047360795164672", 1001, 1606273828, 2000, 1970, 1, 20, 7, 2),
        ),
    ],
)
def test_plaintext_request_files_are_signed_and_read(name: str, expected: object) -> None:
    query, body = request(name)
    assert query["signature"] == signature("AAAAA", query["timestamp"], query["nonce"])
    assert parse_event(body) == expected


@pytest.mark.parametrize("letter", ["a", "\u6211", "\U0001f600", "\ud800"])
def test_the_size_of_a_message_is_bounded_in_bytes(letter: str) -> None:
    width = len(letter.encode("utf-8", "surrogatepass"))
    outside = len('{"MsgType":"text","a":""}')
    count, rest = divmod(MAX_TEXT_BYTES - outside, width)

    def sized(extra: int) -> str:
        return '{"MsgType":"text","a":"' + letter * count + "x" * (rest + extra) + '"}'

    assert parse_event(sized(0)) == OtherEvent("text")
    with pytest.raises(RequestRejected, match="more than 65536 bytes") as caught:
        parse_event(sized(1))
    assert caught.value.status == 400


# ------------------------------------------------------------ follow events


def test_follow_in_json() -> None:
    assert parse_event(follow()) == FOLLOW


def test_follow_in_xml() -> None:
    fields = head("wxalive_follow_notify") | {"FollowNotify": FOLLOW_FIELDS}
    assert parse_event(xml(fields)) == FOLLOW


def test_follow_flat() -> None:
    fields = head("wxalive_follow_notify") | FOLLOW_FIELDS
    assert parse_event(json.dumps(fields)) == FOLLOW
    assert parse_event(xml(fields)) == FOLLOW


def test_an_empty_container_means_flat() -> None:
    fields = head("wxalive_follow_notify") | FOLLOW_FIELDS
    assert parse_event(json.dumps(fields | {"FollowNotify": None})) == FOLLOW
    assert parse_event(xml(fields | {"FollowNotify": ""})) == FOLLOW


def test_nested_fields_win_and_none_is_borrowed_from_the_top() -> None:
    top = {"room_id": 7, "user_openid": "other", "action": "del_follow", "live_status": 103}
    fields = head("wxalive_follow_notify") | top
    assert parse_event(json.dumps(fields | {"FollowNotify": FOLLOW_FIELDS})) == FOLLOW
    with pytest.raises(MalformedEvent, match="user_openid is missing"):
        parse_event(json.dumps(fields | {"FollowNotify": {"room_id": 1001}}))


def test_unfollow() -> None:
    event = parse_event(follow(action="del_follow"))
    assert isinstance(event, FollowNotify)
    assert event.action is FollowAction.DEL_FOLLOW


@pytest.mark.parametrize("time", [..., None, ""])
def test_a_follow_without_time_takes_the_time_of_its_message(time: object) -> None:
    event = parse_event(follow(time=time))
    assert isinstance(event, FollowNotify)
    assert event.time_s == 1714112446


@pytest.mark.parametrize(
    "written",
    ["add_follow", "![CDATA[add_follow]]", "[CDATA[add_follow]]", " ![CDATA[ add_follow ]]\n"],
)
def test_literal_cdata_means_its_content(written: str) -> None:
    numbers = {"time": "![CDATA[1714112445]]", "room_id": "[CDATA[1001]]"}
    openid = f"![CDATA[{OPENID}]]"
    assert parse_event(follow(action=written, user_openid=openid, **numbers)) == FOLLOW


def test_a_missing_msgtype_does_not_hide_the_event() -> None:
    fields = head("wxalive_follow_notify") | {"FollowNotify": FOLLOW_FIELDS}
    del fields["MsgType"]
    assert parse_event(json.dumps(fields)) == FOLLOW


def test_another_msgtype_hides_the_event() -> None:
    fields = head("wxalive_follow_notify") | {"MsgType": "text", "FollowNotify": FOLLOW_FIELDS}
    assert parse_event(json.dumps(fields)) == OtherEvent("text")


# ------------------------------------------------------------ push results


def test_result_in_json_and_xml_nested_and_flat() -> None:
    nested = head("wxalive_push_message_notify") | {"PushMessageApiNotify": RESULT_FIELDS}
    flat = head("wxalive_push_message_notify") | RESULT_FIELDS
    for fields in (nested, flat):
        assert parse_event(json.dumps(fields)) == RESULT
        assert parse_event(xml(fields)) == RESULT


@pytest.mark.parametrize("number", [0, 2**53 + 1, 1622047360795164673, 2**63, 2**64 - 1])
def test_a_message_id_keeps_all_its_bits(number: int) -> None:
    for written in (number, str(number), f"[CDATA[{number}]]"):
        event = parse_event(result(message_id=written))
        assert isinstance(event, PushResult)
        assert event.message_id == str(number)


def test_a_message_id_is_a_name_not_a_number() -> None:
    for name in ("0012", "msg-1", "x" * 64):
        event = parse_event(result(message_id=name))
        assert isinstance(event, PushResult)
        assert event.message_id == name


@pytest.mark.parametrize(
    "message_id", ["a b", "x" * 65, "\u6211", "![CDATA[]]", "\ud800", "a\u0000b"]
)
def test_a_senseless_message_id_is_refused(message_id: str) -> None:
    with pytest.raises(MalformedEvent, match="message_id is not 1 to 64 visible characters"):
        parse_event(result(message_id=message_id))


@pytest.mark.parametrize("message_id", [-1, 2**64, 1.0, True, ["1"], {"a": 1}])
def test_a_message_id_of_another_type_is_refused(message_id: object) -> None:
    with pytest.raises(MalformedEvent, match="message_id is not text"):
        parse_event(result(message_id=message_id))


# ------------------------------------------------------------ malformed events

FOLLOW_NUMBERS = ["room_id", "time", "live_status"]
RESULT_NUMBERS = ["room_id", *(n for n in RESULT_FIELDS if n.endswith("_count"))]
SENSELESS = [
    -1,
    2**63,
    1.0,
    True,
    "-1",
    "1.0",
    "0x1",
    "1_0",
    "\u0661",
    str(2**63),
    [1],
    {"a": 1},
]


@pytest.mark.parametrize("number", [0, "0", "007", " 7 ", 2**63 - 1, str(2**63 - 1)])
@pytest.mark.parametrize("name", FOLLOW_NUMBERS)
def test_numbers_and_strings_of_digits_are_read(name: str, number: int | str) -> None:
    event = parse_event(follow(**{name: number}))
    attribute = {"time": "time_s", "live_status": "room_status"}.get(name, name)
    assert getattr(event, attribute) == int(number)


@pytest.mark.parametrize("value", SENSELESS)
@pytest.mark.parametrize("name", FOLLOW_NUMBERS)
def test_a_senseless_number_in_a_follow_is_refused(name: str, value: object) -> None:
    with pytest.raises(MalformedEvent, match=rf"^{name} is not a whole number"):
        parse_event(follow(**{name: value}))


@pytest.mark.parametrize("value", SENSELESS)
@pytest.mark.parametrize("name", RESULT_NUMBERS)
def test_a_senseless_number_in_a_result_is_refused(name: str, value: object) -> None:
    with pytest.raises(MalformedEvent, match=rf"^{name} is not a whole number"):
        parse_event(result(**{name: value}))


@pytest.mark.parametrize("gone", [..., None, ""])
@pytest.mark.parametrize("name", ["room_id", "live_status"])
def test_a_follow_without_its_room_still_counts(name: str, gone: object) -> None:
    event = parse_event(follow(**{name: gone}))
    assert getattr(event, {"live_status": "room_status"}.get(name, name)) == 0


@pytest.mark.parametrize("gone", [..., None, ""])
@pytest.mark.parametrize("name", ["user_openid", "action"])
def test_a_follow_needs_its_fields(name: str, gone: object) -> None:
    with pytest.raises(MalformedEvent, match=f"^{name} is missing$") as caught:
        parse_event(follow(**{name: gone}))
    assert caught.value.status == 400


@pytest.mark.parametrize("gone", [..., None, ""])
@pytest.mark.parametrize("name", RESULT_FIELDS)
def test_a_result_needs_its_fields(name: str, gone: object) -> None:
    with pytest.raises(MalformedEvent, match=f"^{name} is missing$"):
        parse_event(result(**{name: gone}))


def test_both_need_a_time() -> None:
    for event, nest, fields in (
        ("wxalive_follow_notify", "FollowNotify", FOLLOW_FIELDS),
        ("wxalive_push_message_notify", "PushMessageApiNotify", RESULT_FIELDS),
    ):
        message = head(event) | {nest: {k: v for k, v in fields.items() if k != "time"}}
        del message["CreateTime"]
        with pytest.raises(MalformedEvent, match=r"^CreateTime is missing$"):
            parse_event(json.dumps(message))


def test_a_container_without_fields_is_refused() -> None:
    for value in ("x", 1, [FOLLOW_FIELDS], True):
        with pytest.raises(MalformedEvent, match="FollowNotify is there, but holds no fields"):
            parse_event(json.dumps(head("wxalive_follow_notify") | {"FollowNotify": value}))
        with pytest.raises(MalformedEvent, match="PushMessageApiNotify is there"):
            parse_event(
                json.dumps(head("wxalive_push_message_notify") | {"PushMessageApiNotify": value})
            )


@pytest.mark.parametrize("openid", ["o" * 128, "o", "o_-A9", "!~"])
def test_an_openid_is_visible_characters(openid: str) -> None:
    event = parse_event(follow(user_openid=openid))
    assert isinstance(event, FollowNotify)
    assert event.openid == openid


@pytest.mark.parametrize(
    "openid", ["o" * 129, "o o", "o\u00a0o", "o\u0000", "\u6211", "\ud800", " ", "![CDATA[]]"]
)
def test_a_senseless_openid_is_refused_and_not_shown(openid: str) -> None:
    with pytest.raises(MalformedEvent) as caught:
        parse_event(follow(user_openid=openid))
    assert str(caught.value) == "user_openid is not 1 to 128 visible characters"


@pytest.mark.parametrize("name", ["user_openid", "action"])
@pytest.mark.parametrize("value", [1, True, ["x"], {"a": "b"}])
def test_text_of_another_type_is_refused(name: str, value: object) -> None:
    with pytest.raises(MalformedEvent, match=f"^{name} is not text$"):
        parse_event(follow(**{name: value}))


@pytest.mark.parametrize("action", ["ADD_FOLLOW", "follow", "add_follow;", "x" * 1000])
def test_an_unknown_action_is_refused_and_not_shown(action: str) -> None:
    with pytest.raises(MalformedEvent) as caught:
        parse_event(follow(action=action))
    assert str(caught.value) == "action is none of add_follow, del_follow"
    assert caught.value.__cause__ is None


def test_a_repeated_element_is_refused() -> None:
    fields = head("wxalive_follow_notify") | {"FollowNotify": FOLLOW_FIELDS}
    twice = xml(fields).replace("<room_id>", "<room_id>1</room_id><room_id>")
    with pytest.raises(MalformedEvent, match="room_id is not a whole number"):
        parse_event(twice)


# ------------------------------------------------------------ everything else


@pytest.mark.parametrize(
    ("message", "name"),
    [
        ({"MsgType": "event", "Event": "debug_demo"}, "debug_demo"),
        ({"MsgType": "event", "Event": "WXALIVE_FOLLOW_NOTIFY"}, "WXALIVE_FOLLOW_NOTIFY"),
        ({"MsgType": "event", "Event": "![CDATA[debug_demo]]"}, "debug_demo"),
        ({"MsgType": "event"}, "event"),
        ({"MsgType": "text", "Content": "hi"}, "text"),
        ({"MsgType": "text", "Event": "debug_demo"}, "text"),
        ({"Event": "debug_demo"}, "debug_demo"),
        ({"action": "CheckContainerPath"}, "unnamed"),
        ({"MsgType": "event", "Event": "a b\n\u6211\ud800"}, "a?b???"),
        ({"MsgType": "x" * 1000}, "x" * 64),
        ({"MsgType": None, "Event": ""}, "unnamed"),
        ({}, "unnamed"),
    ],
)
def test_other_events_have_a_name_fit_for_a_log(message: dict[str, Any], name: str) -> None:
    assert parse_event(json.dumps(message)) == OtherEvent(name)


@pytest.mark.parametrize("name", ["MsgType", "Event"])
@pytest.mark.parametrize("value", [1, True, ["wxalive_follow_notify"] * 2, {"a": 1}])
def test_a_message_whose_kind_is_no_text_is_refused(name: str, value: object) -> None:
    with pytest.raises(MalformedEvent, match=f"^{name} is not text$"):
        parse_event(json.dumps({"MsgType": "event", name: value}))


def test_a_message_with_two_kinds_is_refused() -> None:
    two = "<Event>debug_demo</Event><Event>wxalive_follow_notify</Event>"
    with pytest.raises(MalformedEvent, match=r"^Event is not text$"):
        parse_event(f"<xml><MsgType>event</MsgType>{two}</xml>")
