"""The simulator over HTTP: a receiver of its callbacks, and calls as a Mini Program makes them."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests

from wxlive.wechat.crypto import Envelope, is_signed
from wxlive.wechat.event_parser import parse_event
from wxlive.wechat.message_body import read_encrypted
from wxlive_local.simulator import PUSH, STABLE_TOKEN, DeliveryPolicy, FollowChange, Simulator

PATIENCE_S = 10
QUICK = DeliveryPolicy(interval_s=0.0, timeout_s=2.0, result_delay_s=0.0)


class Receiver(ThreadingHTTPServer):
    """A callback URL that keeps what it receives and answers what the test says."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[tuple[int, bytes]] = []
        self.echo = True
        self.verifier = threading.Event()
        self.verifier.set()

    def handle_error(self, *_: object) -> None:
        """Stay silent: the simulator closes the connection when an attempt times out."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/wechat/callback"

    def events(self, simulator: Simulator) -> list[Any]:
        """Return every message that arrived, decrypted and parsed as the product does."""
        account = simulator.account
        envelope = Envelope(account.aes_key, account.appid)
        events = []
        for query, body in list(self.got):
            sealed = read_encrypted(body)
            assert is_signed(
                query["msg_signature"], account.token, query["timestamp"], query["nonce"], sealed
            )
            events.append(parse_event(envelope.decrypt(sealed)))
        return events


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_GET(self) -> None:
        echostr = dict(parse_qsl(urlsplit(self.path).query))["echostr"]
        echoes = self.server.echo and echostr != "x"
        self._answer(200, echostr.encode() if echoes else b"success")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((dict(parse_qsl(urlsplit(self.path).query)), body))
        answer = self.server.answers.pop(0) if self.server.answers else (200, b"success")
        assert self.server.verifier.wait(PATIENCE_S)
        self._answer(*answer)

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if status == 302:
            # A client that followed it would be answered success.
            self.send_header("Location", "/wechat/callback?echostr=x")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def post(simulator: Simulator, path: str, body: Any) -> requests.Response:
    return requests.post(simulator.url + path, json=body, timeout=PATIENCE_S)


def control(simulator: Simulator, name: str, body: Any) -> dict[str, Any]:
    response = post(simulator, f"/_sim/{name}", body)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def token(simulator: Simulator) -> str:
    account = simulator.account
    body = {
        "grant_type": "client_credential",
        "appid": account.appid,
        "secret": account.secret,
    }
    return str(post(simulator, STABLE_TOKEN, body).json()["access_token"])


def call(simulator: Simulator, path: str, body: Any) -> requests.Response:
    return post(simulator, f"{path}?access_token={token(simulator)}", body)


def push(simulator: Simulator, *openids: str) -> requests.Response:
    return call(simulator, PUSH, {"room_id": 7, "user_openid": list(openids)})


def follow(number: int = 1) -> FollowChange:
    return FollowChange(f"oTest{number:023d}", "add_follow", room_id=7)
