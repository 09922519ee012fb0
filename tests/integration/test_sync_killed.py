"""Workers that are really killed: whoever takes the run up ends it right."""

import json
import signal
import subprocess
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from wxlive.followers import Follower, Source, Status
from wxlive.stores.followers import FollowerStore
from wxlive.stores.sync_runs import SyncRunStore
from wxlive.sync_runs import LEASE_S, RunState
from wxlive_local.simulator import LIVE, Simulator

if TYPE_CHECKING:
    from wxlive_local.local_aws import LocalAws

WORKER = Path(__file__).with_name("sync_worker.py")
LISTED, GONE = 20, 4


@pytest.mark.local_aws
def test_a_run_whose_workers_are_killed_again_and_again_ends_right(local_aws: "LocalAws") -> None:
    session = boto3.Session("test", "test", region_name="us-east-1")
    tables = session.resource("dynamodb", endpoint_url=local_aws.endpoint_url)
    followers, state = create(tables, "openid"), create(tables, "pk", "sk")
    store = FollowerStore(
        session.client("dynamodb", endpoint_url=local_aws.endpoint_url), followers.name
    )
    runs = SyncRunStore(state)
    with Simulator() as wechat:
        openids = wechat.add_followers(LISTED)
        for number in range(GONE):
            store.apply(Follower(f"gone{number}", Status.SUBSCRIBED, 9, 9, 1, LIVE, Source.SYNC))
        job = {
            "aws": local_aws.endpoint_url,
            "wechat": wechat.url,
            "appid": wechat.account.appid,
            "secret": wechat.account.secret,
            "followers": followers.name,
            "state": state.name,
            "rows": 6,
        }
        # Each gets a little farther than the one before; the last one is not killed.
        for life, die_at in enumerate((6, 15, 24, 33, 21, 12, 0)):
            ended = take_a_turn({**job, "die_at": die_at, "ahead_s": life * (LEASE_S + 2)})
            if ended == "ended":
                break
            assert ended == -signal.SIGKILL

    run = runs.newest()
    assert run is not None
    assert (run.state, run.listed, run.added, run.removed) == (RunState.DONE, LISTED, LISTED, GONE)
    assert run.turns > 2
    assert {f.openid for f in store.walk(Status.SUBSCRIBED)} == set(openids)
    assert store.count() == {Status.SUBSCRIBED: LISTED, Status.UNSUBSCRIBED: GONE}
    followers.delete()
    state.delete()


def take_a_turn(job: dict[str, Any]) -> str | int:
    """Let a worker live; how its turn ended, or what killed it."""
    command = [sys.executable, str(WORKER), json.dumps({**job, "owner": uuid.uuid4().hex})]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    return done.stdout.strip() or done.returncode


def create(tables: Any, *keys: str) -> Any:
    return tables.create_table(
        TableName=f"killed-{uuid.uuid4().hex}",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        KeySchema=[
            {"AttributeName": key, "KeyType": kind}
            for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)
        ],
    )
