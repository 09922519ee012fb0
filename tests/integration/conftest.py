"""A small world for one test: tables, queue and secret in memory, WeChat on the loopback.

Time stands still unless a function sleeps. Every call a function makes, to AWS or to WeChat, is
a step: the test can act just before one, or kill the function at it.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit
from uuid import uuid4

import boto3
import pytest
import requests
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError
from moto import mock_aws

from wxlive import aws
from wxlive.campaigns import Campaign, CampaignState
from wxlive.followers import Follower, Source, Status
from wxlive.intake import Intake
from wxlive.pace import day_of, interval_ms
from wxlive.settings import MessageMode, Secrets, Settings
from wxlive.stores.campaigns import CampaignStore
from wxlive.stores.followers import FollowerStore
from wxlive.stores.messages import MessageQueue
from wxlive.stores.pace import PaceStore, QuotaStore
from wxlive.stores.queue import PushQueue
from wxlive.stores.rooms import RoomStore
from wxlive.stores.sync_runs import SyncRunStore
from wxlive.stores.tokens import TokenStore
from wxlive.sync_runs import SyncRun
from wxlive.telemetry import Metric, Telemetry
from wxlive.wechat import WechatClient
from wxlive_callback import handler as callback
from wxlive_callback_backlog import handler as callback_backlog
from wxlive_follower_sync.parts import Parts as SyncParts
from wxlive_live_watch import watch
from wxlive_local.simulator import LIVE, Courier, Platform, Simulator
from wxlive_push_fanout import send
from wxlive_push_start import start

if TYPE_CHECKING:
    from wxlive.rooms import Room

EVENTS = Path(__file__).parents[2] / "events"
NOW_S = 1_795_347_000
"""2026-11-22 19:30 in Beijing."""

OFFSET_HOURS = 8
ROOM = 1001
ENV = {
    "FOLLOWERS_TABLE": "followers",
    "STATE_TABLE": "state",
    "CALLBACK_ALLOW_LIST": "none",
    "PUSH_START_FUNCTION": "wxlive-push-start",
    "WECHAT_SECRET_NAME": "wxlive/wechat",
    "MESSAGE_MODE": "secure",
    "CALLBACK_MAX_AGE_S": "0",
    "PUSH_RATE_PER_SECOND": "2000",
    "PUSH_CHUNK_SIZE": "2",
    "PUSH_RETRY_BUSY": "off",
    "ROOM_WAIT_LIMIT_S": "3600",
    "DAILY_CALL_QUOTA": "5000",
    "SYNC_DAILY_CALLS": "4500",
    "DAY_OFFSET_HOURS": str(OFFSET_HOURS),
    "SWEEP_GUARD_PERCENT": "20",
    "WATCH_DAILY_CALLS": "400",
    "STACK_NAME": "wxlive",
    "AUTO_PUSH": "off",
}


class Killed(BaseException):
    """The function's process ends here; nothing of it may run on, as after a SIGKILL."""


class Ring(NamedTuple):
    """A message that was sent to the queue."""

    campaign: str
    chunk: int
    delay_s: int = 0


class Clock:
    """Time as the functions see it; only sleeping moves it."""

    def __init__(self) -> None:
        self.now_s = float(NOW_S)
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now_s += seconds


class Steps:
    """What a function does to the outside, step by step: before and after each of its calls."""

    def __init__(self) -> None:
        self.count = 0
        self.kill_at: int | None = None
        self.fail_at: int | None = None
        self.made: list[tuple[str, dict[str, Any]]] = []
        self._dead = False
        self._actions: dict[str, list[Callable[[], object]]] = defaultdict(list)

    def before(self, call: str, *actions: Callable[[], object]) -> None:
        """Do each of these once, just before the next such calls (an AWS operation or a path)."""
        self._actions[call].extend(actions)

    def revive(self) -> None:
        """Begin another life."""
        self.count, self.kill_at, self.fail_at, self._dead = 0, None, None, False

    def coming(self, call: str, request: dict[str, Any]) -> None:
        self._step()
        if self._actions[call]:
            self._actions[call].pop(0)()
        self.made.append((call, request))

    def done(self) -> None:
        self._step()

    def _step(self) -> None:
        self.count += 1
        if self.count == self.fail_at:
            raise OSError("this step failed")
        if self._dead or self.count == self.kill_at:
            self._dead = True
            raise Killed


