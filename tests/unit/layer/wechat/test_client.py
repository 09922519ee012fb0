"""The client against real servers: what was surely not sent, what may have been; no token shown."""

import gzip
import json
import socket
import socketserver
import ssl
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pytest_httpserver import HTTPServer
from urllib3.util.connection import create_connection as connect
from werkzeug import Request, Response

from factories import NOW_S, some_secrets
from wxlive.domain.chunks import CALL_DELAY_S, CALL_LIMIT_S, CLAIM_STALE_S
from wxlive.domain.followers import ListedRow
from wxlive.domain.rooms import Room
from wxlive.errors import (
    Misconfigured,
    NotReached,
    OutcomeUnknown,
    QuotaUsedUp,
    RetryLater,
    Stop,
    SystemBusy,
    TokenRefused,
    WxliveError,
)
from wxlive.wechat import client as wechat
from wxlive.wechat.access_token import AccessToken
from wxlive.wechat.answers import ApiQuota, FollowerPage, RoomPage
from wxlive.wechat.apis import Api
from wxlive.wechat.client import IDLE_LIMIT_S, WechatClient
from wxlive.wechat.transport import ANSWER_LIMIT_BYTES, WechatSession
from wxlive_local.local_aws import free_port

SECRET = "5ecre7-of-the-app"
TOKEN = "70ken-one"
NEXT_TOKEN = "70ken-two"
HIDDEN = (SECRET, TOKEN, NEXT_TOKEN)
GRANT = {"access_token": TOKEN, "expires_in": 7200}
ROOM = {"room_info": [{"roomid": 7, "live_status": 101}]}
LISTED = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
ACCEPTED = {"errcode": 0, "errmsg": "ok", "message_id": "1622047360795164672"}
REFUSALS = [40001, 40014, 42001]


class Memory:
    """A token cache of one process."""

    def __init__(self, token: AccessToken | None = None) -> None:
        self.token = token

    def load(self) -> AccessToken | None:
        return self.token

    def save(self, token: AccessToken) -> None:
        self.token = token


class Clock:
    def __init__(self) -> None:
        self.now = float(NOW_S)

    def __call__(self) -> float:
        return self.now


def holding(value: str = TOKEN) -> Memory:
    return Memory(AccessToken(value, fetched_at=NOW_S, expires_at=NOW_S + 7200))


def a_client(
    base: str,
    cache: Memory | None = None,
    *,
    now: Callable[[], float] = lambda: NOW_S,
    session: Callable[[], WechatSession] = WechatSession,
) -> WechatClient:
    secrets = some_secrets(appid="wx-1", secret=SECRET)
    return WechatClient(base, secrets, cache or holding(), now=now, session=session)


class WeChat:
    """Answers each path with what the test lined up, and repeats the last answer."""

    def __init__(self, server: HTTPServer) -> None:
        self.base = f"http://{server.host}:{server.port}"
        self.calls: list[tuple[str, str | None, dict[str, Any]]] = []
        self._answers: dict[str, list[object]] = {
            Api.STABLE_TOKEN: [GRANT],
            Api.GET_LIVE_INFO: [ROOM],
        }
        for api in Api:
            method = "GET" if api is Api.GET_CALLBACK_IP else "POST"
            server.expect_request(api, method=method).respond_with_handler(self._answer)

    def says(self, api: Api, *answers: object) -> None:
        self._answers[api] = list(answers)

    def requests(self, api: Api) -> list[dict[str, Any]]:
        return [body for called, _, body in self.calls if called == api]

    def tokens(self, api: Api) -> list[str | None]:
        return [token for called, token, _ in self.calls if called == api]

    def _answer(self, request: Request) -> Response:
        body = request.get_json() if request.data else {}
        self.calls.append((request.path, request.args.get("access_token"), body))
        answers = self._answers[request.path]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Response):
            return answer
        return Response(json.dumps(answer), content_type="text/plain")


@pytest.fixture
def platform(httpserver: HTTPServer) -> WeChat:
    return WeChat(httpserver)


class Raw(socketserver.ThreadingTCPServer):
    """Takes whole requests, lists rooms well and answers all else with bytes; None: never."""

    daemon_threads = True

    def __init__(self, answer: bytes | None, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _RawHandler)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_side=True)
        self.answer = answer
        self.listed = LISTED
        self.pushes = 0
        self.hold = threading.Event()

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _RawHandler(socketserver.StreamRequestHandler):
    server: Raw

    def handle(self) -> None:
        while first := self._read():
            if Api.GET_LIVE_INFO.encode() in first:
                self.wfile.write(self.server.listed)
                continue
            self.server.pushes += 1
            if self.server.answer is None:
                self.server.hold.wait(30)
            else:
                self.wfile.write(self.server.answer)
            return

    def _read(self) -> bytes:
        """Read a whole request; return its first line."""
        first, length = self.rfile.readline(), 0
        while line := self.rfile.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        self.rfile.read(length)
        return first


