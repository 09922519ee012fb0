"""Receivers as strict as the group robots of WeCom, DingTalk, Feishu and Slack, and a webhook.

Each checks the address, the shape, the size, the signature and the rate as its documentation states
them (docs/events.md#robots), and answers as it does.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web

from wxlive_local.simulator.window import SlidingWindow

TOKEN: Final = "robot-of-the-team"  # noqa: S105 - made up
"""What the URL of each robot contains."""

SECRET: Final = "SEC-made-up-signing-secret"  # noqa: S105 - made up
WEBHOOK_SECRET: Final = "whsec_" + base64.b64encode(b"made-up-webhook-key-32-bytes-long").decode()

_MINUTE_S, _HOUR_S = 60, 3600
_BLOCKED_S: Final = 600
"""DingTalk refuses everything for so long after a message too many."""

_WECOM_TEXT_BYTES: Final = 2048
_DINGTALK_BODY_BYTES: Final = 20_000
_FEISHU_BODY_BYTES: Final = 20 * 1024
_SLACK_TEXT_CHARACTERS: Final = 40_000
_WEBHOOK_AGE_S: Final = 300


@dataclass(frozen=True, slots=True)
class Request:
    """A request as a robot sees it; header names are in lower case."""

    token: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """A robot's answer."""

    status: int
    body: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What a group saw: by which robot, when (Unix s), and what."""

    kind: str
    at: float
    text: str


class Refused(Exception):
    """A robot refuses a request, with its code (of HTTP, or of its own)."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(why)
        self.code = code
        self.why = why


@dataclass
class Robots:
    """The robots of a group. ``shown`` is what the group saw, ``refused`` what it did not.

    While ``away`` is set they answer 503; ``missed`` counts the requests that came meanwhile.
    """

    now: Callable[[], float]
    away: bool = False
    missed: int = 0
    shown: list[Shown] = field(default_factory=list)
    refused: list[tuple[str, int, str]] = field(default_factory=list)
    _windows: dict[tuple[str, int], SlidingWindow] = field(default_factory=dict)
    _blocked_until: float = 0.0

    def receive(self, kind: str, request: Request) -> Answer:
        """Take a request of a robot of this kind."""
        if self.away:
            self.missed += 1
            return Answer(HTTPStatus.SERVICE_UNAVAILABLE, "away")
        take = _TAKERS[kind]
        try:
            text = take(self, request)
        except Refused as error:
            self.refused.append((kind, error.code, error.why))
            return _REFUSALS[kind](error)
        self.shown.append(Shown(kind, self.now(), text))
        return _ACCEPTED[kind]

    async def handle(self, request: web.Request) -> web.Response:
        """Serve ``/_robots/{kind}/{token}``."""
        kind = request.match_info["kind"]
        if kind not in _TAKERS or request.method != "POST":
            return web.Response(status=HTTPStatus.NOT_FOUND)
        headers = {name.lower(): value for name, value in request.headers.items()}
        given = Request(
            request.match_info["token"], dict(request.query), headers, await request.read()
        )
        answer = self.receive(kind, given)
        return web.Response(text=answer.body, status=answer.status, content_type="application/json")

    # -------------------------------------------------------------- rates

    def _count(self, kind: str, span_s: int, limit: int, code: int) -> None:
        window = self._windows.setdefault((kind, span_s), SlidingWindow(span_s))
        if window.load(self.now()) >= limit:
            raise Refused(code, f"more than {limit} in {span_s} s")
        window.add(self.now(), 1)

    # -------------------------------------------------------------- kinds

    def _take_wecom(self, request: Request) -> str:
        _check_token(request, 93000)
        text = _text_of(_json(request, 40035), 40035)
        if len(text.encode()) > _WECOM_TEXT_BYTES:
            raise Refused(40058, "text.content exceed max length 2048")
        self._count("wecom", _MINUTE_S, 20, 45009)
        return text

    def _take_dingtalk(self, request: Request) -> str:
        _check_token(request, 300001)
        if self.now() < self._blocked_until:
            raise Refused(130101, "send too fast, exceed 20 times per minute")
        stamp = request.query.get("timestamp", "")
        expected = _sign(SECRET.encode(), f"{stamp}\n{SECRET}".encode())
        is_recent = stamp.isdigit() and abs(self.now() - int(stamp) / 1000) < _HOUR_S
        if not is_recent or not hmac.compare_digest(request.query.get("sign", ""), expected):
            raise Refused(310000, "sign not match")
        if len(request.body) > _DINGTALK_BODY_BYTES:
            raise Refused(460101, "body too large")
        text = _text_of(_json(request, 43004), 43004)
        try:
            self._count("dingtalk", _MINUTE_S, 20, 130101)
        except Refused:
            self._blocked_until = self.now() + _BLOCKED_S
            raise
        return text

    def _take_feishu(self, request: Request) -> str:
        _check_token(request, 19001)
        body = _json(request, 9499)
        if len(request.body) > _FEISHU_BODY_BYTES:
            raise Refused(9499, "Bad Request")
        stamp = str(body.pop("timestamp", ""))
        expected = _sign(f"{stamp}\n{SECRET}".encode(), b"")
        is_recent = stamp.isdigit() and abs(self.now() - int(stamp)) < _HOUR_S
        if not is_recent or not hmac.compare_digest(str(body.pop("sign", "")), expected):
            raise Refused(19021, "sign match fail or timestamp is not within one hour")
        match body:
            case {"msg_type": "text", "content": {"text": str(text)}} if text and len(body) == 2:  # noqa: PLR2004
                self._count("feishu", 1, 5, 11232)
                self._count("feishu", _MINUTE_S, 100, 11232)
                return text
        raise Refused(9499, "Bad Request")

    def _take_slack(self, request: Request) -> str:
        _check_token(request, HTTPStatus.NOT_FOUND)
        match _json(request, HTTPStatus.BAD_REQUEST):
            case {"text": str(text), **rest} if text and not rest:
                if len(text) > _SLACK_TEXT_CHARACTERS:
                    raise Refused(HTTPStatus.BAD_REQUEST, "msg_too_long")
                self._count("slack", 1, 1, HTTPStatus.TOO_MANY_REQUESTS)
                return text
        raise Refused(HTTPStatus.BAD_REQUEST, "invalid_payload")

    def _take_webhook(self, request: Request) -> str:
        """Verify as https://www.standardwebhooks.com asks."""
        _check_token(request, HTTPStatus.NOT_FOUND)
        given = [
            request.headers.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature")
        ]
        post_id, stamp, signature = given
        key = base64.b64decode(WEBHOOK_SECRET.removeprefix("whsec_"))
        expected = "v1," + _sign(key, f"{post_id}.{stamp}.".encode() + request.body)
        is_recent = stamp.isdigit() and abs(self.now() - int(stamp)) < _WEBHOOK_AGE_S
        if not post_id or not is_recent or not hmac.compare_digest(signature, expected):
            raise Refused(HTTPStatus.UNAUTHORIZED, "bad signature")
        match _json(request, HTTPStatus.BAD_REQUEST):
            case {"messages": [*messages]} if messages:
                return "\n".join(str(message["text"]) for message in messages)
        raise Refused(HTTPStatus.BAD_REQUEST, "no messages")


