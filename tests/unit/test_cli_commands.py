"""The operator's command: its JSON, its exit codes, its sentences; tables in memory."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner, Result
from moto import mock_aws

from wxlive.campaigns import Campaign, CampaignState, ChunkState
from wxlive.errors import Misconfigured
from wxlive.events import PushResult
from wxlive.followers import Follower, Source, Status
from wxlive.pace import day_ends_at
from wxlive.stores.campaigns import CampaignStore
from wxlive.stores.followers import FollowerStore
from wxlive.stores.pace import QuotaStore
from wxlive.stores.sync_runs import SyncRunStore
from wxlive.sync_runs import LEASE_S, RunState, SyncRun
from wxlive_cli import console, push, sync
from wxlive_cli.main import main
from wxlive_cli.stack import Stack, connect

NOW_S = 1_795_347_000
C, ROOM, DAY = "20261122T193000-1001", 1001, "2026-11-22"
OUTPUTS = {
    "FollowersTable": "followers",
    "StateTable": "state",
    "PushStartFunction": "wxlive-push-start",
    "FollowerSyncFunction": "wxlive-follower-sync",
    "PushRatePerSecond": "2000",
    "DayOffsetHours": "8",
    "SyncDailyCalls": "4500",
    "DailyCallQuota": "5000",
}
STATES = ["queued", "sending", "accepted", "refused", "unknown", "cancelled"]
RESULTS = [
    "reported_chunks",
    "total",
    "success",
    "openid_error",
    "relation_error",
    "user_recv_limit",
    "internal_error",
]
PUSH_KEYS = {"campaign", "room_id", "state", "reason", "audience", "chunks", "openids", "results"}
SYNC_KEYS = {"run", "state", "listed", "added", "changed", "removed", "calls"}


class Functions:
    """Stands where the Lambda client does: remembers the wishes, answers what it is told."""

    def __init__(self) -> None:
        self.wishes: list[tuple[str, dict[str, Any]]] = []
        self.poked: list[tuple[str, dict[str, Any]]] = []
        self.answer: Any = {}
        self.failed = False

    def invoke(self, **request: Any) -> dict[str, Any]:
        wish = request["FunctionName"], json.loads(request["Payload"])
        if request.get("InvocationType") == "Event":
            self.poked.append(wish)
            return {}
        self.wishes.append(wish)
        failure = {"FunctionError": "Unhandled"} if self.failed else {}
        return {"Payload": io.BytesIO(json.dumps(self.answer).encode()), **failure}


@cache
def _tables() -> Any:
    """DynamoDB as this file sees it: dear, so made once."""
    return boto3.Session("testing", "testing", region_name="us-east-1").resource("dynamodb")


@cache
def _client() -> Any:
    return boto3.Session("testing", "testing", region_name="us-east-1").client("dynamodb")


class Desk:
    """An operator at a terminal, and the stack behind it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.functions = Functions()
        self.asked_for: list[str] = []
        self.now_s = float(NOW_S)
        self.meanwhile: list[Callable[[], object]] = []
        tables = _tables()
        for name, keys in {"followers": ["openid"], "state": ["pk", "sk"]}.items():
            schema: Any = [
                {"AttributeName": key, "KeyType": kind}
                for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)
            ]
            tables.meta.client.create_table(
                TableName=name,
                BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
                KeySchema=schema,
            )
        state = self.state = tables.Table("state")
        self.followers = FollowerStore(_client(), "followers")
        self.campaigns = CampaignStore(state)
        self.runs = SyncRunStore(state)
        self.quota = QuotaStore(state, "push_message", 5000)
        self.sync_budget = QuotaStore(state, "get_wxa_followers", 4500)
        monkeypatch.setattr(console, "connect", self._connect)
        clock = SimpleNamespace(
            time=lambda: self.now_s, monotonic=lambda: self.now_s, sleep=self._sleep
        )
        monkeypatch.setattr(push, "time", clock)
        monkeypatch.setattr(sync, "time", clock)

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(main, list(words))

    def json(self, *words: str, code: int = 0) -> dict[str, Any]:
        """Run with ``--json``: stdout is one JSON object and nothing else."""
        result = self.run(*words, "--json")
        assert result.exit_code == code, result.output
        assert result.stdout.count("\n") == 1
        facts: dict[str, Any] = json.loads(result.stdout)
        return facts

    def refusal(self, *words: str) -> str:
        """Run, be refused with exit code 2; the same with ``--json``. Returns the sentence."""
        result, as_json = self.run(*words), self.run(*words, "--json")
        assert (result.exit_code, as_json.exit_code) == (2, 2)
        assert result.stdout == ""
        assert result.stderr == as_json.stderr
        [sentence] = result.stderr.splitlines()
        assert json.loads(as_json.stdout) == {"refused": sentence.removeprefix("wxlive: ")}
        return sentence

    def campaign(self, *fates: ChunkState, **changes: Any) -> None:
        """A planned campaign with one chunk of two openids for each fate."""
        campaign = Campaign(C, ROOM, DAY, CampaignState.SENDING, NOW_S)
        self.campaigns.open(campaign)
        for number, fate in enumerate(fates, 1):
            campaign = self.campaigns.add_chunk(campaign, [f"o{number}a", f"o{number}b"], NOW_S)
            if fate is not ChunkState.QUEUED:
                self.end(number, fate)
        if changes.get("fully_planned", True):
            self.campaigns.finish_plan(campaign, NOW_S)

    def end(self, number: int, fate: ChunkState) -> None:
        chunk = self.campaigns.chunk(C, number)
        assert chunk is not None
        quota = self.quota.taking(DAY, NOW_S)
        self.campaigns.claim(C, chunk, claim="c", now_s=NOW_S, quota=quota)
        facts: dict[str, Any] = (
            {"message_id": f"m{number}"} if fate is ChunkState.ACCEPTED else {"reason": "no luck"}
        )
        self.campaigns.finish(C, number, fate, claim="c", **facts)

    def report(self, number: int) -> None:
        self.campaigns.add_result(PushResult(f"m{number}", ROOM, NOW_S, 2, 1, 0, 1, 0, 0), NOW_S)

    def _connect(self, name: str) -> Stack:
        self.asked_for.append(name)
        functions: Any = self.functions
        sqs: Any = None
        return Stack(
            name,
            OUTPUTS,
            self.followers,
            self.campaigns,
            self.runs,
            self.sync_budget,
            functions,
            sqs,
            self.state,
        )

    def _sleep(self, seconds: float) -> None:
        self.now_s += seconds
        if self.meanwhile:
            self.meanwhile.pop(0)()


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "WXLIVE_STACK"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def desk(credentials: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    with mock_aws():
        yield Desk(monkeypatch)


def follower(openid: str, status: Status = Status.SUBSCRIBED) -> Follower:
    return Follower(openid, status, 20, 10, ROOM, 101, Source.CALLBACK)


# ------------------------------------------------------------------- followers


def test_followers_are_counted_by_status(desk: Desk) -> None:
    desk.followers.apply_all([follower("a"), follower("b"), follower("c", Status.UNSUBSCRIBED)])

    assert desk.json("followers", "count") == {"subscribed": 2, "unsubscribed": 1}


def test_a_follower_is_shown_as_its_record(desk: Desk) -> None:
    desk.followers.apply(follower("a"))

    assert desk.json("followers", "get", "a") == {
        "openid": "a",
        "status": "subscribed",
        "subscribed_at": 10,
        "changed_at": 20,
        "room_id": ROOM,
        "room_status": 101,
        "source": "callback",
    }


def test_an_unknown_follower_is_unknown_and_exit_code_1(desk: Desk) -> None:
    assert desk.json("followers", "get", "a", code=1) == {"openid": "a", "status": "unknown"}


def test_an_export_has_the_contracts_header_and_the_subscribed(desk: Desk, tmp_path: Path) -> None:
    desk.followers.apply_all([follower("a"), follower('b",x'), follower("c", Status.UNSUBSCRIBED)])
    out = tmp_path / "followers.csv"
    out.write_text("an older export", encoding="utf-8")

    assert desk.json("followers", "export", "--out", str(out)) == {"rows": 2}

    text = out.read_text(encoding="utf-8")
    assert text.splitlines()[0] == (
        "openid,status,subscribed_at,changed_at,room_id,room_status,source"
    )
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {row["openid"] for row in rows} == {"a", 'b",x'}
    assert rows[0] | {"openid": "a"} == {
        "openid": "a",
        "status": "subscribed",
        "subscribed_at": "10",
        "changed_at": "20",
        "room_id": str(ROOM),
        "room_status": "101",
        "source": "callback",
    }


def test_an_export_of_nobody_is_a_header(desk: Desk, tmp_path: Path) -> None:
    assert desk.json("followers", "export", "--out", str(tmp_path / "x.csv")) == {"rows": 0}
    assert len((tmp_path / "x.csv").read_text(encoding="utf-8").splitlines()) == 1


def test_an_export_into_a_missing_folder_is_refused(desk: Desk, tmp_path: Path) -> None:
    out = tmp_path / "missing" / "x.csv"

    assert f"{out} can't be written" in desk.refusal("followers", "export", "--out", str(out))


def test_an_export_that_fails_midway_leaves_what_was_there(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def walk(_: FollowerStore, status: Status) -> Iterator[Follower]:
        yield follower("a", status)
        raise ClientError({"Error": {"Code": "Throttled", "Message": "slower"}}, "Scan")

    monkeypatch.setattr(FollowerStore, "walk", walk)
    out = tmp_path / "x.csv"
    out.write_text("an older export", encoding="utf-8")

    assert "AWS refused Scan: slower" in desk.refusal("followers", "export", "--out", str(out))
    assert [file.name for file in tmp_path.iterdir()] == ["x.csv"]
    assert out.read_text(encoding="utf-8") == "an older export"


# ---------------------------------------------------------------------- status


def test_a_status_has_the_contracts_shape(desk: Desk) -> None:
    desk.campaign(ChunkState.ACCEPTED, ChunkState.ACCEPTED, ChunkState.QUEUED)
    desk.report(1)

    facts = desk.json("status")

    assert facts.keys() >= PUSH_KEYS
    assert list(facts["chunks"]) == list(facts["openids"]) == STATES
    assert list(facts["results"]) == RESULTS
    assert (facts["campaign"], facts["room_id"], facts["state"]) == (C, ROOM, "sending")
    assert (facts["audience"], facts["reason"]) == (6, None)
    assert (facts["chunks"]["accepted"], facts["openids"]["queued"]) == (2, 2)
    results = {"reported_chunks": 1, "total": 2, "success": 1, "relation_error": 1}
    assert results.items() <= facts["results"].items()
    assert desk.json("status", C) == facts


@pytest.mark.parametrize(
    ("fate", "code"),
    [(ChunkState.ACCEPTED, 0), (ChunkState.REFUSED, 1), (ChunkState.UNKNOWN, 1)],
)
def test_a_status_in_trouble_exits_with_1(desk: Desk, fate: ChunkState, code: int) -> None:
    desk.campaign(fate)

    assert desk.json("status", code=code)["chunks"][fate.value] == 1


def test_a_failed_campaign_exits_with_1_and_says_why(desk: Desk) -> None:
    desk.campaign(ChunkState.QUEUED)
    desk.campaigns.move(
        C, CampaignState.FAILED, out_of=[CampaignState.SENDING], reason="another room"
    )

    facts = desk.json("status", code=1)

    assert (facts["state"], facts["reason"]) == ("failed", "another room")
    assert facts["chunks"]["cancelled"] == 1


def test_without_a_campaign_a_status_is_refused(desk: Desk) -> None:
    assert "There has been no campaign yet" in desk.refusal("status")
    assert "There is no campaign nobody" in desk.refusal("status", "nobody")


def test_a_person_sees_a_table_with_everything_that_is_not_zero(desk: Desk) -> None:
    desk.campaign(ChunkState.ACCEPTED, ChunkState.UNKNOWN)
    desk.report(1)
    desk.campaigns.add_result(PushResult("orphan", ROOM, NOW_S, 1, 1, 0, 0, 0, 0), NOW_S)

    result = desk.run("status")

    assert result.exit_code == 1
    shown = re.sub(r" +", " ", result.stdout)
    for line in ("accepted 2 openids in 1 calls", "unknown 2 openids", "why 1 no luck",
                 "result: relation error 1", "orphan results 1"):  # fmt: skip
        assert line in shown
    assert "refused" not in shown


# ------------------------------------------------------------------------ push


def test_a_rehearsal_shows_what_the_function_says(desk: Desk) -> None:
    facts = {"campaign": None, "audience": 5, "calls": 3, "minutes": 0.1, "quota_after": 4997}
    desk.functions.answer = facts

    assert desk.json("push", "--room", "1001", "--dry-run") == facts
    [(function, wish)] = desk.functions.wishes
    assert function == "wxlive-push-start"
    assert wish == {
        "action": "start",
        "room_id": 1001,
        "dry_run": True,
        "audience": {"rooms": []},
    }
    shown = desk.run("push", "--room", "1001", "--dry-run").stdout
    assert "4,997" in shown
    assert "campaign" not in shown


def test_an_audience_is_named_by_rooms_and_by_beijing_time(desk: Desk) -> None:
    desk.functions.answer = {"audience": 1, "calls": 1, "minutes": 0.0, "quota_after": 1}

    desk.json(
        "push", "--room", "1001", "--dry-run", "--subscribed-in", "7", "--subscribed-in", "9",
        "--since", "2026-11-01", "--before", "2026-11-22T19:30",
    )  # fmt: skip

    [(_, wish)] = desk.functions.wishes
    assert wish["audience"] == {"rooms": [7, 9], "since": 1_793_462_400, "before": NOW_S}


def test_a_push_answers_once_the_audience_is_planned(desk: Desk) -> None:
    desk.campaign(ChunkState.QUEUED, fully_planned=False)
    campaign = desk.campaigns.get(C)
    assert campaign is not None
    desk.meanwhile = [lambda: None, lambda: desk.campaigns.finish_plan(campaign, NOW_S)]
    desk.functions.answer = {"campaign": C}

    facts = desk.json("push", "--room", "1001")

    assert facts.keys() >= PUSH_KEYS
    assert facts["audience"] == 2
    assert desk.meanwhile == []


def test_a_push_whose_plan_takes_long_answers_before_it_is_done(desk: Desk) -> None:
    desk.campaign(fully_planned=False)
    desk.functions.answer = {"campaign": C}

    assert desk.json("push", "--room", "1001")["state"] == "sending"
    assert 10 <= desk.now_s - NOW_S < 12


def test_a_repeated_push_says_so_on_stderr(desk: Desk) -> None:
    desk.campaign(ChunkState.ACCEPTED)
    desk.functions.answer = {"campaign": C, "repeated": True}

    result = desk.run("push", "--room", "1001", "--json")

    assert "pushed today by campaign" in result.stderr
    assert json.loads(result.stdout)["campaign"] == C


@pytest.mark.parametrize(
    ("fate", "code"),
    [(ChunkState.ACCEPTED, 0), (ChunkState.REFUSED, 1), (ChunkState.UNKNOWN, 1)],
)
def test_a_waiting_push_returns_when_everything_is_sent_and_reported(
    desk: Desk, fate: ChunkState, code: int
) -> None:
    desk.campaign(ChunkState.QUEUED, ChunkState.QUEUED)
    desk.functions.answer = {"campaign": C}
    desk.meanwhile = [
        lambda: desk.end(1, ChunkState.ACCEPTED),
        lambda: desk.end(2, fate),
        lambda: desk.report(1),
        lambda: desk.report(2),
    ]

    facts = desk.json("push", "--room", "1001", "--wait", code=code)

    assert facts["state"] == "settled"
    assert len(desk.meanwhile) == (0 if fate is ChunkState.ACCEPTED else 1)


@pytest.mark.parametrize(
    "fates", [[ChunkState.QUEUED], [ChunkState.ACCEPTED]], ids=["not sent", "not reported"]
)
def test_a_waiting_push_gives_up_after_the_timeout_with_1(
    desk: Desk, fates: list[ChunkState]
) -> None:
    desk.campaign(*fates)
    desk.functions.answer = {"campaign": C}

    desk.json("push", "--room", "1001", "--wait", "--timeout", "30", code=1)

    assert 30 <= desk.now_s - NOW_S <= 32


def test_a_waiting_push_rings_again_when_nothing_moves(desk: Desk) -> None:
    desk.campaign(ChunkState.QUEUED)
    desk.functions.answer = {"campaign": C}

    desk.json("push", "--room", "1001", "--wait", "--timeout", "200", code=1)

    assert desk.functions.poked == [("wxlive-push-start", {"action": "resume", "campaign": C})] * 2


@pytest.mark.parametrize("state", [CampaignState.PAUSED, CampaignState.WAITING_LIVE])
def test_a_campaign_that_is_held_is_not_rung_for(desk: Desk, state: CampaignState) -> None:
    desk.campaign(ChunkState.QUEUED)
    desk.campaigns.move(C, state, out_of=[CampaignState.SENDING])
    desk.functions.answer = {"campaign": C}

    desk.json("push", "--room", "1001", "--wait", "--timeout", "200", code=1)

    assert desk.functions.poked == []


def test_a_waiting_push_that_is_cancelled_returns_at_once_with_1(desk: Desk) -> None:
    desk.campaign(ChunkState.QUEUED)
    desk.functions.answer = {"campaign": C}
    desk.meanwhile = [
        lambda: desk.campaigns.move(C, CampaignState.CANCELLED, out_of=[CampaignState.SENDING])
    ]

    facts = desk.json("push", "--room", "1001", "--wait", code=1)

    assert (facts["state"], facts["chunks"]["cancelled"]) == ("cancelled", 1)
    assert desk.now_s - NOW_S < 5


def test_a_campaign_that_vanished_is_told(desk: Desk) -> None:
    desk.functions.answer = {"campaign": C}

    assert "has vanished" in desk.refusal("push", "--room", "1001")


@pytest.mark.parametrize("command", ["pause", "resume", "cancel"])
def test_a_control_asks_the_function_and_shows_the_campaign(desk: Desk, command: str) -> None:
    desk.campaign(ChunkState.QUEUED)
    desk.functions.answer = {"campaign": C}

    facts = desk.json(command, C)

    assert facts.keys() >= PUSH_KEYS
    assert desk.functions.wishes == [("wxlive-push-start", {"action": command, "campaign": C})]


def test_the_operators_own_list_is_compared_with_the_table(desk: Desk, tmp_path: Path) -> None:
    left = follower("left", Status.UNSUBSCRIBED)
    desk.followers.apply_all([follower("both"), follower("only here"), left])
    own, out = tmp_path / "crm.csv", tmp_path / "out.csv"
    own.write_text("name,openid\nA,both\nB,left\nC,only there\n", encoding="utf-8-sig")

    facts = desk.json("followers", "import", "--check", str(own), "--out", str(out), code=1)

    assert (facts["file_rows"], facts["differ"]) == (3, 3)
    assert facts["unknown_in_file_subscribed_in_table"] == 1
    expected = {
        ("only here", "unknown", "subscribed"),
        ("left", "subscribed", "unsubscribed"),
        ("only there", "subscribed", "unknown"),
    }
    assert {tuple(each.values()) for each in facts["first"]} == expected
    with out.open(newline="", encoding="utf-8") as lines:
        assert {tuple(row.values()) for row in csv.DictReader(lines)} == expected


def test_an_export_compared_with_its_table_does_not_differ(desk: Desk, tmp_path: Path) -> None:
    left = follower("left", Status.UNSUBSCRIBED)
    desk.followers.apply_all([follower("a"), follower("b"), left])
    out = tmp_path / "export.csv"
    desk.json("followers", "export", "--out", str(out))

    facts = desk.json("followers", "import", "--check", str(out))

    assert facts == {"file_rows": 2, "differ": 0, "first": []}


def test_a_plain_list_of_openids_will_do(desk: Desk, tmp_path: Path) -> None:
    desk.followers.apply(follower("a"))
    own = tmp_path / "openids.txt"
    own.write_text("a\n\n", encoding="utf-8")
    assert desk.json("followers", "import", "--check", str(own))["differ"] == 0


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"openid,status\na,gone\n", "Line 2 has no openid, or a status other than"),
        (b"name,openid\nA\n", "Line 2 has no openid"),
        (b"a\n b\n,x\n", "Line 3 has no openid"),
        (b"\xff\xfe\x00", "can't be read as CSV in UTF-8"),
    ],
)
def test_a_list_that_makes_no_sense_is_refused(
    desk: Desk, tmp_path: Path, content: bytes, why: str
) -> None:
    own = tmp_path / "crm.csv"
    own.write_bytes(content)
    assert why in desk.refusal("followers", "import", "--check", str(own))


