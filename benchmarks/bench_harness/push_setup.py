"""The real dependencies of a push, built in whichever process a benchmark runs it."""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench_harness.environment import Environment, wechat_client
from bench_harness.local_tables import client, dynamodb_resource, new_state_table
from bench_harness.quiet_telemetry import QuietTelemetry
from wxlive.domain.pace import interval_ms
from wxlive.stores.announcements import AnnouncementStore, EventBus
from wxlive.stores.campaigns import CampaignStore
from wxlive.stores.commands import CommandStore
from wxlive.stores.days import DayStore
from wxlive.stores.except_lists import ExceptListStore
from wxlive.stores.followers import FollowerStore
from wxlive.stores.forgotten import ForgottenStore
from wxlive.stores.ledger import LedgerStore
from wxlive.stores.living import LivingStore
from wxlive.stores.member_indexes import MemberIndexStore
from wxlive.stores.muted import MutedStore
from wxlive.stores.pace import PaceStore
from wxlive.stores.push_queue import PushQueue
from wxlive.stores.quota import QuotaStore
from wxlive.stores.recent_results import RecentResultStore
from wxlive.stores.results import ResultStore
from wxlive.stores.rooms import RoomStore
from wxlive.stores.sync_runs import SyncRunStore
from wxlive.wechat.apis import Api
from wxlive.wechat.transport import WechatSession
from wxlive_push_fanout.dependencies import Dependencies as SenderDependencies
from wxlive_push_start.dependencies import Dependencies as PlannerDependencies

if TYPE_CHECKING:
    # A cold process would import them too, which a function does not.
    from wxlive_local.local_aws import LocalAws
    from wxlive_local.simulator import Simulator

RATE, DAILY_CALLS, DAY_OFFSET_HOURS = 2000, 5000, 8


@dataclass(frozen=True)
class PushEnvironment(Environment):
    """An environment with a queue; ``chunk`` is the number of openids in a call."""

    queue_url: str
    chunk: int


def new_push_environment(
    aws: "LocalAws", wechat: "Simulator", followers_table: str, chunk: int
) -> PushEnvironment:
    """Create an empty State table and a queue, to be used with that Followers table."""
    state_table = new_state_table(aws.env)
    queue_url = aws.client("sqs").create_queue(QueueName=f"push-{state_table}")["QueueUrl"]
    return PushEnvironment(
        aws=dict(aws.env),
        wechat_url=wechat.url,
        account=(wechat.account.appid, wechat.account.secret),
        followers_table=followers_table,
        state_table=state_table,
        queue_url=queue_url,
        chunk=chunk,
    )


def _ignore(_: object) -> None:
    """Do nothing."""


def new_id() -> str:
    """Make a name for a claim, a hold, a command or a step of planning."""
    return uuid.uuid4().hex


def sender_dependencies(
    environment: PushEnvironment,
    *,
    now: Callable[[], float] = time.time,
    watch: Callable[[Any], None] = _ignore,
    session: Callable[[], WechatSession] = WechatSession,
) -> SenderDependencies:
    """Build what push_fanout works with; ``watch`` is called with each AWS client."""
    dynamodb, sqs = dynamodb_resource(environment.aws), client("sqs", environment.aws)
    for each in (dynamodb.meta.client, sqs):
        watch(each)
    state = dynamodb.Table(environment.state_table)
    return SenderDependencies(
        wechat=wechat_client(environment, state, session),
        campaigns=CampaignStore(state),
        ledger=LedgerStore(state),
        living=LivingStore(state),
        days=DayStore(state),
        rooms=RoomStore(state),
        pace=PaceStore(state, Api.PUSH_MESSAGE),
        quota=QuotaStore(state, Api.PUSH_MESSAGE, DAILY_CALLS),
        recent_results=RecentResultStore(state),
        queue=PushQueue(sqs, environment.queue_url),
        telemetry=QuietTelemetry(),
        rate=RATE,
        brake_percent=50,
        retry_busy=False,
        day_offset_hours=DAY_OFFSET_HOURS,
        now=now,
        sleep=time.sleep,
        remaining_s=lambda: 60.0,
        new_id=new_id,
    )


def planner_dependencies(
    environment: PushEnvironment,
    *,
    now: Callable[[], float] = time.time,
    watch: Callable[[Any], None] = _ignore,
) -> PlannerDependencies:
    """Build what push_start works with; ``watch`` is called with each AWS client.

    ``plan_later`` does nothing: a benchmark calls ``plan`` itself.
    """
    dynamodb = dynamodb_resource(environment.aws)
    sqs, followers = client("sqs", environment.aws), client("dynamodb", environment.aws)
    for each in (dynamodb.meta.client, sqs, followers):
        watch(each)
    state = dynamodb.Table(environment.state_table)
    return PlannerDependencies(
        wechat=wechat_client(environment, state),
        followers=FollowerStore(followers, environment.followers_table),
        campaigns=CampaignStore(state),
        ledger=LedgerStore(state),
        results=ResultStore(state),
        living=LivingStore(state),
        days=DayStore(state),
        commands=CommandStore(state),
        announcements=AnnouncementStore(state),
        events=EventBus(client("events", environment.aws), "wxlive"),
        except_lists=ExceptListStore(state),
        muted=MutedStore(state),
        members=MemberIndexStore(state),
        forgotten=ForgottenStore(followers, environment.state_table, lambda _needed: ""),
        rooms=RoomStore(state),
        runs=SyncRunStore(state),
        quota=QuotaStore(state, Api.PUSH_MESSAGE, DAILY_CALLS),
        queue=PushQueue(sqs, environment.queue_url),
        telemetry=QuietTelemetry(),
        chunk=environment.chunk,
        interval_ms=interval_ms(RATE, environment.chunk),
        day_offset_hours=DAY_OFFSET_HOURS,
        brake_percent=50,
        trial_followed_s=0,
        now=now,
        sleep=time.sleep,
        remaining_s=lambda: 900.0,
        plan_later=_ignore,
        new_id=new_id,
    )
