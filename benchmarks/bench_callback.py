"""CPU of one callback: verify, decrypt, parse, decide. No I/O.

Beside the bare sha1, base64 and AES, and beside wechatpy, a popular SDK, on the same message.
"""

import base64
import hashlib
import time

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC
from measuring import Measurement, seconds
from wechatpy import parse_message
from wechatpy.crypto import WeChatCrypto

from wxlive.crypto import Envelope, signature
from wxlive.events import FollowNotify
from wxlive.followers import Follower
from wxlive.messages import read_event
from wxlive.settings import MessageMode, Secrets
from wxlive_callback.gate import Gate

ROUNDS, CALLS = 7, 2000
KEY, APPID, TOKEN = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "wx2c2769f8efd9abc2", "spam"
EVENT = (
    "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[o1]]></FromUserName>"
    "<CreateTime>1546924844</CreateTime><MsgType><![CDATA[event]]></MsgType>"
    "<Event><![CDATA[wxalive_follow_notify]]></Event><FollowNotify><room_id>1</room_id>"
    "<user_openid><![CDATA[oAbcdefghijklmnopqrstuvwxyz1]]></user_openid><time>1546924844</time>"
    "<live_status>101</live_status><action><![CDATA[add_follow]]></action></FollowNotify></xml>"
)


def measure() -> list[Measurement]:
    """Microseconds a message."""
    encrypted = Envelope(KEY, APPID).encrypt(EVENT)
    now = str(int(time.time()))
    query = {
        "timestamp": now,
        "nonce": "1",
        "msg_signature": signature(TOKEN, now, "1", encrypted),
    }
    receiver = "<ToUserName><![CDATA[gh_1]]></ToUserName>"
    body = f"<xml>{receiver}<Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>".encode()
    gate = Gate(MessageMode.SECURE, Secrets(APPID, "", (TOKEN,), (KEY,)), 600)
    key = base64.b64decode(KEY + "=")

    def floor() -> None:
        for _ in range(CALLS):
            hashlib.sha1("".join(sorted([TOKEN, now, "1", encrypted])).encode()).hexdigest()  # noqa: S324 - the protocol's
            decryptor = Cipher(AES256(key), CBC(key[:16])).decryptor()
            decryptor.update(base64.b64decode(encrypted)) + decryptor.finalize()

    def figure() -> None:
        for _ in range(CALLS):
            event = read_event(gate.open(query, body, time.time()).text)
            if isinstance(event, FollowNotify):
                Follower.notified(event)

    peer = WeChatCrypto(TOKEN, KEY, APPID)

    def wechatpy() -> None:
        for _ in range(CALLS):
            parse_message(peer.decrypt_message(body, query["msg_signature"], now, "1"))

    figure()
    rounds = [(seconds(floor), seconds(wechatpy), seconds(figure)) for _ in range(ROUNDS)]
    what = "verify, decrypt, read and decide one secure XML event; floor: "
    return [
        _beside("sha1 + base64 + AES", "callback", what, [(low, high) for low, _, high in rounds]),
        _beside(
            "wechatpy", "callback, beside wechatpy", what, [(p, high) for _, p, high in rounds]
        ),
    ]


def measure_quick() -> list[Measurement]:
    """Measure the same: it takes seconds."""
    return measure()


def _beside(floor: str, name: str, what: str, rounds: list[tuple[float, float]]) -> Measurement:
    return Measurement(
        name=name,
        what=what + floor,
        unit="µs",
        floors=[1e6 * low / CALLS for low, _ in rounds],
        figures=[1e6 * high / CALLS for _, high in rounds],
    )
