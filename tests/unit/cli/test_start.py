"""``wxlive`` starts; Ctrl-C before anything was done ends it without a word."""

import sys
import tomllib
from types import ModuleType
from typing import NoReturn

import pytest

from wxlive_cli.exit_codes import INTERRUPTED
from wxlive_cli.start import start
from wxlive_local.paths import ROOT


class _Interrupted(ModuleType):
    def __getattr__(self, _name: str) -> NoReturn:
        raise KeyboardInterrupt


def test_the_command_starts_here() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    assert project["scripts"]["wxlive"] == f"{start.__module__}:{start.__name__}"


def test_it_runs_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["wxlive", "--version"])

    with pytest.raises(SystemExit) as ended:
        start()
    assert ended.value.code == 0
    assert "version" in capsys.readouterr().out


def test_ctrl_c_while_modules_are_imported_is_quiet(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "wxlive_cli.main", _Interrupted("wxlive_cli.main"))

    with pytest.raises(SystemExit) as ended:
        start()
    assert ended.value.code == INTERRUPTED
    assert capsys.readouterr() == ("", "")
