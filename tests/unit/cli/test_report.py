"""``wxlive report``: its JSON, its files, its exit codes."""

import csv
from pathlib import Path

import pytest

from factories import CAMPAIGN, NOW_S, ROOM, a_chunk, a_room
from support.cli import Operator, a_call
from wxlive.domain.campaigns import CampaignState
from wxlive.domain.chunks import ChunkState

ACCEPTED = a_chunk(1, ChunkState.ACCEPTED, openids=4)
REFUSED = a_chunk(
    2, ChunkState.REFUSED, openids=1, claimed_at=NOW_S + 2, errcode=40003, reason="invalid"
)


@pytest.fixture(autouse=True)
def _one_minute_later(operator: Operator) -> None:
    operator.clock.now_s += 60


def test_a_report_has_the_facts_of_a_status_and_more(operator: Operator) -> None:
    operator.campaign(ACCEPTED, REFUSED)
    operator.result("m-1", total=4, relation_error=1)
    operator.rooms.rows[ROOM] = a_room(name="冬季新品")

    facts = operator.json("report", code=1)

    assert facts.items() >= operator.json("status", code=1).items()
    assert (facts["campaign"], facts["room_name"], facts["state"]) == (
        CAMPAIGN,
        "冬季新品",
        "settled",
    )
    assert (facts["results"]["success"], facts["openids"]["refused"]) == (3, 1)
    assert facts["seconds"] == [{"at": NOW_S, "accepted": 4, "unknown": 0}]
    assert facts["errors"][0]["errcode"] == 40003
    assert (facts["previous"], facts["limit_per_second"]) == (None, 2000)
    assert operator.json("report", CAMPAIGN, code=1) == facts


def test_a_report_compares_with_up_to_ten_campaigns_before(operator: Operator) -> None:
    names = [f"202611{day}T193000-900" for day in range(10, 22)]
    for name in names:
        operator.campaign(ACCEPTED, campaign=name)
    operator.campaign(ACCEPTED)

    facts = operator.json("report")
    assert facts["previous"]["campaign"] == names[-1]
    assert [each["campaign"] for each in facts["earlier"]] == names[:1:-1]
    assert facts["earlier"][0].items() >= {"audience": 4, "success": 0, "took_s": 1}.items()
    screen = operator.run("report").stdout
    assert "Comparison; the first is this campaign" in screen
    assert screen.count(f" {ROOM} ") == 11

    earliest = operator.json("report", names[0])
    assert (earliest["previous"], earliest["earlier"]) == (None, [])
    assert "Comparison" not in operator.run("report", names[0]).stdout


def test_a_campaign_that_made_no_call_is_no_comparison(operator: Operator) -> None:
    operator.campaign(ACCEPTED, campaign="20261120T193000-900")
    operator.campaign(campaign="20261121T193000-900", state=CampaignState.FAILED)
    operator.campaign(ACCEPTED)

    facts = operator.json("report")
    assert [each["campaign"] for each in facts["earlier"]] == ["20261120T193000-900"]
    assert facts["previous"]["campaign"] == "20261120T193000-900"


def test_a_pause_is_told_from_the_pace(operator: Operator) -> None:
    operator.campaign(ACCEPTED, a_chunk(2, ChunkState.ACCEPTED, openids=4, claimed_at=NOW_S + 33))

    shown = operator.run("report").stdout

    assert "34 s, 32 s of it without a call" in shown
    assert "openids per second    4;" in shown


@pytest.mark.parametrize(
    ("option", "first_line"), [("--out", "<!doctype html>"), ("--csv", "chunk,")]
)
def test_a_dash_writes_to_stdout_and_the_screen_to_stderr(
    operator: Operator,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    option: str,
    first_line: str,
) -> None:
    operator.campaign(ACCEPTED)
    monkeypatch.chdir(tmp_path)

    result = operator.run("report", option, "-")

    assert result.stdout.startswith(first_line)
    screen = f"Campaign {CAMPAIGN} for room {ROOM}"
    assert (screen in result.stdout, screen in result.stderr) == (False, True)
    assert list(tmp_path.iterdir()) == []
    assert "--json takes stdout" in operator.run("report", option, "-", "--json").stderr


def test_the_page_is_written_whole(operator: Operator, tmp_path: Path) -> None:
    operator.campaign(ACCEPTED)
    operator.result("m-1", total=4)
    out = tmp_path / "show.html"

    result = operator.run("report", "--out", str(out))

    assert result.exit_code == 0
    assert "every result has arrived" in result.stdout
    assert f"Room {ROOM}" in out.read_text(encoding="utf-8")
    assert [file.name for file in tmp_path.iterdir()] == ["show.html"]


def test_the_csv_has_a_row_for_each_call_with_its_result(
    operator: Operator, tmp_path: Path
) -> None:
    operator.campaign(ACCEPTED, REFUSED)
    operator.result("m-1", total=4, user_recv_limit=1)
    out = tmp_path / "calls.csv"

    operator.json("report", "--csv", str(out), code=1)

    with out.open(encoding="utf-8", newline="") as file:
        accepted, refused = csv.DictReader(file)
    assert (accepted["chunk"], accepted["state"], accepted["openids"]) == ("1", "accepted", "4")
    assert (accepted["message_id"], accepted["success"]) == ("m-1", "3")
    assert accepted["user_recv_limit"] == "1"
    assert (refused["errcode"], refused["message_id"], refused["success"]) == ("40003", "", "")


def test_without_a_campaign_there_is_nothing_to_report(operator: Operator, tmp_path: Path) -> None:
    assert "There is no campaign yet" in operator.refusal("report")
    assert "There is no campaign x" in operator.refusal("report", "x")


def test_a_page_that_cannot_be_written_is_refused(operator: Operator, tmp_path: Path) -> None:
    out = tmp_path / "missing" / "show.html"
    operator.campaign(ACCEPTED)

    assert f"{out} can't be written" in operator.refusal("report", "--out", str(out))


def test_everybody_in_a_call_is_exported_with_its_outcome(
    operator: Operator, tmp_path: Path
) -> None:
    operator.campaign(a_call(1), a_call(2, ChunkState.REFUSED))
    operator.ledger.members |= {(CAMPAIGN, 1): ["-a", "b"], (CAMPAIGN, 2): ["c"]}
    operator.result("m-1", total=2000, relation_error=1)
    out = tmp_path / "members.csv"

    facts = operator.json("report", "--members", str(out), code=1)

    assert facts["members"] == 3
    assert out.read_text().splitlines() == [
        "openid,chunk,outcome,at,why",
        f"'-a,1,probably_told,{NOW_S + 1},some_not",
        f"b,1,probably_told,{NOW_S + 1},some_not",
        f"c,2,not_told,{NOW_S + 2},refused",
    ]
    assert "members" not in operator.json("report", code=1)
