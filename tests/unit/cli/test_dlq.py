"""``wxlive dlq``: what it shows, and what it leaves in the queues."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from factories import CAMPAIGN, DAY, NOW_S, a_chunk
from support.chinese import english
from support.cli import Operator, client
from wxlive.domain.campaigns import CampaignState
from wxlive.domain.chunks import CLAIM_STALE_S, ChunkState
from wxlive.domain.outcomes import Outcome
from wxlive.stores.push_queue import (
    WAKE,
    ChunkMessage,
    Message,
    OutcomeMessage,
    PushQueue,
    parse_message,
)
from wxlive_cli.dlq import dead_letters

SECRET = "not-for-the-screen"
ROW_KEYS = {
    "campaign",
    "chunk",
    "received",
    "sent_at",
    "first_received_at",
    "campaign_state",
    "chunk_state",
    "reason",
    "readable",
    "message_id",
}
OUTCOME = OutcomeMessage(CAMPAIGN, 2, "claim-1", Outcome(ChunkState.ACCEPTED, message_id="m-2"))
UNREADABLE = {
    "no JSON": SECRET,
    "no object": f'["{SECRET}"]',
    "no chunk": json.dumps({"campaign": SECRET}),
    "chunk is a word": json.dumps({"campaign": CAMPAIGN, "chunk": SECRET}),
    "chunk is true": json.dumps({"campaign": CAMPAIGN, "chunk": True}),
    "chunk 0": json.dumps({"campaign": CAMPAIGN, "chunk": 0}),
    "chunk beyond the ledger": json.dumps({"campaign": CAMPAIGN, "chunk": 10**3000}),
    "no name": json.dumps({"campaign": "", "chunk": 1}),
    "no campaign's name": json.dumps({"campaign": f"{SECRET}!", "chunk": 1}),
    "half a character": json.dumps({"campaign": "\ud800", "chunk": 1}),
    "too long a name": json.dumps({"campaign": "c" * 3000, "chunk": 1}),
    "too deep": "[" * 100_000,
    "no claim": json.dumps({"campaign": CAMPAIGN, "chunk": 1, "outcome": {"to": "accepted"}}),
    "no such state": json.dumps(
        {
            "campaign": CAMPAIGN,
            "chunk": 1,
            "claim": SECRET,
            "outcome": {"to": SECRET},
            "refund_day": "",
        }
    ),
}


class Queues:
    """The push queue and its dead letters, in memory."""

    def __init__(self, operator: Operator) -> None:
        self.sqs = operator.sqs = client("sqs")
        self.push = self.sqs.create_queue(QueueName="push")["QueueUrl"]
        self.dead = self.sqs.create_queue(QueueName="dead")["QueueUrl"]
        operator.outputs |= {"PushQueueUrl": self.push, "PushDeadLettersUrl": self.dead}

    def add_dead(self, *chunks: int) -> None:
        """Put dead letters for these chunks of the campaign into their queue."""
        queue = PushQueue(self.sqs, self.dead)
        for chunk in chunks:
            queue.enqueue(CAMPAIGN, chunk)

    def add_text(self, body: str) -> str:
        """Put a message that names no chunk among the dead letters; return its id."""
        message_id: str = self.sqs.send_message(QueueUrl=self.dead, MessageBody=body)["MessageId"]
        return message_id

    def visible(self) -> int:
        """How many dead letters anybody could receive now."""
        return self._attribute("ApproximateNumberOfMessages")

    def hidden(self) -> int:
        return self._attribute("ApproximateNumberOfMessagesNotVisible")

    def take_queued(self) -> list[Message]:
        """Receive what push_fanout would receive."""
        messages = self.sqs.receive_message(QueueUrl=self.push, MaxNumberOfMessages=10)
        bodies = sorted(message["Body"] for message in messages.get("Messages", []))
        return [parse_message(body) for body in bodies]

    def fail(self, patch: pytest.MonkeyPatch, operation: str, *, after: int = 0) -> None:
        """Have SQS refuse an operation once it was carried out ``after`` times."""
        real, calls = getattr(self.sqs, operation), iter(range(after))

        def refuse(**request: Any) -> Any:
            if next(calls, None) is None:
                error: Any = {"Error": {"Code": "Denied", "Message": "not allowed"}}
                raise ClientError(error, operation)
            return real(**request)

        patch.setattr(self.sqs, operation, refuse)

    def _attribute(self, name: str) -> int:
        answer = self.sqs.get_queue_attributes(QueueUrl=self.dead, AttributeNames=[name])
        return int(answer["Attributes"][name])


@pytest.fixture
def queues(operator: Operator, aws: None, monkeypatch: pytest.MonkeyPatch) -> Queues:
    monkeypatch.setattr(dead_letters, "WAIT_S", 0)
    return Queues(operator)


def paused_campaign(operator: Operator, *, reason: str = "no luck") -> None:
    """A paused campaign of three chunks: queued, refused, and claimed long ago."""
    operator.campaign(
        a_chunk(1),
        a_chunk(2, ChunkState.REFUSED, reason=reason),
        a_chunk(3, ChunkState.SENDING, claimed_at=NOW_S - CLAIM_STALE_S - 1),
        state=CampaignState.PAUSED,
    )


# ------------------------------------------------------------------------ show


def test_without_dead_letters_nothing_is_shown(operator: Operator, queues: Queues) -> None:
    assert operator.json("dlq", "show") == {"messages": 0, "dead_letters": []}
    assert operator.run("dlq", "show").stdout.split() == ["Dead", "letters", "messages", "0"]


def test_a_dead_letter_is_shown_with_the_state_of_its_chunk(
    operator: Operator, queues: Queues
) -> None:
    paused_campaign(operator)
    queues.add_dead(1, 2, 3)

    facts = operator.json("dlq", "show", code=1)

    assert facts["messages"] == 3
    rows = sorted(facts["dead_letters"], key=lambda row: row["chunk"])
    assert all(row.keys() == ROW_KEYS for row in rows)
    assert {(row["campaign"], row["campaign_state"], row["readable"]) for row in rows} == {
        (CAMPAIGN, "paused", True)
    }
    assert [row["chunk_state"] for row in rows] == ["queued", "refused", "unknown"]
    assert [row["reason"] for row in rows[:2]] == [None, "no luck"]
    assert "stopped between the claim" in rows[2]["reason"]


def test_a_dead_letter_shows_when_it_was_sent_and_how_often_it_was_received(
    operator: Operator, queues: Queues
) -> None:
    queues.add_dead(1)
    names = ["SentTimestamp", "ApproximateFirstReceiveTimestamp"]
    [before] = queues.sqs.receive_message(
        QueueUrl=queues.dead, VisibilityTimeout=0, MessageSystemAttributeNames=names
    )["Messages"]

    [row] = operator.json("dlq", "show", code=1)["dead_letters"]

    assert row["received"] == 2
    assert row["message_id"] == before["MessageId"]
    times = [int(before["Attributes"][name]) // 1000 for name in names]
    assert [row["sent_at"], row["first_received_at"]] == times


def test_a_chunk_that_the_ledger_does_not_know_is_shown_without_a_state(
    operator: Operator, queues: Queues
) -> None:
    queues.add_dead(7)

    [row] = operator.json("dlq", "show", code=1)["dead_letters"]

    assert (row["campaign"], row["chunk"], row["readable"]) == (CAMPAIGN, 7, True)
    assert (row["campaign_state"], row["chunk_state"], row["reason"]) == (None, None, None)


def test_an_outcome_that_could_not_be_stored_is_shown_with_its_chunk(
    operator: Operator, queues: Queues
) -> None:
    operator.campaign(a_chunk(2, ChunkState.SENDING, claimed_at=NOW_S))
    PushQueue(queues.sqs, queues.dead).send(OUTCOME)

    [row] = operator.json("dlq", "show", code=1)["dead_letters"]

    assert (row["campaign"], row["chunk"], row["chunk_state"]) == (CAMPAIGN, 2, "sending")
    assert row["readable"]


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
def test_an_unreadable_message_is_shown_without_its_content(
    operator: Operator, queues: Queues, body: str
) -> None:
    message_id = queues.add_text(body)

    [row] = operator.json("dlq", "show", code=1)["dead_letters"]

    known = {"readable": False, "message_id": message_id, "received": 1}
    assert row.items() >= known.items()
    nothing = ("campaign", "chunk", "campaign_state", "chunk_state", "reason")
    assert [row[key] for key in nothing] == [None] * len(nothing)
    assert SECRET not in json.dumps(row) + operator.run("dlq", "show").output


def test_showing_removes_nothing(operator: Operator, queues: Queues) -> None:
    queues.add_dead(*range(1, 12))
    queues.add_text(SECRET)

    shown = [operator.json("dlq", "show", code=1) for _ in range(2)]

    chunks = [sorted(str(row["chunk"]) for row in facts["dead_letters"]) for facts in shown]
    assert chunks[0] == chunks[1] == sorted(["None", *map(str, range(1, 12))])
    assert (queues.visible(), queues.hidden()) == (12, 0)


def test_a_message_that_is_received_twice_is_shown_once(
    operator: Operator, queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    queues.add_dead(1, 2)
    hold_s = [0, 30]
    real = queues.sqs.receive_message

    def receive(**request: Any) -> Any:
        return real(**{**request, "VisibilityTimeout": hold_s.pop(0) if hold_s else 30})

    monkeypatch.setattr(queues.sqs, "receive_message", receive)

    assert operator.json("dlq", "show", code=1)["messages"] == 2
    assert hold_s == []
    assert queues.hidden() == 0


def test_messages_are_hidden_while_they_are_read_but_not_for_long(
    operator: Operator, queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    queues.add_dead(*range(1, 13))
    held: list[tuple[int, int]] = []
    real = queues.sqs.receive_message

    def receive(**request: Any) -> Any:
        answer = real(**request)
        held.append((queues.hidden(), request["VisibilityTimeout"]))
        return answer

    monkeypatch.setattr(queues.sqs, "receive_message", receive)
    operator.json("dlq", "show", code=1)

    assert [hidden for hidden, _ in held] == [10, 12, 12]
    assert {hold_s for _, hold_s in held} == {30}


def test_at_most_as_many_rows_as_the_limit_are_shown(operator: Operator, queues: Queues) -> None:
    queues.add_dead(*range(1, 6))

    result = operator.run("dlq", "show", "--limit", "3", "--json")

    assert json.loads(result.stdout)["messages"] == 3
    assert "there may be more" in result.stderr
    assert (queues.visible(), queues.hidden()) == (5, 0)
    assert "there may be more" not in operator.run("dlq", "show", "--limit", "6").stderr


@pytest.mark.parametrize("limit", ["0", "-1", "1001", "all"])
def test_an_invalid_limit_is_refused(operator: Operator, limit: str) -> None:
    result = operator.run("dlq", "show", "--limit", limit)

    assert (result.exit_code, result.stdout) == (2, "")


def test_when_reading_fails_midway_everything_is_visible_again(
    operator: Operator, queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    queues.add_dead(*range(1, 13))
    queues.fail(monkeypatch, "receive_message", after=1)

    refused = operator.json("dlq", "show", code=2)["refused"]

    assert "AWS refused receive_message" in refused
    assert (queues.visible(), queues.hidden()) == (12, 0)


@pytest.mark.parametrize("command", ["show", "replay"])
def test_too_many_receives_are_reported(
    operator: Operator, queues: Queues, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setattr(dead_letters, "MAX_RECEIVES", 1)
    queues.add_text(SECRET)

    refused = operator.json("dlq", command, code=2)["refused"]

    assert "There are still dead letters after 1 receives" in refused
    assert queues.hidden() == 0


def test_a_person_sees_a_table(
    operator: Operator, queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    paused_campaign(operator, reason="[bold]no luck")
    queues.add_dead(2)
    message_id = queues.add_text(SECRET)

    shown = operator.run("dlq", "show").stdout

    assert "Dead letters: 2" in shown
    for words in ([CAMPAIGN, "paused", "2", "refused", "[bold]no", "luck", "1"], ["unreadable:"]):
        assert any(line.split()[: len(words)] == words for line in shown.splitlines())
    assert message_id in shown


# ---------------------------------------------------------------------- replay


def test_a_replay_queues_the_chunk_of_every_dead_letter_and_deletes_it(
    operator: Operator, queues: Queues
) -> None:
    queues.add_dead(1, 2, 3)

    assert operator.json("dlq", "replay") == {"replayed": 3, "left": 0}

    assert queues.take_queued() == [ChunkMessage(CAMPAIGN, n) for n in (1, 2, 3)]
    assert (queues.visible(), queues.hidden()) == (0, 0)


def test_a_replay_of_an_outcome_loses_nothing_of_what_wechat_said(
    operator: Operator, queues: Queues
) -> None:
    unmade = OutcomeMessage(CAMPAIGN, 3, "claim-2", Outcome(ChunkState.QUEUED), refund_day=DAY)
    for outcome in (OUTCOME, unmade):
        PushQueue(queues.sqs, queues.dead).send(outcome)

    assert operator.json("dlq", "replay") == {"replayed": 2, "left": 0}

    assert queues.take_queued() == [OUTCOME, unmade]


def test_a_message_that_only_wakes_a_sender_is_replayed_as_well(
    operator: Operator, queues: Queues
) -> None:
    """Every message of a stack whose secret is wrong ends among the dead letters."""
    PushQueue(queues.sqs, queues.dead).send(WAKE)

    [row] = operator.json("dlq", "show", code=1)["dead_letters"]
    assert (row["campaign"], row["chunk"], row["readable"]) == (None, None, True)
    assert "unreadable" not in operator.run("dlq", "show").stdout

    assert operator.json("dlq", "replay") == {"replayed": 1, "left": 0}
    assert queues.take_queued() == [WAKE]


def test_a_replay_goes_on_until_the_queue_is_empty(operator: Operator, queues: Queues) -> None:
    queues.add_dead(*range(1, 22))

    assert operator.json("dlq", "replay") == {"replayed": 21, "left": 0}
    assert operator.json("dlq", "show")["messages"] == 0


def test_a_replayed_message_is_not_made_visible_again(
    operator: Operator, queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    queues.add_dead(1)
    queues.fail(monkeypatch, "change_message_visibility_batch")

    assert operator.json("dlq", "replay") == {"replayed": 1, "left": 0}


def test_a_replay_without_dead_letters_does_nothing(operator: Operator, queues: Queues) -> None:
    assert operator.json("dlq", "replay") == {"replayed": 0, "left": 0}
    assert queues.take_queued() == []


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
def test_an_unreadable_message_is_left_and_named(
    operator: Operator, queues: Queues, body: str
) -> None:
    queues.add_dead(1)
    message_id = queues.add_text(body)

    result = operator.run("dlq", "replay", "--json")

    assert result.exit_code == 1, result.output
    assert json.loads(result.stdout) == {"replayed": 1, "left": 1}
    assert message_id in result.stderr.replace("\n", "")
    assert SECRET not in result.output
    assert queues.take_queued() == [ChunkMessage(CAMPAIGN, 1)]
    assert (queues.visible(), queues.hidden()) == (1, 0)


def test_a_dead_letter_whose_chunk_cannot_be_queued_is_left(
    operator: Operator, queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    queues.add_dead(1, 2)
    queues.fail(monkeypatch, "send_message", after=1)

    assert "AWS refused send_message" in operator.json("dlq", "replay", code=2)["refused"]

    [queued] = queues.take_queued()
    [row] = operator.json("dlq", "show", code=1)["dead_letters"]
    assert isinstance(queued, ChunkMessage)
    assert {queued.chunk, row["chunk"]} == {1, 2}


def test_after_an_interruption_before_the_delete_the_chunk_is_queued_again(
    operator: Operator, queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    queues.add_dead(1)
    with monkeypatch.context() as interrupted:
        queues.fail(interrupted, "delete_message")
        operator.json("dlq", "replay", code=2)
    assert queues.visible() == 1

    assert operator.json("dlq", "replay") == {"replayed": 1, "left": 0}
    assert queues.take_queued() == [ChunkMessage(CAMPAIGN, 1)] * 2


# ------------------------------------------------------------------- the stack


@pytest.mark.parametrize(
    ("command", "missing"),
    [
        ("show", "PushDeadLettersUrl"),
        ("replay", "PushDeadLettersUrl"),
        ("replay", "PushQueueUrl"),
    ],
)
def test_a_stack_without_the_queue_is_refused(
    operator: Operator, queues: Queues, command: str, missing: str
) -> None:
    queues.add_dead(1)
    del operator.outputs[missing]

    assert operator.refusal("dlq", command) == (
        f"wxlive: The stack wxlive has no output {missing}; is it a stack of wxlive?"
    )
    assert queues.hidden() == 0


def test_it_speaks_chinese(operator: Operator, queues: Queues) -> None:
    paused_campaign(operator, reason="Its openids have expired")
    queues.add_dead(1, 2)
    queues.add_text("unreadable")
    shown = operator.run("dlq", "show", "--limit", "3", "--lang", "zh").output
    replayed = operator.run("dlq", "replay", "--lang", "zh").output

    assert "死信：3" in shown
    assert "无法读取" in replayed
    assert english(shown + replayed) == set()
