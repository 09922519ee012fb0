"""``wxlive followers get``: was this follower told?"""

import pytest

from factories import CAMPAIGN, NOW_S, ROOM, a_campaign, a_chunk, a_follower
from support.cli import Operator, a_call
from wxlive.digests import digest_of
from wxlive.domain.audience import Audience
from wxlive.domain.campaigns import CAMPAIGN_KEPT_S, CampaignState
from wxlive.domain.chunks import ChunkState
from wxlive.domain.tellings import Told, Why
from wxlive_cli.followers.wording import _REASONS, OUTCOMES

EARLIER = "20261121T193000-1001"


@pytest.fixture
def known(operator: Operator) -> Operator:
    """Follower ``a`` is in the one call of a campaign, and ``b`` is not."""
    operator.followers.add(a_follower("a"), a_follower("b"))
    operator.campaign(a_call(1))
    operator.ledger.members[CAMPAIGN, 1] = ["a", "c"]
    return operator


def test_who_was_in_a_call_is_told_what_became_of_it(known: Operator) -> None:
    known.result("m-1", total=2000)

    [telling] = known.json("followers", "get", "a")["campaigns"]

    assert telling == {
        "campaign": CAMPAIGN,
        "room_id": ROOM,
        "chunk": 1,
        "outcome": "told",
        "at": NOW_S + 1,
        "why": "all_told",
        "reason": None,
        "call": {
            "openids": 2000,
            "success": 2000,
            "openid_error": 0,
            "relation_error": 0,
            "user_recv_limit": 0,
            "internal_error": 0,
        },
    }


def test_a_person_reads_how_sure_it_is(known: Operator) -> None:
    known.result("m-1", total=2000, relation_error=40, user_recv_limit=7)

    shown = known.run("followers", "get", "a").stdout

    for words in (CAMPAIGN, "probably", "2026-11-22 19:30:01 UTC+8"):
        assert words in shown
    counts = "47 of 2,000 followers were not notified: 40 no longer subscribed, 7 had enough"
    assert counts in " ".join(shown.split())


def test_who_was_left_out_learns_why(known: Operator) -> None:
    [telling] = known.json("followers", "get", "b")["campaigns"]

    assert telling["chunk"] is telling["call"] is None
    assert (telling["outcome"], telling["why"]) == ("not_in_audience", "not_on_record")
    assert "not in the audience" in known.run("followers", "get", "b").stdout


def test_who_an_earlier_campaign_for_the_room_has_told_is_left_out_for_that(
    known: Operator,
) -> None:
    known.campaigns.rows[EARLIER] = a_campaign(EARLIER, created_at=NOW_S - 86_400)
    known.chunk(a_chunk(1, ChunkState.UNKNOWN), campaign=EARLIER)
    known.ledger.members[EARLIER, 1] = ["b"]

    newer, older = known.json("followers", "get", "b")["campaigns"]

    assert (older["campaign"], older["outcome"]) == (EARLIER, "unknown")
    assert (newer["outcome"], newer["why"]) == ("not_in_audience", "told_before")


def test_who_a_file_left_out_learns_that(known: Operator) -> None:
    name = known.except_lists.save([digest_of("b")], NOW_S)
    known.change_campaign(target=Audience(exceptions=name))

    [telling] = known.json("followers", "get", "b")["campaigns"]
    assert telling["why"] == "excepted"


def test_who_is_only_in_a_campaign_is_shown_and_found(known: Operator) -> None:
    facts = known.json("followers", "get", "c")

    assert (facts["openid"], facts["status"]) == ("c", "unknown")
    assert [telling["outcome"] for telling in facts["campaigns"]] == ["unknown"]
    assert known.json("followers", "get", "d", code=1) == {"openid": "d", "status": "unknown"}


def test_a_campaign_that_ended_before_it_was_planned_so_far_did_not_tell(known: Operator) -> None:
    known.change_campaign(
        fully_planned=False, state=CampaignState.FAILED, reason="The room is over", ended_at=NOW_S
    )
    [telling] = known.json("followers", "get", "b")["campaigns"]
    assert (telling["outcome"], telling["why"]) == ("not_told", "ended_before")

    known.change_campaign(state=CampaignState.SENDING)
    [telling] = known.json("followers", "get", "b")["campaigns"]
    assert (telling["outcome"], telling["why"]) == ("unknown", "being_planned")


def test_a_campaign_older_than_its_report_is_not_shown(known: Operator) -> None:
    known.change_campaign(created_at=NOW_S - CAMPAIGN_KEPT_S - 1)
    assert known.json("followers", "get", "a")["campaigns"] == []


def test_a_chunk_whose_row_has_expired_tells_nothing(known: Operator) -> None:
    known.ledger.rows.clear()
    [telling] = known.json("followers", "get", "a")["campaigns"]
    assert (telling["outcome"], telling["chunk"]) == ("unknown", None)


def test_a_large_campaign_of_an_earlier_version_is_left_open(known: Operator) -> None:
    known.change_campaign(chunks=90)
    [telling] = known.json("followers", "get", "a")["campaigns"]
    assert (telling["outcome"], telling["why"]) == ("unknown", "not_indexed")

    known.change_campaign(fully_planned=False)
    [telling] = known.json("followers", "get", "a")["campaigns"]
    assert telling["why"] == "being_planned"


def test_what_was_refused_is_shown_with_the_sentence(known: Operator) -> None:
    known.chunk(a_call(1, ChunkState.REFUSED, reason="errcode 40003."))
    shown = " ".join(known.run("followers", "get", "a").stdout.split())
    assert "WeChat refused the call (errcode 40003)" in shown


def test_every_outcome_and_every_reason_has_words() -> None:
    assert set(OUTCOMES) == set(Told)
    assert set(_REASONS) == set(Why) - {Why.SOME_NOT, Why.ALL_FAILED}


@pytest.mark.parametrize("openid", ["a b", " a", "", "a\n", "订阅者", "a" * 129])
def test_what_cannot_be_an_openid_is_refused(operator: Operator, openid: str) -> None:
    assert "is not an openid" in operator.refusal("followers", "get", openid)
