"""WeChat in memory: its rules, and everything it may answer.

The facts: docs/wechat-protocol.md.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import requests

from explore.engine.programs import Answer, Answers, Program, Request
from explore.engine.values import Part, Parts
from explore.engine.world import (
    COPIES,
    FAULTS,
    Event,
    Kind,
    Outcome,
    Spawn,
)
from explore.stack import follower_list
from explore.stack.places import DAY_OFFSET_HOURS, WECHAT, Call, Wechat
from wxlive.domain.calendar import day_of
from wxlive.domain.rooms import RoomStatus
from wxlive.wechat.apis import Api
from wxlive.wechat.transport import NothingSent

READ_TIMEOUT_MS = 15_000
CONNECT_TIMEOUT_MS = 3_000
SECOND_MS = 1000

TIMED_OUT, DROPPED, UNREACHABLE = "read timeout", "connection broken", "no connection"


class Reply(NamedTuple):
    """What a caller gets: an HTTP answer, or why there is none."""

    status: int
    body: bytes
    lost: str = ""


def transport_error(lost: str) -> requests.RequestException:
    """Return what requests raises."""
    if lost == TIMED_OUT:
        return requests.ReadTimeout("no answer within 15 s")
    if lost == UNREACHABLE:
        return NothingSent("no connection within 3 s")
    return requests.ConnectionError("the connection was closed without an answer")


ALL_PUSH_FATES = (
    "busy", "busy-sent", "stale-token", "minute-limit", "quota", "not-live", "other-room",
    "500", "500-sent", "garbage", "garbage-sent", "timeout", "timeout-sent",
    "dropped", "dropped-sent", "unreachable",
)  # fmt: skip
"""What may become of a push without WeChat's rules asking for it. ``-sent`` were carried out."""

USUAL_PUSH_FATES = (
    "busy", "busy-sent", "stale-token", "minute-limit", "dropped", "timeout-sent", "unreachable"
)  # fmt: skip
"""One of each kind that the callers tell apart."""

READ_FATES = ("busy", "stale-token", "dropped", "unreachable")
"""What may become of a call that changes nothing."""

_CODES = {
    "busy": -1, "stale-token": 40001, "minute-limit": 45011, "quota": 45009, "not-live": 9410006,
    "other-room": 9410005,
}  # fmt: skip
_DELAYS_MS = {"timeout": READ_TIMEOUT_MS, "unreachable": CONNECT_TIMEOUT_MS}


@dataclass(frozen=True, slots=True)
class Rules:
    """How WeChat is in one world.

    ``daily_calls`` are the pushes of a day, ``bad_openids`` those that spoil a call,
    ``with_results`` says whether results come, according to which the ``failing`` were not
    notified. The follower list has ``rows_a_page``.
    """

    daily_calls: int = 5000
    bad_openids: frozenset[str] = frozenset()
    with_results: bool = False
    failing: frozenset[str] = frozenset()
    push_fates: Sequence[str] = USUAL_PUSH_FATES
    read_fates: Sequence[str] = READ_FATES
    day_offset_hours: int = DAY_OFFSET_HOURS
    rows_a_page: int = 2