# ------------------------------------------------------------------------ sync


def open_run(desk: Desk, **changes: Any) -> SyncRun:
    run = SyncRun(**{"run": "r1", "state": RunState.OPEN, "started_at": NOW_S, **changes})
    desk.runs.open(run)
    desk.functions.answer = run.summary()
    return run


def end_run(desk: Desk, before: SyncRun, **changes: Any) -> None:
    facts = {"run": "r1", "state": RunState.DONE, "started_at": NOW_S, **changes}
    desk.runs.acquire("worker", desk.now_s)
    desk.runs.save(before, SyncRun(**facts), "worker", desk.now_s)
    desk.runs.release("worker")


def test_a_sync_answers_at_once_with_its_run(desk: Desk) -> None:
    open_run(desk)

    facts = desk.json("sync")

    assert facts.keys() >= SYNC_KEYS
    assert (facts["run"], facts["state"], facts["listed"]) == ("r1", "open", 0)
    assert desk.functions.wishes == [("wxlive-follower-sync", {"action": "start"})]


@pytest.mark.parametrize(
    ("state", "code"), [(RunState.DONE, 0), (RunState.FAILED, 1), (RunState.GUARDED, 1)]
)
def test_a_waiting_sync_returns_with_the_end_of_the_run(
    desk: Desk, state: RunState, code: int
) -> None:
    run = open_run(desk)
    counts = {"listed": 9, "added": 4, "changed": 3, "removed": 2, "calls": 5}
    desk.meanwhile = [lambda: None, lambda: end_run(desk, run, state=state, **counts)]

    facts = desk.json("sync", "--wait", code=code)

    assert (facts["state"], facts["run"]) == (state.value, "r1")
    assert counts.items() <= facts.items()


