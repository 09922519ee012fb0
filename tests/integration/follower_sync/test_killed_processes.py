"""Workers that are really killed: whoever resumes the run ends it correctly."""

import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from factories import a_follower, a_run
from support.tables import FOLLOWERS, STATE, create_table
from wxlive.domain.followers import Mark, Status, mark_of
from wxlive.domain.sync_runs import LEASE_S, RunState
from wxlive.stores.followers import FollowerStore
from wxlive.stores.sync_runs import SyncRunStore
from wxlive_local.simulator import Simulator

if TYPE_CHECKING:
    from wxlive_local.local_aws import LocalAws

WORKER = Path(__file__).with_name("killed_worker.py")
LISTED, GONE = 20, 4
DIE_AT = (6, 15, 24, 33, 21, 12, 0)
"""Before which of its calls each worker is killed: most get farther than the one before, and the
last one is not killed."""


@pytest.fixture
def tables(local_aws: "LocalAws") -> Iterator[dict[str, str]]:
    """Tables of this test's own: their names, and the URL of the AWS that has them."""
    session = boto3.Session("test", "test", region_name="us-east-1")
    client = session.client("dynamodb", endpoint_url=local_aws.endpoint_url)
    names = {"followers": f"killed-{uuid.uuid4().hex}", "state": f"killed-{uuid.uuid4().hex}"}
    create_table(client, FOLLOWERS, names["followers"])
    create_table(client, STATE, names["state"])
    yield {"aws": local_aws.endpoint_url, **names}
    for name in names.values():
        client.delete_table(TableName=name)


@pytest.mark.local_aws
@pytest.mark.slow
def test_a_run_whose_workers_are_killed_again_and_again_ends_correctly(
    tables: dict[str, str],
) -> None:
    session = boto3.Session("test", "test", region_name="us-east-1")
    store = FollowerStore(
        session.client("dynamodb", endpoint_url=tables["aws"]), tables["followers"]
    )
    state = session.resource("dynamodb", endpoint_url=tables["aws"]).Table(tables["state"])
    with Simulator() as wechat:
        openids = wechat.add_followers(LISTED)
        earlier = a_run(state=RunState.DONE)
        SyncRunStore(state).open(earlier)
        mark = mark_of(Mark.MISSING, earlier.run)
        for number in range(GONE):
            store.apply(a_follower(f"gone{number}", changed_at=9, subscribed_at=9, sync_mark=mark))
        job = {
            "run": "killed again and again",
            **tables,
            "wechat": wechat.url,
            "appid": wechat.account.appid,
            "secret": wechat.account.secret,
            "rows": 6,
        }
        for life, die_at in enumerate(DIE_AT):
            ended = take_a_turn({**job, "die_at": die_at, "ahead_s": life * (LEASE_S + 2)})
            if ended in {"ended", "nothing_to_do"}:  # the last one may die after the end
                break
            assert ended == -signal.SIGKILL

    run = SyncRunStore(state).newest()
    assert run is not None
    assert (run.state, run.listed, run.added, run.removed) == (RunState.DONE, LISTED, LISTED, GONE)
    assert run.turns > 2
    assert {f.openid for f in store.walk(Status.SUBSCRIBED)} == set(openids)
    assert store.count() == {Status.SUBSCRIBED: LISTED, Status.UNSUBSCRIBED: GONE}


def take_a_turn(job: dict[str, Any]) -> str | int:
    """Run a worker; returns how its turn ended, or what killed it."""
    command = [sys.executable, str(WORKER), json.dumps({**job, "owner": uuid.uuid4().hex})]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=False, env=env
    )
    return done.stdout.strip() or done.returncode
