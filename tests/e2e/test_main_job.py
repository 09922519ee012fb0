"""The main job on the deployed template: what wxlive says and what WeChat saw agree.

A stack has one campaign a day, so a campaign is one long test on a stack of its own kind; what
needs none stands in tests of its own.
"""

import csv
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from wxlive_local.simulator import (
    FOLLOWERS,
    LIVE,
    PUSH,
    Happening,
    Kind,
    Platform,
    Rule,
    Simulator,
)
from wxlive_local.up import Stack

ROOM = 1001
NOT_STARTED = 102


def openids(platform: Platform) -> set[str]:
    return {follower.openid for follower in platform.followers}


@pytest.fixture
def forged() -> dict[str, str]:
    """The query of a request whose signature nobody could make without the token."""
    return {
        "signature": "0" * 40,
        "msg_signature": "0" * 40,
        "timestamp": str(int(time.time())),
        "nonce": "1",
        "echostr": "1",
        "openid": "oForged",
        "encrypt_type": "aes",
    }


def test_the_console_can_verify_the_callback_url(wechat: Simulator) -> None:
    verification = wechat.verify_url()
    assert (verification.ok, verification.status) == (True, 200)


def test_a_forged_verification_is_refused_without_a_hint(
    stack: Stack, forged: dict[str, str]
) -> None:
    answer = requests.get(stack.callback_url, params=forged, timeout=30)
    assert (answer.status_code, answer.text) == (403, "forbidden")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(
            "<xml><FromUserName>oForged</FromUserName><MsgType>event</MsgType>"
            "<Event>wxalive_follow_notify</Event><FollowNotify><room_id>1</room_id>"
            "<user_openid>oForged</user_openid><time>1700000000</time><live_status>101"
            "</live_status><action>add_follow</action></FollowNotify></xml>",
            400,
            id="plaintext to a secure deployment",
        ),
        pytest.param("<xml><Encrypt>AAAA</Encrypt></xml>", 403, id="unsigned envelope"),
        pytest.param("<xml><", 400, id="broken XML"),
        pytest.param('{"Encrypt": 1}', 400, id="senseless JSON"),
        pytest.param("", 400, id="nothing"),
        pytest.param("x" * 200_000, 413, id="too large"),
    ],
)
def test_forged_and_malformed_callbacks_get_a_4xx_and_change_nothing(
    stack: Stack,
    operator: Callable[..., Any],
    forged: dict[str, str],
    body: str,
    status: int,
) -> None:
    answer = requests.post(stack.callback_url, params=forged, data=body, timeout=30)
    assert answer.status_code == status
    assert "Traceback" not in answer.text
    assert operator("followers", "get", "oForged").facts["status"] == "unknown"


def test_a_follow_and_an_unfollow_are_stored(
    operator: Callable[..., Any], wechat: Simulator
) -> None:
    openid = "oCallback000000000000000stay"
    wechat.deliver(Happening(openid, "add_follow", room_id=7), doubled=True)
    stored = operator("followers", "get", openid)
    assert stored.code == 0
    assert (stored.facts["status"], stored.facts["room_id"]) == ("subscribed", 7)
    assert stored.facts["source"] == "callback"
    gone = "oCallback000000000000000gone"
    wechat.deliver(Happening(gone, "add_follow", time=1_700_000_000))
    wechat.deliver(Happening(gone, "del_follow", time=1_700_000_100))
    assert operator("followers", "get", gone).facts["status"] == "unsubscribed"


def test_an_unknown_openid_is_said_to_be_unknown(operator: Callable[..., Any]) -> None:
    answer = operator("followers", "get", "oNobody")
    assert (answer.code, answer.facts) == (1, {"openid": "oNobody", "status": "unknown"})


def test_a_campaign_that_never_was_is_refused(operator: Callable[..., Any]) -> None:
    answer = operator("status", "20200101T000000-1")
    assert (answer.code, "no campaign" in answer.words) == (2, True)


@pytest.mark.timeout(400)
def test_everybody_listed_is_stored_told_once_and_reported(
    stack: Stack, operator: Callable[..., Any], wechat: Simulator, tmp_path: Path
) -> None:
    wechat.add_followers(4500, room_id=ROOM)
    known = sorted(wechat.ask(openids))
    wechat.deliver(*(Happening(openid, "del_follow", room_id=ROOM) for openid in known[:10]))
    wechat.deliver(
        *(Happening(f"oE2e{number:024d}", "add_follow", room_id=ROOM) for number in range(20)),
        doubled=True,
    )
    wechat.misbehave(Rule(FOLLOWERS, Kind.TOKEN_DEAD, skip=1))

    synced = operator("sync", "--wait")
    followers = wechat.ask(openids)
    assert (synced.code, synced.facts["state"]) == (0, "done")
    assert synced.facts["listed"] == len(followers)
    assert operator("followers", "count").facts["subscribed"] == len(followers)
    file = tmp_path / "followers.csv"
    assert operator("followers", "export", "--out", str(file)).facts == {"rows": len(followers)}
    with file.open(newline="", encoding="utf-8") as lines:
        assert {row["openid"] for row in csv.DictReader(lines)} == followers

    again = operator("sync", "--wait").facts
    assert (again["added"], again["changed"], again["removed"]) == (0, 0, 0)

    unknown = operator("push", "--room", "424242")
    assert unknown.code == 2
    assert "Room 424242 is not among the rooms that WeChat lists" in unknown.words
    wechat.set_room(ROOM, NOT_STARTED)
    closed = operator("push", "--room", str(ROOM))
    assert closed.code == 2
    assert "not started (102), not live" in closed.words

    wechat.set_room(ROOM, LIVE)
    rehearsed = operator("push", "--room", str(ROOM), "--dry-run").facts
    assert (rehearsed["audience"], rehearsed["calls"]) == (len(followers), 3)
    assert wechat.ledger()["push"]["calls"] == 0

    wechat.misbehave(Rule(PUSH, Kind.DROP_AFTER, skip=1))
    pushed = operator("push", "--room", str(ROOM), "--wait", "--timeout", "60")
    told = pushed.facts["openids"]
    assert pushed.code == 0, "its result resolves the call whose answer was lost"
    assert pushed.facts["audience"] == told["accepted"] == len(followers)
    assert pushed.facts["refusals"] == []

    wechat.wait_for_results()
    status = operator("status").facts
    ledger = wechat.ledger()["push"]
    assert status["state"] == "settled"
    assert status["results"]["total"] == told["accepted"]
    assert status["orphans"] == []
    assert (ledger["calls"], ledger["most_often"]) == (3, 1)
    assert ledger["distinct_openids"] == len(followers)
    assert ledger["busiest_second"]["arrived"] <= 2000

    repeated = operator("push", "--room", str(ROOM))
    assert repeated.facts["campaign"] == pushed.facts["campaign"]
    other = operator("push", "--room", "77")
    assert other.code == 2
    assert pushed.facts["campaign"] in other.words
    assert operator("cancel", pushed.facts["campaign"]).code == 2
    assert wechat.ledger()["push"]["calls"] == 3