def test_a_waiting_sync_does_not_wait_for_tomorrows_quota(desk: Desk) -> None:
    open_run(desk, resume_at=NOW_S + 9999, reason="used up")

    facts = desk.json("sync", "--wait", code=1)

    assert (facts["state"], facts["resume_at"]) == ("open", NOW_S + 9999)
    assert desk.now_s - NOW_S <= 2


def test_a_waiting_sync_gives_up_after_the_timeout_with_1(desk: Desk) -> None:
    open_run(desk)

    assert desk.json("sync", "--wait", "--timeout", "20", code=1)["state"] == "open"
    assert 20 <= desk.now_s - NOW_S <= 22


@pytest.mark.parametrize("lease", ["run out", "none"])
def test_a_waiting_sync_has_a_dead_workers_run_worked_on(desk: Desk, lease: str) -> None:
    run = open_run(desk)
    if lease == "run out":
        desk.runs.acquire("dead", NOW_S - LEASE_S - 1)
    patience = int(sync.REVIVE_AFTER_S / sync.POLL_S) + 1
    desk.meanwhile = [*[lambda: None] * patience, lambda: end_run(desk, run)]

    assert desk.json("sync", "--wait")["state"] == "done"
    assert desk.functions.poked == [("wxlive-follower-sync", {"action": "work"})]