class Telltale(Telemetry):
    """Telemetry that logs for real and remembers what it counted."""

    def __init__(self) -> None:
        super().__init__()
        self.counted: Counter[Metric] = Counter()

    def count(self, metric: Metric, value: int = 1) -> None:
        self.counted[metric] += value


class Context:
    """What Lambda tells a function about its invocation."""

    function_name = "wxlive-me"
    aws_request_id = "11111111-2222-3333-4444-555555555555"
    remaining_ms = 900_000

    def get_remaining_time_in_millis(self) -> int:
        return self.remaining_ms


class Lambda:
    """Stands where the Lambda client does; remembers who was invoked with what."""

    def __init__(self) -> None:
        self.invoked: list[tuple[str, dict[str, Any]]] = []

    def invoke(self, **request: Any) -> None:
        assert request["InvocationType"] == "Event"
        self.invoked.append((request["FunctionName"], json.loads(request["Payload"])))


class Events:
    """Stands where the EventBridge client does; takes every event unless told to fail."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.failing = False

    def put_events(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - its name
        if not self.failing:
            self.sent += Entries
        return {"FailedEntryCount": len(Entries) if self.failing else 0}


class World:
    """Everything outside the functions, and the parts to run them with."""

    def __init__(self, wechat: Simulator, clock: Clock) -> None:
        self.wechat = wechat
        self.clock = clock
        self.steps = Steps()
        self.telemetry = Telltale()
        self.remaining_s = 900.0
        self.asked: list[Any] = []
        self.told: list[Room] = []
        mine, self._plain, self._theirs, self._client, self._sqs = _clients()
        self._watched: list[Any] = []
        self._make_tables()
        self.queue_url, self.backlog_url, self.aside_url = (
            self._sqs.create_queue(QueueName=name)["QueueUrl"]
            for name in ("push", "backlog", "aside")
        )
        # The test's own hands: unwatched, never killed.
        self.followers = FollowerStore(self._plain, "followers")
        self.campaigns = CampaignStore(mine.Table("state"))
        self.rooms = RoomStore(mine.Table("state"))
        self.runs = SyncRunStore(mine.Table("state"))
        self.quota = QuotaStore(mine.Table("state"), "push_message", 5000)
        self.pace = PaceStore(mine.Table("state"), "push_message")
        self.watch_calls(self._theirs.meta.client)
        self.watch_calls(self._client)
        self.watch_calls(self._sqs)

    # ------------------------------------------------------------- given

    def know(self, *openids: str, **changes: Any) -> None:
        """Put subscribed followers into the table."""
        usual = Follower("", Status.SUBSCRIBED, NOW_S - 900, NOW_S - 900, 1, LIVE, Source.CALLBACK)
        for openid in openids:
            self.followers.apply(replace(usual, openid=openid, **changes))

    def begin(self, *sizes: int, state: CampaignState = CampaignState.SENDING) -> Campaign:
        """Put a planned campaign with chunks of these sizes into the table."""
        day = day_of(self.clock(), OFFSET_HOURS)
        campaign = Campaign(
            "20261122T193000-1001", ROOM, day, CampaignState.PLANNED, int(self.clock())
        )
        self.campaigns.open(campaign)
        for number, size in enumerate(sizes, 1):
            openids = [f"o{number}-{i}" for i in range(size)]
            campaign = self.campaigns.add_chunk(campaign, openids, self.clock())
        campaign = self.campaigns.finish_plan(campaign, self.clock())
        self.campaigns.move(campaign.campaign, state, out_of=[CampaignState.PLANNED])
        return campaign

    # -------------------------------------------------------------- seen

    @property
    def rings(self) -> list[Ring]:
        """What was sent to the queue so far."""
        return [
            Ring(**json.loads(request["MessageBody"]), delay_s=request["DelaySeconds"])
            for request in self._sent(self.queue_url)
        ]

    @property
    def backlog(self) -> list[dict[str, str]]:
        """What the callback put into its backlog so far."""
        return [json.loads(request["MessageBody"]) for request in self._sent(self.backlog_url)]

    @property
    def aside(self) -> list[dict[str, str]]:
        """What was kept aside so far."""
        return [json.loads(request["MessageBody"]) for request in self._sent(self.aside_url)]

    def _sent(self, url: str) -> list[dict[str, Any]]:
        sent = [request for call, request in self.steps.made if call == "SendMessage"]
        return [request for request in sent if request["QueueUrl"] == url]

    @property
    def written(self) -> list[str]:
        """The openids of the writes to the Followers table, one for each write."""
        openids = []
        for call, request in self.steps.made:
            if call == "PutItem" and request["TableName"] == "followers":
                openids.append(request["Item"]["openid"]["S"])
            if call == "BatchExecuteStatement":
                openids += [st["Parameters"][0]["S"] for st in request["Statements"]]
        return openids

    def table(self) -> dict[str, Follower]:
        """The whole Followers table."""
        found = [follower for status in Status for follower in self.followers.walk(status)]
        return {follower.openid: follower for follower in found}

    def subscribed(self) -> set[str]:
        return {follower.openid for follower in self.followers.walk(Status.SUBSCRIBED)}

    def clear(self) -> None:
        """Empty both tables."""
        for openid in self.table():
            self._plain.delete_item(TableName="followers", Key={"openid": {"S": openid}})
        self.forget()

    def forget(self, pk: str | None = None) -> None:
        """Let the records of the State table expire, or those of one partition."""
        for item in self.state_items():
            if pk in {None, item["pk"]["S"]}:
                self._plain.delete_item(TableName="state", Key={"pk": item["pk"], "sk": item["sk"]})

    def state_items(self) -> list[dict[str, Any]]:
        """Every record of the State table."""
        found: list[dict[str, Any]] = self._plain.scan(TableName="state", ConsistentRead=True)[
            "Items"
        ]
        return found

    def all_runs(self) -> list[SyncRun]:
        """Every sync run."""
        keys = [item["sk"]["S"] for item in self.state_items()]
        found = [self.runs.get(sk.removeprefix("run#")) for sk in keys if sk.startswith("run#")]
        return [run for run in found if run is not None]

    def calls(self, path: str) -> int:
        """How often an API was called, as WeChat counts."""
        return int(sum(self.wechat.ledger()["calls"].get(path, {}).values()))

    def pushed(self) -> Counter[str]:
        """How often each openid was told, as WeChat counts."""
        return self.wechat.ask(lambda platform: Counter(platform.ledger.times_pushed))

    def at_wechat(self, change: Callable[[Platform], object]) -> None:
        """Change something at WeChat."""
        self.wechat.ask(change)

    # -------------------------------------------------------------- parts

    def counter(self, api: str, limit: int = 5000) -> QuotaStore:
        """The day's calls of an API, as the functions count them."""
        return QuotaStore(self._table("state"), api, limit)

    def client(self, base: str | None = None) -> WechatClient:
        """A WeChat client whose calls are steps; ``base`` is another server in WeChat's place."""
        steps = self.steps

        class Watched(requests.Session):
            def post(self, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
                steps.coming(urlsplit(str(url)).path, json.loads(kwargs["data"]))
                response = super().post(url, *args, **kwargs)
                steps.done()
                return response

        base = base or self.wechat.url
        account = self.wechat.account
        secrets = Secrets(account.appid, account.secret, (account.token,), (account.aes_key,))
        cache = TokenStore(self._table("state"), account.appid)
        return WechatClient(base, secrets, cache, now=self.clock, session=Watched)

    def sync_parts(self, owner: str = "first", **changes: Any) -> SyncParts:
        usual = SyncParts(
            wechat=self.client(),
            followers=FollowerStore(self._client, "followers"),
            runs=SyncRunStore(self._table("state")),
            quota=self.counter("get_wxa_followers"),
            owner=owner,
            day_offset_hours=OFFSET_HOURS,
            guard_percent=20,
            now=self.clock,
            sleep=self.clock.sleep,
            remaining_s=lambda: self.remaining_s,
        )
        return replace(usual, **changes)

    def start_parts(self, **changes: Any) -> start.Parts:
        usual = start.Parts(
            wechat=self.client(),
            followers=FollowerStore(self._client, "followers"),
            campaigns=CampaignStore(self._table("state")),
            rooms=RoomStore(self._table("state")),
            runs=SyncRunStore(self._table("state")),
            quota=self.counter("push_message"),
            queue=PushQueue(self._sqs, self.queue_url),
            telemetry=self.telemetry,
            chunk=2,
            interval_ms=interval_ms(2000, 2000),
            day_offset_hours=OFFSET_HOURS,
            now=self.clock,
            remaining_s=lambda: self.remaining_s,
            plan_later=self.asked.append,
        )
        return replace(usual, **changes)

    def fanout_parts(self, **changes: Any) -> send.Parts:
        usual = send.Parts(
            wechat=self.client(),
            campaigns=CampaignStore(self._table("state")),
            pace=PaceStore(self._table("state"), "push_message"),
            quota=self.counter("push_message"),
            queue=PushQueue(self._sqs, self.queue_url),
            telemetry=self.telemetry,
            interval_ms=interval_ms(2000, 2000),
            retry_busy=False,
            day_offset_hours=OFFSET_HOURS,
            now=self.clock,
            sleep=self.clock.sleep,
        )
        return replace(usual, **changes)

    def watch_parts(self, **changes: Any) -> watch.Parts:
        usual = watch.Parts(
            wechat=self.client(),
            rooms=RoomStore(self._table("state")),
            campaigns=CampaignStore(self._table("state")),
            quota=self.counter("getliveinfo", 400),
            daily_calls=400,
            other_quotas=(self.counter("push_message", 10),),
            telemetry=self.telemetry,
            auto_push=False,
            room_wait_limit_s=3600,
            day_offset_hours=OFFSET_HOURS,
            now=self.clock,
            ask_push_start=self.asked.append,
            tell=self.told.append,
        )
        return replace(usual, **changes)

    @property
    def places(self) -> dict[str, str]:
        """The settings that differ from world to world."""
        return {
            "PUSH_QUEUE_URL": self.queue_url,
            "CALLBACK_BACKLOG_URL": self.backlog_url,
            "CALLBACK_ASIDE_URL": self.aside_url,
            "WECHAT_API_BASE": self.wechat.url,
        }

    def intake(self) -> Intake:
        return Intake(
            followers=FollowerStore(self._client, "followers"),
            results=lambda: CampaignStore(self._table("state")),
            aside=MessageQueue(lambda: self._sqs, self.aside_url),
            telemetry=self.telemetry,
        )

    def backlog_parts(self) -> callback_backlog.Parts:
        return callback_backlog.Parts(self.intake(), self.telemetry, now=self.clock)

    def callback_parts(
        self, secrets: Secrets, mode: str = "secure", max_age_s: int = 0
    ) -> callback.Parts:
        settings = Settings.from_env({**ENV, **self.places})
        return callback.Parts(
            settings=replace(
                settings, message_mode=MessageMode(mode), callback_max_age_s=max_age_s
            ),
            secrets=lambda: secrets,
            intake=self.intake(),
            backlog=MessageQueue(lambda: self._sqs, self.backlog_url),
            telemetry=self.telemetry,
            now=self.clock,
        )

    # ----------------------------------------------------------- machinery

    def watch_calls(self, client: Any) -> None:
        """Make each call of an AWS client two steps."""
        client.meta.events.register("before-call", self._before_aws)
        client.meta.events.register("after-call", self._after_aws)
        self._watched.append(client)

    def unwatch(self) -> None:
        """Leave the clients to the next test."""
        for client in self._watched:
            client.meta.events.unregister("before-call", self._before_aws)
            client.meta.events.unregister("after-call", self._after_aws)

    def _after_aws(self, **_: Any) -> None:
        self.steps.done()

    def _before_aws(self, model: Any, params: dict[str, Any], **_: Any) -> Any:
        request = json.loads(params["body"])
        self.steps.coming(model.name, request)
        if model.name != "BatchExecuteStatement":
            return None
        return AWSResponse(params["url"], 200, HTTPHeaders(), None), {
            "Responses": [self._insert(statement) for statement in request["Statements"]]
        }

    def _insert(self, statement: dict[str, Any]) -> dict[str, Any]:
        """The table in memory reads no PartiQL with parameters: an insert is done by hand."""
        found = re.fullmatch(r'INSERT INTO "(\w+)" VALUE \{(.*)\}', statement["Statement"])
        assert found is not None
        names = re.findall(r"'(\w+)': \?", found[2])
        try:
            self._plain.put_item(
                TableName=found[1],
                Item=dict(zip(names, statement["Parameters"], strict=True)),
                ConditionExpression="attribute_not_exists(openid)",
            )
        except ClientError:
            return {"Error": {"Code": "DuplicateItem"}}
        return {"TableName": found[1]}

    def _table(self, name: str) -> Any:
        return self._theirs.Table(name)

    def _make_tables(self) -> None:
        for name, keys in {"followers": ["openid"], "state": ["pk", "sk"]}.items():
            schema: Any = [
                {"AttributeName": key, "KeyType": kind}
                for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)
            ]
            self._plain.create_table(
                TableName=name,
                BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
                KeySchema=schema,
            )


