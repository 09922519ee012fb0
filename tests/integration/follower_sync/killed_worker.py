"""A worker of one turn in a process of its own, to be killed: see test_killed_processes.py.

Takes one JSON object: where everything is, who it is, how far its clock is ahead, and before
which of its calls to AWS or WeChat it is to be killed (0: never).
"""

import json
import os
import signal
import sys
import time
from itertools import count
from typing import Any

import boto3
import requests

from support.doubles import SilentTelemetry
from wxlive.settings import Secrets
from wxlive.stores.followers import FollowerStore
from wxlive.stores.forgotten import ForgottenStore
from wxlive.stores.quota import QuotaStore
from wxlive.stores.sync_runs import SyncRunStore
from wxlive.stores.tokens import TokenStore
from wxlive.wechat.apis import Api
from wxlive.wechat.client import WechatClient
from wxlive.wechat.transport import WechatSession
from wxlive_follower_sync import pages
from wxlive_follower_sync.dependencies import Dependencies
from wxlive_follower_sync.runs import open_run
from wxlive_follower_sync.walk import work


def main(job: dict[str, Any]) -> None:
    pages.PAGE_LIMIT = job["rows"]
    calls = count(1)

    def step(**_: object) -> None:
        if next(calls) == job["die_at"]:
            os.kill(os.getpid(), signal.SIGKILL)

    class Stepping(WechatSession):
        def post(self, *args: Any, **kwargs: Any) -> requests.Response:
            step()
            return super().post(*args, **kwargs)

    session = boto3.Session("test", "test", region_name="us-east-1")
    tables = session.resource("dynamodb", endpoint_url=job["aws"])
    client = session.client("dynamodb", endpoint_url=job["aws"])
    for each in (tables.meta.client, client):
        each.meta.events.register("before-call", step)
    state = tables.Table(job["state"])
    secrets = Secrets(job["appid"], job["secret"], ("token",), ())
    cache = TokenStore(state, secrets.appid)
    deps = Dependencies(
        wechat=WechatClient(job["wechat"], secrets, cache, session=Stepping),
        followers=FollowerStore(client, job["followers"]),
        runs=SyncRunStore(state),
        forgotten=ForgottenStore(client, job["state"], lambda _needed: ""),
        quota=QuotaStore(state, Api.GET_FOLLOWERS, 5000),
        telemetry=SilentTelemetry(),
        owner=job["owner"],
        day_offset_hours=8,
        guard_percent=50,
        clock_margin_s=120,
        now=lambda: time.time() + job["ahead_s"],
        sleep=time.sleep,
        remaining_s=lambda: 900.0,
        continue_later=lambda: None,
    )
    open_run(deps, job["run"])
    turn = work(deps)
    sys.stdout.write(turn.value)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
