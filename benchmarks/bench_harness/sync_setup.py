"""The real dependencies of a sync, built in whichever process a benchmark runs it."""

import time
import uuid
from typing import TYPE_CHECKING

from bench_harness.dynamodb_meter import DynamodbMeter
from bench_harness.environment import Environment, wechat_client
from bench_harness.local_tables import (
    client,
    dynamodb_resource,
    new_followers_table,
    new_state_table,
)
from bench_harness.quiet_telemetry import QuietTelemetry
from wxlive.stores.followers import FollowerStore
from wxlive.stores.forgotten import ForgottenStore
from wxlive.stores.quota import QuotaStore
from wxlive.stores.sync_runs import SyncRunStore
from wxlive.wechat.apis import Api
from wxlive_follower_sync.dependencies import Dependencies

if TYPE_CHECKING:
    # A fresh process would import them too, which a function does not.
    from wxlive_local.local_aws import LocalAws
    from wxlive_local.simulator import Simulator

DAILY_CALLS = 1_000_000


def new_sync_environment(aws: "LocalAws", wechat: "Simulator") -> Environment:
    """Create empty tables."""
    return Environment(
        aws=dict(aws.env),
        wechat_url=wechat.url,
        account=(wechat.account.appid, wechat.account.secret),
        followers_table=new_followers_table(aws.env),
        state_table=new_state_table(aws.env),
    )


def sync_dependencies(
    environment: Environment, meter: DynamodbMeter | None = None, *, clock_ahead_s: float = 0.0
) -> Dependencies:
    """Build what follower_sync works with; ``meter`` counts its requests to DynamoDB."""
    dynamodb, followers = (
        dynamodb_resource(environment.aws),
        client("dynamodb", environment.aws),
    )
    if meter is not None:
        meter.watch(dynamodb.meta.client)
        meter.watch(followers)
    state = dynamodb.Table(environment.state_table)
    return Dependencies(
        wechat=wechat_client(environment, state),
        followers=FollowerStore(followers, environment.followers_table),
        runs=SyncRunStore(state),
        forgotten=ForgottenStore(followers, environment.state_table, lambda _needed: ""),
        quota=QuotaStore(state, Api.GET_FOLLOWERS, DAILY_CALLS),
        telemetry=QuietTelemetry(),
        owner=uuid.uuid4().hex,
        day_offset_hours=8,
        guard_percent=20,
        clock_margin_s=120,
        now=lambda: time.time() + clock_ahead_s,
        sleep=time.sleep,
        remaining_s=lambda: 900.0,
        continue_later=lambda: None,
    )
