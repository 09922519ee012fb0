"""Requests that nobody with the token and the key has made.

Mutations of WeChat's official payloads, XML and JSON bombs, truncated bodies, wrong keys.
"""

import base64
import json
import random
import time
from collections.abc import Callable, Iterator
from typing import Any

from wxlive.wechat.crypto import Envelope, signature
from wxlive.wechat.message_body import MAX_BODY_BYTES
from wxlive_local.paths import ROOT

APPID = "wxba5fad812f8e6fb9"
EVENTS = ROOT / "events" / "callback"
_SIZE = MAX_BODY_BYTES - 100
BOMBS = {
    "laughs": '<!DOCTYPE xml [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><xml>&b;</xml>',
    "external entity": '<!DOCTYPE xml [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml>&a;</xml>',
    "many elements": "<xml>" + "<a/>" * (_SIZE // 4) + "</xml>",
    "never closed": "<xml>" + "<a>" * (_SIZE // 3),
    "deep XML": "<xml>" + "<a>" * (_SIZE // 7) + "</a>" * (_SIZE // 7) + "</xml>",
    "deep JSON": '{"a":' * (_SIZE // 6) + "1" + "}" * (_SIZE // 6),
    "deep lists": '{"a":' + "[" * (_SIZE // 2) + "]" * (_SIZE // 2) + "}",
    "many values": '{"a":[' + "1," * (_SIZE // 2) + "1]}",
    "huge number": '{"a":' + "9" * _SIZE + "}",
    "references": "<xml>" + "&#65;" * (_SIZE // 5) + "</xml>",
    "attributes": "<xml " + " ".join(f'a{i}=""' for i in range(_SIZE // 10)) + "/>",
    "CDATA": "<xml>" + "<![CDATA[" * (_SIZE // 9),
    "too large": "x" * (MAX_BODY_BYTES + 1),
    "empty": "",
    "long Encrypt": json.dumps({"Encrypt": "A" * _SIZE}),
}


def hostile_requests(source: random.Random) -> Iterator[dict[str, Any]]:
    """Yield requests without end, as API Gateway passes them on."""
    official = [json.loads(path.read_text("utf-8")) for path in sorted(EVENTS.glob("*.json"))]
    while True:
        [make] = source.choices(list(_MAKERS), list(_MAKERS.values()))
        yield make(source, dict(source.choice(official)))


def _mutated(source: random.Random, event: dict[str, Any]) -> dict[str, Any]:
    body = bytearray((event["body"] or "").encode())
    for _ in range(source.randint(1, 8)):
        if body:
            place = source.randrange(len(body))
            body[place : place + source.randint(0, 4)] = source.randbytes(source.randint(0, 4))
    return event | {"body": body.decode("utf-8", source.choice(["replace", "surrogateescape"]))}


def _truncated(source: random.Random, event: dict[str, Any]) -> dict[str, Any]:
    body = event["body"] or ""
    return event | {"body": body[: source.randint(0, len(body))]}


def _bomb(source: random.Random, event: dict[str, Any]) -> dict[str, Any]:
    return event | {"httpMethod": "POST", "body": source.choice(list(BOMBS.values()))}


def _wrong_key(source: random.Random, event: dict[str, Any]) -> dict[str, Any]:
    """Return a well-formed request, signed and encrypted with a guessed token and key."""
    key = "".join(source.choices("ABCDEFGHabcdefgh0123", k=43))
    encrypted = Envelope(key, APPID).encrypt("<xml><MsgType>event</MsgType></xml>")
    now = str(int(time.time()))
    query = {"timestamp": now, "nonce": "1"}
    query["msg_signature"] = signature("a guess", now, "1", encrypted)
    body = json.dumps({"Encrypt": encrypted})
    return event | {"httpMethod": "POST", "queryStringParameters": query, "body": body}


def _wrong_query(source: random.Random, event: dict[str, Any]) -> dict[str, Any]:
    names = [
        "signature",
        "timestamp",
        "nonce",
        "msg_signature",
        "echostr",
        "encrypt_type",
        "openid",
    ]
    values = ["", "raw", "0", "9" * 400, "\u0661", "\ud800", "%00", "a" * 40, "-1", "1e9"]
    query = dict(event["queryStringParameters"])
    for name in source.sample(names, 3):
        query[name] = source.choice(values)
    method = source.choice(["GET", "POST", "PUT", "HEAD"])
    return event | {"httpMethod": method, "queryStringParameters": query}


def _as_base64(source: random.Random, event: dict[str, Any]) -> dict[str, Any]:
    body = source.randbytes(source.randint(0, 2000))
    text = base64.b64encode(body).decode() if source.random() < 0.5 else body.decode("latin-1")  # noqa: PLR2004 - half of them
    return event | {"httpMethod": "POST", "body": text, "isBase64Encoded": True}


_MAKERS: dict[Callable[[random.Random, dict[str, Any]], dict[str, Any]], int] = {
    _mutated: 30,
    _truncated: 10,
    _wrong_key: 10,
    _wrong_query: 10,
    _as_base64: 10,
    _bomb: 1,
}
"""How often each is chosen; a bomb takes as long as a hundred others."""
