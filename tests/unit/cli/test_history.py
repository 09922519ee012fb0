"""`wxlive history`: who gave which command, beside what happened by itself."""

from typing import Any

import click
import pytest
from botocore.exceptions import EndpointConnectionError

from factories import CAMPAIGN, NOW_S, a_campaign, a_chunk
from support.cli import CALLER, Operator, ScriptedClock
from wxlive.domain.campaigns import CampaignState, HoldKind, PastHold
from wxlive.domain.chunks import ChunkState
from wxlive.domain.history import GivenCommand
from wxlive_cli.main import main

QUOTA = PastHold(HoldKind.QUOTA, "used up", NOW_S + 10, NOW_S + 20)

READ_ONLY = {
    *("doctor", "history", "report", "status", "watch"),
    *("planned list", "rooms list", "dlq show"),
    *("followers count", "followers get", "followers import", "followers export"),
}
"""What changes nothing that history is about, so there is nothing to record."""

WITHOUT_STACK = {"configure", "robot"}
"""They create a secret before there is a stack that could record it."""


def entries(operator: Operator, *words: str) -> list[tuple[str, str]]:
    """Return who did what, in order."""
    return [(entry["by"], entry["what"]) for entry in history(operator, *words)]


def history(operator: Operator, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = operator.json("history", *words)["history"]
    return found


def leaves(group: click.Group, *path: str) -> list[tuple[str, click.Command]]:
    found = []
    for name, command in group.commands.items():
        words = (*path, name)
        if isinstance(command, click.Group):
            found += leaves(command, *words)
        else:
            found.append((" ".join(words), command))
    return found


def test_every_command_that_changes_something_takes_a_note() -> None:
    recorded = {
        name for name, command in leaves(main) if "note" in {each.name for each in command.params}
    }
    assert {name for name, _ in leaves(main)} - recorded == READ_ONLY | WITHOUT_STACK
    assert not recorded & (READ_ONLY | WITHOUT_STACK)


def test_a_command_is_recorded_with_its_caller_time_and_note(operator: Operator) -> None:
    operator.campaign(a_chunk())
    operator.run("pause", "--note", "the stream stutters")

    [given] = operator.history.all()
    assert (given.action, given.by, given.at) == ("pause", CALLER, NOW_S)
    assert (given.campaign, given.note, given.refused) == (CAMPAIGN, "the stream stutters", "")
    assert operator.functions.invoked[0][1]["command"] == given.command


def test_a_refused_command_is_recorded_with_its_sentence(
    operator: Operator, clock: ScriptedClock
) -> None:
    operator.campaign(a_chunk())
    clock.sleep(1)
    operator.functions.answer = {"refused": "It has nothing left to send"}
    operator.run("cancel")

    [given] = operator.history.all()
    assert given.refused == "It has nothing left to send"
    [*_, last] = history(operator)
    assert (last["what"], last["reason"]) == ("cancel (refused)", "It has nothing left to send")


def test_a_command_is_carried_out_though_it_cannot_be_recorded(operator: Operator) -> None:
    operator.campaign(a_chunk())
    operator.history.is_busy = True

    result = operator.run("pause")

    assert result.exit_code == 0
    assert "will lack this command" in result.stderr
    assert [sent["action"] for sent in operator.executed] == ["pause"]


def test_a_caller_whom_aws_does_not_name_is_unknown(operator: Operator) -> None:
    def nobody() -> str:
        raise EndpointConnectionError(endpoint_url="https://sts")

    operator.campaign(a_chunk())
    operator.caller = nobody
    assert operator.run("pause").exit_code == 0
    assert [given.by for given in operator.history.all()] == ["unknown"]


def test_a_dry_run_is_not_recorded(operator: Operator) -> None:
    operator.functions.answer = {
        **dict.fromkeys(("audience", "calls", "minutes", "quota_after"), 1),
        "crosses_midnight": False,
    }
    operator.json("push", "--room", "1001", "--dry-run")
    assert operator.history.all() == []


def test_a_note_is_limited(operator: Operator) -> None:
    assert "at most 500 characters" in operator.refusal("pause", "--note", "x" * 501)


def test_commands_stand_beside_what_happened_by_itself(
    operator: Operator, clock: ScriptedClock
) -> None:
    operator.campaign(a_chunk(), command="c-1", past_holds=(QUOTA,))
    operator.history.add(GivenCommand("c-1", "push", NOW_S - 1, CALLER, room_id=1001))
    clock.sleep(30)
    operator.run("pause", "--note", "why not")

    assert entries(operator, CAMPAIGN) == [
        (CALLER, "push"),
        ("operator", "started"),
        ("wxlive", "held"),
        ("wxlive", "resumed"),
        (CALLER, "pause"),
    ]
    assert {entry["campaign"] for entry in history(operator, CAMPAIGN)} == {CAMPAIGN}


@pytest.mark.parametrize(
    ("command", "what"),
    [("auto#1001#5", "started by AutoPush"), ("planned#1001#5", "started as planned")],
)
def test_a_start_without_a_command_of_the_operators_says_so(
    operator: Operator, command: str, what: str
) -> None:
    operator.campaign(a_chunk(), command=command)
    assert entries(operator)[0] == ("wxlive", what)


def test_a_campaign_that_failed_says_why(operator: Operator) -> None:
    operator.campaign(state=CampaignState.FAILED, reason="Room 1001 is ended", ended_at=NOW_S + 9)
    [*_, last] = history(operator)
    assert (last["by"], last["what"], last["reason"]) == (
        "wxlive",
        "failed",
        "Room 1001 is ended",
    )


def test_a_campaign_settles_with_its_last_result(operator: Operator) -> None:
    operator.campaign(a_chunk(1, ChunkState.ACCEPTED))
    operator.result("m-1", time_s=NOW_S + 7)
    [*_, last] = history(operator)
    assert (last["what"], last["at"]) == ("settled", NOW_S + 7)


def test_another_campaigns_commands_are_left_out(operator: Operator) -> None:
    operator.campaign(a_chunk())
    other = GivenCommand("c-9", "pause", NOW_S, CALLER, campaign="20261121T193000-1")
    operator.history.add(other)

    assert (CALLER, "pause") in entries(operator)
    assert (CALLER, "pause") not in entries(operator, CAMPAIGN)


def test_without_an_id_the_last_ten_campaigns_are_shown(operator: Operator) -> None:
    for number in range(11):
        name = f"20261122T1930{number:02d}-1001"
        operator.campaigns.rows[name] = a_campaign(name, created_at=NOW_S + number)
    named = {entry["campaign"] for entry in history(operator)}
    assert len(named) == 10
    assert "20261122T193000-1001" not in named


def test_a_screen_names_the_caller_shortly_and_the_note(operator: Operator) -> None:
    operator.campaign(a_chunk())
    operator.run("pause", "--note", "the [b]stream\x1b[2J stutters")
    shown = operator.run("history").stdout

    assert "assumed-role/Operators/li" in shown
    assert "123456789012" not in shown
    assert "the [b]stream" in shown
    assert "\x1b" not in shown


def test_a_campaign_that_does_not_exist_is_refused(operator: Operator) -> None:
    assert "There is no campaign nothing" in operator.refusal("history", "nothing")


def test_no_campaign_yet_is_an_empty_history(operator: Operator) -> None:
    assert history(operator) == []
