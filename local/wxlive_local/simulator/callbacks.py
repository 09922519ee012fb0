"""The requests that WeChat sends to the callback URL, byte for byte. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wxlive.settings import MessageMode
from wxlive.wechat.crypto import Envelope, signature
from wxlive_local.simulator.entities import CallbackEvent
from wxlive_local.simulator.platform import Account


@dataclass(frozen=True, slots=True)
class CallbackRequest:
    """A signed request. ``body`` is empty for the URL verification, which is a GET."""

    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""


def event_request(
    account: Account, event: CallbackEvent, *, timestamp: int, nonce: str
) -> CallbackRequest:
    """Return the POST that reports ``event``, encrypted if the account's mode says so.

    ``timestamp`` is Unix seconds.
    """
    message = {
        "ToUserName": account.user_name,
        "FromUserName": event.sender,
        "CreateTime": event.time,
        "MsgType": "event",
        **event.fields(),
    }
    as_json = account.data_format == "json"
    query = _signed(account, timestamp, nonce) | {"openid": event.sender}
    headers = {
        "User-Agent": "Mozilla/4.0",
        "Accept": "*/*",
        "Pragma": "no-cache",
        "Content-Type": "application/json" if as_json else "text/xml",
    }
    clear = _to_json(message) if as_json else to_xml(message)
    if account.mode is MessageMode.PLAINTEXT:
        return CallbackRequest(query, headers, clear.encode())
    encrypted = Envelope(account.aes_key, account.appid).encrypt(clear)
    query |= {
        "encrypt_type": "aes",
        "msg_signature": signature(account.token, str(timestamp), nonce, encrypted),
    }
    compatible = account.mode is MessageMode.COMPATIBLE
    in_clear = message if compatible else {"ToUserName": account.user_name}
    envelope = {**in_clear, "Encrypt": encrypted}
    body = _to_json(envelope) if as_json else _to_xml_envelope(envelope)
    return CallbackRequest(query, headers, body.encode())


def verification_request(
    account: Account, *, timestamp: int, nonce: str, echostr: str
) -> CallbackRequest:
    """Return the GET that the console sends when the URL is saved.

    ``echostr`` is never encrypted: docs/wechat-protocol.md#url-verification.
    """
    query = _signed(account, timestamp, nonce) | {"echostr": echostr}
    return CallbackRequest(query, {"User-Agent": "Mozilla/4.0", "Accept": "*/*"})


def _signed(account: Account, timestamp: int, nonce: str) -> dict[str, str]:
    return {
        "signature": signature(account.token, str(timestamp), nonce),
        "timestamp": str(timestamp),
        "nonce": nonce,
    }


def _to_json(message: Mapping[str, Any]) -> str:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))


def to_xml(message: Mapping[str, Any]) -> str:
    """Write a message as XML: one element a line, no indent, no newline at the end.

    The layout is that of captured messages: docs/wechat-protocol.md#modes-and-envelopes.
    """
    lines = "\n".join(_element(name, value) for name, value in message.items())
    return f"<xml>{lines}\n</xml>"


def _to_xml_envelope(message: Mapping[str, Any]) -> str:
    """Write an envelope: indented, with a newline at the end.

    docs/wechat-protocol.md#modes-and-envelopes.
    """
    lines = "".join(f"    {_element(name, value)}\n" for name, value in message.items())
    return f"<xml>\n{lines}</xml>\n"


def _element(name: str, value: Any) -> str:
    if isinstance(value, Mapping):
        inner = "".join(_element(key, child) for key, child in value.items())
    elif isinstance(value, int):
        inner = str(value)
    else:
        inner = f"<![CDATA[{str(value).replace(']]>', ']]]]><![CDATA[>')}]]>"
    return f"<{name}>{inner}</{name}>"
