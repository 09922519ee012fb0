"""``wxlive followers``: counting, looking up, exporting, comparing."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from factories import NOW_S, ROOM, a_follower
from support.cli import Operator, a_call
from wxlive.domain.campaigns import CampaignState
from wxlive.domain.chunks import ChunkState
from wxlive.domain.followers import Follower, Status

GONE = a_follower("gone", status=Status.UNSUBSCRIBED)
SUBSCRIBED_AT = NOW_S - 900


def test_followers_are_counted_by_status(operator: Operator) -> None:
    operator.followers.add(a_follower("a"), a_follower("b"), GONE)

    assert operator.json("followers", "count") == {"subscribed": 2, "unsubscribed": 1}


# ------------------------------------------------------------------------- get


def test_a_follower_is_shown_as_its_record(operator: Operator) -> None:
    operator.followers.add(a_follower("a"))

    assert operator.json("followers", "get", "a") == {
        "openid": "a",
        "status": "subscribed",
        "subscribed_at": SUBSCRIBED_AT,
        "changed_at": SUBSCRIBED_AT,
        "room_id": ROOM,
        "room_status": 101,
        "source": "callback",
        "muted_at": None,
        "campaigns": [],
    }


def test_an_unknown_openid_exits_with_1(operator: Operator) -> None:
    facts = operator.json("followers", "get", "a", code=1)

    assert facts == {"openid": "a", "status": "unknown"}


# ------------------------------------------------------------------------ mute


def test_a_follower_is_muted_and_unmuted(operator: Operator) -> None:
    operator.followers.add(a_follower("a"))

    assert operator.json("followers", "mute", "a") == {"openid": "a", "muted_at": NOW_S}
    operator.clock.now_s += 60
    assert operator.json("followers", "mute", "a") == {"openid": "a", "muted_at": NOW_S}
    assert operator.json("followers", "get", "a")["muted_at"] == NOW_S
    assert operator.json("followers", "unmute", "a") == {"openid": "a", "muted_at": None}
    assert operator.json("followers", "get", "a")["muted_at"] is None


def test_a_person_reads_since_when_a_follower_is_muted(operator: Operator) -> None:
    operator.followers.add(a_follower("a"))

    assert "1970" not in operator.run("followers", "get", "a").stdout
    for command in ("mute", "get"):
        assert "2026-11-22 19:30:00 UTC+8" in operator.run("followers", command, "a").stdout


def test_who_is_muted_still_counts_as_subscribed(operator: Operator, tmp_path: Path) -> None:
    operator.followers.add(a_follower("a"))
    operator.json("followers", "mute", "a")

    assert operator.json("followers", "count") == {"subscribed": 1, "unsubscribed": 0}
    assert operator.json("followers", "export", "--out", str(tmp_path / "x.csv")) == {"rows": 1}


@pytest.mark.parametrize("command", ["mute", "unmute"])
@pytest.mark.parametrize(("openid", "says"), [("a", "no follower a"), ("a b", "not an openid")])
def test_only_a_follower_is_muted(operator: Operator, command: str, openid: str, says: str) -> None:
    assert says in operator.refusal("followers", command, openid)
    assert not operator.muted.rows


def test_who_muted_somebody_is_on_record_without_the_openid(operator: Operator) -> None:
    operator.followers.add(a_follower("a"))
    operator.json("followers", "mute", "a", "--note", "asked by mail")

    [given] = operator.history.all()
    assert (given.action, given.note) == ("followers mute", "asked by mail")
    assert "'a'" not in repr(given)


def test_who_is_no_longer_in_the_table_can_be_unmuted(operator: Operator) -> None:
    operator.muted.mute("a", NOW_S)

    assert operator.json("followers", "unmute", "a") == {"openid": "a", "muted_at": None}
    assert not operator.muted.rows


def test_muting_says_that_a_campaign_under_way_was_planned_before(operator: Operator) -> None:
    operator.followers.add(a_follower("a"))
    operator.campaign(a_call(1, ChunkState.QUEUED))

    assert "may still notify this" in operator.run("followers", "mute", "a").stderr

    operator.change_campaign(state=CampaignState.CANCELLED)
    assert "may still notify" not in operator.run("followers", "mute", "a").stderr


# ---------------------------------------------------------------------- export


def test_an_export_has_the_documented_header_and_the_subscribed(
    operator: Operator, tmp_path: Path
) -> None:
    operator.followers.add(a_follower("a"), a_follower('b",x'), GONE)
    out = tmp_path / "followers.csv"
    out.write_text("an older export", encoding="utf-8")

    assert operator.json("followers", "export", "--out", str(out)) == {"rows": 2}

    text = out.read_text(encoding="utf-8")
    assert text.splitlines()[0] == (
        "openid,status,subscribed_at,changed_at,room_id,room_status,source"
    )
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {row["openid"] for row in rows} == {"a", 'b",x'}
    assert rows[0] | {"openid": "a"} == {
        "openid": "a",
        "status": "subscribed",
        "subscribed_at": str(SUBSCRIBED_AT),
        "changed_at": str(SUBSCRIBED_AT),
        "room_id": str(ROOM),
        "room_status": "101",
        "source": "callback",
    }


def test_an_export_of_nobody_is_a_header(operator: Operator, tmp_path: Path) -> None:
    out = tmp_path / "x.csv"

    assert operator.json("followers", "export", "--out", str(out)) == {"rows": 0}
    assert len(out.read_text(encoding="utf-8").splitlines()) == 1


def test_an_export_into_a_missing_folder_is_refused(operator: Operator, tmp_path: Path) -> None:
    out = tmp_path / "missing" / "x.csv"

    assert f"{out} can't be written" in operator.refusal("followers", "export", "--out", str(out))


def test_an_export_that_fails_midway_keeps_the_older_file(
    operator: Operator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def walk(status: Status) -> Iterator[Follower]:
        yield a_follower("a", status=status)
        raise ClientError({"Error": {"Code": "Throttled", "Message": "slower"}}, "Scan")

    monkeypatch.setattr(operator.followers, "walk", walk)
    out = tmp_path / "x.csv"
    out.write_text("an older export", encoding="utf-8")

    assert "AWS refused Scan: slower" in operator.refusal("followers", "export", "--out", str(out))
    assert [file.name for file in tmp_path.iterdir()] == ["x.csv"]
    assert out.read_text(encoding="utf-8") == "an older export"


# ---------------------------------------------------------------------- import


def test_the_operators_own_list_is_compared_with_the_table(
    operator: Operator, tmp_path: Path
) -> None:
    operator.followers.add(a_follower("both"), a_follower("only here"), GONE)
    own, out = tmp_path / "crm.csv", tmp_path / "out.csv"
    own.write_text("Name,OpenID\r\n\r\nA,both\nB,gone\nC,only-there\n", encoding="utf-8-sig")

    facts = operator.json("followers", "import", "--check", str(own), "--out", str(out), code=1)

    assert (facts["file_rows"], facts["differ"]) == (3, 3)
    assert facts["unknown_in_file_subscribed_in_table"] == 1
    expected = {
        ("only here", "unknown", "subscribed"),
        ("gone", "subscribed", "unsubscribed"),
        ("only-there", "subscribed", "unknown"),
    }
    assert {tuple(each.values()) for each in facts["first"]} == expected
    with out.open(newline="", encoding="utf-8") as lines:
        assert {tuple(row.values()) for row in csv.DictReader(lines)} == expected


def test_an_export_does_not_differ_from_its_table(operator: Operator, tmp_path: Path) -> None:
    operator.followers.add(a_follower("a"), a_follower("b"), GONE)
    out = tmp_path / "export.csv"
    operator.json("followers", "export", "--out", str(out))

    facts = operator.json("followers", "import", "--check", str(out))

    assert facts == {"file_rows": 2, "differ": 0, "first": []}


def test_a_file_with_one_openid_per_line_is_a_list(operator: Operator, tmp_path: Path) -> None:
    operator.followers.add(a_follower("a"))
    own = tmp_path / "openids.txt"
    own.write_text("a\n\n", encoding="utf-8")

    assert operator.json("followers", "import", "--check", str(own))["differ"] == 0


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"openid,status\na,gone\n", "Line 2 has no openid, or a status other than"),
        (b"name,openid\nA\n", "Line 2 has no openid"),
        (b"a\n b\n,x\n", "Line 3 has no openid"),
        (b"<!doctype html>\n<p>a\n", "Line 1 has no openid"),
        (b"a,subscribed\nb,subscribed\n", "Line 1 has no openid"),
        (b"\xff\xfe\x00", "is not a CSV file in UTF-8"),
    ],
)
def test_a_malformed_list_is_refused(
    operator: Operator, tmp_path: Path, content: bytes, why: str
) -> None:
    own = tmp_path / "crm.csv"
    own.write_bytes(content)

    assert why in operator.refusal("followers", "import", "--check", str(own))