def test_a_waiting_sync_leaves_a_living_worker_alone(desk: Desk) -> None:
    open_run(desk)
    desk.runs.acquire("alive", NOW_S)

    desk.json("sync", "--wait", "--timeout", "20", code=1)

    assert desk.functions.poked == []


def test_a_sync_says_how_far_it_is_and_when_it_should_be_done(desk: Desk) -> None:
    open_run(desk, pages=2, listed=4000, expected=12_000, worked_ms=1000, updated_ms=NOW_S * 1000)

    facts = desk.json("sync")

    assert (facts["listed"], facts["expected"], facts["done_at"]) == (4000, 12_000, NOW_S + 2)


def test_a_sync_whose_budget_ends_today_is_foretold_for_tomorrow(desk: Desk) -> None:
    desk.sync_budget.seed(DAY, 4499, NOW_S)
    open_run(desk, pages=2, listed=4000, expected=12_000, worked_ms=1000, updated_ms=NOW_S * 1000)

    done_at = desk.json("sync")["done_at"]

    assert done_at == pytest.approx(day_ends_at(NOW_S, 8) + 2, abs=1)


def test_progress_is_told_in_a_line() -> None:
    run = SyncRun(run="r", state=RunState.OPEN, started_at=NOW_S, pages=2, listed=4000)
    assert sync.progress(run, None) == "4,000 listed, 2 pages"
    line = sync.progress(replace(run, expected=12_000), NOW_S)
    assert line.startswith("4,000 of about 12,000 listed, 2 pages, done about 2026-11-22 ")


