"""A small world for one test: tables and queues in memory, WeChat on the loopback.

Time stands still unless a function sleeps, and every call that a function makes is two steps.
"""

import json
from collections import Counter
from collections.abc import Callable
from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple

from factories import CAMPAIGN, a_follower, a_new_campaign
from support.clock import Clock
from support.doubles import CountingTelemetry, EventBridgeClient
from support.memory_aws import WorldAws
from support.steps import Steps
from wxlive.domain.calendar import day_of
from wxlive.domain.campaigns import Campaign, CampaignState
from wxlive.domain.chunks import Chunk, ChunkState
from wxlive.domain.followers import Follower, Status
from wxlive.domain.outcomes import Outcome
from wxlive.stores.campaigns import CampaignStore
from wxlive.stores.commands import CommandStore
from wxlive.stores.days import DayStore
from wxlive.stores.followers import FollowerStore
from wxlive.stores.ledger import LedgerStore
from wxlive.stores.living import LivingStore
from wxlive.stores.pace import PaceStore
from wxlive.stores.push_queue import ChunkMessage, OutcomeMessage, parse_message
from wxlive.stores.quota import QuotaStore
from wxlive.stores.results import ResultStore
from wxlive.stores.rooms import RoomStore
from wxlive.stores.sync_runs import SyncRunStore
from wxlive.wechat.apis import Api

if TYPE_CHECKING:
    from wxlive.domain.rooms import Room
    from wxlive.domain.sync_runs import SyncRun
    from wxlive_local.simulator import Platform, Simulator

DAY_OFFSET_HOURS = 8


class Sent(NamedTuple):
    """A message as it was sent to a queue."""

    body: str
    delay_s: int = 0


class Enqueued(NamedTuple):
    """A message that was sent to the push queue and names a chunk."""

    campaign: str
    chunk: int
    delay_s: int = 0


