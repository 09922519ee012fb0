"""``wxlive report``: its JSON, its files, its exit codes."""

import csv
from pathlib import Path
from typing import TYPE_CHECKING

from wxlive.campaigns import Chunk, ChunkState
from wxlive.rooms import Room

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Desk

NOW_S, ROOM, C = 1_795_347_000, 1001, "20261122T193000-1001"
TOLD = Chunk(1, ChunkState.ACCEPTED, 4, claimed_at=NOW_S, message_id="m1")
REFUSED = Chunk(2, ChunkState.REFUSED, 1, claimed_at=NOW_S + 2, errcode=40003, reason="invalid")


def test_a_report_tells_what_a_status_tells_and_how_it_went(desk: "Desk") -> None:
    desk.campaign(TOLD, REFUSED)
    desk.result("m1", 4, relation_error=1)
    desk.rooms.save(Room(ROOM, "冬季新品", 103, 0, 0), NOW_S)

    facts = desk.json("report", code=1)

    assert (facts["campaign"], facts["room_name"], facts["state"]) == (C, "冬季新品", "settled")
    assert (facts["results"]["success"], facts["openids"]["refused"]) == (3, 1)
    assert facts["seconds"] == [{"at": NOW_S, "accepted": 4, "unknown": 0}]
    assert facts["errors"][0]["errcode"] == 40003
    assert (facts["previous"], facts["limit_per_second"]) == (None, 2000)
    assert desk.json("report", C, code=1) == facts


def test_a_report_compares_with_the_campaign_before(desk: "Desk") -> None:
    desk.campaign(TOLD, name="20261120T193000-900", day="2026-11-20")
    desk.campaign(TOLD, name="20261121T193000-900", day="2026-11-21")
    desk.campaign(TOLD)

    assert desk.json("report")["previous"]["campaign"] == "20261121T193000-900"
    earliest = desk.json("report", "20261120T193000-900")
    assert earliest["previous"] is None


def test_the_page_is_written_whole(desk: "Desk", tmp_path: Path) -> None:
    desk.campaign(TOLD)
    desk.result("m1", 4)
    out = tmp_path / "show.html"

    result = desk.run("report", "--out", str(out))

    assert result.exit_code == 0
    assert "every result is in" in result.stdout
    assert "Room 1001" in out.read_text(encoding="utf-8")
    assert [file.name for file in tmp_path.iterdir()] == ["show.html"]


def test_the_csv_has_a_row_for_each_call_beside_its_result(desk: "Desk", tmp_path: Path) -> None:
    desk.campaign(TOLD, REFUSED)
    desk.result("m1", 4, user_recv_limit=1)
    out = tmp_path / "calls.csv"

    desk.json("report", "--csv", str(out), code=1)

    with out.open(encoding="utf-8", newline="") as file:
        told, refused = csv.DictReader(file)
    assert (told["chunk"], told["state"], told["openids"]) == ("1", "accepted", "4")
    assert (told["message_id"], told["success"], told["user_recv_limit"]) == ("m1", "3", "1")
    assert (refused["errcode"], refused["message_id"], refused["success"]) == ("40003", "", "")


def test_without_a_campaign_there_is_nothing_to_report(desk: "Desk", tmp_path: Path) -> None:
    assert desk.json("report", code=2)["refused"].startswith("There has been no campaign yet")
    assert desk.json("report", "x", code=2)["refused"].startswith("There is no campaign x")
    out = tmp_path / "missing" / "show.html"
    desk.campaign(TOLD)
    assert "can't be written" in desk.json("report", "--out", str(out), code=2)["refused"]
