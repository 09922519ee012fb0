"""The file of `--config`: what is accepted, what is refused and with which message."""

import json
from pathlib import Path

import pytest

from wxlive.errors import Misconfigured
from wxlive.settings import MessageMode, Secrets
from wxlive_local.config import WechatConfig

KEY = "k" * 43
GOOD = {
    "appid": "wx0123456789abcdef",
    "secret": "s3cret-value",
    "token": "t0ken-value",
    "aes_key": KEY,
    "mode": "compatible",
}


def written(tmp_path: Path, content: object) -> Path:
    path = tmp_path / "wechat.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_a_complete_file_is_accepted(tmp_path: Path) -> None:
    config = WechatConfig.from_file(written(tmp_path, GOOD))

    assert config.mode is MessageMode.COMPATIBLE
    assert (config.appid, config.secret) == (GOOD["appid"], GOOD["secret"])
    assert (config.token, config.aes_key) == (GOOD["token"], KEY)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is not JSON"),
        ([], "is not a JSON object"),
        ({k: v for k, v in GOOD.items() if k not in {"token", "mode"}}, "lacks token, mode"),
        (GOOD | {"mode": "loud"}, "'mode' must be one of secure, compatible, plaintext"),
        (GOOD | {"mode": ["secure"]}, "'mode' must be one of"),
        (GOOD | {"aes_key": "k" * 42}, "exactly 43 base64 characters"),
        (GOOD | {"aes_key": ""}, "'aes_key' is empty"),
        (GOOD | {"aes_key": 43}, "'aes_key'"),
        (GOOD | {"secret": ""}, "'secret'"),
        (GOOD | {"appid": None}, "'appid'"),
    ],
)
def test_a_malformed_file_is_refused_in_one_line_without_its_values(
    tmp_path: Path, content: object, message: str
) -> None:
    with pytest.raises(Misconfigured) as refusal:
        WechatConfig.from_file(written(tmp_path, content))

    shown = str(refusal.value)
    assert message in shown
    assert "\n" not in shown
    assert "wechat.json" in shown
    assert not any(secret in shown for secret in ("s3cret-value", "t0ken-value", "k" * 42))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="No such file"):
        WechatConfig.from_file(tmp_path / "nowhere.json")


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "wechat.json"
    path.write_bytes(b"\xff\xfe{")

    with pytest.raises(Misconfigured, match="not UTF-8"):
        WechatConfig.from_file(path)


def test_plaintext_mode_needs_no_key(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD | {"mode": "plaintext", "aes_key": ""})

    assert not WechatConfig.from_file(path).aes_key


def test_random_values_are_accepted_by_the_functions_and_never_repeat() -> None:
    first, second = WechatConfig.random(), WechatConfig.random()

    read = Secrets.from_json(first.secret_json())
    assert (read.appid, read.secret) == (first.appid, first.secret)
    assert (read.tokens, read.aes_keys) == ((first.token,), (first.aes_key,))
    assert first != second


def test_secrets_are_not_in_the_repr() -> None:
    config = WechatConfig.random()

    shown = repr(config)
    assert config.appid in shown
    assert not any(value in shown for value in (config.secret, config.token, config.aes_key))
