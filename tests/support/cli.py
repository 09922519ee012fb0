"""An operator who types commands, and a stack in memory behind them."""

import io
import json
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from click.testing import CliRunner, Result

from factories import CAMPAIGN, NOW_S, a_campaign, a_chunk, a_result
from support.clock import Clock
from support.memory_followers import (
    MemoryExceptLists,
    MemoryFollowers,
    MemoryForgotten,
    MemoryMemberIndexes,
    MemoryMuted,
)
from support.memory_ledger import MemoryLedger
from support.memory_stores import (
    MemoryCampaigns,
    MemoryDays,
    MemoryHistory,
    MemoryLiving,
    MemoryQuota,
    MemoryResults,
    MemoryRooms,
    MemoryRuns,
)
from wxlive.domain.chunks import Chunk, ChunkState
from wxlive.domain.reports import report
from wxlive.stores.living import Living
from wxlive_cli.main import main
from wxlive_cli.report.facts import CampaignFacts, derive_facts
from wxlive_cli.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Callable

OUTPUTS = {
    "FollowersTable": "followers",
    "StateTable": "state",
    "FollowerSyncFunction": "wxlive-follower-sync",
    "LiveWatchFunction": "wxlive-live-watch",
    "PushStartFunction": "wxlive-push-start",
    "PushQueueUrl": "push",
    "PushRatePerSecond": "2000",
    "DailyCallQuota": "5000",
    "SyncDailyCalls": "4500",
    "DayOffsetHours": "8",
    "WechatSecretName": "wxlive/wechat",
}
CALLER = "arn:aws:sts::123456789012:assumed-role/Operators/li"
SECRET = {
    "appid": "wx0123456789abcdef",
    "secret": "5" * 32,
    "token": "aWord123",
    "aes_key": "A" * 43,
}


class ScriptedClock(Clock):
    """A clock whose every sleep runs the next of ``meanwhile``."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: list[Callable[[], object]] = []

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        if self.meanwhile:
            self.meanwhile.pop(0)()


def interrupt() -> None:
    """Press Ctrl-C; for ``ScriptedClock.meanwhile``."""
    raise KeyboardInterrupt


class Functions:
    """Replaces the Lambda client: records what is invoked, and answers ``answer``."""

    def __init__(self) -> None:
        self.invoked: list[tuple[str, dict[str, Any]]] = []
        self.invoked_async: list[tuple[str, dict[str, Any]]] = []
        self.answer: Any = {}
        self.failed = False

    def invoke(self, **request: Any) -> dict[str, Any]:
        invocation = request["FunctionName"], json.loads(request["Payload"])
        if request.get("InvocationType") == "Event":
            self.invoked_async.append(invocation)
            return {}
        self.invoked.append(invocation)
        failure = {"FunctionError": "Unhandled"} if self.failed else {}
        return {"Payload": io.BytesIO(json.dumps(self.answer).encode()), **failure}


class Messages:
    """Replaces the SQS client: records what is sent, or refuses it."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.refusal: Exception | None = None

    def send_message(self, **request: Any) -> dict[str, Any]:
        if self.refusal is not None:
            raise self.refusal
        self.sent.append((request["QueueUrl"], json.loads(request["MessageBody"])))
        return {}