def test_a_guarded_run_is_confirmed_and_followed(desk: Desk) -> None:
    run = open_run(desk)
    desk.meanwhile = [lambda: end_run(desk, run, removed=7)]

    facts = desk.json("sync", "--confirm-sweep", "r1", "--wait")

    assert desk.functions.wishes == [
        ("wxlive-follower-sync", {"action": "confirm_sweep", "run": "r1"})
    ]
    assert (facts["state"], facts["removed"]) == ("done", 7)


def test_a_run_that_vanished_is_told(desk: Desk) -> None:
    desk.functions.answer = {"run": "r1", "state": "open"}

    assert "The run r1 has vanished" in desk.refusal("sync", "--wait")


# -------------------------------------------------------------------- refusals

WAYS = [
    ["sync"],
    ["push", "--room", "1001"],
    ["push", "--room", "1001", "--dry-run"],
    ["pause", C],
    ["resume", C],
    ["cancel", C],
]


@pytest.mark.parametrize("words", WAYS, ids=" ".join)
def test_what_a_function_refuses_is_told_in_its_words(desk: Desk, words: list[str]) -> None:
    desk.functions.answer = {"refused": "Room 1001 is ended (103). Nothing was sent"}

    assert desk.refusal(*words) == "wxlive: Room 1001 is ended (103). Nothing was sent"


