"""Which requests are authentic: each check, in its order, in each mode."""

import json
from dataclasses import replace

import pytest

from factories import NOW_S, some_secrets
from wxlive.errors import Misconfigured, RequestRejected
from wxlive.settings import MessageMode, Secrets
from wxlive.wechat.crypto import Envelope, signature
from wxlive.wechat.message_body import MAX_BODY_BYTES
from wxlive_callback.verification import FUTURE_ALLOWED_S, RequestVerifier, VerifiedRequest

MAX_AGE_S = 600
SECRETS = some_secrets(secret="app-secret", tokens=("token-now",))
SEALED_MODES = [MessageMode.SECURE, MessageMode.COMPATIBLE]


def verifier(
    mode: MessageMode = MessageMode.SECURE,
    secrets: Secrets = SECRETS,
    max_age_s: int = MAX_AGE_S,
) -> RequestVerifier:
    return RequestVerifier(mode, secrets, max_age_s)


TOKEN = "token-now"


def signed(token: str = TOKEN, *, at: int | str = NOW_S, **more: str) -> dict[str, str]:
    return {
        "signature": signature(token, str(at), "n0nce"),
        "timestamp": str(at),
        "nonce": "n0nce",
        **more,
    }


def sealed(
    text: str = "hello",
    *,
    token: str = TOKEN,
    key: str = "A" * 43,
    appid: str = SECRETS.appid,
    at: int | str = NOW_S,
    **outside: str,
) -> tuple[dict[str, str], bytes]:
    encrypted = Envelope(key, appid).encrypt(text)
    query = signed(token, at=at) | {
        "msg_signature": signature(token, str(at), "n0nce", encrypted),
        "encrypt_type": "aes",
    }
    return query, json.dumps({**outside, "ToUserName": "gh_x", "Encrypt": encrypted}).encode()


def status_of(verifier: RequestVerifier, query: dict[str, str], body: bytes) -> int:
    with pytest.raises(RequestRejected) as refusal:
        verifier.open(query, body, NOW_S)
    return refusal.value.status


# ------------------------------------------------------------------ POST


@pytest.mark.parametrize("mode", SEALED_MODES)
def test_a_sealed_message_is_opened(mode: MessageMode) -> None:
    query, body = sealed("你好")

    assert verifier(mode).open(query, body, NOW_S).text == "你好"


def test_a_plaintext_message_is_its_body() -> None:
    assert verifier(MessageMode.PLAINTEXT).open(signed(), "你好".encode(), NOW_S).text == "你好"


@pytest.mark.parametrize(
    ("body", "is_ours"),
    [
        ('{"ToUserName":"gh_ours","Event":"x"}', True),
        ("<xml><ToUserName><![CDATA[gh_ours]]></ToUserName></xml>", True),
        ('{"ToUserName":"gh_another"}', False),
        ("<xml><ToUserName>gh_another</ToUserName></xml>", False),
        ('{"ToUserName":["gh_ours"]}', False),
        ('{"Event":"x"}', False),
    ],
)
def test_a_plaintext_message_must_be_addressed_to_the_account_that_is_pinned(
    *, body: str, is_ours: bool
) -> None:
    pinned = verifier(MessageMode.PLAINTEXT, replace(SECRETS, original_id="gh_ours"))

    if is_ours:
        assert pinned.open(signed(), body.encode(), NOW_S).text == body
    else:
        assert status_of(pinned, signed(), body.encode()) == 403
    assert verifier(MessageMode.PLAINTEXT).open(signed(), body.encode(), NOW_S).text == body


def test_a_plaintext_message_that_cannot_be_read_is_left_to_the_quarantine() -> None:
    pinned = verifier(MessageMode.PLAINTEXT, replace(SECRETS, original_id="gh_ours"))

    assert pinned.open(signed(), b"<xml>", NOW_S).text == "<xml>"


@pytest.mark.parametrize("mode", SEALED_MODES)
def test_an_encrypted_message_is_bound_to_the_appid_and_its_addressee_is_not_read(
    mode: MessageMode,
) -> None:
    query, body = sealed('{"ToUserName":"gh_another"}')
    pinned = verifier(mode, replace(SECRETS, original_id="gh_ours"))

    assert pinned.open(query, body, NOW_S).text == '{"ToUserName":"gh_another"}'


