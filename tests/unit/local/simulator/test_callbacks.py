"""The requests that the simulator sends: what is signed, encrypted, in clear."""

import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest
import xmltodict

from wxlive.settings import MessageMode
from wxlive.wechat.crypto import Envelope
from wxlive_local.simulator import Account, FollowEvent, PushResult
from wxlive_local.simulator.callbacks import event_request, to_xml, verification_request

OPENID = "o9AgO5Kd5ggOC-bXrbNODIiE3bGY"
FOLLOW = FollowEvent(OPENID, "add_follow", room_id=7, time=1_700_000_000)
RESULT = PushResult(
    message_id="1622047360795164672",
    room_id=7,
    time=1_700_000_001,
    total_count=3,
    success_count=2,
    relation_error_count=1,
)
STAMP, NONCE = 1_700_000_002, "1514711492"


def account(mode: MessageMode, data_format: str) -> Account:
    return replace(Account(), mode=mode, data_format=data_format)


def sha1_of_sorted(*words: str) -> str:
    return hashlib.sha1("".join(sorted(words)).encode()).hexdigest()  # noqa: S324 -- the protocol


def message_in(text: str, data_format: str) -> dict[str, Any]:
    if data_format == "json":
        parsed: dict[str, Any] = json.loads(text)
        return parsed
    whole: dict[str, Any] = xmltodict.parse(text)["xml"]
    return whole


@pytest.mark.parametrize("data_format", ["xml", "json"])
def test_a_plaintext_request_is_the_message_with_a_signed_query(data_format: str) -> None:
    sender = account(MessageMode.PLAINTEXT, data_format)
    request = event_request(sender, FOLLOW, timestamp=STAMP, nonce=NONCE)
    assert request.query == {
        "signature": sha1_of_sorted(sender.token, str(STAMP), NONCE),
        "timestamp": str(STAMP),
        "nonce": NONCE,
        "openid": OPENID,
    }
    message = message_in(request.body.decode(), data_format)
    assert message["Event"] == "wxalive_follow_notify"
    assert message["FollowNotify"]["user_openid"] == OPENID
    assert str(message["CreateTime"]) == "1700000000"


@pytest.mark.parametrize("data_format", ["xml", "json"])
@pytest.mark.parametrize("mode", [MessageMode.SECURE, MessageMode.COMPATIBLE])
def test_an_encrypted_message_is_signed_in_its_encrypted_form(
    mode: MessageMode, data_format: str
) -> None:
    sender = account(mode, data_format)
    request = event_request(sender, FOLLOW, timestamp=STAMP, nonce=NONCE)
    envelope = message_in(request.body.decode(), data_format)
    assert request.query["encrypt_type"] == "aes"
    assert request.query["msg_signature"] == sha1_of_sorted(
        sender.token, str(STAMP), NONCE, envelope["Encrypt"]
    )
    inner = Envelope(sender.aes_key, sender.appid).decrypt(envelope["Encrypt"])
    assert message_in(inner, data_format)["FollowNotify"]["action"] == "add_follow"


@pytest.mark.parametrize("data_format", ["xml", "json"])
def test_secure_mode_shows_only_the_receiver_and_compatible_mode_all_fields(
    data_format: str,
) -> None:
    shown = {}
    for mode in (MessageMode.SECURE, MessageMode.COMPATIBLE):
        request = event_request(account(mode, data_format), FOLLOW, timestamp=STAMP, nonce=NONCE)
        shown[mode] = set(message_in(request.body.decode(), data_format))
    assert shown[MessageMode.SECURE] == {"ToUserName", "Encrypt"}
    assert shown[MessageMode.COMPATIBLE] == {
        "ToUserName",
        "FromUserName",
        "CreateTime",
        "MsgType",
        "Event",
        "FollowNotify",
        "Encrypt",
    }


def test_a_result_has_all_its_counts() -> None:
    sender = account(MessageMode.PLAINTEXT, "json")
    body = event_request(sender, RESULT, timestamp=STAMP, nonce=NONCE).body
    assert json.loads(body)["PushMessageApiNotify"] == {
        "message_id": "1622047360795164672",
        "room_id": 7,
        "total_count": 3,
        "success_count": 2,
        "openid_error_count": 0,
        "relation_error_count": 1,
        "user_recv_limit_count": 0,
        "internal_error_count": 0,
    }


def test_xml_has_the_layout_of_captured_messages() -> None:
    message = {"ToUserName": "gh_x", "CreateTime": 5, "FollowNotify": {"room_id": 1, "action": "a"}}
    assert to_xml(message) == (
        "<xml><ToUserName><![CDATA[gh_x]]></ToUserName>\n"
        "<CreateTime>5</CreateTime>\n"
        "<FollowNotify><room_id>1</room_id><action><![CDATA[a]]></action></FollowNotify>\n"
        "</xml>"
    )


def test_an_envelope_in_xml_is_indented_and_ends_with_a_newline() -> None:
    sender = account(MessageMode.SECURE, "xml")
    text = event_request(sender, FOLLOW, timestamp=STAMP, nonce=NONCE).body.decode()
    lines = text.split("\n")
    assert lines[:2] == ["<xml>", f"    <ToUserName><![CDATA[{sender.user_name}]]></ToUserName>"]
    assert lines[2].startswith("    <Encrypt><![CDATA[")
    assert lines[3:] == ["</xml>", ""]


def test_text_that_looks_like_the_end_of_cdata_is_preserved() -> None:
    assert xmltodict.parse(to_xml({"a": "x]]>y"}))["xml"]["a"] == "x]]>y"


def test_the_url_verification_is_signed_as_documented() -> None:
    sender = replace(Account(), token="AAAAA")
    request = verification_request(
        sender, timestamp=1714036504, nonce="1514711492", echostr="4375120948345356249"
    )
    assert request.query["signature"] == "f464b24fc39322e44b38aa78f5edd27bd1441696"
    assert request.query["echostr"] == "4375120948345356249"
    assert request.body == b""


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(ValueError, match="data_format"):
        account(MessageMode.SECURE, "yaml")