class Deployment:
    """The handlers' surroundings: environment, secret, Lambda. ``world`` is what they work on."""

    def __init__(self, world: World, set_env: Callable[[str, str], None]) -> None:
        self.world = world
        self.context = Context()
        self.lambda_ = Lambda()
        self.events = Events()
        self._set_env = set_env
        self._secret = boto3.client("secretsmanager").create_secret(
            Name=ENV["WECHAT_SECRET_NAME"], SecretString="{}"
        )["ARN"]
        account = world.wechat.account
        self.store_secret(
            appid=account.appid,
            secret=account.secret,
            token=account.token,
            aes_key=account.aes_key,
        )
        self.configure(**ENV, **world.places)

    def configure(self, **env: str) -> None:
        for name, value in env.items():
            self._set_env(name, value)

    def store_secret(self, **fields: str) -> None:
        boto3.client("secretsmanager").put_secret_value(
            SecretId=self._secret, SecretString=json.dumps(fields)
        )

    def delete_secret(self) -> None:
        boto3.client("secretsmanager").delete_secret(
            SecretId=self._secret, ForceDeleteWithoutRecovery=True
        )

    def event(self, path: str) -> dict[str, Any]:
        """One of the files of ``events/``."""
        event: dict[str, Any] = json.loads((EVENTS / path).read_text(encoding="utf-8"))
        return event


