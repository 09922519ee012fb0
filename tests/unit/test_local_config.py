"""The file that `--config` names: what is taken, what is refused, in which words."""

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


def test_a_complete_file_is_taken(tmp_path: Path) -> None:
    config = WechatConfig.from_file(written(tmp_path, GOOD))

    assert config.mode is MessageMode.COMPATIBLE
    assert (config.appid, config.secret) == (GOOD["appid"], GOOD["secret"])
    assert (config.token, config.aes_key) == (GOOD["token"], KEY)


@pytest.mark.parametrize(
    ("content", "words"),
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
def test_a_faulty_file_is_refused_in_one_sentence_without_a_value(
    tmp_path: Path, content: object, words: str
) -> None:
    with pytest.raises(Misconfigured) as refusal:
        WechatConfig.from_file(written(tmp_path, content))

    sentence = str(refusal.value)
    assert words in sentence
    assert "\n" not in sentence
    assert "wechat.json" in sentence
    assert not any(secret in sentence for secret in ("s3cret-value", "t0ken-value", "k" * 42))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="No such file"):
        WechatConfig.from_file(tmp_path / "nowhere.json")


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "wechat.json"
    path.write_bytes(b"\xff\xfe{")

    with pytest.raises(Misconfigured, match="not UTF-8"):
        WechatConfig.from_file(path)


def test_plaintext_mode_needs_no_key(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD | {"mode": "plaintext", "aes_key": ""})

    assert not WechatConfig.from_file(path).aes_key


def test_made_up_values_are_fit_for_the_functions_and_never_the_same() -> None:
    first, second = WechatConfig.made_up(), WechatConfig.made_up()

    taken = Secrets.from_json(first.secret_json())
    assert (taken.appid, taken.secret) == (first.appid, first.secret)
    assert (taken.tokens, taken.aes_keys) == ((first.token,), (first.aes_key,))
    assert first != second


def test_the_secrets_are_not_shown() -> None:
    config = WechatConfig.made_up()

    shown = repr(config)
    assert config.appid in shown
    assert not any(value in shown for value in (config.secret, config.token, config.aes_key))
