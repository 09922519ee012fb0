"""The real parts of a push, built in whichever process a benchmark runs them."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests
from calling import Place, wechat_at
from place import client, new_state_table, resource

from wxlive.pace import interval_ms
from wxlive.stores.campaigns import CampaignStore
from wxlive.stores.followers import FollowerStore
from wxlive.stores.pace import PaceStore, QuotaStore
from wxlive.stores.queue import PushQueue
from wxlive.stores.rooms import RoomStore
from wxlive.stores.sync_runs import SyncRunStore
from wxlive.telemetry import Telemetry
from wxlive_push_fanout import send
from wxlive_push_start import start

if TYPE_CHECKING:
    # A cold process would import them too, which a function does not.
    from wxlive_local.local_aws import LocalAws
    from wxlive_local.simulator import Simulator

RATE, DAILY_CALLS, DAY_OFFSET_HOURS = 2000, 5000, 8


@dataclass(frozen=True)
class PushPlace(Place):
    """Where a push happens: beside the tables a queue. ``chunk`` is openids a call."""

    queue: str
    chunk: int


def new_place(aws: "LocalAws", wechat: "Simulator", followers: str, chunk: int) -> PushPlace:
    """Create an empty State table and a queue beside the Followers table of that name."""
    state = new_state_table(aws.env).name
    queue = aws.client("sqs").create_queue(QueueName=f"push-{state}")["QueueUrl"]
    account = (wechat.account.appid, wechat.account.secret)
    return PushPlace(dict(aws.env), wechat.url, account, followers, state, queue, chunk)


def nobody_watches(_client: object) -> None:
    """Let the AWS clients be."""


def sender_parts(
    place: PushPlace,
    *,
    now: Callable[[], float] = time.time,
    watch: Callable[[Any], None] = nobody_watches,
    session: Callable[[], requests.Session] = requests.Session,
) -> send.Parts:
    """Build what push_fanout works with; ``watch`` is shown each AWS client."""
    tables, sqs = resource(place.aws), client("sqs", place.aws)
    for each in (tables.meta.client, sqs):
        watch(each)
    state = tables.Table(place.state)
    return send.Parts(
        wechat=wechat_at(place, state, session),
        campaigns=CampaignStore(state),
        pace=PaceStore(state, "push_message"),
        quota=QuotaStore(state, "push_message", DAILY_CALLS),
        queue=PushQueue(sqs, place.queue),
        telemetry=Telemetry(),
        interval_ms=interval_ms(RATE, place.chunk),
        retry_busy=False,
        day_offset_hours=DAY_OFFSET_HOURS,
        now=now,
        sleep=time.sleep,
    )


def planner_parts(
    place: PushPlace,
    plan_later: Callable[[str], None],
    *,
    now: Callable[[], float] = time.time,
    watch: Callable[[Any], None] = nobody_watches,
) -> start.Parts:
    """Build what push_start works with; ``watch`` is shown each AWS client."""
    tables, sqs, followers = (
        resource(place.aws),
        client("sqs", place.aws),
        client("dynamodb", place.aws),
    )
    for each in (tables.meta.client, sqs, followers):
        watch(each)
    state = tables.Table(place.state)
    return start.Parts(
        wechat=wechat_at(place, state),
        followers=FollowerStore(followers, place.followers),
        campaigns=CampaignStore(state),
        rooms=RoomStore(state),
        runs=SyncRunStore(state),
        quota=QuotaStore(state, "push_message", DAILY_CALLS),
        queue=PushQueue(sqs, place.queue),
        telemetry=Telemetry(),
        chunk=place.chunk,
        interval_ms=interval_ms(RATE, place.chunk),
        day_offset_hours=DAY_OFFSET_HOURS,
        now=now,
        remaining_s=lambda: 900.0,
        plan_later=plan_later,
    )