StartRaw = Callable[..., Raw]


@pytest.fixture
def raw() -> Iterator[StartRaw]:
    servers: list[Raw] = []

    def start(answer: bytes | None, tls: ssl.SSLContext | None = None) -> Raw:
        servers.append(Raw(answer, tls))
        threading.Thread(target=servers[-1].serve_forever, args=(0.01,), daemon=True).start()
        return servers[-1]

    yield start
    for server in servers:
        server.hold.set()
        server.shutdown()
        server.server_close()


def nobody() -> str:
    """An address where nobody listens."""
    return f"http://127.0.0.1:{free_port()}"


def rooms(client: WechatClient) -> RoomPage:
    return client.rooms(0, 50)


def push(client: WechatClient) -> str:
    return client.push(7, ["o-1", "o-2"])


def ready(client: WechatClient) -> WechatClient:
    """Return the client with a token and a connection, as a push needs it."""
    rooms(client)
    assert client.is_ready(0)
    return client


def error_of(call: Callable[[], object]) -> WxliveError:
    """The error a call ends in, after a look for secrets in all that can be printed of it."""
    with pytest.raises(WxliveError) as caught:
        call()
    assert_nothing_hidden_in(caught.value)
    return caught.value


def assert_nothing_hidden_in(error: BaseException) -> None:
    todo: list[BaseException | None] = [error]
    while todo:
        each = todo.pop()
        if each is not None:
            shown = "".join(traceback.format_exception(each)) + repr(each) + str(each)
            assert [hidden for hidden in HIDDEN if hidden in shown] == []
            todo += [each.__cause__, each.__context__]


# ---------------------------------------------------------------- followers


def test_page_break_is_omitted_on_page_one_and_sent_back_as_it_came(platform: WeChat) -> None:
    platform.says(Api.GET_FOLLOWERS, {"followers": [], "page_break": 16})
    client = a_client(platform.base)
    client.followers(None, 2000)
    client.followers(0, 100)
    client.followers("16", 5)
    assert platform.requests(Api.GET_FOLLOWERS) == [
        {"limit": 2000},
        {"limit": 100, "page_break": 0},
        {"limit": 5, "page_break": "16"},
    ]


def test_a_page_of_followers_is_read(platform: WeChat) -> None:
    answer = {"followers": [{"openid": "o-1", "room_id": 7}], "page_break": 16}
    platform.says(Api.GET_FOLLOWERS, answer)
    page = a_client(platform.base).followers(None, 2000)
    assert page == FollowerPage((ListedRow("o-1", 0, 7, 0),), cursor=16)


def test_a_page_that_makes_no_sense_is_not_used(platform: WeChat) -> None:
    platform.says(Api.GET_FOLLOWERS, {"followers": 7})
    error = error_of(lambda: a_client(platform.base).followers(None, 1))
    assert type(error) is OutcomeUnknown
    assert "follower page" in str(error)


# ---------------------------------------------------------------- push


def test_a_push_sends_room_and_openids_and_returns_the_message_id(platform: WeChat) -> None:
    platform.says(Api.PUSH_MESSAGE, ACCEPTED)
    assert push(ready(a_client(platform.base))) == "1622047360795164672"
    assert platform.requests(Api.PUSH_MESSAGE) == [{"room_id": 7, "user_openid": ["o-1", "o-2"]}]
    assert platform.tokens(Api.PUSH_MESSAGE) == [TOKEN]


def test_a_push_accepted_without_a_message_id_has_an_unknown_outcome(platform: WeChat) -> None:
    platform.says(Api.PUSH_MESSAGE, {"errcode": 0})
    client = ready(a_client(platform.base))
    assert type(error_of(lambda: push(client))) is OutcomeUnknown


@pytest.mark.parametrize(("code", "kind"), [(-1, SystemBusy), (45009, QuotaUsedUp)])
def test_a_refusal_of_wechat_passes_through_and_is_not_repeated(
    platform: WeChat, code: int, kind: type[WxliveError]
) -> None:
    platform.says(Api.PUSH_MESSAGE, {"errcode": code, "errmsg": "no rid: 6234f2a1-4b3e5d2c"})
    client = ready(a_client(platform.base))
    error = error_of(lambda: push(client))
    assert type(error) is kind
    assert (error.errcode, error.rid) == (code, "6234f2a1-4b3e5d2c")
    assert len(platform.requests(Api.PUSH_MESSAGE)) == 1


