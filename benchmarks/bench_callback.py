"""CPU of one callback: verify, decrypt, parse. No I/O. The floor is sha1, base64 and AES alone."""

import base64
import hashlib
import time

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC
from measuring import Measurement, seconds

from wxlive.crypto import Envelope, signature
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
    body = f"<xml><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>".encode()
    gate = Gate(MessageMode.SECURE, Secrets(APPID, "", (TOKEN,), (KEY,)), 600)
    key = base64.b64decode(KEY + "=")

    def floor() -> None:
        for _ in range(CALLS):
            hashlib.sha1("".join(sorted([TOKEN, now, "1", encrypted])).encode()).hexdigest()  # noqa: S324 - the protocol's
            decryptor = Cipher(AES256(key), CBC(key[:16])).decryptor()
            decryptor.update(base64.b64decode(encrypted)) + decryptor.finalize()

    def figure() -> None:
        for _ in range(CALLS):
            read_event(gate.open(query, body, time.time()).text)

    figure()
    rounds = [(seconds(floor), seconds(figure)) for _ in range(ROUNDS)]
    return [
        Measurement(
            name="callback",
            what="CPU to verify, decrypt and read one secure XML event; floor: sha1 + base64 + AES",
            unit="µs",
            floors=[1e6 * low / CALLS for low, _ in rounds],
            figures=[1e6 * high / CALLS for _, high in rounds],
        )
    ]