class Operator:
    """Types commands on a stack, whose stores the test may read and change."""

    def __init__(self, clock: ScriptedClock) -> None:
        self.clock = clock
        self.functions = Functions()
        self.outputs = dict(OUTPUTS)
        self.parameters = {"AutoPush": "on"}
        self.stacks_named: list[str] = []
        self.followers = MemoryFollowers()
        self.campaigns = MemoryCampaigns()
        self.living = MemoryLiving()
        self.ledger = MemoryLedger()
        self.results = MemoryResults()
        self.except_lists = MemoryExceptLists()
        self.muted = MemoryMuted()
        self.forgotten = MemoryForgotten()
        self.members = MemoryMemberIndexes()
        self.rooms = MemoryRooms()
        self.days = MemoryDays()
        self.runs = MemoryRuns()
        self.sync_budget = MemoryQuota(4500)
        self.push_quota = MemoryQuota(5000)
        self.history = MemoryHistory()
        self.caller: Callable[[], str] = lambda: CALLER
        self.messages = Messages()
        self.sqs: Any = self.messages

    def connect(self, name: str) -> Stack:
        """Connect as the command does."""
        self.stacks_named.append(name)
        functions: Any = self.functions
        return Stack(
            name=name,
            outputs=self.outputs,
            parameters=self.parameters,
            followers=self.followers,
            campaigns=self.campaigns,
            living=self.living,
            ledger=self.ledger,
            results=self.results,
            except_lists=self.except_lists,
            muted=self.muted,
            forgotten=self.forgotten,
            members=self.members,
            rooms=self.rooms,
            days=self.days,
            runs=self.runs,
            sync_budget=self.sync_budget,
            push_quota=self.push_quota,
            history=self.history,
            functions=functions,
            sqs=self.sqs,
            caller=self.caller,
        )

    @property
    def executed(self) -> list[dict[str, Any]]:
        """The commands that push_start was sent, each with an id of its own, left out here."""
        payloads = [dict(sent) for name, sent in self.functions.invoked if "push-start" in name]
        ids = [payload.pop("command") for payload in payloads]
        assert all(ids)
        assert len(set(ids)) == len(ids)
        return payloads

    def run(self, *words: str, typed: str = "") -> Result:
        return CliRunner().invoke(main, list(words), input=typed)

    def json(self, *words: str, code: int = 0, typed: str = "") -> dict[str, Any]:
        """Run with ``--json``: stdout is one JSON object and nothing else."""
        result = self.run(*words, "--json", typed=typed)
        assert result.exit_code == code, result.output
        assert result.stdout.count("\n") == 1
        facts: dict[str, Any] = json.loads(result.stdout)
        return facts

    def refusal(self, *words: str, typed: str = "") -> str:
        """Run with and without ``--json``, be refused with exit code 2; return the sentence."""
        result, as_json = self.run(*words, typed=typed), self.run(*words, "--json", typed=typed)
        assert (result.exit_code, as_json.exit_code) == (2, 2), result.output
        assert result.stdout == ""
        assert result.stderr == as_json.stderr
        [sentence] = result.stderr.splitlines()
        assert json.loads(as_json.stdout) == {"refused": sentence.removeprefix("wxlive: ")}
        return sentence

    def campaign(self, *chunks: Chunk, **facts: Any) -> None:
        """Store a campaign that sends, with these chunks."""
        audience = sum(chunk.openids for chunk in chunks)
        campaign = a_campaign(**{"audience": audience, **facts})
        self.campaigns.rows[campaign.campaign] = campaign
        self.living.row = Living(campaign.campaign, 0)
        for chunk in chunks:
            self.chunk(chunk, campaign=campaign.campaign)

    def change_campaign(self, **facts: Any) -> None:
        """Store the campaign with other facts."""
        self.campaigns.rows[CAMPAIGN] = replace(self.campaigns.rows[CAMPAIGN], **facts)

    def chunk(self, chunk: Chunk, *, campaign: str = CAMPAIGN) -> None:
        """Store a chunk, claimed now unless it is queued or says otherwise."""
        is_claimed = chunk.claimed_at or chunk.state is ChunkState.QUEUED
        row = chunk if is_claimed else replace(chunk, claimed_at=NOW_S)
        self.ledger.rows[campaign, chunk.number] = row

    def result(self, message_id: str, **facts: Any) -> None:
        """Store WeChat's report on a call."""
        self.results.rows.append(a_result(message_id, **facts))


def a_call(number: int, state: ChunkState = ChunkState.ACCEPTED, **facts: Any) -> Chunk:
    """Return a chunk of 2000 openids that was claimed ``number`` seconds after ``NOW_S``."""
    return a_chunk(number, state, **{"openids": 2000, "claimed_at": NOW_S + number, **facts})


def facts_of(
    *calls: Chunk, reported: int = 99, orphans: int = 0, room_name: str = "", **campaign: Any
) -> CampaignFacts:
    """Return the facts of a campaign with these calls, of which the first have a result."""
    errors = {"openid_error": 1, "relation_error": 40, "user_recv_limit": 7, "internal_error": 2}
    results = [
        a_result(call.message_id, total=call.openids, time_s=NOW_S + 99, **errors)
        for call in calls[:reported]
        if call.message_id
    ]
    results += [a_result(f"orphan-{room_name}-{n}", total=2000) for n in range(orphans)]
    audience = sum(call.openids for call in calls)
    whole = report(a_campaign(audience=audience, **campaign), calls, results, 0)
    return derive_facts(whole, calls, results, limit=2000, room_name=room_name)


@cache
def client(service: str) -> Any:
    """Return a client for the AWS in memory; making one takes long, so all tests share it."""
    return session().client(service)  # type: ignore[call-overload]  # any service


@cache
def session() -> boto3.Session:
    """Return the session of these clients."""
    return boto3.Session("testing", "testing", region_name="us-east-1")
