"""Whatever is sent to the callback: no 5xx, and only what is signed reaches a store."""

import base64
import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories import NOW_S, some_secrets
from support.budget import budget
from support.doubles import CountingTelemetry
from wxlive.ingest import EventIngestor
from wxlive.settings import MessageMode
from wxlive.wechat.crypto import Envelope, signature
from wxlive_callback.dependencies import Dependencies
from wxlive_callback.handler import answer

SECRETS = some_secrets()

examples = budget(fast=100, thorough=2000)
Answer = Callable[..., tuple[int, list[Any]]]


class Stores:
    """Stands in for every store and queue, and remembers what reached them."""

    def __init__(self) -> None:
        self.kept: list[Any] = []

    def apply(self, fact: Any) -> bool:
        self.kept.append(fact)
        return True

    def add(self, result: Any, now_s: float) -> Any:
        self.kept.append(result)
        return result

    def put(self, text: str, reason: str) -> None:
        self.kept.append(text)


@pytest.fixture(scope="module")
def ask() -> Answer:
    """Return a function that sends an event; it returns the status and what reached a store."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POWERTOOLS_SERVICE_NAME", f"test-{uuid4().hex}")
        telemetry = CountingTelemetry()
    telemetry.logger.setLevel("CRITICAL")

    def run(event: dict[str, Any], mode: MessageMode) -> tuple[int, list[Any]]:
        stores = Stores()
        configured: Any = SimpleNamespace(message_mode=mode, callback_max_age_s=600)
        deps = Dependencies(
            settings=configured,
            secrets=lambda: SECRETS,
            ingestor=EventIngestor(stores, lambda: stores, stores, telemetry),
            backlog=stores,
            telemetry=telemetry,
            now=lambda: NOW_S,
        )
        return answer(event, deps)["statusCode"], stores.kept

    return run


NAMES = st.sampled_from(["signature", "timestamp", "nonce", "msg_signature", "echostr", "openid"])
QUERIES = st.none() | st.dictionaries(
    NAMES, st.text(st.characters(), max_size=50) | st.just(str(NOW_S)), max_size=6
)
BODIES = (
    st.none()
    | st.text(st.characters(), max_size=300)
    | st.binary().map(lambda body: base64.b64encode(body).decode())
)


@examples
@given(
    event=st.fixed_dictionaries(
        {
            "httpMethod": st.sampled_from(["GET", "POST", "PUT", "", None]),
            "queryStringParameters": QUERIES,
            "body": BODIES,
            "isBase64Encoded": st.booleans(),
        }
    ),
    mode=st.sampled_from(MessageMode),
)
def test_what_nobody_signed_is_refused_and_reaches_no_store(
    ask: Answer, event: dict[str, Any], mode: MessageMode
) -> None:
    status, kept = ask(event, mode)

    assert status in {400, 403, 405, 413}
    assert kept == []


@examples
@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=300))
def test_whatever_is_signed_is_acknowledged(ask: Answer, text: str) -> None:
    sealed = Envelope(SECRETS.aes_keys[0], SECRETS.appid).encrypt(text)
    query = {"timestamp": str(NOW_S), "nonce": "1"}
    query["msg_signature"] = signature(SECRETS.tokens[0], str(NOW_S), "1", sealed)
    event = {
        "httpMethod": "POST",
        "queryStringParameters": query,
        "body": json.dumps({"Encrypt": sealed}),
    }

    status, _ = ask(event, MessageMode.SECURE)

    assert status == 200


@examples
@given(data=st.data())
def test_a_sealed_request_with_one_byte_changed_is_refused(
    ask: Answer, data: st.DataObject
) -> None:
    sealed = Envelope(SECRETS.aes_keys[0], SECRETS.appid).encrypt("hello", b"r" * 16)
    signed = signature(SECRETS.tokens[0], str(NOW_S), "1", sealed)
    place = data.draw(st.integers(0, len(sealed) - 1))
    letter = data.draw(st.sampled_from("ABab01+/=!").filter(lambda new: new != sealed[place]))
    event = {
        "httpMethod": "POST",
        "queryStringParameters": {"timestamp": str(NOW_S), "nonce": "1", "msg_signature": signed},
        "body": json.dumps({"Encrypt": sealed[:place] + letter + sealed[place + 1 :]}),
    }

    assert ask(event, MessageMode.SECURE) == (403, [])
