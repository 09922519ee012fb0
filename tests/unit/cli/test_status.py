"""``wxlive status``: its JSON, its table, its exit codes."""

import re

import pytest

from factories import CAMPAIGN, ROOM, a_chunk
from support.cli import Operator
from wxlive.domain.campaigns import CampaignState
from wxlive.domain.chunks import ChunkState

KEYS = {"campaign", "room_id", "state", "reason", "audience", "chunks", "openids", "results"}
STATES = ["queued", "sending", "accepted", "refused", "unknown", "cancelled"]
RESULTS = [
    "reported_chunks",
    "total",
    "success",
    "openid_error",
    "relation_error",
    "user_recv_limit",
    "internal_error",
]


def test_a_status_has_the_documented_keys(operator: Operator) -> None:
    operator.campaign(a_chunk(1, ChunkState.ACCEPTED), a_chunk(2, ChunkState.ACCEPTED), a_chunk(3))
    operator.result("m-1", relation_error=1)

    facts = operator.json("status")

    assert facts.keys() >= KEYS
    assert list(facts["chunks"]) == list(facts["openids"]) == STATES
    assert list(facts["results"]) == RESULTS
    assert (facts["campaign"], facts["room_id"], facts["state"]) == (CAMPAIGN, ROOM, "sending")
    assert (facts["audience"], facts["reason"]) == (30, None)
    assert (facts["chunks"]["accepted"], facts["openids"]["queued"]) == (2, 10)
    results = {"reported_chunks": 1, "total": 10, "success": 9, "relation_error": 1}
    assert results.items() <= facts["results"].items()
    assert operator.json("status", CAMPAIGN) == facts


@pytest.mark.parametrize(
    ("state", "code"),
    [(ChunkState.ACCEPTED, 0), (ChunkState.REFUSED, 1), (ChunkState.UNKNOWN, 1)],
)
def test_a_refused_or_unknown_call_needs_attention(
    operator: Operator, state: ChunkState, code: int
) -> None:
    operator.campaign(a_chunk(1, state))

    assert operator.json("status", code=code)["chunks"][state.value] == 1


def test_a_failed_campaign_needs_attention_and_shows_its_reason(operator: Operator) -> None:
    operator.campaign(a_chunk(1))
    operator.change_campaign(state=CampaignState.FAILED, reason="another room")

    facts = operator.json("status", code=1)

    assert (facts["state"], facts["reason"]) == ("failed", "another room")
    assert facts["chunks"]["cancelled"] == 1


def test_without_a_campaign_a_status_is_refused(operator: Operator) -> None:
    assert "There is no campaign yet; start one" in operator.refusal("status")
    assert "There is no campaign nobody; `wxlive status`" in operator.refusal("status", "nobody")


def test_the_table_shows_everything_that_is_not_zero(operator: Operator) -> None:
    operator.campaign(
        a_chunk(1, ChunkState.ACCEPTED), a_chunk(2, ChunkState.UNKNOWN, reason="no luck")
    )
    operator.result("m-1", relation_error=1)
    operator.result("orphan", total=1)

    result = operator.run("status")

    assert result.exit_code == 1
    shown = re.sub(r" +", " ", result.stdout)
    for line in ("accepted 10 openids in 1 call", "unknown 10 openids", "reason 1 no luck",
                 "result: relation error 1", "orphan results 1"):  # fmt: skip
        assert line in shown
    assert "refused" not in shown
