"""Each screen in Chinese: no English is left, columns stand, and the JSON is that of English."""

import io
import re

import pytest
from click.testing import CliRunner
from rich.cells import cell_len

from factories import CAMPAIGN, NOW_S, a_chunk, a_follower, a_room, a_run
from support.chinese import english
from support.cli import Operator
from support.commands import commands
from wxlive.domain.audience import Audience
from wxlive.domain.campaigns import CampaignState, HoldKind, PastHold
from wxlive.domain.chunks import ABANDONED, ChunkState
from wxlive.domain.history import GivenCommand
from wxlive.domain.rooms import Choice
from wxlive.domain.sync_runs import RunState
from wxlive.settings import Language
from wxlive_cli.console import TextConsole
from wxlive_cli.language import speaking
from wxlive_cli.main import main
from wxlive_cli.report.reader import read_facts
from wxlive_cli.report.screen import picture

NARROWEST_AND_WIDEST = (50, 78)
"""The columns that click wraps help to, in a terminal of 40 and in one of 80."""

PAUSED = "Paused by the operator"
OPENID = "oAAAAAAAAAAAAAAAAAAAAAAAAAAA"


@pytest.fixture
def busy(operator: Operator) -> Operator:
    """A stack at which everything has happened."""
    operator.campaign(
        a_chunk(1, ChunkState.ACCEPTED, openids=2000, claimed_at=NOW_S - 60),
        a_chunk(2, ChunkState.ACCEPTED, openids=2000, claimed_at=NOW_S - 5),
        a_chunk(3, ChunkState.REFUSED, openids=7, errcode=45011, reason="x", claimed_at=NOW_S - 4),
        a_chunk(4, ChunkState.UNKNOWN, openids=3, claimed_at=NOW_S - 100, reason=ABANDONED),
        a_chunk(5, openids=2000),
        past_holds=(PastHold(HoldKind.QUOTA, "", NOW_S - 300, NOW_S - 200),),
    )
    operator.result("m-1", total=2000, relation_error=4)
    operator.result("stray", total=9)
    operator.rooms.rows = {
        1001: a_room(1001, name="夜场特卖"),
        1002: a_room(1002, name="明天", status=102, starts_at=NOW_S + 86_400),
    }
    operator.rooms.chosen_rooms["2026-11-23"] = Choice(
        1002, NOW_S, NOW_S + 86_400, Audience(rooms=(7,), since=NOW_S - 9000)
    )
    operator.runs.rows["20261122T040000-3fa2"] = a_run(
        "20261122T040000-3fa2", state=RunState.OPEN, listed=4000, expected=9000, pages=2
    )
    operator.functions.answer = operator.runs.rows["20261122T040000-3fa2"].summary()
    operator.followers.rows[OPENID] = a_follower(OPENID)
    operator.history.add(
        GivenCommand("c", "pause", NOW_S - 3, "arn:aws:sts::1:assumed-role/O/li", "太快", CAMPAIGN)
    )
    return operator


SCREENS = [
    "status",
    "report",
    "watch --timeout 0",
    "rooms",
    "rooms unchoose",
    "planned",
    "planned remove room-1002-20261123T193000",
    "history",
    "sync",
    "sync --wait --timeout 0",
    "followers count",
    f"followers get {OPENID}",
    f"followers mute {OPENID}",
    f"followers unmute {OPENID}",
    "push --room 1001 --at 23:00",
    "rooms choose 1002",
    "rooms audience --subscribed-in 7",
    "rooms audience",
    "followers get unknown",
    "rooms choose 7",
    "rooms choose 1002 --day 2020-01-01",
    "push --room 1002 --at 12:00",
    "push --room 1001 --since 2026-01-02 --before 2026-01-01",
    "report --out x --csv x",
    "status 2026x",
    "status --nothing",
    "resolve x",
    "pace --per-second 5000",
    "rotate --force",
    "pause",
    "resume",
    "cancel",
    f"resolve {CAMPAIGN} --accept-unknown",
    "push --room 1001 --dry-run --wait",
    "followers export --out /n0where/followers.csv",
    "followers import --check /dev/null",
]

ELSEWHERE = {
    *("configure", "doctor", "dlq show", "dlq replay", "followers forget", "robot", "rotate"),
}
"""Commands whose own tests show them in Chinese."""


@pytest.mark.parametrize("words", SCREENS)
def test_no_english_is_left_on_a_screen(words: str, busy: Operator) -> None:
    result = busy.run(*words.split(), "--lang", "zh")

    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert re.search("[\u4e00-\u9fff]", result.output)
    assert english(result.output.replace("/dev/null", "")) == set()


def test_every_command_is_shown() -> None:
    typed = [f"{words} " for words in SCREENS]
    shown = {" ".join(words).removesuffix(" list") for words in commands(main)} - ELSEWHERE

    assert [words for words in shown if not any(f"{words} " in each for each in typed)] == []


@pytest.mark.parametrize("state", CampaignState)
def test_every_state_of_a_campaign_is_chinese(state: CampaignState, operator: Operator) -> None:
    held = {"held_since": NOW_S - 9, "reason": PAUSED} if state is CampaignState.PAUSED else {}
    operator.campaign(a_chunk(1), state=state, **held)

    assert english(operator.run("status", "--lang", "zh").output) == set()


@pytest.mark.parametrize(
    "words",
    [
        *("status", "report", "history", "rooms", "planned", "sync", "followers count"),
        *("watch --timeout 0", f"followers get {OPENID}", "followers get unknown", "pause"),
    ],
)
def test_the_json_is_the_same_in_both_languages(words: str, busy: Operator) -> None:
    english_json, chinese_json = (
        busy.run(*words.split(), "--json", "--lang", language).stdout for language in ("en", "zh")
    )

    assert english_json
    assert english_json == chinese_json


@pytest.mark.parametrize("words", list(commands(main)), ids=" ".join)
@pytest.mark.parametrize("columns", NARROWEST_AND_WIDEST)
def test_the_help_is_chinese_and_no_wider_than_the_terminal(
    words: tuple[str, ...], columns: int
) -> None:
    typed = [*words, "--help", "--lang", "zh"]
    shown = CliRunner().invoke(main, typed, terminal_width=columns).stdout

    assert "用法：" in shown
    assert "选项：" in shown
    assert "required" not in shown
    whole = re.compile("%Y|T20:00|    wxlive ")  # what is typed in one piece is not wrapped
    wrapped = [line for line in shown.splitlines() if not whole.search(line)]
    assert max(map(cell_len, wrapped)) <= columns


@pytest.mark.parametrize("columns", [40, 80, 140])
def test_the_rows_of_a_chart_are_as_wide_as_the_terminal(columns: int, busy: Operator) -> None:
    """A Chinese character is two columns wide, also in the name of a fate."""
    facts = read_facts(busy.connect("wxlive"), busy.campaigns.rows[CAMPAIGN])
    file = io.StringIO()
    console = TextConsole(width=columns, file=file)
    with speaking(Language.ZH):
        console.print(*picture(facts, NOW_S, 8))
    lines = file.getvalue().splitlines()
    marks = [line for line in lines if "│" in line]

    assert any("已受理" in line for line in lines)
    assert {cell_len(line) for line in marks} == {min(columns, 100)}
    assert max(map(cell_len, lines)) <= columns
