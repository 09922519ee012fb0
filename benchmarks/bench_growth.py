"""A push as the followers grow to ``BENCH_FOLLOWERS`` (100,000 where not said).

As deployed: the start, the planner and one sender, each a cold process that the one before
calls, on the local AWS, with the simulator as WeChat. The floor of the first push are three such
processes of which only the last one does anything, which is a push; that of planning a bare scan
of the openids with as many segments; that of memory the same process before its work.

The local AWS answers one request after the other, so a planner's writes and its first ring wait
half a second each behind its own four scans, once those read full pages. AWS scans beside them.
"""

import multiprocessing
import os
import time
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack
from typing import Any

from cold_push import (
    Turn,
    begin_cold,
    plan_cold,
    push_bare,
    scan_bare,
    send_cold,
    start_cold,
    take_ring,
)
from measuring import Measurement
from place import client, new_followers_table, resource
from pushing import DAY_OFFSET_HOURS, Place, new_place

from wxlive.followers import Follower, ListedRow
from wxlive.pace import stamp_of
from wxlive.stores.followers import FollowerStore
from wxlive.stores.sync_runs import SyncRunStore
from wxlive.sync_runs import RunState, SyncRun
from wxlive_local.local_aws import LocalAws
from wxlive_local.simulator import LIVE, Simulator

SIZES = sorted({10_000, 100_000, int(os.environ.get("BENCH_FOLLOWERS", "100000"))})
CHUNK, ROOM, INSERTED_AT_ONCE = 2000, 1001, 10_000


def measure() -> list[Measurement]:
    """Time to the first push, planning rate and memory for each size."""
    measurements: list[Measurement] = []
    with LocalAws() as aws:
        table, listed = new_followers_table(aws.env).name, 0
        for size in SIZES:
            _list_followers(aws, table, range(listed, size))
            listed = size
            measurements += _push_to(aws, table, size)
    return measurements


def _list_followers(aws: LocalAws, table: str, numbers: range) -> None:
    store = FollowerStore(client("dynamodb", aws.env), table)
    for start_at in range(0, len(numbers), INSERTED_AT_ONCE):
        rows = [
            ListedRow(f"o{number:027d}", 1_700_000_000, 1, LIVE)
            for number in numbers[start_at : start_at + INSERTED_AT_ONCE]
        ]
        store.insert_all([Follower.listed(row, 1_700_000_100) for row in rows])


def _push_to(aws: LocalAws, table: str, size: int) -> list[Measurement]:
    with Simulator() as wechat, Cold() as cold:
        place = _place(aws, wechat, table, size)
        bare_s = _first_push(wechat, lambda: _push_bare(place, cold))
        scan_s = cold(scan_bare, place).result()
    with Simulator() as wechat, Cold() as cold:
        place, turns = _place(aws, wechat, table, size), list[Turn]()
        first_s = _first_push(wechat, lambda: turns.extend(_push(place, cold, aws, size)))
    planner, sender = turns
    return [
        Measurement(
            name=f"first push, {size:,} followers",
            what="from start() to WeChat's door, three cold processes long; promised within 5 s",
            unit="s",
            floors=[bare_s],
            figures=[first_s],
        ),
        Measurement(
            name=f"planning, {size:,} followers",
            what=f"{size // CHUNK} chunks in {planner.seconds:.1f} s, while one sender sends",
            unit="followers/s",
            floors=[size / scan_s],
            figures=[size / planner.seconds],
        ),
        _memory(f"planner's memory, {size:,} followers", planner),
        _memory(f"sender's memory, {size:,} followers", sender),
    ]


def _memory(name: str, turn: Turn) -> Measurement:
    what = f"{turn.peak_mb - turn.bare_mb:.0f} MB for its work"
    return Measurement(name, what, "MB", floors=[turn.bare_mb], figures=[turn.peak_mb])


class Cold(ExitStack):
    """Has work done in fresh processes, which have to begin as cold functions have."""

    def __call__(self, work: Callable[..., Any], *args: object) -> Future[Any]:
        spawning = multiprocessing.get_context("spawn")
        return self.enter_context(ProcessPoolExecutor(1, mp_context=spawning)).submit(work, *args)


def _place(aws: LocalAws, wechat: Simulator, table: str, size: int) -> Place:
    """Prepare a push: the room is live, and a sync has counted the followers."""
    place = new_place(aws, wechat, table, CHUNK)
    wechat.set_room(ROOM, LIVE)
    now_s = time.time()
    run = SyncRun(stamp_of(now_s, DAY_OFFSET_HOURS), RunState.DONE, int(now_s), listed=size)
    SyncRunStore(resource(aws.env).Table(place.state)).open(run)
    return place


def _first_push(wechat: Simulator, push: Callable[[], object]) -> float:
    """Tell how many seconds after the beginning of ``push`` WeChat was called."""
    began_at = time.time()
    push()
    return wechat.ask(lambda platform: platform.ledger.pushes[0].at) - began_at


def _push_bare(place: Place, cold: Cold) -> None:
    for _ in ("start", "planner"):
        cold(begin_cold, place).result()
    cold(push_bare, place, ROOM).result()


def _push(place: Place, cold: Cold, aws: LocalAws, size: int) -> tuple[Turn, Turn]:
    """Start, plan and send; returns what the planner and the sender took."""
    campaign = cold(start_cold, place, ROOM).result()
    planning = cold(plan_cold, place, campaign, size)
    ring = take_ring(client("sqs", aws.env), place.queue)
    sending = cold(send_cold, place, campaign, ring)
    return planning.result(), sending.result()