@pytest.mark.parametrize("cache", [Memory(), holding()], ids=["no token", "a shared token"])
def test_a_push_by_a_client_that_is_not_ready_is_not_sent_and_fetches_nothing(
    platform: WeChat, cache: Memory
) -> None:
    error = error_of(lambda: push(a_client(platform.base, cache)))
    assert type(error) is NotReached
    assert platform.calls == []


def test_a_push_whose_connection_was_idle_for_too_long_is_not_sent(platform: WeChat) -> None:
    platform.says(Api.PUSH_MESSAGE, ACCEPTED)
    clock = Clock()
    client = ready(a_client(platform.base, now=clock))
    clock.now += IDLE_LIMIT_S + 0.001
    assert type(error_of(lambda: push(client))) is NotReached
    assert platform.requests(Api.PUSH_MESSAGE) == []
    assert push(ready(client)) == "1622047360795164672"


def test_a_push_leaves_with_the_token_at_hand_although_it_is_nearly_over(platform: WeChat) -> None:
    """Fetching another inside the slot would make the call late."""
    platform.says(Api.PUSH_MESSAGE, ACCEPTED)
    clock = Clock()
    cache = Memory(AccessToken(TOKEN, fetched_at=NOW_S, expires_at=NOW_S + 20))
    client = ready(a_client(platform.base, cache, now=clock))
    clock.now += 10
    assert not client.is_ready(0)
    push(client)
    assert platform.tokens(Api.PUSH_MESSAGE) == [TOKEN]
    assert platform.requests(Api.STABLE_TOKEN) == []


# ---------------------------------------------------------------- rooms, quota, addresses


def test_rooms_are_read(platform: WeChat) -> None:
    row = {"name": "n", "roomid": 7, "live_status": 101, "start_time": 1, "end_time": 2}
    platform.says(Api.GET_LIVE_INFO, {"errcode": 0, "total": 1, "room_info": [row]})
    assert a_client(platform.base).rooms(10, 50) == RoomPage((Room(7, "n", 101, 1, 2),))
    assert platform.requests(Api.GET_LIVE_INFO) == [{"start": 10, "limit": 50}]


@pytest.mark.parametrize(
    "answer",
    [
        {"errcode": 1, "errmsg": "no room"},
        {"errcode": 9410000, "errmsg": "empty"},
        {"errcode": 0, "room_info": []},
        {"errcode": 0},
    ],
)
def test_where_no_room_exists_none_is_listed(platform: WeChat, answer: dict[str, Any]) -> None:
    platform.says(Api.GET_LIVE_INFO, answer)
    assert a_client(platform.base).rooms(0, 50) == RoomPage()


def test_another_refusal_of_the_room_list_is_an_error(platform: WeChat) -> None:
    platform.says(Api.GET_LIVE_INFO, {"errcode": 9410001, "errmsg": "failed"})
    error = error_of(lambda: a_client(platform.base).rooms(0, 50))
    assert type(error) is Stop


def test_a_room_list_that_makes_no_sense_is_not_used(platform: WeChat) -> None:
    platform.says(Api.GET_LIVE_INFO, {"room_info": 7})
    assert type(error_of(lambda: a_client(platform.base).rooms(0, 50))) is OutcomeUnknown


def test_the_quota_of_an_api_is_read(platform: WeChat) -> None:
    platform.says(Api.QUOTA_GET, {"quota": {"daily_limit": 5000, "used": "12", "remain": 4988}})
    assert a_client(platform.base).quota(Api.PUSH_MESSAGE) == ApiQuota(daily_limit=5000, used=12)
    assert platform.requests(Api.QUOTA_GET) == [{"cgi_path": Api.PUSH_MESSAGE}]


def test_a_quota_that_makes_no_sense_is_not_used(platform: WeChat) -> None:
    platform.says(Api.QUOTA_GET, {"quota": None})
    error = error_of(lambda: a_client(platform.base).quota(Api.PUSH_MESSAGE))
    assert type(error) is OutcomeUnknown


def test_callback_addresses_are_requested_by_get(platform: WeChat) -> None:
    platform.says(Api.GET_CALLBACK_IP, {"ip_list": ["203.0.113.7", "198.51.100.0/24"]})
    addresses = a_client(platform.base).callback_addresses()
    assert addresses == ("203.0.113.7", "198.51.100.0/24")
    assert platform.calls == [(Api.GET_CALLBACK_IP, TOKEN, {})]


def test_callback_addresses_that_make_no_sense_are_not_used(platform: WeChat) -> None:
    platform.says(Api.GET_CALLBACK_IP, {})
    error = error_of(a_client(platform.base).callback_addresses)
    assert type(error) is OutcomeUnknown


# ---------------------------------------------------------------- the token


