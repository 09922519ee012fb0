"""The real parts of a sync, built in whichever process a benchmark runs them.

Imports no more than the function would, so that a process's memory is the sync's.
"""

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from calling import Place, wechat_at
from measuring import peak_mb, seconds
from meter import Meter
from place import client, new_followers_table, new_state_table, resource

from wxlive.aws import PARALLEL_WRITES
from wxlive.followers import Follower, ListedRow
from wxlive.stores.followers import FollowerStore
from wxlive.stores.pace import QuotaStore
from wxlive.stores.sync_runs import SyncRunStore
from wxlive_follower_sync.pages import PAGE_LIMIT, next_cursor
from wxlive_follower_sync.parts import Parts
from wxlive_follower_sync.walk import work

if TYPE_CHECKING:
    from wxlive_local.local_aws import LocalAws
    from wxlive_local.simulator import Simulator


@dataclass(frozen=True)
class Turn:
    """What a run took. ``bare_mb`` is the process's memory before it; units are DynamoDB's."""

    seconds: float
    bare_mb: float
    peak_mb: float
    requests: int
    read_units: int
    write_units: int
    listed: int
    counts: tuple[int, int, int]

    def told(self) -> str:
        """Say per million followers what was asked of DynamoDB."""
        share = 1_000_000 / self.listed
        return (
            f"(added, changed, removed) = {self.counts}; per million followers "
            f"{self.requests * share:,.0f} requests, {self.read_units * share:,.0f} read units, "
            f"{self.write_units * share:,.0f} write units; peak memory {self.peak_mb:,.0f} MB, "
            f"{self.peak_mb - self.bare_mb:,.0f} MB of it for the run"
        )


def new_place(aws: "LocalAws", wechat: "Simulator") -> Place:
    """Create empty tables for a run."""
    return Place(
        dict(aws.env),
        wechat.url,
        (wechat.account.appid, wechat.account.secret),
        new_followers_table(aws.env).name,
        new_state_table(aws.env).name,
    )


def parts_at(place: Place, meter: Meter | None = None, *, ahead_s: float = 0.0) -> Parts:
    """Build the real parts of a run; its clock is ``ahead_s`` ahead."""
    tables, followers = resource(place.aws), client("dynamodb", place.aws)
    if meter is not None:
        meter.put_on(tables.meta.client)
        meter.put_on(followers)
    state = tables.Table(place.state)
    return Parts(
        wechat=wechat_at(place, state),
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


def run_sync(place: Place, followers: int) -> Turn:
    """Sync; so many followers must be listed."""
    meter = Meter()
    parts = parts_at(place, meter)
    bare_mb = peak_mb()
    taken = seconds(lambda: work(parts))
    run = parts.runs.newest()
    assert run is not None and run.listed == followers, run  # noqa: S101, PT018 - or all is void
    return Turn(
        taken,
        bare_mb,
        peak_mb(),
        meter.requests.total(),
        meter.read_units.total(),
        meter.write_units.total(),
        followers,
        (run.added, run.changed, run.removed),
    )


def walk_bare(place: Place) -> float:
    """Ask for page after page and do nothing else; returns the seconds it took."""
    wechat = wechat_at(place, resource(place.aws).Table(place.state))

    def loop() -> None:
        cursor, asked_all = None, False
        while not asked_all:
            cursor = next_cursor(wechat.followers(cursor, PAGE_LIMIT), cursor)
            asked_all = cursor is None

    return seconds(loop)


def insert_bare(place: Place, followers: int) -> float:
    """Write so many rows into a table of their own, as a run does and with nothing else."""
    store = FollowerStore(client("dynamodb", place.aws), new_followers_table(place.aws).name)
    facts = [
        Follower.listed(ListedRow(f"o{number:027d}", 1_700_000_000, 1, 101), 1_700_000_100)
        for number in range(followers)
    ]

    def insert(start: int) -> None:
        store._insert(facts[start : start + 25])  # noqa: SLF001 - the bare write is what it uses

    def everybody() -> None:
        with ThreadPoolExecutor(PARALLEL_WRITES) as pool:
            list(pool.map(insert, range(0, followers, 25)))

    return seconds(everybody)
