"""``wxlive followers forget``: what is on record of a person goes, the counts stay."""

import json
import re
from typing import Any, cast

import boto3
import pytest

from factories import CAMPAIGN, NOW_S, PSEUDONYM_KEY, a_campaign, a_chunk, a_follower
from support.chinese import english
from support.cli import SECRET, Operator, a_call, client
from wxlive.digests import digest_of
from wxlive.domain.audience import Audience
from wxlive.domain.campaigns import CampaignState
from wxlive.domain.chunks import ChunkState
from wxlive.domain.forgotten import pseudonym_of
from wxlive.domain.member_index import PartBuilder
from wxlive.stores.living import Living

PSEUDONYM = pseudonym_of("a", PSEUDONYM_KEY)
NEWER = "20261123T193000-2002"


@pytest.fixture
def known(operator: Operator, aws: None) -> Operator:
    """Follower ``a`` is muted, and is in the one call of a campaign that is over."""
    fields = {**SECRET, "pseudonym_key": PSEUDONYM_KEY}
    client("secretsmanager").create_secret(Name="wxlive/wechat", SecretString=json.dumps(fields))
    operator.followers.add(a_follower("a"), a_follower("b"))
    operator.muted.mute("a", NOW_S)
    operator.campaign(a_call(1), audience=3)
    operator.ledger.members[CAMPAIGN, 1] = ["a", "b", "c"]
    return operator


def stored_fields() -> dict[str, Any]:
    secret = cast("Any", boto3.client("secretsmanager"))
    fields: dict[str, Any] = json.loads(
        secret.get_secret_value(SecretId="wxlive/wechat")["SecretString"]
    )
    return fields


def test_what_is_known_of_a_person_goes(known: Operator) -> None:
    before = known.json("report")

    facts = known.json("followers", "forget", "a")

    assert facts == {
        "openid": "a",
        "status": "forgotten",
        "forgotten_at": NOW_S,
        "follower": True,
        "muted": True,
        "calls": 1,
        "lists": 0,
        "under_way": [],
    }
    assert set(known.followers.rows) == {"b"}
    assert known.muted.rows == {}
    assert known.ledger.members[CAMPAIGN, 1] == [PSEUDONYM, "b", "c"]
    assert known.forgotten.rows == {PSEUDONYM: NOW_S}
    assert known.json("report") == before
    assert known.json("followers", "get", "a", code=1) == {
        "openid": "a",
        "status": "unknown",
        "forgotten_at": NOW_S,
    }


def test_repeated_it_finds_nothing_and_says_the_same(known: Operator) -> None:
    known.json("followers", "forget", "a")
    facts = known.json("followers", "forget", "a", "--yes")
    assert (facts["follower"], facts["muted"], facts["calls"]) == (False, False, 0)
    assert known.forgotten.rows == {PSEUDONYM: NOW_S}


def test_who_asked_is_on_record_without_the_openid(known: Operator) -> None:
    known.json("followers", "forget", "a", "--note", "asked by mail")
    [given] = known.history.all()
    assert (given.action, given.note) == ("followers forget", "asked by mail")
    assert "'a'" not in repr(given)


def test_what_stays_is_said(known: Operator) -> None:
    result = known.run("followers", "forget", "a")
    for words in ("stays subscribed until they leave", "35 days", "14 days", "7 days"):
        assert words in result.stderr
    assert "2026-11-22 19:30:00 UTC+8" in result.stdout


def test_the_first_time_a_key_is_made_that_functions_ask_for_and_rotations_keep(
    known: Operator,
) -> None:
    client("secretsmanager").put_secret_value(
        SecretId="wxlive/wechat", SecretString=json.dumps(SECRET)
    )

    known.json("followers", "forget", "a")

    assert known.clock() == NOW_S + 3
    made = stored_fields()
    assert made.items() >= SECRET.items()
    assert len(made["pseudonym_key"]) == 64
    known.json("followers", "forget", "b")
    assert known.clock() == NOW_S + 3
    known.json("rotate")
    assert stored_fields()["pseudonym_key"] == made["pseudonym_key"]


def test_the_members_of_an_indexed_campaign_lose_the_person(known: Operator) -> None:
    members = PartBuilder()
    for openid in ("a", "b", "c"):
        members.add(digest_of(openid), 1)
    known.members.save(CAMPAIGN, 1, 1, members, NOW_S)

    known.json("followers", "forget", "a")

    parts = known.members.parts(CAMPAIGN)
    assert known.members.numbers(CAMPAIGN, parts, digest_of("a")) == []
    assert known.members.numbers(CAMPAIGN, parts, digest_of("b")) == [1]


