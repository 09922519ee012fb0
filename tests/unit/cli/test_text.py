"""What comes from outside is shown as text, whatever it contains, by every command."""

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import wxlive_cli
from factories import CAMPAIGN, NOW_S, ROOM, a_chunk, a_follower, a_room, a_run
from support.cli import Operator
from wxlive.domain.campaigns import CampaignState
from wxlive.domain.chunks import ChunkState
from wxlive.domain.rooms import Choice
from wxlive.domain.sync_runs import RunState
from wxlive_cli.console import TextConsole
from wxlive_cli.text import REPLACEMENT, csv_cell, csv_text, json_line, printable

HOSTILE = "=1+1[/b][vip]特卖\x1b[2J\x9b31m\u202e:smile:\r\nroom 9 is live"
SHOWN = "[/b][vip]特卖"
STAYS = ("[/b]", "[vip]", ":smile:")
COMMANDS = [
    ["status"],
    ["report"],
    ["report", "--out", "-"],
    ["report", "--csv", "-"],
    ["watch", "--timeout", "0"],
    ["pause"],
    ["resume"],
    ["cancel"],
    ["resolve", CAMPAIGN, "--accept-unknown"],
    ["push", "--room", str(ROOM)],
    ["push", "--room", str(ROOM), "--wait", "--timeout", "0"],
    ["push", "--room", str(ROOM), "--dry-run"],
    ["rooms"],
    ["rooms", "choose", str(ROOM), "--day", "2026-11-23"],
    ["followers", "get", "o-1"],
    ["followers", "count"],
    ["followers", "export", "--out", "-"],
    ["followers", "import", "--check", "own.csv"],
    ["sync"],
    ["sync", "--wait"],
    ["status", HOSTILE],
    ["resolve", HOSTILE, "--accept-unknown"],
    ["followers", "get", HOSTILE],
    ["push", "--room", HOSTILE],
    ["push", "--room", str(ROOM), "--at", HOSTILE],
    [HOSTILE],
]


def is_harmless(text: str) -> bool:
    return printable(text, keep="\n") == text


@pytest.fixture
def hostile(operator: Operator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Operator:
    """An operator of a stack in which every text from outside is hostile."""
    chunks = [
        a_chunk(1, ChunkState.ACCEPTED, openids=4, message_id=HOSTILE, rid=HOSTILE),
        a_chunk(2, ChunkState.UNKNOWN, reason=HOSTILE),
        a_chunk(3, ChunkState.REFUSED, reason=HOSTILE, errcode=40003, rid=HOSTILE),
        a_chunk(4),
    ]
    operator.campaign(*chunks, state=CampaignState.PAUSED, reason=HOSTILE)
    operator.result(f"orphan{HOSTILE}", total=7)
    operator.rooms.rows = {ROOM: a_room(name=HOSTILE), 8: a_room(8, name=HOSTILE, status=102)}
    operator.rooms.chosen_rooms["2026-11-22"] = Choice(8, NOW_S)
    operator.followers.add(a_follower("o-1"), a_follower(HOSTILE))
    operator.runs.rows["r"] = a_run("r", state=RunState.FAILED, reason=HOSTILE)
    shown = ("audience", "calls", "minutes", "crosses_midnight", "quota_after")
    operator.functions.answer = {
        "campaign": CAMPAIGN,
        "run": "r",
        "repeated": True,
        **dict.fromkeys(shown, HOSTILE),
    }
    monkeypatch.chdir(tmp_path)
    Path("own.csv").write_text("openid\no-2\n", encoding="utf-8")
    return operator


@pytest.mark.parametrize(
    "words", COMMANDS, ids=lambda words: " ".join(words).encode("unicode_escape").decode()
)
@pytest.mark.parametrize("option", [[], ["--json"]], ids=["screen", "json"])
def test_no_command_prints_a_control_character_or_an_invented_line(
    hostile: Operator, words: list[str], option: list[str]
) -> None:
    result = hostile.run(*words, *option)

    assert result.exit_code in {0, 1, 2}, result.output
    assert is_harmless(result.stdout)
    assert is_harmless(result.stderr)
    assert not any(line.startswith("room 9") for line in result.output.splitlines())


def test_brackets_and_colons_stay_as_they_are(hostile: Operator) -> None:
    for words in (["status"], ["report"], ["rooms"], ["watch", "--timeout", "0"]):
        output = hostile.run(*words).output
        assert all(text in output for text in STAYS), output


def test_json_loses_nothing(hostile: Operator) -> None:
    facts = json.loads(hostile.run("status", "--json").stdout)

    assert facts["reason"] == HOSTILE


def test_no_cell_of_a_csv_file_is_a_formula(hostile: Operator) -> None:
    for words in (["report", "--csv"], ["followers", "export", "--out"]):
        hostile.run(*words, "out.csv")
        with Path("out.csv").open(encoding="utf-8", newline="") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        assert any(cell.startswith("'=1+1[/b]") for cell in cells)
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in cells)


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@SUM", "\t=1", " =1", "'=1", "-o5x"])
def test_text_that_a_spreadsheet_would_compute_gets_an_apostrophe(cell: str) -> None:
    assert csv_cell(cell).startswith("'")


@pytest.mark.parametrize("value", [-1, 2.5, None, "o-1_x", "特卖", "'quoted'"])
def test_other_values_of_a_cell_stay_as_they_are(value: Any) -> None:
    assert csv_cell(value) == value


@given(st.text())
def test_any_text_is_one_harmless_line_and_reads_back_from_csv_and_json(text: str) -> None:
    line = printable(text)

    assert len(line) == len(text)
    assert len(line.splitlines()) <= 1
    assert printable(line) == line
    assert csv_text(csv_cell(text)) == line
    as_json = json_line({"text": text})
    assert json.loads(as_json) == {"text": text}
    assert is_harmless(as_json)


def test_nothing_is_printed_past_the_console() -> None:
    folder = Path(wxlive_cli.__file__).parent
    printing = re.compile(r"click\.(echo|secho)|\bprint\(|[^t]Console\(|sys\.stdout")

    users = {file.name for file in folder.rglob("*.py") if printing.search(file.read_text("utf-8"))}

    assert users == {"console.py", "files.py"}


def test_words_of_every_script_stay_as_they_are() -> None:
    words = "冬季新品 «élan» شال هاي 👩‍👩‍👧 नमस्ते"

    assert printable(words) == words
    assert printable("a\x1b[31m\u202eb\u2028c\x9bd\te") == (
        f"a{REPLACEMENT}[31m{REPLACEMENT}b{REPLACEMENT}c{REPLACEMENT}d e"
    )


def test_whatever_is_printed_on_a_terminal_only_rich_moves_the_cursor(
    capsys: pytest.CaptureFixture[str],
) -> None:
    TextConsole(force_terminal=True, color_system=None).print(f"[b]{HOSTILE}")

    assert capsys.readouterr().out.startswith(f"[b]=1+1{SHOWN}{REPLACEMENT}[2J{REPLACEMENT}31m")
