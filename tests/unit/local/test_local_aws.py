"""The local AWS: isolated from the network and from the user, and tidy."""

from pathlib import Path

import pytest

from wxlive_local.local_aws import LocalAws, prune_runs
from wxlive_local.locks import locked


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


def test_the_local_aws_ignores_the_users_settings(
    local_aws: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "not-there")
    monkeypatch.setenv("HTTP_PROXY", "http://192.0.2.1:1")

    assert local_aws.client("sts").get_caller_identity()["Account"] == "000000000000"


def test_of_finished_runs_only_the_newest_logs_are_kept(tmp_path: Path) -> None:
    for number in range(12):
        scratch = tmp_path / f"{number:02}-run" / "aws"
        scratch.mkdir(parents=True)
        (scratch.parent / "ministack.log").touch()

    prune_runs(tmp_path)

    kept = sorted(run.name for run in tmp_path.iterdir())
    assert kept == [f"{number:02}-run" for number in range(2, 12)]
    assert [path.name for path in tmp_path.rglob("*") if path.parent != tmp_path] == [
        "ministack.log"
    ] * 10


def test_a_run_that_goes_on_is_not_touched(tmp_path: Path) -> None:
    scratch = tmp_path / "0-run" / "aws"
    scratch.mkdir(parents=True)

    with locked(scratch.parent / "lock"):
        prune_runs(tmp_path)

    assert scratch.exists()
