"""``wxlive pause``, ``resume``, ``cancel`` and ``resolve``: what they ask of push_start."""

import pytest

from factories import CAMPAIGN, a_chunk
from support.cli import Operator
from wxlive.domain.chunks import ChunkState


@pytest.mark.parametrize("command", ["pause", "resume", "cancel"])
def test_a_command_invokes_push_start_and_shows_the_campaign(
    operator: Operator, command: str
) -> None:
    operator.campaign(a_chunk(1))

    facts = operator.json(command, CAMPAIGN)

    assert (facts["campaign"], facts["audience"]) == (CAMPAIGN, 10)
    payload = {"action": command, "campaign": CAMPAIGN}
    assert operator.functions.invoked == [("wxlive-push-start", payload)]


@pytest.mark.parametrize(
    ("choice", "risk"),
    [("resend-unknown", "may be notified twice"), ("accept-unknown", "may never be notified")],
)
def test_resolving_shows_the_risk_of_the_choice(operator: Operator, choice: str, risk: str) -> None:
    operator.campaign(a_chunk(1, ChunkState.UNKNOWN), a_chunk(2, ChunkState.ACCEPTED))

    result = operator.run("resolve", CAMPAIGN, f"--{choice}")

    assert result.exit_code == 0
    assert f"10 followers in 1 call {risk}." in result.stderr
    payload = {"action": choice.replace("-", "_"), "campaign": CAMPAIGN}
    assert operator.functions.invoked == [("wxlive-push-start", payload)]


def test_resolving_needs_a_choice(operator: Operator) -> None:
    result = operator.run("resolve", CAMPAIGN)

    assert result.exit_code == 2
    assert "choose --resend-unknown or --accept-unknown" in result.stderr
    assert operator.functions.invoked == []
