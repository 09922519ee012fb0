"""An authentic message that makes no sense is acknowledged and quarantined."""

import base64
import json
from typing import Any

import pytest

from support.callback import EVENT_TIME_S, FOLLOW, OPENID, PAGE, callback_deps, sealed, stored
from support.world import World
from wxlive.domain.followers import MAX_CLOCK_LEAD_S
from wxlive.telemetry import Metric
from wxlive.wechat.crypto import signature
from wxlive.wechat.documents import MAX_TEXT_BYTES
from wxlive_callback.handler import answer


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (json.dumps(FOLLOW | {"user_openid": ""}), "user_openid is missing"),
        (json.dumps(FOLLOW | {"user_openid": "o\ufffd"}), "user_openid is not 1 to 128 visible"),
        (json.dumps(FOLLOW | {"action": "like"}), "action is none of"),
        (json.dumps(FOLLOW | {"time": EVENT_TIME_S * 1000}), "time is in the future"),
        (json.dumps(FOLLOW | {"Event": ["a", "b"]}), "Event is not text"),
        (json.dumps(FOLLOW)[:-1], "can't be read"),
        ("<xml><a>&b;</a></xml>", "can't be read"),
        ('{"a":' + "[" * 50 + "]" * 50 + "}", "nested too deeply"),
        ("hello", "neither XML nor a JSON object"),
        ("", "neither XML nor a JSON object"),
        ("x" * 70_000, "more than 65536 bytes"),
    ],
)
def test_an_authentic_message_that_makes_no_sense_is_acknowledged_and_quarantined(
    world: World, text: str, why: str
) -> None:
    assert answer(sealed(text), callback_deps(world, PAGE))["body"] == "success"

    [kept] = world.quarantined
    assert kept["message"] == text[:MAX_TEXT_BYTES]
    assert why in kept["why"]
    assert world.telemetry.counted[Metric.CALLBACK_QUARANTINED] == 1
    assert (stored(world), world.backlog) == ((0, 0), [])


def test_a_fact_from_the_future_would_win_for_ever_so_it_is_quarantined(world: World) -> None:
    deps = callback_deps(world, PAGE)
    tomorrow = int(world.clock()) + MAX_CLOCK_LEAD_S
    for openid, time_s in (("oSoon", tomorrow), ("oLater", tomorrow + 1)):
        answer(sealed(json.dumps(FOLLOW | {"user_openid": openid, "time": time_s})), deps)

    assert set(world.table()) == {"oSoon"}
    assert len(world.quarantined) == 1


def test_bytes_that_are_no_text_spoil_only_the_field_they_are_in(world: World) -> None:
    clear = json.dumps(FOLLOW | {"nickname": "?"}, ensure_ascii=False).encode()
    query = {"timestamp": "1714112445", "nonce": "1"}
    query["signature"] = signature("AAAAA", "1714112445", "1")
    event = {
        "httpMethod": "POST",
        "queryStringParameters": query,
        "body": base64.b64encode(clear.replace(b"?", b"\xe4\xb8")).decode(),
        "isBase64Encoded": True,
    }

    assert answer(event, callback_deps(world, PAGE, "plaintext"))["body"] == "success"
    assert set(world.table()) == {OPENID}


def test_an_unknown_event_is_acknowledged_and_counted(world: World, read: Any) -> None:
    answer(read("debug_demo_secure_json"), callback_deps(world, PAGE))

    assert world.telemetry.counted[Metric.CALLBACK_IGNORED] == 1
    assert (stored(world), world.quarantined, world.backlog) == ((0, 0), [], [])
