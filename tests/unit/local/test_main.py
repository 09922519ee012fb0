"""The command `wxlive-local up`: usage errors, and the signals that end it."""

import os
import signal
import socket
import sys

import pytest

from wxlive_local.main import interruptible, main
from wxlive_local.paths import RUNS


def exit_code_of_up(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["wxlive-local", "up", *arguments])
    with pytest.raises(SystemExit) as exited:
        main()
    assert isinstance(exited.value.code, int)
    return exited.value.code


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--param", "Nonsense=1"), "no such parameter"),
        (("--config", "/nowhere.json"), "can't be read"),
        (("--wechat-url", "127.0.0.1:1"), "must start with http"),
        (("--functions-aws-url", "ftp://127.0.0.1:1"), "must start with http"),
        (("--ready-file", "/nowhere/ready.json"), "can't be written"),
        (("--port", "70000"), "70000"),
        (("--colour", "red"), "--colour"),
    ],
)
def test_a_usage_error_is_one_line_and_exit_code_2(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    message: str,
) -> None:
    code = exit_code_of_up(monkeypatch, *arguments)

    output = capsys.readouterr()
    assert code == 2
    assert not output.out
    assert message in output.err
    assert output.err.count("\n") == 1


def test_a_port_in_use_is_refused_and_nothing_is_left(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = set(RUNS.glob("*")) if RUNS.exists() else set()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code = exit_code_of_up(monkeypatch, "--port", str(port), "--quiet")

    assert code == 2
    assert f"port {port} on 127.0.0.1 can't be used" in capsys.readouterr().err
    assert set(RUNS.glob("*")) == before or not RUNS.exists()


def test_the_first_signal_ends_the_block_and_the_second_is_ignored() -> None:
    unwound = False
    with interruptible():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            signal.pause()
        finally:
            os.kill(os.getpid(), signal.SIGINT)
            unwound = True

    assert unwound
