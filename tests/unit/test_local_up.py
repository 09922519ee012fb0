"""The command `wxlive-local up`: the ready file, and refusals before anything is started."""

import json
import os
import signal
import socket
import sys
from pathlib import Path

import pytest
from pytest_socket import SocketConnectBlockedError

from wxlive.errors import Misconfigured
from wxlive_local.local_aws import LocalAws
from wxlive_local.main import interruptible, main
from wxlive_local.paths import RUNS
from wxlive_local.processes import Guarded
from wxlive_local.up import clear_ready_file, ready_file


def refused(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["wxlive-local", "up", *words])
    with pytest.raises(SystemExit) as end:
        main()
    assert isinstance(end.value.code, int)
    return end.value.code


# ------------------------------------------------------------------ ready file
def test_the_ready_file_is_there_during_the_block_only(tmp_path: Path) -> None:
    path = tmp_path / "ready.json"

    with ready_file(path, {"region": "us-east-1"}):
        assert json.loads(path.read_text(encoding="utf-8")) == {"region": "us-east-1"}
        assert list(tmp_path.iterdir()) == [path]

    assert not list(tmp_path.iterdir())


def test_nothing_is_left_when_the_content_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(TypeError), ready_file(tmp_path / "ready.json", {"no": object()}):
        pass

    assert not list(tmp_path.iterdir())


def test_without_a_path_nothing_is_written() -> None:
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


# -------------------------------------------------------------------- refusals
@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--param", "Nonsense=1"), "no such parameter"),
        (("--config", "/nowhere.json"), "can't be read"),
        (("--wechat-url", "127.0.0.1:1"), "must start with http"),
        (("--ready-file", "/nowhere/ready.json"), "can't be written"),
        (("--port", "70000"), "70000"),
        (("--colour", "red"), "--colour"),
    ],
)
def test_wrong_use_is_one_sentence_and_exit_code_2(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    sentence: str,
) -> None:
    code = refused(monkeypatch, *words)

    output = capsys.readouterr()
    assert code == 2
    assert not output.out
    assert sentence in output.err
    assert output.err.count("\n") == 1


def test_an_occupied_port_is_refused_and_nothing_is_left(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = set(RUNS.glob("*")) if RUNS.exists() else set()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code = refused(monkeypatch, "--port", str(port), "--quiet")

    assert code == 2
    assert f"port {port} on 127.0.0.1 can't be used" in capsys.readouterr().err
    assert set(RUNS.glob("*")) == before or not RUNS.exists()


# ------------------------------------------------------------------- processes
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


def test_a_guarded_program_leaves_no_descendant_and_no_file(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    pids = tmp_path / "pids"
    # A grandchild that ignores the polite signal, as a stuck function would.
    stuck = f"(trap '' TERM; echo $BASHPID >> {pids}; while :; do sleep 1; done)"
    script = f"{stuck} & echo $$ >> {pids}; wait"
    with Guarded(
        ["bash", "-c", script],
        env=os.environ,
        cwd=tmp_path,
        log=tmp_path / "log",
        remove=scratch,
    ) as program:
        while not pids.exists() or len(pids.read_text(encoding="ascii").split()) < 2:
            assert program.running

    assert not scratch.exists()
    for pid in pids.read_text(encoding="ascii").split():
        assert not Path(f"/proc/{pid}").exists()


def test_a_guarded_program_that_fails_tells_its_code_and_its_last_words(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with Guarded(
        ["bash", "-c", "echo first; echo last; exit 3"], env=os.environ, cwd=tmp_path, log=log
    ) as program:
        assert program.wait() == 3

    assert program.last_lines(1) == "last"


def test_the_local_aws_listens_on_the_loopback_only(local_aws: LocalAws) -> None:
    port = f"{local_aws.port:04X}"
    tables = [Path(f"/proc/net/{name}").read_text(encoding="ascii") for name in ("tcp", "tcp6")]
    listening = [
        row.split()[1]
        for table in tables
        for row in table.splitlines()[1:]
        if row.split()[3] == "0A" and row.split()[1].endswith(f":{port}")
    ]

    assert listening == [f"0100007F:{port}"]


def test_the_local_aws_reads_none_of_the_users_settings(
    local_aws: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "not-there")
    monkeypatch.setenv("HTTP_PROXY", "http://192.0.2.1:1")

    assert local_aws.client("sts").get_caller_identity()["Account"] == "000000000000"


def test_no_test_can_reach_beyond_this_machine() -> None:
    # As a warning first, and warnings are errors here; either way no connection is made.
    with pytest.raises((SocketConnectBlockedError, UserWarning), match=r"192\.0\.2\.1"):
        socket.create_connection(("192.0.2.1", 80), timeout=1)