@cache
def _clients() -> tuple[Any, Any, Any, Any, Any]:
    """The test's tables and client, the functions' tables, client, queue: dear, so made once."""
    session = boto3.Session("testing", "testing", region_name="us-east-1")
    return (
        session.resource("dynamodb"),
        session.client("dynamodb"),
        session.resource("dynamodb"),
        session.client("dynamodb"),
        session.client("sqs"),
    )


@pytest.fixture
def _aws(monkeypatch: pytest.MonkeyPatch, one_call_at_a_time: None) -> Iterator[None]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    # A logger is made once for each name, and bound to the output of that moment.
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", f"test-{uuid4().hex}")
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "wxlive")
    with mock_aws():
        yield


@pytest.fixture
def world(_aws: None) -> Iterator[World]:
    """An empty world with one live room, at ``NOW_S``."""
    clock = Clock()
    courier = Courier(attempts=1, interval_s=0.0, result_delay_s=0.0)
    with Simulator(now=clock, courier=courier) as wechat:
        wechat.set_room(ROOM, LIVE)
        world = World(wechat, clock)
        yield world
        world.unwatch()


def _forget(*cached: Any) -> None:
    for function in cached:
        function.cache_clear()


@pytest.fixture
def deployment(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    """The world with the functions deployed into it; what a process keeps is forgotten."""
    from wxlive_follower_sync import handler as sync_handler
    from wxlive_live_watch import handler as watch_handler
    from wxlive_push_fanout import handler as fanout_handler
    from wxlive_push_start import handler as start_handler

    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", f"test-{uuid4().hex}")
    deployment = Deployment(world, monkeypatch.setenv)
    kept: Iterable[Any] = (
        aws.dynamodb,
        aws.dynamodb_client,
        aws.sqs,
        aws.secretsmanager,
        callback.build,
        callback_backlog.build,
        fanout_handler.build,
        fanout_handler.secret_store,
        fanout_handler.telemetry,
        sync_handler.telemetry,
        start_handler.telemetry,
        watch_handler.telemetry,
    )
    _forget(*kept)
    clock = SimpleNamespace(time=world.clock, sleep=world.clock.sleep)
    for handler in (sync_handler, watch_handler, fanout_handler, start_handler):
        monkeypatch.setattr(handler, "time", clock)
    monkeypatch.setattr(aws, "lambda_", lambda: deployment.lambda_)
    monkeypatch.setattr(aws, "events", lambda: deployment.events)
    for config in ((), (aws.HASTY,), (aws.BULK,)):
        world.watch_calls(aws.dynamodb(*config).meta.client)
        world.watch_calls(aws.dynamodb_client(*config))
        world.watch_calls(aws.sqs(*config))
    yield deployment
    _forget(*kept)
