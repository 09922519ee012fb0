"""The control routes: what a test or the demo may change over HTTP."""

from typing import Any

import pytest
import requests

from support.simulator import PATIENCE_S, Receiver, control, post, push
from wxlive_local.simulator import PUSH, Simulator


def test_the_control_routes_change_everything(simulator: Simulator, receiver: Receiver) -> None:
    assert control(simulator, "callback_url", {"url": receiver.url}) == {"url": receiver.url}
    assert control(simulator, "verify", {})["ok"]
    assert control(simulator, "followers", {"count": 4, "room_id": 7})["followers"] == 4
    assert control(simulator, "followers", {"list": ["x", "y"]})["followers"] == 6
    assert control(simulator, "list", {"cursor": "offset"})["cursor"] == "offset"
    room = {"roomid": 8, "live_status": 102, "name": "n"}
    assert control(simulator, "rooms", room)["name"] == "n"
    event = {"openid": "x", "action": "del_follow", "room_id": 7}
    done = control(simulator, "events", {"events": [event], "doubled": True})
    assert done["records"][0]["state"] == "delivered"
    assert len(receiver.got) == 2
    shown = requests.get(f"{simulator.url}/_sim/followers", timeout=PATIENCE_S).json()
    assert shown["count"] == 5
    assert "x" not in {row["openid"] for row in shown["followers"]}


def test_events_need_not_be_waited_for(simulator: Simulator, receiver: Receiver) -> None:
    receiver.verifier.clear()
    event = {"openid": "x", "action": "add_follow"}
    assert control(simulator, "events", {"events": [event], "wait": False}) == {"generated": 1}
    receiver.verifier.set()
    assert control(simulator, "wait", {"timeout_s": PATIENCE_S}) == {"settled": True}
    assert simulator.ledger()["events"]["delivered"] == 1


def test_faults_and_quota_are_set_over_http(simulator: Simulator) -> None:
    rule = {"path": PUSH, "kind": "errcode", "errcode": -1}
    assert len(control(simulator, "misbehave", {"rules": [rule, rule]})["pending"]) == 2
    assert len(control(simulator, "misbehave", rule | {"clear": True})["pending"]) == 1
    assert push(simulator, "a").json()["errcode"] == -1
    assert control(simulator, "quota", {"path": PUSH, "used": 5000})["quota"]["remain"] == 0
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
def test_a_malformed_command_is_refused_in_words(
    simulator: Simulator, name: str, body: Any, words: str
) -> None:
    response = post(simulator, f"/_sim/{name}", body)
    assert response.status_code == 400
    assert words in response.json()["error"]
