"""What a terminal showed becomes plain text in its block of the README."""

import sys
from pathlib import Path

import pytest
import record_terminal
from click.testing import CliRunner

from wxlive_local.paths import ROOT

PAGE = "before\n<!-- recorded: make demo -->\nold\n<!-- end -->\nafter\n"


@pytest.mark.parametrize(
    ("output", "shown"),
    [
        ("\x1b[1;32m✓\x1b[0m sam build\r\n", "✓ sam build"),
        ("10 %\r50 %\r100 %\r\ndone\r\n", "100 %\ndone"),
        ("longer text\r\x1b[2Kshort\r\n", "short"),
        ("longer text\rkept\x1b[K\r\n", "kept"),
        ("one\r\ntwo\r\n\x1b[2A\r\x1b[2K1\r\n\x1b[1B3\r\n", "1\ntwo\n3"),
        (
            "\x1b[?25l\x1b]0;title\x07text\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\\x1b[?25h",
            "textlink",
        ),
        ("ab\bc\td\r\n", "ac      d"),
        ("text   \r\n\r\n\r\n", "text"),
        ("first\nsecond\n", "first\nsecond"),
    ],
)
def test_only_the_last_state_of_each_line_stays(output: str, shown: str) -> None:
    assert record_terminal.clean(output) == shown


def test_names_of_temporary_files_and_the_clone_are_left_out() -> None:
    output = f"--out /tmp/tmp1x_y/followers.csv, log {ROOT}/build/local/log, kept src/tmp/a\n"

    shown = record_terminal.clean(output)

    assert shown == "--out /tmp/…/followers.csv, log build/local/log, kept src/tmp/a"


def test_the_block_of_the_command_is_replaced() -> None:
    page = record_terminal.with_block(PAGE, "make demo", "new \\1")

    assert page == (
        "before\n<!-- recorded: make demo -->\n```console\n$ make demo\nnew \\1\n```\n"
        "<!-- end -->\nafter\n"
    )
    assert record_terminal.with_block(page, "make demo", "new \\1") == page


@pytest.mark.parametrize(("page", "blocks"), [("nothing", 0), (PAGE + PAGE, 2)])
def test_a_page_without_exactly_one_block_is_refused(page: str, blocks: int) -> None:
    with pytest.raises(ValueError, match=rf"has {blocks} blocks"):
        record_terminal.with_block(page, "make demo", "new")


def test_the_command_sees_a_terminal_of_100_columns() -> None:
    script = "import os, sys; print(sys.stdout.isatty(), os.get_terminal_size().columns)"

    output, code = record_terminal.record(f"{sys.executable} -c '{script}'")

    assert (output, code) == ("True 100\r\n", 0)


def test_the_readme_is_renewed_only_by_a_command_that_succeeds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    readme = tmp_path / "README.md"
    monkeypatch.setattr(record_terminal, "READMES", (readme,))
    readme.write_text(PAGE.replace("make demo", "true") + PAGE.replace("make demo", "false"))

    failed = CliRunner().invoke(record_terminal.main, ["false"])
    done = CliRunner().invoke(record_terminal.main, ["true"])
    absent = CliRunner().invoke(record_terminal.main, ["make demo"])

    assert "`false` exited with 1" in failed.output
    assert done.exit_code == 0
    assert "has 0 blocks" in absent.output
    assert "$ true" in readme.read_text()
    assert "$ false" not in readme.read_text()