def robot_url(base: str, kind: str) -> str:
    """Return the URL of a robot."""
    return f"{base}/_robots/{kind}/{TOKEN}"


def _check_token(request: Request, code: int) -> None:
    if request.token != TOKEN:
        raise Refused(code, "no such robot")


def _json(request: Request, code: int) -> dict[str, Any]:
    content_type = request.headers.get("content-type", "").replace(" ", "").lower()
    if content_type not in {"application/json", "application/json;charset=utf-8"}:
        raise Refused(code, "not JSON")
    try:
        body = json.loads(request.body.decode("utf-8"))
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refused(code, "not a JSON object")
    return body


def _text_of(body: dict[str, Any], code: int) -> str:
    """Return the text of a message of WeCom's or DingTalk's form."""
    match body:
        case {"msgtype": "text", "text": {"content": str(text), **more}, **rest} if text:
            if not more and not rest:
                return text
    raise Refused(code, "invalid message")


def _sign(key: bytes, content: bytes) -> str:
    return base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


def _errcode(error: Refused) -> Answer:
    return Answer(HTTPStatus.OK, json.dumps({"errcode": error.code, "errmsg": error.why}))


def _feishu_code(error: Refused) -> Answer:
    return Answer(HTTPStatus.OK, json.dumps({"code": error.code, "msg": error.why, "data": {}}))


def _status(error: Refused) -> Answer:
    return Answer(error.code, error.why)


_TAKERS: Final[Mapping[str, Callable[[Robots, Request], str]]] = {
    "wecom": Robots._take_wecom,  # noqa: SLF001 - this module's own
    "dingtalk": Robots._take_dingtalk,  # noqa: SLF001
    "feishu": Robots._take_feishu,  # noqa: SLF001
    "slack": Robots._take_slack,  # noqa: SLF001
    "webhook": Robots._take_webhook,  # noqa: SLF001
}
_REFUSALS: Final[Mapping[str, Callable[[Refused], Answer]]] = {
    "wecom": _errcode,
    "dingtalk": _errcode,
    "feishu": _feishu_code,
    "slack": _status,
    "webhook": _status,
}
_ACCEPTED: Final = {
    "wecom": Answer(HTTPStatus.OK, '{"errcode": 0, "errmsg": "ok"}'),
    "dingtalk": Answer(HTTPStatus.OK, '{"errcode": 0, "errmsg": "ok"}'),
    "feishu": Answer(HTTPStatus.OK, '{"code": 0, "msg": "success", "data": {}}'),
    "slack": Answer(HTTPStatus.OK, "ok"),
    "webhook": Answer(HTTPStatus.NO_CONTENT, ""),
}
KINDS: Final = tuple(_TAKERS)