class WechatService:
    """Answers what ``requests`` sends."""

    reads = (WECHAT,)
    is_timed = True
    is_remembered = True

    def __init__(self, parts: Parts, answers: Answers, rules: Rules) -> None:
        self._parts = parts
        self._answers = answers
        self._rules = rules

    def outcomes(
        self,
        request: Request,
        parts: Sequence[Part[Any]],
        now_ms: int,
        *,
        attempt: int = 1,
        with_faults: bool = True,
    ) -> Sequence[Outcome]:
        state: Wechat = parts[0].value
        state = self._rolled(state, now_ms)
        body = request.body["body"]
        match request.operation:
            case Api.PUSH_MESSAGE:
                return list(self._pushes(state, request.body["token"], body, now_ms))
            case Api.STABLE_TOKEN:
                return list(self._tokens(state, now_ms))
            case Api.QUOTA_GET:
                used = {
                    "daily_limit": self._rules.daily_calls,
                    "used": state.used[1] + state.foreign,
                }
                return list(self._read(state, request.body["token"], {"quota": used}, now_ms))
            case Api.GET_LIVE_INFO:
                rooms = [{"roomid": room, "live_status": status} for room, status in state.rooms]
                return list(self._read(state, request.body["token"], {"room_info": rooms}, now_ms))
            case Api.GET_FOLLOWERS:
                page = follower_list.page(state, body, self._rules.rows_a_page)
                return list(self._read(state, request.body["token"], page, now_ms))
            case _:
                raise NotImplementedError(request.operation)

    def is_local(self, request: Request) -> bool:
        return False

    def is_punctual(self, request: Request) -> bool:
        return request.operation == Api.PUSH_MESSAGE

    def words(self, request: Request) -> str:
        body = request.body["body"]
        if request.operation == Api.PUSH_MESSAGE:
            return f"WeChat push_message room {body['room_id']} to {' '.join(body['user_openid'])}"
        return f"WeChat {request.operation.rpartition('/')[2]}"

    # ---------------------------------------------------------------- rules
    def _rolled(self, state: Wechat, now_ms: int) -> Wechat:
        """Begin the day's counter anew where the day is new."""
        day = day_of(now_ms / 1000, self._rules.day_offset_hours)
        return state if state.used[0] == day else state._replace(used=(day, 0), foreign=0)

    def _is_refused(self, state: Wechat, token: str, now_ms: int) -> int:
        if token != state.token:
            return 40001
        return 42001 if now_ms >= state.token_expires_ms else 0

    def _pushes(
        self, state: Wechat, token: str, body: Mapping[str, Any], now_ms: int
    ) -> Iterator[Outcome]:
        rules = self._rules
        openids, room = tuple(body["user_openid"]), body["room_id"]
        code = self._is_refused(state, token, now_ms)
        if code:
            yield self._outcome("", state, _refusal(code))
            return
        day, used = state.used
        window = (*(w for w in state.window if w[0] > now_ms - SECOND_MS), (now_ms, len(openids)))
        arrived = state._replace(used=(day, used + 1), window=window)
        code = self._rule(state, room, openids)
        done = arrived if code else self._carried_out(arrived, room, openids)
        message_id = "" if code else f"m-{openids[0]}-{_times(done, room, openids)}"
        reply = _refusal(code) if code else _ok({"message_id": message_id})
        yield self._outcome("", done, reply)
        doubt = state.doubtful | {openids}
        for fate in rules.push_fates:
            name, sent = fate.removesuffix("-sent"), fate.endswith("-sent")
            if sent and code:
                continue
            after = done if sent else arrived
            if name == "unreachable":
                after = state
            elif name == "stale-token":
                after = _new_token(state)
            elif name == "quota":
                after = arrived._replace(foreign=rules.daily_calls)
            elif name not in _CODES or name == "busy":
                after = after._replace(doubtful=doubt)
            yield self._outcome(fate, after, _reply(name))

    def _rule(self, state: Wechat, room: int, openids: Sequence[str]) -> int:
        day, used = state.used
        if used + state.foreign >= self._rules.daily_calls:
            return 45009
        if state.pushed_room[0] == day and state.pushed_room[1] != room:
            return 9410005
        if dict(state.rooms).get(room) != RoomStatus.LIVE:
            return 9410006
        return 40003 if not self._rules.bad_openids.isdisjoint(openids) else 0

    def _carried_out(self, state: Wechat, room: int, openids: tuple[str, ...]) -> Wechat:
        times = _times(state, room, openids) + 1
        call = Call(f"m-{openids[0]}-{times}", room, openids)
        calls = tuple(sorted((*state.calls, call)))
        results = tuple(sorted((*state.results, call.message_id)))
        return state._replace(
            pushed_room=(state.used[0], room),
            calls=calls,
            results=results if self._rules.with_results else (),
        )

    def _tokens(self, state: Wechat, now_ms: int) -> Iterator[Outcome]:
        if now_ms >= state.token_expires_ms:
            state = _new_token(state)._replace(token_expires_ms=now_ms + 7_200_000)
        left_s = (state.token_expires_ms - now_ms) // 1000
        reply = _ok({"access_token": state.token, "expires_in": left_s})
        yield self._outcome("", state, reply)
        for fate in self._rules.read_fates:
            if fate != "stale-token":
                yield self._outcome(fate, state, _reply(fate))

    def _read(
        self, state: Wechat, token: str, answer: Mapping[str, Any], now_ms: int
    ) -> Iterator[Outcome]:
        code = self._is_refused(state, token, now_ms)
        if code:
            yield self._outcome("", state, _refusal(code))
            return
        yield self._outcome("", state, _ok(answer))
        for fate in self._rules.read_fates:
            after = _new_token(state) if fate == "stale-token" else state
            yield self._outcome(fate, after, _reply(fate))

    def _outcome(self, fate: str, state: Wechat, reply: Reply) -> Outcome:
        changes = ((WECHAT, self._parts.of("wechat", state)),)
        answer = self._answers.outcome(reply)
        delay_ms = _DELAYS_MS.get(fate.removesuffix("-sent"), 0)
        return Outcome(fate, answer, changes, FAULTS if fate else "", delay_ms)