def test_the_token_is_requested_in_normal_mode_and_the_secret_is_in_no_url(
    platform: WeChat,
) -> None:
    cache = Memory()
    rooms(a_client(platform.base, cache))
    assert platform.calls[0] == (
        Api.STABLE_TOKEN,
        None,
        {"grant_type": "client_credential", "appid": "wx-1", "secret": SECRET},
    )
    assert platform.tokens(Api.GET_LIVE_INFO) == [TOKEN]
    assert cache.token == AccessToken(TOKEN, fetched_at=NOW_S, expires_at=NOW_S + 7200)


def refusal(code: int) -> dict[str, Any]:
    return {"errcode": code, "errmsg": "token rid: 6234f2a1-4b3e5d2c"}


@pytest.mark.parametrize("code", REFUSALS)
def test_a_refused_token_is_replaced_once_and_the_request_repeated_once(
    platform: WeChat, code: int
) -> None:
    platform.says(Api.GET_LIVE_INFO, refusal(code), ROOM)
    platform.says(Api.STABLE_TOKEN, {**GRANT, "access_token": NEXT_TOKEN})
    assert a_client(platform.base).rooms(0, 50).rows == 1
    assert platform.tokens(Api.GET_LIVE_INFO) == [TOKEN, NEXT_TOKEN]
    assert len(platform.requests(Api.STABLE_TOKEN)) == 1


@pytest.mark.parametrize("code", REFUSALS)
def test_a_token_that_is_refused_again_ends_the_request(platform: WeChat, code: int) -> None:
    platform.says(Api.GET_LIVE_INFO, refusal(code))
    platform.says(Api.STABLE_TOKEN, {**GRANT, "access_token": NEXT_TOKEN})
    error = error_of(lambda: a_client(platform.base).rooms(0, 50))
    assert type(error) is TokenRefused
    assert error.errcode == code
    assert platform.tokens(Api.GET_LIVE_INFO) == [TOKEN, NEXT_TOKEN]
    assert len(platform.requests(Api.STABLE_TOKEN)) == 1


@pytest.mark.parametrize("code", REFUSALS)
def test_a_push_with_a_refused_token_is_left_to_the_next_try_which_has_another(
    platform: WeChat, code: int
) -> None:
    platform.says(Api.PUSH_MESSAGE, refusal(code), ACCEPTED)
    platform.says(Api.STABLE_TOKEN, {**GRANT, "access_token": NEXT_TOKEN})
    client = ready(a_client(platform.base))
    error = error_of(lambda: push(client))
    assert type(error) is RetryLater
    assert (error.errcode, error.rid) == (code, "6234f2a1-4b3e5d2c")
    assert platform.tokens(Api.PUSH_MESSAGE) == [TOKEN]
    assert platform.requests(Api.STABLE_TOKEN) == []
    assert not client.is_ready(0)
    assert push(ready(client)) == "1622047360795164672"
    assert platform.tokens(Api.PUSH_MESSAGE) == [TOKEN, NEXT_TOKEN]
    assert len(platform.requests(Api.STABLE_TOKEN)) == 1


def test_a_push_does_not_use_a_refused_token_again(platform: WeChat) -> None:
    platform.says(Api.PUSH_MESSAGE, refusal(40001))
    client = ready(a_client(platform.base))
    error_of(lambda: push(client))
    assert type(error_of(lambda: push(client))) is NotReached
    assert platform.tokens(Api.PUSH_MESSAGE) == [TOKEN]


@pytest.mark.parametrize("code", REFUSALS)
def test_a_refused_token_that_wechat_hands_out_again_ends_the_call(
    platform: WeChat, code: int
) -> None:
    platform.says(Api.GET_LIVE_INFO, refusal(code))
    error = error_of(lambda: rooms(a_client(platform.base)))
    assert type(error) is TokenRefused
    assert len(platform.calls) == 2
    assert len(platform.requests(Api.STABLE_TOKEN)) == 1


def test_after_a_push_with_a_refused_token_no_other_call_uses_that_token(platform: WeChat) -> None:
    platform.says(Api.PUSH_MESSAGE, refusal(40001))
    client = ready(a_client(platform.base))
    error_of(lambda: push(client))
    assert type(error_of(lambda: rooms(client))) is TokenRefused  # WeChat hands it out again
    assert platform.tokens(Api.GET_LIVE_INFO) == [TOKEN]


@pytest.mark.parametrize("code", REFUSALS)
def test_a_refused_token_that_another_has_replaced_costs_no_fetch(
    platform: WeChat, code: int
) -> None:
    platform.says(Api.GET_LIVE_INFO, ROOM, refusal(code), ROOM)
    cache = holding(TOKEN)
    client = a_client(platform.base, cache)
    client.rooms(0, 50)
    cache.token = AccessToken(NEXT_TOKEN, fetched_at=NOW_S, expires_at=NOW_S + 7200)
    client.rooms(0, 50)
    assert platform.tokens(Api.GET_LIVE_INFO) == [TOKEN, TOKEN, NEXT_TOKEN]
    assert platform.requests(Api.STABLE_TOKEN) == []


