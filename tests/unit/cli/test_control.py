"""``wxlive pause``, ``resume``, ``cancel`` and ``resolve``: what they ask of push_start."""

import pytest

from factories import CAMPAIGN, ROOM, a_chunk, a_room
from support.cli import Operator
from wxlive.domain.campaigns import CampaignState
from wxlive.domain.chunks import ChunkState


def asked(command: str, hold: str = "") -> dict[str, str]:
    """Return what push_start is asked for: a resume names the hold that it ends."""
    return {"action": command, "campaign": CAMPAIGN} | (
        {"hold": hold} if command == "resume" else {}
    )


@pytest.mark.parametrize("command", ["pause", "resume", "cancel"])
def test_a_command_invokes_push_start_and_shows_the_campaign(
    operator: Operator, command: str
) -> None:
    operator.campaign(a_chunk(1))

    facts = operator.json(command, CAMPAIGN)

    assert (facts["campaign"], facts["audience"]) == (CAMPAIGN, 10)
    assert operator.executed == [asked(command)]


def test_a_resume_names_the_hold_that_the_operator_sees(operator: Operator) -> None:
    operator.campaign(a_chunk(1), state=CampaignState.PAUSED, hold_id="h-1")

    operator.json("resume", CAMPAIGN)

    assert operator.executed == [asked("resume", "h-1")]


@pytest.mark.parametrize("command", ["pause", "resume", "cancel"])
def test_without_an_id_the_campaign_under_way_is_meant_and_named(
    operator: Operator, command: str
) -> None:
    operator.campaign(a_chunk(1))
    operator.rooms.rows[ROOM] = a_room(name="新品")

    result = operator.run(command)

    assert result.exit_code == 0
    assert f": campaign {CAMPAIGN} for room {ROOM} (新品)." in result.stderr
    assert result.stdout.startswith(f"Campaign {CAMPAIGN} for room {ROOM} (新品)")
    assert operator.executed == [asked(command)]


@pytest.mark.parametrize("command", ["pause", "resume", "cancel"])
def test_without_a_campaign_under_way_nothing_is_done(operator: Operator, command: str) -> None:
    assert "There is no campaign yet" in operator.refusal(command)
    operator.campaign(a_chunk(1, ChunkState.ACCEPTED))
    operator.result("m-1")

    refusal = operator.refusal(command)

    assert f"No campaign is under way: campaign {CAMPAIGN} for room {ROOM} is settled" in refusal
    assert operator.functions.invoked == []


def test_a_command_that_is_typed_again_is_another_command(operator: Operator) -> None:
    operator.campaign(a_chunk(1))

    for command in ("pause", "resume", "pause"):
        operator.json(command, CAMPAIGN)

    assert [payload["action"] for payload in operator.executed] == ["pause", "resume", "pause"]


@pytest.mark.parametrize(
    ("choice", "risk"),
    [("resend-unknown", "may be notified twice"), ("accept-unknown", "may never be notified")],
)
def test_resolving_shows_the_risk_of_the_choice(operator: Operator, choice: str, risk: str) -> None:
    operator.campaign(a_chunk(1, ChunkState.UNKNOWN), a_chunk(2, ChunkState.ACCEPTED))

    result = operator.run("resolve", CAMPAIGN, f"--{choice}")

    assert result.exit_code == 0
    assert f"10 followers in 1 call {risk}." in result.stderr
    assert operator.executed == [{"action": choice.replace("-", "_"), "campaign": CAMPAIGN}]


@pytest.mark.parametrize("choices", [(), ("--resend-unknown", "--accept-unknown")])
def test_resolving_needs_one_choice(operator: Operator, choices: tuple[str, ...]) -> None:
    result = operator.run("resolve", CAMPAIGN, *choices)

    assert result.exit_code == 2
    assert "choose one of --resend-unknown and --accept-unknown" in result.stderr
    assert operator.functions.invoked == []


# -------------------------------------------------------------------- pace


@pytest.mark.parametrize(("typed", "asked_for"), [(500, 500), (2000, 0)])
def test_a_pace_is_asked_for_and_full_speed_is_the_stacks_own(
    operator: Operator, typed: int, asked_for: int
) -> None:
    operator.campaign(a_chunk(1))

    operator.json("pace", "--per-second", str(typed))

    assert operator.executed == [asked("pace") | {"per_second": asked_for}]


def test_a_pace_is_shown(operator: Operator) -> None:
    operator.campaign(a_chunk(1), per_second=500)

    assert operator.json("status")["per_second"] == 500
    assert "at most 500 openids a second" in operator.run("status").stdout


def test_no_pace_is_above_the_limit(operator: Operator) -> None:
    operator.campaign(a_chunk(1))

    assert "more than the 2,000 of PushRatePerSecond" in operator.refusal(
        "pace", "--per-second", "2001"
    )
    assert not operator.functions.invoked


@pytest.mark.parametrize("number", ["0", "-1", "fast"])
def test_a_pace_is_a_number(operator: Operator, number: str) -> None:
    assert operator.run("pace", "--per-second", number).exit_code == 2
