"""The simulator over real HTTP on the loopback: its routes, its mischief, its deliveries."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from wxlive.crypto import Envelope, is_signed
from wxlive.events import FollowNotify
from wxlive.events import PushResult as ReadResult
from wxlive.messages import read_encrypted, read_event
from wxlive_local.simulator import (
    CALLBACK_FOLLOW,
    CALLBACK_RESULT,
    FOLLOWERS,
    LIVE,
    LIVE_INFO,
    PUSH,
    STABLE_TOKEN,
    Courier,
    Happening,
    Kind,
    Rule,
    Simulator,
    State,
)

PATIENCE_S = 10
QUICK = Courier(interval_s=0.0, patience_s=2.0, result_delay_s=0.0)


class Receiver(ThreadingHTTPServer):
    """A callback URL that keeps what it gets and answers what the test says."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[tuple[int, bytes]] = []
        self.echo = True
        self.gate = threading.Event()
        self.gate.set()

    def handle_error(self, *_: object) -> None:
        """The platform hangs up when its patience ends: no news here."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/wechat/callback"

    def events(self, simulator: Simulator) -> list[Any]:
        """Every message that came, opened and read as the product does."""
        account = simulator.account
        envelope = Envelope(account.aes_key, account.appid)
        events = []
        for query, body in list(self.got):
            sealed = read_encrypted(body)
            assert is_signed(
                query["msg_signature"], account.token, query["timestamp"], query["nonce"], sealed
            )
            events.append(read_event(envelope.decrypt(sealed)))
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
        assert self.server.gate.wait(PATIENCE_S)
        self._answer(*answer)

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if status == 302:
            # Whoever follows it would meet a success.
            self.send_header("Location", "/wechat/callback?echostr=x")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        thread = threading.Thread(target=receiver.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield receiver
        receiver.gate.set()
        receiver.shutdown()
        thread.join()


@pytest.fixture
def simulator(receiver: Receiver) -> Iterator[Simulator]:
    with Simulator(courier=QUICK) as simulator:
        simulator.set_callback_url(receiver.url)
        simulator.set_room(7, LIVE)
        yield simulator


def post(simulator: Simulator, path: str, body: Any) -> requests.Response:
    return requests.post(simulator.url + path, json=body, timeout=PATIENCE_S)


def sim(simulator: Simulator, name: str, body: Any) -> dict[str, Any]:
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


def follow(number: int = 1) -> Happening:
    return Happening(f"oTest{number:023d}", "add_follow", room_id=7)


# ------------------------------------------------------------------- the API


def test_a_token_opens_the_list_and_the_rooms(simulator: Simulator) -> None:
    openids = simulator.add_followers(5)
    rows = call(simulator, FOLLOWERS, {"limit": 2000}).json()["followers"]
    assert [row["openid"] for row in rows] == openids
    rooms = call(simulator, LIVE_INFO, {"start": 0, "limit": 10}).json()["room_info"]
    assert [room["roomid"] for room in rooms] == [7]


def test_a_refusal_is_http_200_with_a_rid(simulator: Simulator) -> None:
    response = requests.get(simulator.url + PUSH, timeout=PATIENCE_S)
    assert response.status_code == 200
    assert response.json()["errcode"] == 43002
    assert " rid: " in response.json()["errmsg"]
    assert post(simulator, PUSH, {}).json()["errcode"] == 41001


def test_a_full_push_fits(simulator: Simulator) -> None:
    openids = simulator.add_followers(2000)
    assert push(simulator, *openids).json()["errcode"] == 0
    assert simulator.ledger()["push"]["distinct_openids"] == 2000


def test_a_pushs_result_comes_back_by_its_message_id(
    simulator: Simulator, receiver: Receiver
) -> None:
    openids = simulator.add_followers(3)
    message_id = push(simulator, *openids, "nonsense").json()["message_id"]
    assert simulator.wait_for_results(PATIENCE_S)
    (result,) = receiver.events(simulator)
    assert isinstance(result, ReadResult)
    assert (result.message_id, result.total, result.success) == (message_id, 4, 3)
    assert result.adds_up
    figures = simulator.ledger()["results"]
    assert (figures["delivered"], figures["total"], figures["openid_error"]) == (1, 4, 1)


# ------------------------------------------------------------------- mischief


def test_a_call_can_be_answered_with_any_errcode(simulator: Simulator) -> None:
    simulator.misbehave(Rule(PUSH, Kind.ERRCODE, errcode=45011))
    assert push(simulator, "a").json()["errcode"] == 45011
    assert push(simulator, "a").json()["errcode"] == 0
    assert simulator.ledger()["calls"][PUSH] == {"45011": 1, "0": 1}


@pytest.mark.parametrize(("kind", "pushed"), [(Kind.DROP_BEFORE, 0), (Kind.DROP_AFTER, 1)])
def test_a_connection_is_cut_before_or_after_the_call_is_carried_out(
    simulator: Simulator, kind: Kind, pushed: int
) -> None:
    simulator.misbehave(Rule(PUSH, kind))
    with pytest.raises(requests.ConnectionError):
        push(simulator, "a")
    assert simulator.ledger()["push"]["accepted_openids"] == pushed
    assert simulator.ledger()["mishaps"][0]["kind"] == kind


@pytest.mark.parametrize(("kind", "pushed"), [(Kind.DELAY_BEFORE, 0), (Kind.DELAY_AFTER, 1)])
def test_a_delayed_call_outlasts_the_callers_patience(
    simulator: Simulator, kind: Kind, pushed: int
) -> None:
    simulator.misbehave(Rule(PUSH, kind, seconds=60))
    url = f"{simulator.url}{PUSH}?access_token={token(simulator)}"
    with pytest.raises(requests.ReadTimeout):
        requests.post(url, json={"room_id": 7, "user_openid": ["a"]}, timeout=0.3)
    assert simulator.ledger()["push"]["accepted_openids"] == pushed


@pytest.mark.parametrize("processed", [False, True])
@pytest.mark.parametrize(("kind", "status"), [(Kind.GARBAGE, 200), (Kind.HTTP_500, 500)])
def test_an_answer_can_be_no_json_whether_or_not_the_call_was_carried_out(
    simulator: Simulator, kind: Kind, status: int, *, processed: bool
) -> None:
    simulator.misbehave(Rule(PUSH, kind, processed=processed))
    response = push(simulator, "a")
    assert response.status_code == status
    assert response.text.startswith("<html>")
    assert simulator.ledger()["push"]["accepted_openids"] == int(processed)


def test_a_token_can_die_under_a_call(simulator: Simulator) -> None:
    simulator.misbehave(Rule(PUSH, Kind.TOKEN_DEAD))
    assert push(simulator, "a").json()["errcode"] == 40001
    assert push(simulator, "a").json()["errcode"] == 0


# ------------------------------------------------------------------ callbacks


def test_the_url_is_verified_by_its_echo(simulator: Simulator, receiver: Receiver) -> None:
    assert simulator.verify_url().ok
    receiver.echo = False
    verification = simulator.verify_url()
    assert not verification.ok
    assert verification.body == "success"


def test_an_event_is_delivered_and_listed(simulator: Simulator, receiver: Receiver) -> None:
    (record,) = simulator.deliver(follow())
    assert record.state is State.DELIVERED
    assert [(a.status, a.body) for a in record.attempts] == [(200, "success")]
    (event,) = receiver.events(simulator)
    assert isinstance(event, FollowNotify)
    assert event.openid == follow().openid
    rows = call(simulator, FOLLOWERS, {}).json()["followers"]
    assert [row["openid"] for row in rows] == [event.openid]


@pytest.mark.parametrize("answer", [(500, b"success"), (200, b"ok"), (302, b"")])
def test_a_wrong_answer_is_tried_again_and_then_given_up(
    simulator: Simulator, receiver: Receiver, answer: tuple[int, bytes]
) -> None:
    receiver.answers = [answer] * 2
    (late_success,) = simulator.deliver(follow(1))
    assert late_success.state is State.DELIVERED
    assert len(late_success.attempts) == 3
    receiver.answers = [answer] * 3
    (given_up,) = simulator.deliver(follow(2))
    assert given_up.state is State.GIVEN_UP
    assert len(receiver.got) == 6
    assert simulator.ledger()["events"]["given_up"] == 1


@pytest.mark.parametrize("body", [b"", b"success", b"SUCCESS"])
def test_an_empty_body_or_success_is_enough(
    simulator: Simulator, receiver: Receiver, body: bytes
) -> None:
    receiver.answers = [(200, body)]
    (record,) = simulator.deliver(follow())
    assert (record.state, len(record.attempts)) == (State.DELIVERED, 1)


def test_a_retry_is_the_same_request_to_the_byte(simulator: Simulator, receiver: Receiver) -> None:
    receiver.answers = [(500, b"")]
    simulator.deliver(follow())
    first, second = receiver.got
    assert first == second


def test_attempts_are_an_interval_apart(receiver: Receiver) -> None:
    receiver.answers = [(500, b"")]
    with Simulator(courier=Courier(interval_s=0.4)) as simulator:
        simulator.set_callback_url(receiver.url)
        (record,) = simulator.deliver(follow())
    first, second = record.attempts
    assert second.at - first.at >= 0.39


def test_a_receiver_that_does_not_answer_loses_the_platforms_patience(receiver: Receiver) -> None:
    receiver.gate.clear()
    with Simulator(courier=Courier(attempts=2, interval_s=0, patience_s=0.2)) as simulator:
        simulator.set_callback_url(receiver.url)
        (record,) = simulator.deliver(follow())
    assert record.state is State.GIVEN_UP
    assert [(a.status, a.error) for a in record.attempts] == [(None, "TimeoutError")] * 2


def test_a_receiver_that_is_not_there_is_told_as_an_error(simulator: Simulator) -> None:
    with Receiver() as closed:
        url = closed.url
    simulator.set_callback_url(url)
    (record,) = simulator.deliver(follow())
    assert record.state is State.GIVEN_UP
    assert {a.error for a in record.attempts} == {"ClientConnectorError"}


def test_many_events_all_arrive(simulator: Simulator, receiver: Receiver) -> None:
    records = simulator.deliver(*(follow(n) for n in range(100)))
    assert {record.state for record in records} == {State.DELIVERED}
    assert {event.openid for event in receiver.events(simulator)} == {
        follow(n).openid for n in range(100)
    }


def test_a_doubled_event_comes_twice(simulator: Simulator, receiver: Receiver) -> None:
    simulator.deliver(follow(), doubled=True)
    simulator.misbehave(Rule(CALLBACK_FOLLOW, Kind.DOUBLED))
    simulator.deliver(follow(2))
    assert [event.openid for event in receiver.events(simulator)] == [
        follow(1).openid,
        follow(1).openid,
        follow(2).openid,
        follow(2).openid,
    ]


def test_a_late_event_is_overtaken(simulator: Simulator, receiver: Receiver) -> None:
    simulator.misbehave(Rule(CALLBACK_FOLLOW, Kind.LATE, seconds=0.5))
    simulator.deliver(follow(1), follow(2))
    assert [event.openid for event in receiver.events(simulator)] == [
        follow(2).openid,
        follow(1).openid,
    ]


def test_a_lost_event_happened_all_the_same(simulator: Simulator, receiver: Receiver) -> None:
    simulator.misbehave(Rule(CALLBACK_FOLLOW, Kind.LOST))
    (record,) = simulator.deliver(follow())
    assert record.state is State.LOST
    assert receiver.got == []
    assert simulator.ask(lambda platform: follow().openid in platform.followers)


def test_an_early_result_comes_before_the_push_is_answered(receiver: Receiver) -> None:
    with Simulator(courier=Courier(result_delay_s=60)) as simulator:
        simulator.set_callback_url(receiver.url)
        simulator.set_room(7, LIVE)
        simulator.misbehave(Rule(CALLBACK_RESULT, Kind.EARLY))
        message_id = push(simulator, "a").json()["message_id"]
        (result,) = receiver.events(simulator)
        assert result.message_id == message_id


def test_a_result_under_way_is_waited_for_but_not_for_ever(receiver: Receiver) -> None:
    with Simulator(courier=Courier(result_delay_s=60)) as simulator:
        simulator.set_callback_url(receiver.url)
        simulator.set_room(7, LIVE)
        push(simulator, "a")
        assert not simulator.wait_for_results(0.05)
        assert simulator.ledger()["results"]["pending"] == 1


# -------------------------------------------------------------------- control


def test_the_control_routes_run_the_world(simulator: Simulator, receiver: Receiver) -> None:
    assert sim(simulator, "callback_url", {"url": receiver.url}) == {"url": receiver.url}
    assert sim(simulator, "verify", {})["ok"]
    assert sim(simulator, "followers", {"count": 4, "room_id": 7})["followers"] == 4
    assert sim(simulator, "followers", {"list": ["x", "y"]})["followers"] == 6
    assert sim(simulator, "rooms", {"roomid": 8, "live_status": 102, "name": "n"})["name"] == "n"
    event = {"openid": "x", "action": "del_follow", "room_id": 7}
    done = sim(simulator, "events", {"events": [event], "doubled": True})
    assert done["records"][0]["state"] == "delivered"
    assert len(receiver.got) == 2
    shown = requests.get(f"{simulator.url}/_sim/followers", timeout=PATIENCE_S).json()
    assert shown["count"] == 5
    assert "x" not in {row["openid"] for row in shown["followers"]}


def test_events_need_not_be_waited_for(simulator: Simulator, receiver: Receiver) -> None:
    receiver.gate.clear()
    event = {"openid": "x", "action": "add_follow"}
    assert sim(simulator, "events", {"events": [event], "wait": False}) == {"generated": 1}
    receiver.gate.set()
    assert sim(simulator, "wait", {"timeout_s": PATIENCE_S}) == {"settled": True}
    assert simulator.ledger()["events"]["delivered"] == 1


def test_mischief_and_quota_are_set_over_http(simulator: Simulator) -> None:
    rule = {"path": PUSH, "kind": "errcode", "errcode": -1}
    assert len(sim(simulator, "misbehave", {"rules": [rule, rule]})["pending"]) == 2
    assert len(sim(simulator, "misbehave", rule | {"clear": True})["pending"]) == 1
    assert push(simulator, "a").json()["errcode"] == -1
    assert sim(simulator, "quota", {"path": PUSH, "used": 5000})["quota"]["remain"] == 0
    assert push(simulator, "a").json()["errcode"] == 45009


def test_the_ledger_shows_openids_on_demand_only(simulator: Simulator) -> None:
    push(simulator, "a")
    assert simulator.wait_for_results(PATIENCE_S)
    short = requests.get(f"{simulator.url}/_sim/ledger", timeout=PATIENCE_S).json()
    assert "times_pushed" not in short
    assert short["tokens"] == {"issued": 1, "forced": 0}
    full = requests.get(f"{simulator.url}/_sim/ledger?openids=1", timeout=PATIENCE_S).json()
    assert full["times_pushed"] == {"a": 1}
    assert full["pushes"][0]["openids"] == ["a"]
    assert full["result_records"][0]["state"] == "delivered"


@pytest.mark.parametrize(
    ("name", "body", "words"),
    [
        ("callback_url", {"url": "http://example.com/"}, "loopback"),
        ("callback_url", {"url": 5}, "string"),
        ("events", {"events": [{"openid": "x", "action": "jump"}]}, "add_follow"),
        ("events", {"events": "x"}, "list"),
        ("followers", {"list": [""]}, "non-empty"),
        ("followers", {}, "count"),
        ("rooms", {"roomid": 7, "live_status": 101, "typo": 1}, "typo"),
        ("misbehave", {"rules": [{"path": PUSH, "kind": "late"}]}, "does not apply"),
        ("quota", {"path": "/nowhere", "used": 1}, "no API"),
        ("wait", [], "object"),
    ],
)
def test_a_senseless_command_is_refused_in_words(
    simulator: Simulator, name: str, body: Any, words: str
) -> None:
    response = post(simulator, f"/_sim/{name}", body)
    assert response.status_code == 400
    assert words in response.json()["error"]


# --------------------------------------------------------------------- runner


def test_a_taken_port_is_told_to_whoever_starts_it(simulator: Simulator) -> None:
    port = urlsplit(simulator.url).port
    assert port is not None
    with pytest.raises(OSError, match="address already in use"), Simulator(port=port):
        pass


def test_it_stops_with_work_under_way_and_then_says_so(receiver: Receiver) -> None:
    with Simulator(courier=Courier(result_delay_s=60)) as simulator:
        simulator.set_callback_url(receiver.url)
        simulator.set_room(7, LIVE)
        push(simulator, "a")
        url = simulator.url
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{url}/_sim/ledger", timeout=PATIENCE_S)
    with pytest.raises(RuntimeError, match="not running"):
        simulator.ledger()
    assert simulator.platform.ledger.times_pushed == {"a": 1}


@pytest.mark.parametrize("url", ["http://example.com/", "http://10.0.0.1/", "ftp://127.0.0.1/"])
def test_it_never_talks_beyond_this_machine(simulator: Simulator, url: str) -> None:
    with pytest.raises(ValueError, match="loopback"):
        simulator.set_callback_url(url)


def test_without_a_callback_url_an_event_is_given_up() -> None:
    with Simulator(courier=QUICK) as simulator:
        (record,) = simulator.deliver(follow())
    assert record.state is State.GIVEN_UP
    assert record.attempts[0].error == "no callback URL is set"
