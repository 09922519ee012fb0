"""CPU of one callback: verify, decrypt, parse, decide. No I/O.

Compared with the bare sha1, base64 and AES, and with wechatpy, a popular SDK, on the same message.
"""

import base64
import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC
from wechatpy import parse_message
from wechatpy.crypto import WeChatCrypto

from bench_harness.measurement import Measurement
from bench_harness.processes import seconds
from wxlive.domain.events import FollowNotify
from wxlive.domain.followers import Follower
from wxlive.settings import MessageMode, Secrets
from wxlive.wechat.crypto import Envelope, signature
from wxlive.wechat.event_parser import parse_event
from wxlive_callback.verification import RequestVerifier

ROUNDS, CALLS = 7, 2000
KEY, APPID, TOKEN = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "wx2c2769f8efd9abc2", "spam"
EVENT = (
    "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[o1]]></FromUserName>"
    "<CreateTime>1546924844</CreateTime><MsgType><![CDATA[event]]></MsgType>"
    "<Event><![CDATA[wxalive_follow_notify]]></Event><FollowNotify><room_id>1</room_id>"
    "<user_openid><![CDATA[oAbcdefghijklmnopqrstuvwxyz1]]></user_openid><time>1546924844</time>"
    "<live_status>101</live_status><action><![CDATA[add_follow]]></action></FollowNotify></xml>"
)
WHAT = "verify, decrypt, read and decide one secure XML event; floor: "


@dataclass(frozen=True)
class Message:
    """A signed and encrypted event as WeChat posts it."""

    encrypted: str
    timestamp: str
    query: Mapping[str, str]
    body: bytes


def measure() -> list[Measurement]:
    """Measure microseconds a message."""
    message = _message()
    _handle(message)
    rounds = [
        (
            seconds(lambda: _decrypt_only(message)),
            seconds(lambda: _handle_by_wechatpy(message)),
            seconds(lambda: _handle(message)),
        )
        for _ in range(ROUNDS)
    ]
    figures = [figure for _, _, figure in rounds]
    return [
        _measurement("callback", "sha1 + base64 + AES", [bare for bare, _, _ in rounds], figures),
        _measurement(
            "callback, beside wechatpy", "wechatpy", [peer for _, peer, _ in rounds], figures
        ),
    ]


def measure_quick() -> list[Measurement]:
    """Measure the same: it takes seconds."""
    return measure()


def _message() -> Message:
    encrypted = Envelope(KEY, APPID).encrypt(EVENT)
    now = str(int(time.time()))
    query = {
        "timestamp": now,
        "nonce": "1",
        "msg_signature": signature(TOKEN, now, "1", encrypted),
    }
    receiver = "<ToUserName><![CDATA[gh_1]]></ToUserName>"
    body = f"<xml>{receiver}<Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>".encode()
    return Message(encrypted, now, query, body)


def _decrypt_only(message: Message) -> None:
    key = base64.b64decode(KEY + "=")
    signed = [TOKEN, message.timestamp, "1", message.encrypted]
    for _ in range(CALLS):
        hashlib.sha1("".join(sorted(signed)).encode()).hexdigest()  # noqa: S324 - the protocol's
        decryptor = Cipher(AES256(key), CBC(key[:16])).decryptor()
        decryptor.update(base64.b64decode(message.encrypted)) + decryptor.finalize()


def _handle(message: Message) -> None:
    verifier = RequestVerifier(MessageMode.SECURE, Secrets(APPID, "", (TOKEN,), (KEY,)), 600)
    for _ in range(CALLS):
        event = parse_event(verifier.open(message.query, message.body, time.time()).text)
        if isinstance(event, FollowNotify):
            Follower.notified(event)


def _handle_by_wechatpy(message: Message) -> None:
    peer = WeChatCrypto(TOKEN, KEY, APPID)
    signed = message.query["msg_signature"]
    for _ in range(CALLS):
        parse_message(peer.decrypt_message(message.body, signed, message.timestamp, "1"))


def _measurement(
    name: str, floor: str, floors_s: list[float], figures_s: list[float]
) -> Measurement:
    return Measurement(
        name=name,
        what=WHAT + floor,
        unit="µs",
        floors=[1e6 * taken_s / CALLS for taken_s in floors_s],
        figures=[1e6 * taken_s / CALLS for taken_s in figures_s],
    )
