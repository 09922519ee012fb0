"""Whatever is sent to the callback: no 5xx, and only what is signed reaches a store."""

import base64
import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wxlive.crypto import Envelope, signature
from wxlive.intake import Intake
from wxlive.settings import MessageMode, Secrets
from wxlive.telemetry import Telemetry
from wxlive_callback.handler import Parts, answer

SECRETS = Secrets("wx1", "app-secret", ("a-token",), ("A" * 43,))
NOW_S = 1_795_347_000

quick = settings(deadline=None, max_examples=300)
Answer = Callable[..., tuple[int, list[Any]]]


class Shelf:
    """Stands where every store and queue does: remembers what reached it."""

    def __init__(self) -> None:
        self.kept: list[Any] = []

    def apply(self, fact: Any) -> bool:
        self.kept.append(fact)
        return True

    def add_result(self, result: Any, now_s: float) -> Any:
        self.kept.append(result)
        return result

    def keep(self, text: str, why: str) -> None:
        self.kept.append(text)


@pytest.fixture(scope="module")
def ask() -> Answer:
    """Send an event; returns the status and what reached a store."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POWERTOOLS_SERVICE_NAME", f"test-{uuid4().hex}")
        patch.setenv("POWERTOOLS_METRICS_NAMESPACE", "wxlive")
        telemetry = Telemetry()
    telemetry.logger.setLevel("CRITICAL")
    telemetry.count = lambda *_: None  # type: ignore[method-assign]  # nothing is counted here

    def run(event: dict[str, Any], mode: MessageMode) -> tuple[int, list[Any]]:
        shelf = Shelf()
        configured: Any = SimpleNamespace(message_mode=mode, callback_max_age_s=600)
        parts = Parts(
            settings=configured,
            secrets=lambda: SECRETS,
            intake=Intake(shelf, lambda: shelf, shelf, telemetry),
            backlog=shelf,
            telemetry=telemetry,
            now=lambda: NOW_S,
        )
        return answer(event, parts)["statusCode"], shelf.kept

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


@quick
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


@quick
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


@quick
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