def test_a_wrong_secret_makes_no_call_and_no_loop(platform: WeChat) -> None:
    platform.says(Api.STABLE_TOKEN, {"errcode": 40001, "errmsg": "invalid credential"})
    error = error_of(lambda: rooms(a_client(platform.base, Memory())))
    assert type(error) is TokenRefused
    assert [path for path, _, _ in platform.calls] == [Api.STABLE_TOKEN]


def test_a_configuration_error_of_the_token_passes_through(platform: WeChat) -> None:
    platform.says(Api.STABLE_TOKEN, {"errcode": 40125, "errmsg": f"invalid {SECRET}"})
    error = error_of(lambda: rooms(a_client(platform.base, Memory())))
    assert type(error) is Misconfigured
    assert len(platform.calls) == 1


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"access_token": TOKEN},
        {"expires_in": 7200},
        {"access_token": TOKEN, "expires_in": "soon"},
        {"access_token": None, "expires_in": 7200},
        {"access_token": "", "expires_in": 7200},
        {"access_token": 7, "expires_in": 7200},
        Response(f'{{"access_token": "{TOKEN}"'),
        Response(TOKEN, status=502),
    ],
)
def test_a_token_answer_that_makes_no_sense_means_that_no_call_was_made(
    platform: WeChat, answer: object
) -> None:
    platform.says(Api.STABLE_TOKEN, answer)
    error = error_of(lambda: rooms(a_client(platform.base, Memory())))
    assert type(error) is NotReached
    assert Api.GET_LIVE_INFO in str(error)
    assert platform.requests(Api.GET_LIVE_INFO) == []


def test_a_fresh_token_that_can_not_be_had_means_that_nothing_was_done(platform: WeChat) -> None:
    platform.says(Api.GET_LIVE_INFO, refusal(42001))
    platform.says(Api.STABLE_TOKEN, Response("busy", status=503))
    error = error_of(lambda: rooms(a_client(platform.base)))
    assert type(error) is NotReached
    assert len(platform.requests(Api.GET_LIVE_INFO)) == 1


def test_a_busy_wechat_that_hands_out_no_token_is_not_a_push_that_may_have_left(
    platform: WeChat,
) -> None:
    """A -1 for a push is unknown; a -1 for its token is not: the token comes first."""
    platform.says(Api.STABLE_TOKEN, {"errcode": -1, "errmsg": "system error"})
    client = a_client(platform.base, Memory())
    assert type(error_of(lambda: rooms(client))) is SystemBusy
    assert type(error_of(lambda: push(client))) is NotReached
    assert {path for path, _, _ in platform.calls} == {Api.STABLE_TOKEN}


# ---------------------------------------------------------------- the connection


def test_a_refused_connection_reached_nobody() -> None:
    error = error_of(lambda: rooms(a_client(nobody())))
    assert type(error) is NotReached
    assert "nothing was sent" in str(error)


def test_a_push_whose_connection_was_dropped_and_is_refused_reached_nobody(raw: StartRaw) -> None:
    server = raw(b"")
    server.listed = LISTED.replace(b"OK", b"OK\r\nConnection: close")
    client = ready(a_client(server.base))
    server.shutdown()
    server.server_close()
    error = error_of(lambda: push(client))
    assert type(error) is NotReached
    assert "nothing was sent" in str(error)
    assert server.pushes == 0


def test_without_a_connection_there_is_no_token_either() -> None:
    error = error_of(lambda: rooms(a_client(nobody(), Memory())))
    assert type(error) is NotReached


def test_a_connection_that_is_not_made_in_time_reached_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def too_slow(*_: object, **__: object) -> None:
        raise TimeoutError("timed out")

    monkeypatch.setattr("urllib3.util.connection.create_connection", too_slow)
    assert type(error_of(lambda: rooms(a_client("http://127.0.0.1:9")))) is NotReached


def test_a_name_that_is_not_found_reached_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr("socket.getaddrinfo", unknown)
    assert type(error_of(lambda: rooms(a_client("http://api.weixin.invalid")))) is NotReached


def test_an_address_that_is_none_reached_nobody() -> None:
    assert type(error_of(lambda: rooms(a_client("http://")))) is NotReached


def through(proxy: str) -> WechatSession:
    """Return a session that calls through a proxy."""
    session = WechatSession()
    session.proxies = {"http": proxy, "https": proxy}
    session.trust_env = False
    return session