def test_lists_of_exceptions_lose_the_person(known: Operator) -> None:
    name = known.except_lists.save([digest_of("a"), digest_of("b")], NOW_S)
    known.change_campaign(target=Audience(exceptions=name))
    assert known.json("followers", "forget", "a")["lists"] == 1
    assert known.except_lists.rows[name] == {digest_of("b")}


def test_a_large_campaign_without_an_index_is_read_whole(known: Operator) -> None:
    known.change_campaign(chunks=200)
    known.ledger.members[CAMPAIGN, 150] = ["d"]
    known.chunk(a_call(150))
    assert known.json("followers", "forget", "d")["calls"] == 1
    assert known.ledger.members[CAMPAIGN, 150] == [pseudonym_of("d", PSEUDONYM_KEY)]


@pytest.mark.parametrize(
    ("state", "says"),
    [
        (ChunkState.QUEUED, "still to be made"),
        (ChunkState.SENDING, "still to be made"),
        (ChunkState.UNKNOWN, f"wxlive resolve {CAMPAIGN}"),
    ],
)
def test_whom_a_call_may_still_reach_is_not_forgotten(
    known: Operator, state: ChunkState, says: str
) -> None:
    known.chunk(a_call(1, state, message_id=None))

    assert says in known.refusal("followers", "forget", "a")

    assert set(known.followers.rows) == {"a", "b"}
    assert known.forgotten.rows == {}
    known.change_campaign(state=CampaignState.CANCELLED)
    assert known.json("followers", "forget", "a")["calls"] == 1


def test_a_call_that_a_result_has_proven_needs_no_decision(known: Operator) -> None:
    known.chunk(a_call(1, ChunkState.UNKNOWN, message_id=None))
    known.result("m-9", total=2000)
    assert known.json("report")["chunks"]["unknown"] == 0

    assert known.json("followers", "forget", "a")["calls"] == 1


def test_nobody_is_forgotten_while_a_campaign_is_being_planned(known: Operator) -> None:
    known.change_campaign(fully_planned=False)
    assert "is being planned" in known.refusal("followers", "forget", "a")


def test_nobody_is_forgotten_while_an_index_is_being_built(known: Operator) -> None:
    known.members.keep_busy(CAMPAIGN, NOW_S + 180, NOW_S)
    assert f"{CAMPAIGN} is being indexed" in known.refusal("followers", "forget", "a")

    known.members.keep_busy(CAMPAIGN, NOW_S, NOW_S)
    assert known.json("followers", "forget", "a")["calls"] == 1


def test_an_unknown_outcome_of_a_campaign_that_was_replaced_stays_so(known: Operator) -> None:
    known.chunk(a_call(1, ChunkState.UNKNOWN, message_id=None))
    known.campaigns.rows[NEWER] = a_campaign(NEWER, created_at=NOW_S + 9)
    known.living.row = Living(NEWER, 0)
    assert known.json("followers", "forget", "a")["calls"] == 1


def test_a_campaign_that_began_meanwhile_is_named(
    known: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wxlive_cli.followers.command.check_forgettable", lambda *_: None)
    known.chunk(a_chunk(1))

    facts = known.json("followers", "forget", "a", code=1)

    assert facts["under_way"] == [CAMPAIGN]
    assert "began meanwhile" in known.run("followers", "forget", "a").stderr
    assert known.ledger.members[CAMPAIGN, 1] == ["a", "b", "c"]


@pytest.mark.parametrize("openid", ["a b", "", "订阅者"])
def test_what_cannot_be_an_openid_is_refused(operator: Operator, openid: str) -> None:
    assert "is not an openid" in operator.refusal("followers", "forget", openid)


def test_on_a_terminal_it_asks_first(known: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wxlive_cli.followers.command._is_terminal", lambda: True)

    result = known.run("followers", "forget", "a", typed="n\n")
    assert result.exit_code == 2
    assert "cannot be undone" in result.stderr
    assert "nothing was erased" in result.stderr
    assert set(known.followers.rows) == {"a", "b"}

    assert known.run("followers", "forget", "a", typed="y\n").exit_code == 0
    assert set(known.followers.rows) == {"b"}
    assert known.run("followers", "forget", "b", "--yes").exit_code == 0


def test_an_export_of_the_members_shows_that_somebody_was_forgotten(
    known: Operator, tmp_path: Any
) -> None:
    known.json("followers", "forget", "a")
    known.json("report", "--members", str(tmp_path / "m.csv"))
    assert (tmp_path / "m.csv").read_text().splitlines()[1].startswith("(forgotten),1,")


def test_it_speaks_chinese(known: Operator) -> None:
    asked = known.run("followers", "forget", "a", "--lang", "zh", typed="n\n").output
    done = known.run("followers", "forget", "a", "--yes", "--lang", "zh").output

    assert re.search("[\u4e00-\u9fff]", asked)
    assert english(asked + done) - {"yes", "no"} == set()