@pytest.mark.parametrize("answer", [None, [], {"errorMessage": "Task timed out"}])
@pytest.mark.parametrize("words", WAYS[:2], ids=" ".join)
def test_a_function_that_fails_is_told_without_a_trace(
    desk: Desk, words: list[str], answer: Any
) -> None:
    desk.functions.answer = answer
    desk.functions.failed = True

    assert "/wxlive/wxlive/ says why" in desk.refusal(*words)


@pytest.mark.parametrize(
    "words",
    [
        ["push"],
        ["push", "--room", "x"],
        ["push", "--room", "-1"],
        ["pause"],
        ["followers", "get"],
        ["followers", "export"],
        ["dance"],
        ["status", "a", "b"],
        ["sync", "--timeout", "soon"],
    ],
    ids=" ".join,
)
def test_wrong_use_exits_with_2_and_words_on_stderr(desk: Desk, words: list[str]) -> None:
    result = desk.run(*words)

    assert (result.exit_code, result.stdout) == (2, "")
    assert "Error: " in result.stderr
    assert desk.functions.wishes == []


@pytest.mark.parametrize(
    ("env", "words", "name"),
    [
        ({}, [], "wxlive"),
        ({"WXLIVE_STACK": "mine"}, [], "mine"),
        ({"WXLIVE_STACK": "mine"}, ["--stack", "yours"], "yours"),
    ],
)
def test_the_stack_is_named_by_option_or_environment(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, env: dict[str, str], words: list[str], name: str
) -> None:
    for key, value in env.items():
        monkeypatch.setenv(key, value)

    desk.json("followers", "count", *words)

    assert desk.asked_for == [name]