class World:
    """Everything outside the functions.

    Its stores are the test's own: unwatched, never killed. ``invoked`` lists what functions had
    invoked, ``published`` the rooms whose event was sent, ``ends_at`` is when an invocation ends
    (Unix s).
    """

    def __init__(self, wechat: "Simulator", clock: Clock) -> None:
        self.wechat = wechat
        self.clock = clock
        self.steps = Steps()
        self.telemetry = CountingTelemetry()
        self.events: Any = EventBridgeClient()
        self.ends_at = inf
        self.invoked: list[Any] = []
        self.published: list[Room] = []
        self.aws = WorldAws(self.steps)
        self.queues = self.aws.queues
        self._aws = self.aws.test
        self.followers = FollowerStore(self._aws.dynamodb, "followers")
        self.campaigns = CampaignStore(self._aws.state)
        self.ledger = LedgerStore(self._aws.state)
        self.results = ResultStore(self._aws.state)
        self.living = LivingStore(self._aws.state)
        self.days = DayStore(self._aws.state)
        self.commands = CommandStore(self._aws.state)
        self.rooms = RoomStore(self._aws.state)
        self.runs = SyncRunStore(self._aws.state)
        self.quota = QuotaStore(self._aws.state, Api.PUSH_MESSAGE, 5000)
        self.pace = PaceStore(self._aws.state, Api.PUSH_MESSAGE)

    # ---------------------------------------------------------------- given

    def put_followers(self, *openids: str, **changes: Any) -> None:
        """Put subscribed followers into the table."""
        for openid in openids:
            self.followers.apply(a_follower(openid, **{"room_id": 1, **changes}))

    def put_campaign(
        self, *sizes: int, state: CampaignState = CampaignState.SENDING, **facts: Any
    ) -> Campaign:
        """Put the living campaign into the table, planned, with chunks of these sizes.

        ``facts`` are fields of it as it then stands.
        """
        opened = a_new_campaign(
            day=day_of(self.clock(), DAY_OFFSET_HOURS), created_at=int(self.clock())
        )
        self.campaigns.open(opened, before=self.living.load(), release=None)
        return self.plan(opened, *sizes, state=state, **facts)

    def plan(self, campaign: Campaign, *sizes: int, **facts: Any) -> Campaign:
        """Plan an open campaign: chunks of these sizes, whose openids name their chunk."""
        for number, size in enumerate(sizes, 1):
            openids = [f"o{number}-{i}" for i in range(size)]
            campaign = self.campaigns.add_chunk(
                campaign, openids, self.clock(), plan_id=f"step {number}", cursors={}
            )
        self.campaigns.finish_plan(campaign, self.clock(), plan_id="last step")
        return self.change_campaign(campaign.campaign, **facts)

    def change_campaign(self, campaign: str = CAMPAIGN, **facts: Any) -> Campaign:
        """Give a campaign these facts, whatever its state; ``None`` removes one."""
        key = {"pk": "campaign", "sk": campaign}
        item = self._aws.state.get_item(Key=key, ConsistentRead=True)["Item"]
        changed = {**item, **facts}
        self._aws.state.put_item(Item={k: v for k, v in changed.items() if v is not None})
        return self.campaign(campaign)

    def claim(self, number: int = 1, campaign: str = CAMPAIGN) -> None:
        """Have another worker claim a chunk."""
        self.ledger.claim(
            self.campaign(campaign),
            self.chunk(number, campaign),
            claim="other",
            now_s=self.clock(),
            slot_ms=round(self.clock() * 1000),
            quota=self.quota,
            day=day_of(self.clock(), DAY_OFFSET_HOURS),
        )

    def settle(self, number: int, to: ChunkState, campaign: str = CAMPAIGN) -> None:
        """Have another worker claim a chunk and store its outcome."""
        self.claim(number, campaign)
        message_id = f"m-{number}" if to is ChunkState.ACCEPTED else None
        outcome = Outcome(to, message_id=message_id)
        self.ledger.finish(campaign, number, outcome, claim="other", now_s=self.clock())

    def remaining_s(self) -> float:
        """Return how long the present invocation may still run."""
        return self.ends_at - self.clock()

    def at_wechat(self, change: Callable[["Platform"], object]) -> None:
        """Change something at WeChat."""
        self.wechat.run_on_loop(change)

    def quota_of(self, api: Api, limit: int = 5000) -> QuotaStore:
        """Return the counter of an API's calls with another limit."""
        return QuotaStore(self._aws.state, api, limit)

    def save(self) -> Any:
        """Return what is in both tables, to ``restore``."""
        return self.aws.save()

    def restore(self, saved: Any) -> None:
        """Put both tables back as they were."""
        self.aws.restore(saved)

    def forget(self, pk: str) -> None:
        """Let the records of one partition of the State table expire."""
        for item in self.state_items():
            if item["pk"] == pk:
                self._aws.state.delete_item(Key={"pk": item["pk"], "sk": item["sk"]})

    # ----------------------------------------------------------------- seen

    @property
    def sent_to_push(self) -> list[Sent]:
        """What functions sent to the push queue."""
        return self._sent("push")

    @property
    def enqueued(self) -> list[Enqueued]:
        """The messages of the push queue that name a chunk."""
        parsed = [(parse_message(sent.body), sent.delay_s) for sent in self.sent_to_push]
        return [
            Enqueued(message.campaign, message.chunk, delay_s)
            for message, delay_s in parsed
            if isinstance(message, ChunkMessage)
        ]

    @property
    def outcomes(self) -> list[OutcomeMessage]:
        """The messages of the push queue that carry an outcome."""
        parsed = [parse_message(sent.body) for sent in self.sent_to_push]
        return [message for message in parsed if isinstance(message, OutcomeMessage)]

    @property
    def backlog(self) -> list[dict[str, str]]:
        """What the callback put into its backlog."""
        return [json.loads(sent.body) for sent in self._sent("backlog")]

    @property
    def quarantined(self) -> list[dict[str, str]]:
        """What was quarantined."""
        return [json.loads(sent.body) for sent in self._sent("quarantine")]

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
        """Return the whole Followers table."""
        return {follower.openid: follower for follower in self.followers.walk()}

    def subscribed(self) -> set[str]:
        return {follower.openid for follower in self.followers.walk(Status.SUBSCRIBED)}

    def state_items(self) -> list[dict[str, Any]]:
        """Return every record of the State table."""
        items: list[dict[str, Any]] = self._aws.state.scan(ConsistentRead=True)["Items"]
        return items

    def newest_run(self) -> "SyncRun":
        run = self.runs.newest()
        assert run is not None
        return run

    def all_runs(self) -> list["SyncRun"]:
        """Return every sync run, in the order in which they were opened."""
        keys = sorted(item["sk"] for item in self.state_items() if item["pk"] == "sync")
        found = [self.runs.get(sk.removeprefix("run#")) for sk in keys]
        return [run for run in found if run is not None]

    def campaign(self, campaign: str = CAMPAIGN) -> Campaign:
        found = self.campaigns.get(campaign)
        assert found is not None
        return found

    def chunk(self, number: int = 1, campaign: str = CAMPAIGN) -> Chunk:
        row = self.ledger.chunk(campaign, number)
        assert row is not None
        return row

    def openids_by_chunk(self, campaign: str = CAMPAIGN) -> list[list[str]]:
        """Return the openids of each chunk, in order of the ledger."""
        chunks = self.ledger.chunks(campaign)
        return [self.ledger.openids(campaign, chunk.number) or [] for chunk in chunks]

    def calls(self, path: str) -> int:
        """Return how often an API was called, as WeChat counts."""
        return int(sum(self.wechat.ledger()["calls"].get(path, {}).values()))

    def pushed(self) -> Counter[str]:
        """Return how often each openid was notified, as WeChat counts."""
        return self.wechat.run_on_loop(lambda platform: Counter(platform.ledger.times_pushed))

    def _sent(self, queue: str) -> list[Sent]:
        sent = []
        for call, request in self.steps.made:
            if request.get("QueueUrl") != self.queues[queue]:
                continue
            entries = request["Entries"] if call == "SendMessageBatch" else [request]
            sent += [Sent(e["MessageBody"], e.get("DelaySeconds", 0)) for e in entries]
        return sent
