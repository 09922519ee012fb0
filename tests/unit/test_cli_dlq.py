"""``wxlive dlq``: what it tells, what it leaves behind; queues and the ledger in memory."""

import json
from collections.abc import Iterator
from functools import cache
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner, Result
from moto import mock_aws

from wxlive.campaigns import CLAIM_STALE_S, Campaign, CampaignState, ChunkState
from wxlive.stores.campaigns import CampaignStore
from wxlive.stores.pace import QuotaStore
from wxlive.stores.queue import PushQueue, read_ring
from wxlive_cli import console, dead_letters, dlq
from wxlive_cli.main import main
from wxlive_cli.stack import Stack, connect

NOW_S = 1_795_347_000
C, ROOM, DAY = "20261122T193000-1001", 1001, "2026-11-22"
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
UNREADABLE = {
    "no JSON": SECRET,
    "no object": f'["{SECRET}"]',
    "no chunk": json.dumps({"campaign": SECRET}),
    "chunk is a word": json.dumps({"campaign": C, "chunk": SECRET}),
    "chunk is true": json.dumps({"campaign": C, "chunk": True}),
    "chunk 0": json.dumps({"campaign": C, "chunk": 0}),
    "chunk beyond the ledger": json.dumps({"campaign": C, "chunk": 10**3000}),
    "no name": json.dumps({"campaign": "", "chunk": 1}),
    "no campaign's name": json.dumps({"campaign": f"{SECRET}!", "chunk": 1}),
    "half a character": json.dumps({"campaign": "\ud800", "chunk": 1}),
    "too long a name": json.dumps({"campaign": "c" * 3000, "chunk": 1}),
    "too deep": "[" * 100_000,
}


@cache
def _aws() -> Any:
    """The clients as this file sees them: dear, so made once."""
    session = boto3.Session("testing", "testing", region_name="us-east-1")
    return SimpleNamespace(tables=session.resource("dynamodb"), sqs=session.client("sqs"))


