"""One message in: its result is logged, and so is whatever went wrong."""

import json
from dataclasses import asdict, replace
from typing import Any

import pytest

from factories import CAMPAIGN, DAY
from support.sender import Sender
from wxlive.domain.chunks import ChunkState
from wxlive.domain.outcomes import Outcome
from wxlive.errors import StoreBusy
from wxlive.stores.push_queue import ChunkMessage, Message, OutcomeMessage
from wxlive_push_fanout.handler import process

OUTCOME = OutcomeMessage(CAMPAIGN, 1, "claim-1", Outcome(ChunkState.ACCEPTED, message_id="m-9"))


def body_of(message: Message) -> str:
    return json.dumps(asdict(message))


def logged(caplog: pytest.LogCaptureFixture) -> dict[str, Any]:
    """Return the only line that was logged."""
    [record] = caplog.records
    return vars(record)


def test_a_chunk_is_logged_with_its_campaign_and_its_result(
    sender: Sender, caplog: pytest.LogCaptureFixture
) -> None:
    assert process(body_of(ChunkMessage(CAMPAIGN, 7)), sender.deps) == "drained"
    line = logged(caplog)
    assert (line["campaign"], line["chunk"], line["result"]) == (CAMPAIGN, 7, "drained")


def test_an_outcome_is_stored_and_logged(sender: Sender, caplog: pytest.LogCaptureFixture) -> None:
    assert process(body_of(OUTCOME), sender.deps) == "outcome_stored"
    assert sender.chunk.message_id == "m-9"
    line = logged(caplog)
    assert (line["campaign"], line["chunk"], line["result"]) == (CAMPAIGN, 1, "outcome_stored")


def test_a_chunk_whose_undone_claim_comes_as_a_message_is_sent_again(sender: Sender) -> None:
    undone = replace(OUTCOME, outcome=Outcome(ChunkState.QUEUED), refund_day=DAY)
    process(body_of(undone), sender.deps)
    assert (sender.chunk.state, sender.ledger.refunded) == (ChunkState.QUEUED, [DAY])
    assert sender.queue.messages == [ChunkMessage(CAMPAIGN, 1)]


def test_what_goes_wrong_is_logged_with_campaign_chunk_and_message_id_and_raised(
    sender: Sender, caplog: pytest.LogCaptureFixture
) -> None:
    """The batch processor only reports which message failed."""
    sender.block_table()
    with pytest.raises(StoreBusy):
        process(body_of(OUTCOME), sender.deps)
    line = logged(caplog)
    assert (line["levelname"], line["message"]) == ("ERROR", "message not processed")
    assert all(fact in line["body"] for fact in (CAMPAIGN, '"chunk": 1', '"m-9"'))
    assert isinstance(line["exc_info"][1], StoreBusy)


@pytest.mark.parametrize("body", ["", "{}", "[]", "null", '{"campaign": "c", "chunk": true}'])
def test_what_is_no_message_is_logged_and_raised(
    sender: Sender, caplog: pytest.LogCaptureFixture, body: str
) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - json's or ours
        process(body, sender.deps)
    line = logged(caplog)
    assert (line["message"], line["body"]) == ("message not processed", body)
