"""A sync of ``BENCH_FOLLOWERS`` followers (100,000 where not said): first import, unchanged, 1 %.

The real run in a process of its own, the local AWS, the simulator as WeChat. The floor of an
import is the bare write it uses, with as many threads; the floor of an unchanged list is the bare
loop over its pages, each of which takes WeChat 200 ms.
"""

import multiprocessing
import os
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from measuring import Measurement, peak_mb, seconds
from meter import Meter
from place import client, new_followers_table, new_state_table, resource

from wxlive.aws import PARALLEL_WRITES
from wxlive.followers import Follower, ListedRow
from wxlive.settings import Secrets
from wxlive.stores.followers import FollowerStore
from wxlive.stores.pace import QuotaStore
from wxlive.stores.sync_runs import SyncRunStore
from wxlive.stores.tokens import TokenStore
from wxlive.wechat import WechatClient
from wxlive_follower_sync.pages import PAGE_LIMIT, next_cursor
from wxlive_follower_sync.parts import Parts
from wxlive_follower_sync.walk import work
from wxlive_local.local_aws import LocalAws
from wxlive_local.simulator import FOLLOWERS as LIST
from wxlive_local.simulator import Kind, Rule, Simulator

FOLLOWERS = int(os.environ.get("BENCH_FOLLOWERS", "100000"))
PAGE_S = 0.2
ROUNDS = 3 if FOLLOWERS <= 100_000 else 1  # noqa: PLR2004 - a million takes its time


@dataclass(frozen=True)
class Place:
    """Where a run works; travels to its process."""

    aws: dict[str, str]
    wechat: str
    account: tuple[str, str]
    followers: str
    state: str


@dataclass(frozen=True)
class Turn:
    """What a run took."""

    seconds: float
    peak_mb: float
    meter: dict[str, dict[str, int]]
    counts: tuple[int, int, int]

    def told(self) -> str:
        """Say per million followers what was asked of DynamoDB."""
        share = 1_000_000 / FOLLOWERS
        requests = sum(self.meter["requests"].values()) * share
        reads = sum(self.meter["read_units"].values()) * share
        writes = sum(self.meter["write_units"].values()) * share
        return (
            f"(added, changed, removed) = {self.counts}; per million followers {requests:,.0f} "
            f"requests, {reads:,.0f} read units, {writes:,.0f} write units; peak memory "
            f"{self.peak_mb:,.0f} MB"
        )


def measure() -> list[Measurement]:
    """Seconds for a first import, an unchanged list, and one with 1 % changed."""
    with LocalAws() as aws, Simulator() as wechat:
        openids = wechat.add_followers(FOLLOWERS)
        place = new_place(aws, wechat)
        bare = _alone(_insert_bare, place)
        first: Turn = _alone(_run, place)
        wechat.misbehave(Rule(LIST, Kind.DELAY_BEFORE, times=1_000_000, seconds=PAGE_S))
        unchanged = [(_alone(_walk_bare, place), _alone(_run, place)) for _ in range(ROUNDS)]
        wechat.ask(lambda platform: platform.list_followers(openids[::100], room_id=7))
        changed = (_alone(_walk_bare, place), _alone(_run, place))
    return [
        Measurement("sync, first import", first.told(), "s", [bare], [first.seconds]),
        _beside_pages("sync, unchanged", unchanged),
        _beside_pages("sync, 1 % changed", [changed]),
    ]


def new_place(aws: LocalAws, wechat: Simulator) -> Place:
    """Create empty tables for a run."""
    return Place(
        dict(aws.env),
        wechat.url,
        (wechat.account.appid, wechat.account.secret),
        new_followers_table(aws.env).name,
        new_state_table(aws.env).name,
    )


def _beside_pages(name: str, rounds: list[tuple[float, Turn]]) -> Measurement:
    return Measurement(
        name=name,
        what=rounds[-1][1].told(),
        unit="s",
        floors=[floor for floor, _ in rounds],
        figures=[turn.seconds for _, turn in rounds],
    )


def _alone(work_: Callable[[Place], Any], place: Place) -> Any:
    """Do it in a fresh process, so that memory and threads are its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work_, place).result()


def parts_at(place: Place, meter: Meter | None = None, *, ahead_s: float = 0.0) -> Parts:
    """Build the real parts of a run; its clock is ``ahead_s`` ahead."""
    tables, followers = resource(place.aws), client("dynamodb", place.aws)
    if meter is not None:
        meter.put_on(tables.meta.client)
        meter.put_on(followers)
    state = tables.Table(place.state)
    return Parts(
        wechat=_wechat(place, state),
        followers=FollowerStore(followers, place.followers),
        runs=SyncRunStore(state),
        quota=QuotaStore(state, "get_wxa_followers", 1_000_000),
        owner=uuid.uuid4().hex,
        day_offset_hours=8,
        guard_percent=20,
        now=lambda: time.time() + ahead_s,
        sleep=time.sleep,
        remaining_s=lambda: 900.0,
    )


def _run(place: Place) -> Turn:
    meter = Meter()
    parts = parts_at(place, meter)
    taken = seconds(lambda: work(parts))
    run = parts.runs.newest()
    assert run is not None and run.listed == FOLLOWERS, run  # noqa: S101, PT018 - or all is void
    return Turn(
        taken,
        peak_mb(),
        {
            "requests": dict(meter.requests),
            "read_units": dict(meter.read_units),
            "write_units": dict(meter.write_units),
        },
        (run.added, run.changed, run.removed),
    )


def _walk_bare(place: Place) -> float:
    wechat = _wechat(place, resource(place.aws).Table(place.state))

    def loop() -> None:
        cursor, asked_all = None, False
        while not asked_all:
            cursor = next_cursor(wechat.followers(cursor, PAGE_LIMIT), cursor)
            asked_all = cursor is None

    return seconds(loop)


def _insert_bare(place: Place) -> float:
    """Write so many rows into a table of their own, as the run does and with nothing else."""
    store = FollowerStore(client("dynamodb", place.aws), new_followers_table(place.aws).name)
    facts = [
        Follower.listed(ListedRow(f"o{number:027d}", 1_700_000_000, 1, 101), 1_700_000_100)
        for number in range(FOLLOWERS)
    ]

    def insert(start: int) -> None:
        store._insert(facts[start : start + 25])  # noqa: SLF001 - the bare write is what it uses

    def everybody() -> None:
        with ThreadPoolExecutor(PARALLEL_WRITES) as pool:
            list(pool.map(insert, range(0, FOLLOWERS, 25)))

    return seconds(everybody)


def _wechat(place: Place, state: Any) -> WechatClient:
    secrets = Secrets(*place.account, ("token",), ())
    return WechatClient(place.wechat, secrets, TokenStore(state, secrets.appid))