class Desk:
    """An operator at a terminal, two queues and a ledger behind it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sqs = _aws().sqs
        self.outputs = {
            "PushQueueUrl": self.sqs.create_queue(QueueName="push")["QueueUrl"],
            "PushDeadLettersUrl": self.sqs.create_queue(QueueName="dead")["QueueUrl"],
        }
        self.dead = self.outputs["PushDeadLettersUrl"]
        self.table = _state_table()
        self.campaigns = CampaignStore(self.table)
        monkeypatch.setattr(console, "connect", self._connect)
        monkeypatch.setattr(dlq, "time", SimpleNamespace(time=lambda: NOW_S))
        monkeypatch.setattr(dead_letters, "WAIT_S", 0)

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(main, ["dlq", *words])

    def json(self, *words: str, code: int) -> dict[str, Any]:
        """Run with ``--json``: stdout is one JSON object and nothing else."""
        result = self.run(*words, "--json")
        assert result.exit_code == code, result.output
        assert result.stdout.count("\n") == 1
        facts: dict[str, Any] = json.loads(result.stdout)
        return facts

    def die(self, *chunks: int) -> None:
        """Rings for these chunks of the campaign lie among the dead letters."""
        queue = PushQueue(self.sqs, self.dead)
        for chunk in chunks:
            queue.ring(C, chunk)

    def scrawl(self, body: str) -> str:
        """Something that is no ring lies among the dead letters. Returns its id."""
        message_id: str = self.sqs.send_message(QueueUrl=self.dead, MessageBody=body)["MessageId"]
        return message_id

    def lying(self) -> int:
        """How many dead letters anybody could receive now."""
        return self._attribute(self.dead, "ApproximateNumberOfMessages")

    def hidden(self) -> int:
        return self._attribute(self.dead, "ApproximateNumberOfMessagesNotVisible")

    def rung(self) -> list[tuple[str, int]]:
        """What push_fanout would be asked for; asking takes it out."""
        messages = self.sqs.receive_message(
            QueueUrl=self.outputs["PushQueueUrl"], MaxNumberOfMessages=10
        ).get("Messages", [])
        return sorted(read_ring(message["Body"]) for message in messages)

    def campaign(self, *, reason: str = "no luck") -> None:
        """A paused campaign of three chunks: queued, refused, and claimed long ago."""
        campaign = Campaign(C, ROOM, DAY, CampaignState.SENDING, NOW_S)
        self.campaigns.open(campaign)
        for openid in "abc":
            campaign = self.campaigns.add_chunk(campaign, [openid], NOW_S)
        self._claim(2)
        self.campaigns.finish(C, 2, ChunkState.REFUSED, claim="c", reason=reason)
        self._claim(3)
        self.campaigns.move(C, CampaignState.PAUSED, out_of=[CampaignState.SENDING])

    def _claim(self, number: int) -> None:
        chunk = self.campaigns.chunk(C, number)
        assert chunk is not None
        long_ago = NOW_S - CLAIM_STALE_S - 1
        quota = QuotaStore(self.table, "push_message", 5000).taking(DAY, NOW_S)
        self.campaigns.claim(C, chunk, claim="c", now_s=long_ago, quota=quota)

    def _attribute(self, url: str, name: Any) -> int:
        answer = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])
        return int(answer["Attributes"][name])

    def _connect(self, name: str) -> Stack:
        nobody: Any = None
        return Stack(name, self.outputs, nobody, self.campaigns, nobody, nobody, nobody, self.sqs)


def _state_table() -> Any:
    names = ["pk", "sk"]
    _aws().tables.meta.client.create_table(
        TableName="state",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in names],
        KeySchema=[
            {"AttributeName": name, "KeyType": kind}
            for name, kind in zip(names, ("HASH", "RANGE"), strict=True)
        ],
    )
    return _aws().tables.Table("state")


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "WXLIVE_STACK"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        yield Desk(monkeypatch)


def fail(monkeypatch: pytest.MonkeyPatch, desk: Desk, operation: str, *, after: int = 0) -> None:
    """Let an operation of SQS be refused once it was carried out ``after`` times."""
    real, calls = getattr(desk.sqs, operation), iter(range(after))

    def refuse(**request: Any) -> Any:
        if next(calls, None) is None:
            raise ClientError({"Error": {"Code": "Denied", "Message": "not allowed"}}, operation)
        return real(**request)

    monkeypatch.setattr(desk.sqs, operation, refuse)


# ------------------------------------------------------------------------ show


def test_no_dead_letters_are_well(desk: Desk) -> None:
    assert desk.json("show", code=0) == {"messages": 0, "dead_letters": []}


def test_a_dead_letter_is_shown_beside_what_the_ledger_says(desk: Desk) -> None:
    desk.campaign()
    desk.die(1, 2, 3)

    facts = desk.json("show", code=1)

    assert facts["messages"] == 3
    rows = sorted(facts["dead_letters"], key=lambda row: row["chunk"])
    assert all(row.keys() == ROW_KEYS for row in rows)
    assert {(row["campaign"], row["campaign_state"], row["readable"]) for row in rows} == {
        (C, "paused", True)
    }
    assert [row["chunk_state"] for row in rows] == ["queued", "refused", "unknown"]
    assert [row["reason"] for row in rows[:2]] == [None, "no luck"]
    assert "stopped between the claim" in rows[2]["reason"]


def test_a_dead_letter_tells_how_often_it_came_and_when(desk: Desk) -> None:
    desk.die(1)
    names = ["SentTimestamp", "ApproximateFirstReceiveTimestamp"]
    [before] = desk.sqs.receive_message(
        QueueUrl=desk.dead, VisibilityTimeout=0, MessageSystemAttributeNames=names
    )["Messages"]

    [row] = desk.json("show", code=1)["dead_letters"]

    assert row["received"] == 2
    assert row["message_id"] == before["MessageId"]
    times = [int(before["Attributes"][name]) // 1000 for name in names]
    assert [row["sent_at"], row["first_received_at"]] == times


def test_a_chunk_the_ledger_does_not_know_is_shown_without_a_state(desk: Desk) -> None:
    desk.die(7)

    [row] = desk.json("show", code=1)["dead_letters"]

    assert (row["campaign"], row["chunk"], row["readable"]) == (C, 7, True)
    assert (row["campaign_state"], row["chunk_state"], row["reason"]) == (None, None, None)


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_no_ring_is_shown_without_its_content(desk: Desk, body: str) -> None:
    message_id = desk.scrawl(body)

    result = desk.run("show", "--json")

    assert result.exit_code == 1, result.output
    [row] = json.loads(result.stdout)["dead_letters"]
    told = {"readable": False, "message_id": message_id, "received": 1}
    assert row.items() >= told.items()
    nothing = ("campaign", "chunk", "campaign_state", "chunk_state", "reason")
    assert [row[key] for key in nothing] == [None] * len(nothing)
    assert SECRET not in result.output + desk.run("show").output


def test_a_look_takes_nothing_away(desk: Desk) -> None:
    desk.die(*range(1, 24))
    desk.scrawl(SECRET)

    first, second = desk.json("show", code=1), desk.json("show", code=1)

    chunks = [sorted(str(row["chunk"]) for row in f["dead_letters"]) for f in (first, second)]
    assert chunks[0] == chunks[1] == sorted(["None", *map(str, range(1, 24))])
    assert (desk.lying(), desk.hidden()) == (24, 0)


def test_a_message_that_comes_twice_is_shown_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.die(1, 2)
    hold_s = [0, 30]
    real = desk.sqs.receive_message

    def receive(**request: Any) -> Any:
        return real(**{**request, "VisibilityTimeout": hold_s.pop(0) if hold_s else 30})

    monkeypatch.setattr(desk.sqs, "receive_message", receive)

    assert desk.json("show", code=1)["messages"] == 2
    assert hold_s == []
    assert desk.hidden() == 0


def test_while_a_look_lasts_the_messages_are_hidden_but_not_for_long(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.die(*range(1, 13))
    held: list[tuple[int, int]] = []
    real = desk.sqs.receive_message

    def receive(**request: Any) -> Any:
        answer = real(**request)
        held.append((desk.hidden(), request["VisibilityTimeout"]))
        return answer

    monkeypatch.setattr(desk.sqs, "receive_message", receive)
    desk.json("show", code=1)

    assert [hidden for hidden, _ in held] == [10, 12, 12]
    assert {hold_s for _, hold_s in held} == {30}


def test_a_look_ends_at_its_limit_and_says_so(desk: Desk) -> None:
    desk.die(*range(1, 6))

    result = desk.run("show", "--limit", "3", "--json")

    assert json.loads(result.stdout)["messages"] == 3
    assert "there may be more" in result.stderr
    assert (desk.lying(), desk.hidden()) == (5, 0)
    assert "there may be more" not in desk.run("show", "--limit", "6").stderr


@pytest.mark.parametrize("limit", ["0", "-1", "1001", "all"])
def test_a_limit_that_makes_no_sense_is_refused(desk: Desk, limit: str) -> None:
    desk.die(1)

    result = desk.run("show", "--limit", limit)

    assert (result.exit_code, result.stdout) == (2, "")


def test_a_look_that_is_refused_midway_leaves_everything_visible(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.die(*range(1, 13))
    fail(monkeypatch, desk, "receive_message", after=1)

    assert "AWS refused receive_message" in desk.json("show", code=2)["refused"]
    assert (desk.lying(), desk.hidden()) == (12, 0)


@pytest.mark.parametrize("command", ["show", "replay"])
def test_dead_letters_without_end_are_told(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setattr(dead_letters, "MAX_RECEIVES", 1)
    desk.scrawl(SECRET)

    assert "have no end after 1 receives" in desk.json(command, code=2)["refused"]
    assert desk.hidden() == 0


def test_a_person_sees_a_table(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    desk.campaign(reason="[bold]no luck")
    desk.die(2)
    message_id = desk.scrawl(SECRET)

    shown = desk.run("show").stdout

    assert "Dead letters: 2" in shown
    for words in ([C, "paused", "2", "refused", "[bold]no", "luck", "1"], ["unreadable:"]):
        assert any(line.split()[: len(words)] == words for line in shown.splitlines())
    assert message_id in shown


def test_a_person_sees_that_there_is_nothing(desk: Desk) -> None:
    assert desk.run("show").stdout.split() == ["Dead", "letters", "messages", "0"]


# ---------------------------------------------------------------------- replay


def test_a_replay_rings_for_every_dead_letter_and_takes_it_out(desk: Desk) -> None:
    desk.die(1, 2, 3)

    assert desk.json("replay", code=0) == {"replayed": 3, "left": 0}

    assert desk.rung() == [(C, 1), (C, 2), (C, 3)]
    assert (desk.lying(), desk.hidden()) == (0, 0)


def test_a_replay_takes_no_limit(desk: Desk) -> None:
    desk.die(*range(1, 112))

    assert desk.json("replay", code=0) == {"replayed": 111, "left": 0}
    assert desk.json("show", code=0)["messages"] == 0


def test_what_was_replayed_is_not_asked_to_come_back(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.die(1)
    fail(monkeypatch, desk, "change_message_visibility_batch")

    assert desk.json("replay", code=0) == {"replayed": 1, "left": 0}


def test_a_replay_of_nothing_is_well(desk: Desk) -> None:
    assert desk.json("replay", code=0) == {"replayed": 0, "left": 0}
    assert desk.rung() == []


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_no_ring_is_left_and_told(desk: Desk, body: str) -> None:
    desk.die(1)
    message_id = desk.scrawl(body)

    result = desk.run("replay", "--json")

    assert result.exit_code == 1, result.output
    assert json.loads(result.stdout) == {"replayed": 1, "left": 1}
    assert message_id in result.stderr.replace("\n", "")
    assert SECRET not in result.output
    assert desk.rung() == [(C, 1)]
    assert (desk.lying(), desk.hidden()) == (1, 0)


def test_a_ring_that_does_not_go_out_leaves_its_letter(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.die(1, 2)
    fail(monkeypatch, desk, "send_message", after=1)

    assert "AWS refused send_message" in desk.json("replay", code=2)["refused"]

    [rung] = desk.rung()
    [row] = desk.json("show", code=1)["dead_letters"]
    assert {rung[1], row["chunk"]} == {1, 2}


def test_a_replay_cut_off_before_the_delete_rings_twice(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.die(1)
    with monkeypatch.context() as broken:
        fail(broken, desk, "delete_message")
        desk.json("replay", code=2)
    assert desk.lying() == 1

    assert desk.json("replay", code=0) == {"replayed": 1, "left": 0}
    assert desk.rung() == [(C, 1), (C, 1)]


# ------------------------------------------------------------------- the stack


@pytest.mark.parametrize(
    ("command", "missing"),
    [
        ("show", "PushDeadLettersUrl"),
        ("replay", "PushDeadLettersUrl"),
        ("replay", "PushQueueUrl"),
    ],
)
def test_a_stack_without_the_queue_is_refused(desk: Desk, command: str, missing: str) -> None:
    desk.die(1)
    del desk.outputs[missing]

    refused = desk.json(command, code=2)["refused"]

    assert refused == f"The stack wxlive has no output {missing}; is it a stack of wxlive?"
    assert desk.hidden() == 0


def test_a_deployed_stack_is_reached(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.campaign()
    desk.die(2)
    outputs = {**desk.outputs, "StateTable": "state", "FollowersTable": "followers"}
    template = {
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {name: {"Value": value} for name, value in outputs.items()},
    }
    boto3.client("cloudformation").create_stack(
        StackName="plain", TemplateBody=json.dumps(template)
    )
    monkeypatch.setattr(console, "connect", connect)

    [row] = desk.json("show", "--stack", "plain", code=1)["dead_letters"]

    assert (row["campaign"], row["chunk_state"]) == (C, "refused")
    assert desk.json("replay", "--stack", "plain", code=0) == {"replayed": 1, "left": 0}
    assert desk.rung() == [(C, 2)]
