"""What a report says: the verdict, the outcomes, the comparison."""

from typing import Any

import pytest

from support.cli import a_call, facts_of
from wxlive.domain.campaigns import CampaignState, HoldKind
from wxlive.domain.chunks import ChunkState
from wxlive_cli.report.facts import CampaignFacts
from wxlive_cli.report.fates import Fate
from wxlive_cli.report.wording import COMPARED, FATES, HOLDS, compare, outcomes, verdict

ACCEPTED, QUEUED, REFUSED, UNKNOWN = (
    ChunkState.ACCEPTED,
    ChunkState.QUEUED,
    ChunkState.REFUSED,
    ChunkState.UNKNOWN,
)


def sent(*states: ChunkState, **facts: Any) -> CampaignFacts:
    """The facts of a campaign with one call in each state."""
    return facts_of(*(a_call(number, state) for number, state in enumerate(states, 1)), **facts)


@pytest.mark.parametrize(
    ("facts", "tone", "word", "says"),
    [
        (sent(ACCEPTED), "good", "settled", "every result has arrived"),
        (sent(ACCEPTED, ACCEPTED, reported=1), "waiting", "sent", "results for 2,000"),
        (sent(ACCEPTED, QUEUED), "waiting", "in progress", "2,000 followers still to be"),
        (sent(UNKNOWN), "bad", "partly unknown", "reached 2,000 followers"),
        (sent(REFUSED), "bad", "partly refused", "2,000 followers could not be"),
        (
            sent(QUEUED, state=CampaignState.PAUSED, reason="40164: 1.2.3.4"),
            "waiting",
            "paused",
            "40164: 1.2.3.4",
        ),
        (
            sent(QUEUED, state=CampaignState.FAILED, reason="another room"),
            "bad",
            "failed",
            "another room",
        ),
        (
            sent(ACCEPTED, QUEUED, state=CampaignState.CANCELLED),
            "bad",
            "cancelled",
            "no call was made for 2,000 followers",
        ),
    ],
)
def test_the_verdict_names_the_most_serious_problem(
    facts: CampaignFacts, tone: str, word: str, says: str
) -> None:
    given = verdict(facts)

    assert (given.tone, given.word) == (tone, word)
    assert says in given.sentence


@pytest.mark.parametrize(
    "facts",
    [
        sent(ACCEPTED),
        sent(ACCEPTED, reported=0),
        sent(ACCEPTED, UNKNOWN, REFUSED, QUEUED, ACCEPTED, reported=4),
        facts_of(a_call(1), a_call(2, message_id=None)),
    ],
)
def test_the_outcomes_divide_the_whole_audience(facts: CampaignFacts) -> None:
    shown = outcomes(facts)

    assert sum(outcome.openids for outcome in shown) == facts.report.campaign.audience
    assert all(outcome.openids for outcome in shown)


def test_campaigns_are_compared_by_share_duration_and_errors() -> None:
    now = sent(ACCEPTED, ACCEPTED)
    rows = compare(now, [sent(UNKNOWN), facts_of(a_call(1, errcode=45011, reason="…"))])

    assert [row.notified for row in rows] == ["97.5 %", "0 %", "97.5 %"]
    assert [row.share for row in rows] == pytest.approx([0.975, 0, 0.975])
    assert [row.duration for row in rows] == ["2 s", "1 s", "1 s"]
    assert [row.errors for row in rows] == ["none", "none", "45011 (1)"]
    assert [row.state for row in rows] == ["settled", "partly unknown", "settled"]
    assert len(rows[0].words) + 1 == len(COMPARED)


def test_every_fate_and_every_hold_has_a_name() -> None:
    assert set(FATES) == set(Fate)
    assert set(HOLDS) == set(HoldKind)
