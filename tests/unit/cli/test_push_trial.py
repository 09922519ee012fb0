"""``wxlive push --first`` and ``--first-file``: what is asked for, awaited and said."""

from pathlib import Path
from typing import Any

import pytest

from factories import CAMPAIGN, a_chunk, a_follower
from support.cli import Operator
from wxlive.domain.campaigns import CampaignState, HoldKind, Trial
from wxlive.domain.chunks import ChunkState
from wxlive.domain.followers import Status
from wxlive_cli.push import trial

PUSH = ("push", "--room", "1001")
CALLED = a_chunk(1, ChunkState.ACCEPTED)
OPEN: dict[str, Any] = {"trial": Trial(10), "fully_planned": False, "audience": 10}
DONE: dict[str, Any] = {
    "state": CampaignState.TRIAL,
    "hold_kind": HoldKind.TRIAL,
    "hold_id": "h-1",
    "reason": "Trial: 10 of 10 told (100 %)",
}


@pytest.fixture
def pushing(operator: Operator) -> Operator:
    """An operator with two followers, whose push becomes ``CAMPAIGN``."""
    operator.followers.add(a_follower("a"), a_follower("b"))
    operator.followers.add(a_follower("gone", status=Status.UNSUBSCRIBED))
    operator.functions.answer = {"campaign": CAMPAIGN}
    operator.campaign(CALLED, **OPEN)
    return operator


def asked(operator: Operator) -> Any:
    [payload] = operator.executed
    return payload["trial"]


def test_a_number_and_a_percentage_are_asked_for(pushing: Operator) -> None:
    pushing.json(*PUSH, "--first", "10", "--go-on-at", "90")
    assert asked(pushing) == {"first": 10, "go_on_at": 90}


@pytest.mark.parametrize(
    "text",
    ["a\nb\n", "a\r\nb\r\n", "\n a \n\nb\na\n  \n", "\ufeffName,OpenID\nx,a\ny,b\n"],
    ids=["plain", "windows", "blanks and doubles", "csv of a spreadsheet"],
)
def test_the_openids_of_a_file_are_asked_for(pushing: Operator, tmp_path: Path, text: str) -> None:
    file = tmp_path / "staff.txt"
    file.write_bytes(text.encode())

    pushing.json(*PUSH, "--first-file", str(file))

    assert asked(pushing) == {"openids": ["a", "b"]}


def test_who_is_no_subscribed_follower_is_counted_and_left_out(
    pushing: Operator, tmp_path: Path
) -> None:
    file = tmp_path / "staff.txt"
    file.write_text("from-elsewhere\ngone\na\nb\n")
    pushing.change_campaign(trial=Trial(1, "list"))

    said = " ".join(pushing.run(*PUSH, "--first-file", str(file)).stderr.split())

    assert asked(pushing) == {"openids": ["a", "b"]}
    assert "2 openids of" in said
    assert "are no subscribed followers and are left out" in said
    assert "1 openid of the file are not notified: they are muted" in said


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "has no openid"),
        (b"\r\n \r\n", "has no openid"),
        (b"a\n<html>\n", "Line 2 has no openid"),
        (b"\xff\xfe\n", "is not a CSV file in UTF-8"),
        (b"of-another-program\ngone\n", "is a subscribed follower"),
        (b"a\nb\nc\nd\n", "a trial is one call, which takes 3"),
    ],
)
def test_a_file_that_is_no_list_of_followers_begins_nothing(
    pushing: Operator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: bytes, says: str
) -> None:
    monkeypatch.setattr(trial, "MAX_OPENIDS_PER_CALL", 3)
    file = tmp_path / "staff.txt"
    file.write_bytes(text)

    assert says in pushing.refusal(*PUSH, "--first-file", str(file))
    assert not pushing.executed


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--first", "0"), "0 is not in the range x>=1"),
        (("--first", "ten"), "is not a valid integer"),
        (("--go-on-at", "50"), "add --first or --first-file"),
        (("--first", "1", "--go-on-at", "101"), "101 is not in the range"),
        (("--first", "1", "--go-on-at", "0"), "0 is not in the range"),
        (("--first", "1", "--at", "20:00"), "omit --first"),
        (("--first-file", "missing.txt"), "does not exist"),
    ],
)
def test_what_is_no_trial_begins_nothing(
    pushing: Operator, words: tuple[str, ...], says: str
) -> None:
    assert says in pushing.refusal(*PUSH, *words)
    assert not pushing.executed


def test_a_number_and_a_file_contradict_each_other(pushing: Operator, tmp_path: Path) -> None:
    file = tmp_path / "staff.txt"
    file.write_text("a\n")
    assert "omit one of them" in pushing.refusal(*PUSH, "--first", "1", "--first-file", str(file))


def test_a_wait_ends_with_the_trial(pushing: Operator) -> None:
    pushing.clock.meanwhile = [lambda: pushing.change_campaign(**DONE)]

    result = pushing.run(*PUSH, "--first", "10", "--wait", "--json")

    assert result.exit_code == 0
    assert '"state": "trial"' in result.stdout
    assert "waits after its trial. Trial: 10 of 10 told (100 %)." in result.stderr
    assert f"`wxlive resume {CAMPAIGN}` goes on with the rest" in result.stderr


def test_without_a_wait_it_returns_once_the_trial_is_planned(pushing: Operator) -> None:
    assert pushing.json(*PUSH, "--first", "10")["state"] == "sending"
    assert pushing.json("status")["trial"] == {"openids": 10, "go_on_at": None, "ended_at": None}


def test_a_refused_trial_needs_attention(pushing: Operator) -> None:
    pushing.change_campaign(**DONE)
    pushing.chunk(a_chunk(1, ChunkState.REFUSED))
    pushing.json(*PUSH, "--first", "10", "--wait", code=1)
    pushing.json("status", code=1)


def test_a_repeated_push_says_that_its_campaign_has_no_trial(pushing: Operator) -> None:
    pushing.change_campaign(trial=None, fully_planned=True)
    pushing.functions.answer |= {"repeated": True}
    assert "That campaign has no trial" in pushing.run(*PUSH, "--first", "10").stderr


def test_the_screen_names_the_trial(pushing: Operator) -> None:
    assert "10 openids first, then `wxlive resume`" in pushing.run("status").stdout
    pushing.change_campaign(trial=Trial(10, go_on_at=90))
    assert "the rest by itself if 90 % are notified" in pushing.run("status").stdout


def test_resume_names_the_hold_of_the_trial(pushing: Operator) -> None:
    pushing.change_campaign(**DONE)
    pushing.json("resume")
    [payload] = pushing.executed
    assert payload == {"action": "resume", "campaign": CAMPAIGN, "hold": "h-1"}


def test_a_campaign_that_is_cancelled_after_its_trial_knows_of_nobody_else(
    pushing: Operator,
) -> None:
    pushing.change_campaign(state=CampaignState.CANCELLED)
    shown = pushing.run("report").stdout
    assert "nobody but its trial was notified" in shown
    assert "at least 10" in pushing.run("status").stdout
