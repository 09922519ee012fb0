"""What is posted to each kind of robot, and what its answer means. Pure.

Chat robots get plain text, so that a room's name cannot mention anybody or be a link. The sources
are named in docs/events.md#robots.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import quote_plus

from wxlive.errors import Misconfigured, NotAllowed, RetryLater, WxliveError
from wxlive.robots.robot import Robot, RobotKind

TEXT_LIMIT_BYTES = 2000
"""Within every robot's limit: WeCom takes 2048 bytes of text, DingTalk and Feishu 20 KB in all."""

PAUSE_S = 3.1
"""From one post to the next: WeCom and DingTalk take 20 messages a minute, the others more."""

_BUSY = {
    RobotKind.WECOM: {-1, 45009},
    RobotKind.DINGTALK: {-1, 130101, 130102},
    RobotKind.FEISHU: {11232, 99991400},
}
"""The codes by which robots ask to come later."""

_HINTS = {
    (RobotKind.WECOM, 93000): "the URL is not one of a robot; copy it again",
    (RobotKind.DINGTALK, 300001): "the URL is not one of a robot; copy it again",
    (RobotKind.DINGTALK, 310000): "its security settings refuse the message: compare the signing "
    "secret, the keywords and the IP addresses",
    (RobotKind.FEISHU, 19001): "the URL is not one of a robot; copy it again",
    (RobotKind.FEISHU, 19021): "the signature is wrong; compare the signing secret",
    (RobotKind.FEISHU, 19022): "its security settings do not admit the address of the sender",
    (RobotKind.FEISHU, 19024): "its security settings ask for a keyword; make the name of the "
    "stack one",
}


@dataclass(frozen=True, slots=True)
class Message:
    """A message for the team: one sentence, and the event that it is about."""

    text: str
    event: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Post:
    """A request to a robot. Its URL and its headers are secret."""

    url: str = field(repr=False)
    body: bytes
    headers: Mapping[str, str] = field(repr=False)


def batches(robot: Robot, messages: Iterable[Message]) -> Iterator[list[Message]]:
    """Divide messages among posts, in their order: as many in each as fit."""
    batch: list[Message] = []
    size = 0
    for message in messages:
        needed = len(_shown(robot.kind, message).encode()) + 1
        if batch and robot.kind is not RobotKind.WEBHOOK and size + needed > TEXT_LIMIT_BYTES:
            yield batch
            batch, size = [], 0
        batch.append(message)
        size += needed
    if batch:
        yield batch


def post(robot: Robot, messages: Sequence[Message], now_s: float) -> Post:
    """Return the request by which messages are posted now (Unix s)."""
    text = "\n".join(_shown(robot.kind, message) for message in messages)
    match robot.kind:
        case RobotKind.WECOM:
            return _json_post(robot.url, {"msgtype": "text", "text": {"content": text}})
        case RobotKind.DINGTALK:
            return _json_post(
                _signed_url(robot, now_s), {"msgtype": "text", "text": {"content": text}}
            )
        case RobotKind.FEISHU:
            content = {"msg_type": "text", "content": {"text": text}}
            return _json_post(robot.url, {**_feishu_signature(robot, now_s), **content})
        case RobotKind.SLACK:
            return _json_post(robot.url, {"text": text})
        case RobotKind.WEBHOOK:
            return _webhook_post(robot, messages, now_s)


def check_answer(robot: Robot, status: int, body: bytes) -> None:
    """Accept a robot's answer, or say what it refused.

    Raises:
        RetryLater: the robot is busy, or asks to come later.
        NotAllowed: it refuses the message.
    """
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise RetryLater(f"The robot at {robot.host} is busy: HTTP status {status}")
    if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        raise NotAllowed(f"The robot at {robot.host} refused the message: HTTP status {status}")
    if robot.kind not in _BUSY:
        return
    code = _code(body)
    if code:
        raise _refusal(robot, code)


def _refusal(robot: Robot, code: int) -> WxliveError:
    if code in _BUSY[robot.kind]:
        return RetryLater(f"The robot at {robot.host} asks to come later", errcode=code)
    hint = _HINTS.get((robot.kind, code), "its documentation explains the code")
    return NotAllowed(f"The robot at {robot.host} refused the message: {hint}", errcode=code)


def _code(body: bytes) -> int:
    """Return the code in an answer: 0 is success, and -1 what cannot be read."""
    try:
        answer = json.loads(body)
    except ValueError:
        return -1
    codes = [answer[name] for name in ("errcode", "code") if name in answer]
    return codes[0] if codes and type(codes[0]) is int else -1


def _shown(kind: RobotKind, message: Message) -> str:
    """Return the text as a robot shows it: not longer than a post, and mentioning nobody."""
    text = message.text
    if kind is RobotKind.SLACK:
        for character, escaped in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
            text = text.replace(character, escaped)
    else:
        text = text.replace("<", "＜")  # noqa: RUF001 - not the one that begins a mention
    encoded = text.encode()
    if len(encoded) < TEXT_LIMIT_BYTES:
        return text
    return encoded[: TEXT_LIMIT_BYTES - 4].decode(errors="ignore") + "…"


def _json_post(url: str, body: Mapping[str, Any], **headers: str) -> Post:
    encoded = json.dumps(body, ensure_ascii=False).encode()
    return Post(url, encoded, {"Content-Type": "application/json; charset=utf-8", **headers})


def _signed_url(robot: Robot, now_s: float) -> str:
    if not robot.secret:
        return robot.url
    timestamp = str(round(now_s * 1000))
    signature = _hmac(robot.secret.encode(), f"{timestamp}\n{robot.secret}".encode())
    separator = "&" if "?" in robot.url else "?"
    return f"{robot.url}{separator}timestamp={timestamp}&sign={quote_plus(signature)}"


def _feishu_signature(robot: Robot, now_s: float) -> dict[str, str]:
    if not robot.secret:
        return {}
    timestamp = str(int(now_s))
    return {"timestamp": timestamp, "sign": _hmac(f"{timestamp}\n{robot.secret}".encode(), b"")}


def _webhook_post(robot: Robot, messages: Sequence[Message], now_s: float) -> Post:
    """Sign as https://www.standardwebhooks.com asks."""
    body = {"messages": [{"text": each.text, "event": dict(each.event)} for each in messages]}
    unsigned = _json_post(robot.url, body)
    if not robot.secret:
        return unsigned
    post_id = hashlib.sha256(unsigned.body).hexdigest()[:32]
    timestamp = str(int(now_s))
    signed = {
        "webhook-id": post_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": webhook_signature(robot.secret, post_id, timestamp, unsigned.body),
    }
    return Post(robot.url, unsigned.body, {**unsigned.headers, **signed})


def webhook_signature(secret: str, post_id: str, timestamp: str, body: bytes) -> str:
    """Sign as Standard Webhooks do; the secret may be written as ``whsec_`` and base64.

    Raises:
        Misconfigured: what follows ``whsec_`` is not base64.
    """
    return "v1," + _hmac(_webhook_key(secret), f"{post_id}.{timestamp}.".encode() + body)


def _webhook_key(secret: str) -> bytes:
    if not secret.startswith("whsec_"):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError:
        raise Misconfigured(
            "The signing secret is not base64 after whsec_; copy it again"
        ) from None


def _hmac(key: bytes, content: bytes) -> str:
    return base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