@pytest.mark.parametrize(
    ("choice", "risk"),
    [("resend-unknown", "may be told twice"), ("accept-unknown", "may never be told")],
)
def test_resolving_the_unknown_says_what_it_risks(desk: Desk, choice: str, risk: str) -> None:
    desk.campaign(ChunkState.UNKNOWN, ChunkState.ACCEPTED)
    desk.functions.answer = {"campaign": C}

    result = desk.run("resolve", C, f"--{choice}")

    assert result.exit_code == 0
    assert f"2 followers in 1 calls {risk}." in result.stderr
    wish = {"action": choice.replace("-", "_"), "campaign": C}
    assert desk.functions.wishes == [("wxlive-push-start", wish)]


def test_resolving_needs_a_choice(desk: Desk) -> None:
    result = desk.run("resolve", C)

    assert result.exit_code == 2
    assert "choose --resend-unknown or --accept-unknown" in result.stderr
    assert desk.functions.wishes == []


def test_the_stack_may_be_named_before_the_command(desk: Desk) -> None:
    desk.run("--stack", "theirs", "followers", "count")
    desk.run("--stack", "theirs", "followers", "count", "--stack", "yours")

    assert desk.asked_for == ["theirs", "yours"]


# ------------------------------------------------------------------- the stack

EVERY_COMMAND = [*WAYS, ["status"], ["followers", "count"], ["followers", "get", "a"]]


