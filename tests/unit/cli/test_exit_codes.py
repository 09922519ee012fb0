"""One rule says what a campaign's exit code is, whichever command shows it."""

import os
import sys

import pytest

from factories import CAMPAIGN, ROOM, a_chunk, a_room
from support.cli import Operator
from wxlive.domain.campaigns import CampaignState
from wxlive.domain.chunks import Chunk, ChunkState
from wxlive.stores.rooms import Asked
from wxlive_cli.exit_codes import EXIT_CODES
from wxlive_cli.main import main

PUSH = ["push", "--room", str(ROOM)]
AT_ONCE = [["status"], ["report"], PUSH]
WAITING = [["watch", "--timeout", "0"], [*PUSH, "--wait", "--timeout", "0"]]
SENT, UNSENT = a_chunk(1, ChunkState.ACCEPTED), a_chunk(2)


@pytest.fixture
def pushing(operator: Operator) -> Operator:
    operator.functions.answer = {"campaign": CAMPAIGN}
    return operator


@pytest.mark.parametrize(
    ("state", "chunk", "code"),
    [
        (CampaignState.SENDING, a_chunk(2, ChunkState.ACCEPTED), 0),
        (CampaignState.SENDING, a_chunk(2, ChunkState.REFUSED), 1),
        (CampaignState.SENDING, a_chunk(2, ChunkState.UNKNOWN), 1),
        (CampaignState.PAUSED, UNSENT, 1),
        (CampaignState.WAITING_LIVE, UNSENT, 1),
        (CampaignState.CANCELLED, UNSENT, 1),
        (CampaignState.CANCELLED, a_chunk(2, ChunkState.ACCEPTED), 0),
        (CampaignState.FAILED, UNSENT, 1),
    ],
)
def test_every_command_gives_a_campaign_the_same_exit_code(
    pushing: Operator, state: CampaignState, chunk: Chunk, code: int
) -> None:
    pushing.campaign(SENT, chunk, state=state)
    pushing.result("m-1")
    if chunk.message_id:
        pushing.result(chunk.message_id)

    for words in (*AT_ONCE, *WAITING):
        assert pushing.run(*words).exit_code == code, words


def test_a_campaign_that_sends_is_well_unless_its_end_was_waited_for(pushing: Operator) -> None:
    pushing.campaign(SENT, UNSENT)

    for words in AT_ONCE:
        assert pushing.run(*words).exit_code == 0, words
    for words in WAITING:
        assert pushing.run(*words).exit_code == 1, words


def test_what_was_asked_for_is_done_whatever_the_campaign_is_then(operator: Operator) -> None:
    operator.campaign(SENT, UNSENT, state=CampaignState.PAUSED)

    assert operator.run("pause").exit_code == 0


@pytest.mark.parametrize("words", [["rooms"], ["status"], ["status", "--json"]], ids=" ".join)
def test_a_pipe_that_closes_early_ends_the_command_without_a_word(
    operator: Operator,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
) -> None:
    operator.campaign(SENT)
    operator.rooms.rows = {ROOM: a_room()}
    operator.rooms.last_asked = Asked(1)
    reader, writer = os.pipe()
    os.close(reader)

    with os.fdopen(writer, "w") as closed:
        monkeypatch.setattr(sys, "stdout", closed)
        with pytest.raises(SystemExit) as ended:
            main(words)

    assert ended.value.code == 141
    assert capsys.readouterr().err in {"", "As of 1970-01-01 08:00:01 UTC+8.\n"}


def test_every_exit_code_is_documented() -> None:
    assert set(EXIT_CODES) == {0, 1, 2, 130, 141}