@pytest.mark.parametrize("mode", list(MessageMode))
def test_an_oversized_body_is_refused_before_anything_is_looked_at(mode: MessageMode) -> None:
    assert status_of(verifier(mode), {}, b"x" * (MAX_BODY_BYTES + 1)) == 413


def test_a_body_of_the_largest_size_is_looked_at() -> None:
    body = b"x" * MAX_BODY_BYTES

    assert verifier(MessageMode.PLAINTEXT).open(signed(), body, NOW_S).text == body.decode()


@pytest.mark.parametrize("mode", SEALED_MODES)
@pytest.mark.parametrize("body", [b"", b"hello", b"{}", b"<xml><a/></xml>", b"\xff"])
def test_a_body_without_an_envelope_is_refused_whatever_signs_it(
    mode: MessageMode, body: bytes
) -> None:
    assert status_of(verifier(mode), signed(msg_signature="x"), body) == 400


def test_a_plaintext_request_with_its_right_signature_does_not_enter_a_secure_deployment() -> None:
    event = b'{"MsgType":"event","Event":"wxalive_follow_notify"}'

    assert status_of(verifier(MessageMode.SECURE), signed(), event) == 400


@pytest.mark.parametrize("mode", SEALED_MODES)
def test_the_signature_that_covers_no_body_does_not_open_an_envelope(mode: MessageMode) -> None:
    query, body = sealed()
    query["msg_signature"] = query["signature"]

    assert status_of(verifier(mode), query, body) == 403


def test_another_envelope_under_the_same_query_is_refused() -> None:
    query, _ = sealed("hello")
    _, other = sealed("forged")

    assert status_of(verifier(), query, other) == 403


def test_compatible_mode_believes_only_the_decrypted_part() -> None:
    query, body = sealed("the truth", Event="forged", Content="forged")

    assert verifier(MessageMode.COMPATIBLE).open(query, body, NOW_S).text == "the truth"


def test_plaintext_mode_looks_at_the_signature_alone() -> None:
    wrong = signed() | {"signature": "0" * 40, "msg_signature": signed()["signature"]}

    assert status_of(verifier(MessageMode.PLAINTEXT), wrong, b"hello") == 403


@pytest.mark.parametrize("name", ["msg_signature", "timestamp", "nonce"])
@pytest.mark.parametrize("empty", [False, True])
def test_a_missing_part_of_the_signature_is_a_refusal(*, name: str, empty: bool) -> None:
    query, body = sealed()
    query.pop(name)
    if empty:
        query[name] = ""

    assert status_of(verifier(), query, body) == 403


def test_a_wrong_signature_is_refused_before_a_stale_one() -> None:
    query, body = sealed(token="another", at=NOW_S - MAX_AGE_S - 1)

    with pytest.raises(RequestRejected, match="does not match the token"):
        verifier().open(query, body, NOW_S)


def test_a_stale_signature_is_refused_before_the_envelope_is_opened() -> None:
    query, body = sealed(key="B" * 43, at=NOW_S - MAX_AGE_S - 1)

    with pytest.raises(RequestRejected, match="CallbackMaxAgeSeconds is 600") as refusal:
        verifier().open(query, body, NOW_S)

    assert refusal.value.status == 403


@pytest.mark.parametrize("mode", list(MessageMode))
@pytest.mark.parametrize(
    ("age_s", "fresh"),
    [
        (MAX_AGE_S, True),
        (MAX_AGE_S + 1, False),
        (-FUTURE_ALLOWED_S, True),
        (-FUTURE_ALLOWED_S - 1, False),
    ],
)
def test_a_signature_is_good_for_its_age_and_a_little_ahead_of_our_clock(
    *, mode: MessageMode, age_s: int, fresh: bool
) -> None:
    query, body = sealed("hello", at=NOW_S - age_s)

    if fresh:
        assert verifier(mode).open(query, body, NOW_S).text
    else:
        assert status_of(verifier(mode), query, body) == 403


@pytest.mark.parametrize("at", [0, NOW_S + 10**6, "no number"])
def test_any_age_is_accepted_where_the_limit_is_0(at: int | str) -> None:
    query, body = sealed("hello", at=at)

    assert verifier(max_age_s=0).open(query, body, NOW_S).text == "hello"