def plain_stack(outputs: dict[str, str]) -> str:
    """A stack with these outputs."""
    template = {
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {name: {"Value": value} for name, value in outputs.items()},
    }
    boto3.client("cloudformation").create_stack(
        StackName="plain", TemplateBody=json.dumps(template)
    )
    return "plain"


@mock_aws
def test_a_stack_is_found_by_its_outputs(credentials: None) -> None:
    stack = connect(plain_stack(OUTPUTS))

    assert stack.name == "plain"
    assert stack.outputs == OUTPUTS


@mock_aws
@pytest.mark.parametrize("missing", ["StateTable", "FollowersTable"])
def test_another_programs_stack_is_refused(credentials: None, missing: str) -> None:
    outputs = {name: value for name, value in OUTPUTS.items() if name != missing}

    with pytest.raises(Misconfigured, match=f"no output {missing}; is it a stack of wxlive"):
        connect(plain_stack(outputs))


@mock_aws
@pytest.mark.parametrize("words", EVERY_COMMAND, ids=" ".join)
def test_without_the_stack_every_command_is_refused(credentials: None, words: list[str]) -> None:
    result = CliRunner().invoke(main, [*words, "--stack", "nowhere", "--json"])

    assert result.exit_code == 2
    assert "There is no stack nowhere" in json.loads(result.stdout)["refused"]
    assert result.stderr.startswith("wxlive: There is no stack nowhere")


def test_where_aws_cannot_be_reached_a_command_is_refused(
    credentials: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")

    result = CliRunner().invoke(main, ["status", "--json"])

    assert result.exit_code == 2
    assert result.stderr.startswith("wxlive: AWS can't be used: ")
    assert len(result.stderr.splitlines()) == 1


def test_what_aws_refuses_is_told(credentials: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: str) -> Stack:
        error: Any = {"Error": {"Code": "AccessDenied", "Message": "not allowed"}}
        raise ClientError(error, "DescribeStacks")

    monkeypatch.setattr(console, "connect", refuse)

    result = CliRunner().invoke(main, ["status"])

    assert (result.exit_code, result.stderr) == (
        2,
        "wxlive: AWS refused DescribeStacks: not allowed\n",
    )
