"""Programs that the local run starts, and that never outlive it."""

import os
from pathlib import Path

import pytest

from wxlive_local.processes import SupervisedProcess


@pytest.mark.slow
def test_a_supervised_process_leaves_no_descendant_and_no_file(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    pids = tmp_path / "pids"
    # A grandchild that ignores SIGTERM, as a hanging function would.
    stuck = f"(trap '' TERM; echo $BASHPID >> {pids}; while :; do sleep 1; done)"
    script = f"{stuck} & echo $$ >> {pids}; wait"
    with SupervisedProcess(
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


def test_the_exit_code_and_the_last_lines_of_a_failed_process_are_known(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with SupervisedProcess(
        ["bash", "-c", "echo first; echo last; exit 3"], env=os.environ, cwd=tmp_path, log=log
    ) as program:
        assert program.wait() == 3

    assert program.last_lines(1) == "last"