def test_a_proxy_that_nobody_reaches_is_sent_nothing() -> None:
    client = a_client("http://api.weixin.invalid", session=lambda: through(nobody()))
    error = error_of(lambda: rooms(client))
    assert type(error) is NotReached
    assert "ProxyError" in str(error)


CUT = {
    "before the answer": b"",
    "in the status line": b"HTTP/1.1 2",
    "in the headers": b"HTTP/1.1 200 OK\r\nContent-Len",
    "in the body": b'HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n{"errcode": 0, "mess',
    "in a chunk": b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n{"errcode"',
}
GARBAGE = {
    "no http": b"220 smtp.example ESMTP\r\n\r\n",
    "no json": b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\noops",
    "no body": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "no gzip": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\noops",
    "http 500": b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n",
    "redirect": b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n",
}


@pytest.mark.parametrize("answer", [*CUT.values(), *GARBAGE.values()], ids=[*CUT, *GARBAGE])
def test_what_left_and_got_no_readable_answer_may_have_been_carried_out(
    raw: StartRaw, answer: bytes
) -> None:
    server = raw(answer)
    client = ready(a_client(server.base))
    error = error_of(lambda: push(client))
    assert type(error) is OutcomeUnknown
    assert server.pushes == 1


def test_an_answer_that_does_not_come_in_time_may_have_been_carried_out(
    raw: StartRaw, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = raw(None)
    client = ready(a_client(server.base))
    monkeypatch.setattr(wechat, "READ_TIMEOUT_S", 0.05)
    error = error_of(lambda: push(client))
    assert type(error) is OutcomeUnknown
    assert "ReadTimeout" in str(error)
    assert server.pushes == 1


def test_every_request_has_time_outs(platform: WeChat) -> None:
    seen: list[Any] = []

    class Watching(WechatSession):
        def send(self, request: requests.PreparedRequest, **manners: Any) -> requests.Response:
            seen.append(manners["timeout"])
            return super().send(request, **manners)

    platform.says(Api.PUSH_MESSAGE, ACCEPTED)
    push(ready(a_client(platform.base, Memory(), session=Watching)))
    assert seen == [(3, 15), (3, 15), (1, 15)], "a push leaves within a second or not at all"


@pytest.mark.parametrize("answer", CUT.values(), ids=CUT)
def test_what_left_through_a_proxy_that_breaks_may_have_been_carried_out(
    raw: StartRaw, answer: bytes
) -> None:
    """``requests`` reports it as a proxy that was not reached."""
    proxy = raw(answer)
    client = ready(a_client("http://api.weixin.invalid", session=lambda: through(proxy.base)))

    error = error_of(lambda: push(client))

    assert type(error) is OutcomeUnknown
    assert proxy.pushes == 1


def test_a_tunnel_that_a_proxy_does_not_open_is_sent_nothing(raw: StartRaw) -> None:
    proxy = raw(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
    client = a_client("https://api.weixin.invalid", session=lambda: through(proxy.base))
    assert type(error_of(lambda: rooms(client))) is NotReached
    assert proxy.pushes == 1, "it was asked for a tunnel"


def test_after_a_broken_connection_a_push_needs_a_new_one_first(raw: StartRaw) -> None:
    body = json.dumps(ACCEPTED).encode()
    server = raw(b"")
    client = ready(a_client(server.base))
    error_of(lambda: push(client))
    server.answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    assert not client.is_ready(0)
    assert type(error_of(lambda: push(client))) is NotReached
    assert server.pushes == 1
    assert push(ready(client)) == "1622047360795164672"


def self_signed(directory: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    today = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = directory / "server.pem"
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return pem


def test_a_server_with_an_untrusted_certificate_is_sent_nothing(
    raw: StartRaw, tmp_path: Path
) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(self_signed(tmp_path))
    server = raw(b"", tls)
    error = error_of(lambda: rooms(a_client(server.base.replace("http:", "https:"))))
    assert type(error) is NotReached
    assert "SSLCertVerificationError" in str(error), "what can be mended is named"
    assert server.pushes == 0


@contextmanager
def silent_handshake(says: bytes) -> Iterator[str]:
    """A server that accepts connections, says these bytes instead of shaking hands, and closes."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            with suppress(OSError):
                while True:
                    taken, _ = listening.accept()
                    with taken:
                        taken.sendall(says)

        threading.Thread(target=answer, daemon=True).start()
        yield f"https://127.0.0.1:{listening.getsockname()[1]}"


@pytest.mark.parametrize(
    "says", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x15\x03\x01\x00\x02\x02\x28"]
)
def test_a_handshake_that_breaks_is_sent_nothing(says: bytes) -> None:
    with silent_handshake(says) as base:
        assert type(error_of(lambda: rooms(a_client(base)))) is NotReached


def test_a_handshake_that_takes_too_long_is_sent_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wechat, "CONNECT_TIMEOUT_S", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        base = f"https://127.0.0.1:{listening.getsockname()[1]}"
        error = error_of(lambda: a_client(base).callback_addresses())
    assert type(error) is NotReached


def test_a_name_that_is_found_too_late_is_sent_nothing(
    raw: StartRaw, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looking a name up has no time-out of its own."""
    server = raw(b"")
    client = ready(a_client(server.base.replace("127.0.0.1", "localhost")))
    ticks = iter(range(0, 100, 2))
    monkeypatch.setattr("wxlive.wechat.transport.monotonic", lambda: next(ticks))
    assert client._session is not None
    client._session.close()  # as if WeChat had closed the connection
    assert type(error_of(lambda: push(client))) is NotReached
    assert server.pushes == 0


def closing(raw: StartRaw) -> tuple[Raw, WechatClient]:
    """A client that is ready, of a server that closes each connection after its answer."""
    body = json.dumps(ACCEPTED).encode()
    close = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s"
    server = raw(close % (len(body), body))
    server.listed = close % (2, b"{}")
    return server, ready(a_client(server.base))


def test_a_push_needs_no_connection_of_its_own_once_the_client_has_reconnected(
    raw: StartRaw, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, client = closing(raw)
    opened: list[object] = []

    def count(address: Any, *rest: Any, **facts: Any) -> socket.socket:
        opened.append(address)
        return connect(address, *rest, **facts)

    monkeypatch.setattr("urllib3.util.connection.create_connection", count)
    for times in (1, 1):
        client.reconnect()
        assert len(opened) == times
    assert push(client) == "1622047360795164672"
    assert (len(opened), server.pushes) == (1, 1)


def test_a_client_that_cannot_reconnect_has_sent_nothing_and_is_not_ready(raw: StartRaw) -> None:
    server, client = closing(raw)
    server.shutdown()
    server.server_close()
    assert type(error_of(client.reconnect)) is NotReached
    assert not client.is_ready(0)


# ---------------------------------------------------------------- answers without end


@contextmanager
def trickling(begin: bytes, drop: bytes, begun: Callable[[], None] = lambda: None) -> Iterator[str]:
    """A server that takes a request, sends some bytes, says so, then one by one for ever."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            with suppress(OSError):
                taken, _ = listening.accept()
                with taken:
                    taken.recv(65_536)
                    taken.sendall(begin)
                    begun()
                    while not enough.wait(0.01):
                        taken.sendall(drop)

        enough = threading.Event()
        worker = threading.Thread(target=answer, daemon=True)
        worker.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        enough.set()
        worker.join(5)


ENDLESS = {
    "status line": b"",
    "headers": b"HTTP/1.1 200 OK\r\nX: ",
    "body": b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n",
    "body of no length": b"HTTP/1.1 200 OK\r\n\r\n",
}


@pytest.mark.timeout(30)
@pytest.mark.parametrize("begin", ENDLESS.values(), ids=ENDLESS)
def test_an_answer_that_comes_byte_by_byte_is_cut_off(
    begin: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends: list[Callable[[], None]] = []

    class ByHand:
        """A timer that the server ends."""

        def __init__(self, _limit_s: float, function: Callable[[], None]) -> None:
            ends.append(function)

        def start(self) -> None:
            pass

        def cancel(self) -> None:
            pass

    def end() -> None:
        ends[-1]()

    monkeypatch.setattr(threading, "Timer", ByHand)
    with trickling(begin, b"x", end) as base:
        client = a_client(base)
        error = error_of(lambda: rooms(client))
    assert type(error) is OutcomeUnknown
    assert not client.is_ready(0)


@pytest.mark.timeout(30)
def test_a_call_is_cut_off_in_time() -> None:
    with trickling(b"", b"x") as base:
        client = a_client(base, session=lambda: WechatSession(limit_s=0.2))
        error = error_of(lambda: rooms(client))
    assert type(error) in {OutcomeUnknown, NotReached}  # the latter if it was late to leave
    assert not client.is_ready(0)


@pytest.mark.timeout(30)
def test_a_call_whose_time_is_up_before_it_leaves_does_not_leave(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class AtOnce:
        """A timer that a worker meets when it was frozen before it could send."""

        def __init__(self, _limit_s: float, function: Callable[[], None]) -> None:
            self.start = function

        def cancel(self) -> None:
            pass

    monkeypatch.setattr(threading, "Timer", AtOnce)
    with trickling(b"", b"x") as base:
        client = a_client(base)
        error = error_of(lambda: rooms(client))
    assert type(error) is NotReached
    assert not client.is_ready(0)


def test_a_call_is_cut_off_before_its_claim_is_taken_for_abandoned() -> None:
    assert CALL_DELAY_S + CALL_LIMIT_S < CLAIM_STALE_S
    assert WechatSession()._limit_s == CALL_LIMIT_S


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_an_answer_that_is_too_large_is_not_read_to_its_end(raw: StartRaw, *, packed: bool) -> None:
    body = b" " * (ANSWER_LIMIT_BYTES + 1)
    sent = gzip.compress(body) if packed else body
    encoding = b"Content-Encoding: gzip\r\n" if packed else b""
    head = b"HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n" % (encoding, len(sent))
    client = ready(a_client(raw(head + sent).base))
    error = error_of(lambda: push(client))
    assert type(error) is OutcomeUnknown
    assert "AnswerTooLarge" in str(error)


def test_a_date_that_no_clock_can_show_leaves_the_answer_as_it_is(raw: StartRaw) -> None:
    body = json.dumps(ACCEPTED).encode()
    dates = b"Mon, 01 Jan 0001 00:00:00 -0000"
    head = b"HTTP/1.1 200 OK\r\nDate: %s\r\nContent-Length: %d\r\n\r\n" % (dates, len(body))
    assert push(ready(a_client(raw(head + body).base))) == "1622047360795164672"


def test_whatever_goes_wrong_in_a_call_leaves_doubt(
    platform: WeChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*_: object) -> None:
        raise ValueError("a library's own mistake")

    client = ready(a_client(platform.base))
    platform.says(Api.PUSH_MESSAGE, ACCEPTED)
    monkeypatch.setattr(WechatSession, "_read", break_down)
    assert type(error_of(lambda: push(client))) is OutcomeUnknown


# ---------------------------------------------------------------- the session


class Sessions:
    """Makes sessions and remembers which were closed."""

    def __init__(self) -> None:
        self.made = 0
        self.closed = 0

    def __call__(self) -> WechatSession:
        sessions = self

        class Counted(WechatSession):
            def close(self) -> None:
                sessions.closed += 1
                super().close()

        self.made += 1
        return Counted()


def test_calls_in_a_row_share_one_connection(platform: WeChat) -> None:
    platform.says(Api.PUSH_MESSAGE, ACCEPTED)
    clock, sessions = Clock(), Sessions()
    client = ready(a_client(platform.base, now=clock, session=sessions))
    for _ in range(3):
        clock.now += IDLE_LIMIT_S
        push(client)
    assert (sessions.made, sessions.closed) == (1, 0)


def test_a_connection_idle_for_too_long_is_closed_and_opened_anew(platform: WeChat) -> None:
    clock, sessions = Clock(), Sessions()
    client = a_client(platform.base, now=clock, session=sessions)
    rooms(client)
    clock.now += IDLE_LIMIT_S + 0.001
    rooms(client)
    assert (sessions.made, sessions.closed) == (2, 1)


def test_no_connection_is_opened_before_the_first_call() -> None:
    sessions = Sessions()
    a_client(nobody(), session=sessions)
    assert sessions.made == 0


@pytest.mark.parametrize("cache", [Memory(), holding()], ids=["no token", "a shared token"])
def test_a_client_is_ready_after_its_first_request(platform: WeChat, cache: Memory) -> None:
    client = a_client(platform.base, cache)
    assert not client.is_ready(0)
    rooms(client)
    assert client.is_ready(0)


def test_a_client_is_ready_for_a_while_if_its_connection_is_not_idle_for_too_long_by_then(
    platform: WeChat,
) -> None:
    clock = Clock()
    client = ready(a_client(platform.base, now=clock))
    assert client.is_ready(IDLE_LIMIT_S)
    assert not client.is_ready(IDLE_LIMIT_S + 0.001)
    clock.now += IDLE_LIMIT_S - 13
    assert client.is_ready(13)
    assert not client.is_ready(13.001)


def test_a_client_is_not_ready_once_its_token_is_nearly_over(platform: WeChat) -> None:
    clock = Clock()
    cache = Memory(AccessToken(TOKEN, fetched_at=NOW_S, expires_at=NOW_S + 20))
    client = ready(a_client(platform.base, cache, now=clock))
    clock.now += 9
    assert client.is_ready(0)
    clock.now += 1
    assert not client.is_ready(0)


def test_a_client_is_not_ready_after_its_connection_broke(raw: StartRaw) -> None:
    client = ready(a_client(raw(b"").base))
    error_of(lambda: push(client))
    assert not client.is_ready(0)


def test_a_slash_in_a_token_is_sent_as_it_is(platform: WeChat) -> None:
    platform.says(Api.PUSH_MESSAGE, ACCEPTED)
    push(ready(a_client(platform.base, holding("a/b+c&d=e"))))
    assert platform.tokens(Api.PUSH_MESSAGE) == ["a/b+c&d=e"]
