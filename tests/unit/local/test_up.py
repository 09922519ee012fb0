"""The ready file of a local run, and its options."""

import json
from pathlib import Path

import pytest

from wxlive.errors import Misconfigured
from wxlive.settings import MessageMode
from wxlive_local.config import WechatConfig
from wxlive_local.up import Options, clear_ready_file, ready_file


def test_the_ready_file_exists_during_the_block_only(tmp_path: Path) -> None:
    path = tmp_path / "ready.json"

    with ready_file(path, {"region": "us-east-1"}):
        assert json.loads(path.read_text(encoding="utf-8")) == {"region": "us-east-1"}
        assert list(tmp_path.iterdir()) == [path]

    assert not list(tmp_path.iterdir())


def test_no_file_is_left_if_the_content_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(TypeError), ready_file(tmp_path / "ready.json", {"no": object()}):
        pass

    assert not list(tmp_path.iterdir())


def test_without_a_path_no_ready_file_is_written() -> None:
    with ready_file(None, {"no": object()}):
        pass


def test_an_earlier_ready_file_is_removed_before_the_start(tmp_path: Path) -> None:
    path = tmp_path / "ready.json"
    path.write_text("old", encoding="utf-8")

    clear_ready_file(path)
    clear_ready_file(None)

    assert not path.exists()


@pytest.mark.parametrize("name", [".", "missing/ready.json"])
def test_a_ready_file_that_cannot_be_written_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(Misconfigured, match="can't be written"):
        clear_ready_file(tmp_path / name)


def test_a_mode_given_as_a_parameter_applies_to_everything() -> None:
    options = Options(parameters={"MessageMode": "plaintext"}).normalized()

    assert options.config.mode is MessageMode.PLAINTEXT


def test_an_api_base_given_as_a_parameter_is_the_wechat_url() -> None:
    options = Options(parameters={"WechatApiBase": "http://127.0.0.1:1"}).normalized()

    assert options.wechat_url == "http://127.0.0.1:1"


def test_two_wechat_servers_are_refused() -> None:
    options = Options(wechat_url="http://a", parameters={"WechatApiBase": "http://b"})

    with pytest.raises(Misconfigured, match="different servers"):
        options.normalized()


def test_an_encrypted_mode_without_a_key_is_refused() -> None:
    config = WechatConfig("wx1", "secret", "token", "", MessageMode.PLAINTEXT)

    with pytest.raises(Misconfigured, match="needs an aes_key"):
        Options(config=config, parameters={"MessageMode": "secure"}).normalized()