@pytest.mark.parametrize("at", ["soon", "-1", "1e9", "1" * 13, "\u0661"])
def test_a_timestamp_that_is_no_number_of_seconds_is_refused(at: str) -> None:
    query, body = sealed(at=at)

    assert status_of(verifier(), query, body) == 403


def test_an_envelope_for_another_appid_is_refused() -> None:
    query, body = sealed(appid="wxanother")

    assert status_of(verifier(), query, body) == 403


def test_a_signed_envelope_of_another_key_is_refused() -> None:
    query, body = sealed(key="B" * 43)

    assert status_of(verifier(), query, body) == 403


@pytest.mark.parametrize(("token", "previous_token"), [("token-now", False), ("token-old", True)])
@pytest.mark.parametrize(("key", "previous_key"), [("A" * 43, False), ("B" * 43, True)])
def test_during_a_rotation_the_previous_token_and_key_work_and_it_is_known_which_did(
    *, token: str, previous_token: bool, key: str, previous_key: bool
) -> None:
    rotated = replace(SECRETS, tokens=("token-now", "token-old"), aes_keys=("A" * 43, "B" * 43))
    query, body = sealed("hello", token=token, key=key)

    opened = verifier(secrets=rotated).open(query, body, NOW_S)
    verified = verifier(secrets=rotated).verify_url(signed(token, echostr="1"), NOW_S)

    assert opened == VerifiedRequest("hello", previous_token, previous_key)
    assert verified == VerifiedRequest("1", previous_token)


def test_plaintext_mode_recognises_the_previous_token_as_well() -> None:
    rotated = replace(SECRETS, tokens=("token-next", "token-now"))

    opened = verifier(MessageMode.PLAINTEXT, rotated).open(signed(), b"hello", NOW_S)

    assert opened == VerifiedRequest("hello", by_previous_token=True)


def test_with_two_keys_the_error_is_that_of_the_current_one() -> None:
    two = replace(SECRETS, aes_keys=("A" * 43, "B" * 43))
    query, body = sealed(appid="wxanother")

    with pytest.raises(RequestRejected, match="another appid"):
        verifier(secrets=two).open(query, body, NOW_S)


def test_an_envelope_without_a_key_to_open_it_is_misconfigured() -> None:
    query, body = sealed()

    with pytest.raises(Misconfigured, match="the secret has no aes_key"):
        verifier(secrets=replace(SECRETS, aes_keys=())).open(query, body, NOW_S)


def test_plaintext_mode_needs_no_key() -> None:
    without = replace(SECRETS, aes_keys=())

    assert verifier(MessageMode.PLAINTEXT, without).open(signed(), b"hello", NOW_S).text == "hello"


def test_a_plaintext_body_that_is_not_utf_8_is_for_the_parser_to_judge() -> None:
    assert verifier(MessageMode.PLAINTEXT).open(signed(), b"a\xff", NOW_S).text == "a\ufffd"


# ------------------------------------------------------------------- GET


@pytest.mark.parametrize("mode", list(MessageMode))
def test_the_console_gets_its_echostr_back_unchanged_in_every_mode(mode: MessageMode) -> None:
    assert verifier(mode).verify_url(signed(echostr="43751+/=<b>"), NOW_S).text == "43751+/=<b>"


@pytest.mark.parametrize(
    ("query", "status"),
    [
        (signed("another", echostr="1"), 403),
        (signed(at=NOW_S - MAX_AGE_S - 1, echostr="1"), 403),
        (signed(), 400),
        (signed(echostr=""), 400),
        (signed(echostr="two words"), 400),
        (signed(echostr="line\nbreak"), 400),
        (signed(echostr="1" * 257), 400),
        ({}, 403),
    ],
)
def test_a_verification_that_is_not_the_consoles_gets_no_echo(
    query: dict[str, str], status: int
) -> None:
    with pytest.raises(RequestRejected) as refusal:
        verifier().verify_url(query, NOW_S)

    assert refusal.value.status == status


def test_no_refusal_shows_a_secret() -> None:
    query, body = sealed(token="another")

    with pytest.raises(RequestRejected) as refusal:
        verifier().open(query, body, NOW_S)

    shown = f"{refusal.value} {verifier()!r}"
    assert not any(word in shown for word in ("token-now", "A" * 43, "app-secret"))