def _times(state: Wechat, room: int, openids: Sequence[str]) -> int:
    return sum(call[1:] == (room, openids) for call in state.calls)


def _new_token(state: Wechat) -> Wechat:
    """Someone has had the token replaced."""
    return state._replace(token=f"t{int(state.token[1:]) + 1}")


def _ok(answer: Mapping[str, Any]) -> Reply:
    return Reply(200, json.dumps({"errcode": 0, "errmsg": "ok", **answer}).encode())


def _refusal(code: int) -> Reply:
    return Reply(200, json.dumps({"errcode": code, "errmsg": "no"}).encode())


def _reply(fate: str) -> Reply:
    if fate in _CODES:
        return _refusal(_CODES[fate])
    if fate == "500":
        return Reply(500, b"")
    if fate == "garbage":
        return Reply(200, b"<html>")
    return Reply(0, b"", {"timeout": TIMED_OUT, "dropped": DROPPED}.get(fate, UNREACHABLE))


class RoomChanges:
    """Rooms open and close when they like, each change of the world once."""

    reads = WECHAT
    is_timed = False

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def events(self, part: Part[Any], now_ms: int) -> Sequence[Event]:
        state: Wechat = part.value
        if not state.to_come:
            return ()
        (room, status), *later = state.to_come
        rooms = tuple(sorted((dict(state.rooms) | {room: status}).items()))
        after = state._replace(rooms=rooms, to_come=tuple(later))
        words = f"room {room} is {RoomStatus(status).name.lower()} ({status})"
        changes = ((WECHAT, self._parts.of("wechat", after)),)
        return (Event(f"room{room}:{status}", words, changes, is_optional=True),)

    def next_ms(self, part: Part[Any], now_ms: int) -> int | None:
        return None


class Results:
    """The results of pushes, delivered to the callback: soon, or lost, or twice."""

    reads = WECHAT
    is_timed = False

    def __init__(self, parts: Parts, kind: Kind, callback: Any) -> None:
        self._parts = parts
        self._kind = kind
        self._callback = callback

    def events(self, part: Part[Any], now_ms: int) -> Iterator[Event]:
        state: Wechat = part.value
        for message_id in dict.fromkeys(state.results):
            call = next(call for call in state.calls if call.message_id == message_id)
            left = list(state.results)
            left.remove(message_id)
            gone = ((WECHAT, self._parts.of("wechat", state._replace(results=tuple(left)))),)
            program: Program = self._callback(call)
            spawn = Spawn(self._kind, program, None)
            words = f"WeChat reports on {message_id}"
            yield Event(f"result:{message_id}", words, gone, spawn=spawn)
            yield Event(f"result:{message_id}:twice", f"{words}, and will again", (), COPIES, spawn)
            yield Event(f"result:{message_id}:lost", f"{words}; nobody hears it", gone, FAULTS)

    def next_ms(self, part: Part[Any], now_ms: int) -> int | None:
        return None


class Response(NamedTuple):
    """What of a response the client reads."""

    status_code: int
    content: bytes

    @property
    def headers(self) -> Mapping[str, str]:
        """No header is read that changes what a program does."""
        return {}


class Session:
    """Stands in for ``requests.Session``."""

    def __init__(self, port: Any) -> None:
        self._port = port

    def post(self, url: str, *, data: bytes, params: Any = None, **_: object) -> Response:
        """POST JSON."""
        return self._ask(url, params, json.loads(data))

    def get(self, url: str, *, params: Any = None, **_: object) -> Response:
        """GET."""
        return self._ask(url, params, None)

    def close(self) -> None:
        """Close nothing."""

    def open(self, url: str, limit_s: float) -> None:
        """Have it open: a call that finds no connection is ``unreachable``."""

    def _ask(self, url: str, params: Any, body: Any) -> Response:
        path = url.removeprefix(BASE)
        token = params["access_token"] if params else ""
        reply: Reply = self._port("wechat", path, {"token": token, "body": body})
        if reply.lost:
            raise transport_error(reply.lost)
        return Response(reply.status, reply.body)


BASE = "https://wechat.invalid"

__all__ = [
    "ALL_PUSH_FATES", "BASE", "READ_FATES", "USUAL_PUSH_FATES", "Answer", "Reply", "Results",
    "RoomChanges", "Rules", "Session", "WechatService",
]  # fmt: skip
