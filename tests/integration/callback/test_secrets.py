"""Which secrets fit, what happens without them, and that none is logged."""

import json
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from support.callback import OPENID, PAGE, callback_deps
from support.world import World
from wxlive.errors import Misconfigured
from wxlive.settings import Secrets
from wxlive.telemetry import NOT_PINNED, Metric
from wxlive_callback.handler import answer


@pytest.mark.parametrize(
    ("tokens", "keys", "metric"),
    [
        (("AAAAA", "old"), ("A" * 43, "B" * 43), Metric.CALLBACK_CURRENT_SECRETS),
        (("new", "AAAAA"), ("A" * 43,), Metric.CALLBACK_PREVIOUS_SECRETS),
        (("AAAAA",), ("B" * 43, "A" * 43), Metric.CALLBACK_PREVIOUS_SECRETS),
    ],
)
def test_it_is_counted_which_secrets_fit(
    world: World, read: Any, tokens: tuple[str, ...], keys: tuple[str, ...], metric: Metric
) -> None:
    rotated = replace(PAGE, tokens=tokens, aes_keys=keys)

    answer(read("follow_secure_json"), callback_deps(world, rotated))

    assert world.telemetry.counted == {metric: 1}


@pytest.mark.parametrize(
    ("tokens", "counted"),
    [(("AAAAA", "old"), {}), (("new", "AAAAA"), {Metric.CALLBACK_PREVIOUS_SECRETS: 1})],
)
def test_a_url_verification_does_not_show_that_wechat_uses_the_current_values(
    world: World, read: Any, tokens: tuple[str, ...], counted: dict[Metric, int]
) -> None:
    rotated = replace(PAGE, tokens=tokens, aes_keys=("C" * 43, "A" * 43))

    assert answer(read("verify_url"), callback_deps(world, rotated))["statusCode"] == 200
    assert world.telemetry.counted == counted


@pytest.mark.parametrize("original_id", ["", "toUser"])
def test_while_no_account_is_pinned_plaintext_messages_log_whom_they_are_addressed_to(
    world: World,
    read: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    original_id: str,
) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", f"test-{uuid4().hex}")
    world.telemetry = type(world.telemetry)()
    deps = callback_deps(world, replace(PAGE, original_id=original_id), "plaintext")

    assert answer(read("follow_plaintext_xml"), deps)["statusCode"] == 200

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    warned = [line["addressee"] for line in lines if line["message"] == NOT_PINNED]
    assert warned == ([] if original_id else ["toUser"])


@pytest.mark.parametrize("problem", [Misconfigured("no secret"), OSError("no network")])
def test_a_secret_that_cannot_be_read_is_answered_500(
    world: World, read: Any, problem: Exception
) -> None:
    def secrets() -> Secrets:
        raise problem

    deps = replace(callback_deps(world, PAGE), secrets=secrets)

    assert answer(read("follow_secure_json"), deps)["statusCode"] == 500


def test_a_missing_aes_key_is_answered_500(world: World, read: Any) -> None:
    deps = callback_deps(world, replace(PAGE, aes_keys=()))

    assert answer(read("follow_secure_json"), deps)["statusCode"] == 500


def test_the_log_shows_each_outcome_and_neither_a_secret_nor_a_whole_openid(
    world: World,
    read: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", f"test-{uuid4().hex}")
    world.telemetry = type(world.telemetry)()
    rotated = replace(PAGE, tokens=("token-in-use", "AAAAA"), aes_keys=("B" * 43, "A" * 43))
    deps = callback_deps(world, rotated)
    for name in ("follow_secure_json", "push_result_secure_xml", "forged", "verify_url_forged"):
        answer(read(name), deps)
    world.steps.before(
        "PutItem",
        lambda: (_ for _ in ()).throw(OSError(f"{PAGE.secret} access_token=TOKEN {'A' * 43}")),
    )
    answer(read("unfollow_secure_json"), deps)

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert "…" in lines[1]["follower"]
    messages = [line["message"] for line in lines]
    assert messages == [
        "callback by previous secrets",
        "callback ingested",
        "callback by previous secrets",
        "callback ingested",
        "callback rejected",
        "callback rejected",
        "callback by previous secrets",
        "callback queued",
    ]
    text = json.dumps(lines)
    for hidden in (OPENID, PAGE.secret, "token-in-use", "AAAAA", "B" * 43, "TOKEN"):
        assert hidden not in text
    assert "***" in lines[-1]["exception"]
