"""A push: how soon the first call is made, how long the planning takes, in how much memory.

As deployed: the start, the planner and one sender, each a cold process that the one before
calls, on the local AWS, with the simulator as WeChat. The floor of the first push are three such
processes of which only the last one does anything, which is a push; that of planning a bare scan
of the openids with as many segments; that of memory the same process before its work.

The local AWS answers one request after the other, so a planner's writes and its first ring wait
half a second each behind its own four scans, once those read full pages. AWS scans beside them.
"""

import multiprocessing
import time
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack
from functools import partial
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
from place import QUICK_AWS, client, new_followers_table, resource
from pushing import DAY_OFFSET_HOURS, PushPlace, new_place

from wxlive.followers import Follower, ListedRow
from wxlive.pace import stamp_of
from wxlive.stores.followers import FollowerStore
from wxlive.stores.sync_runs import SyncRunStore
from wxlive.sync_runs import RunState, SyncRun
from wxlive_local.local_aws import LocalAws
from wxlive_local.simulator import LIVE, Simulator

CHUNK, ROOM, ROUNDS = 2000, 1001, 3


def measure() -> list[Measurement]:
    """Time to the first push, planning and memory for 10,000 and 100,000 followers."""
    return [*_measure(10_000, ROUNDS), *_measure(100_000, ROUNDS)]


def measure_quick() -> list[Measurement]:
    """Measure the same for 10,000 followers."""
    return _measure(10_000, 2)


def _measure(followers: int, rounds: int) -> list[Measurement]:
    with LocalAws(program=QUICK_AWS) as aws:
        return push_at(aws, new_list(aws, followers), followers, rounds)


def push_at(aws: LocalAws, table: str, followers: int, rounds: int) -> list[Measurement]:
    """Push to the followers in that table."""
    bare, turns = list[tuple[float, float]](), list[tuple[float, Turn, Turn]]()
    for _ in range(rounds):
        with Simulator() as wechat, Cold() as cold:
            place = _place(aws, wechat, table, followers)
            first_s = _first_push(wechat, partial(_push_bare, place, cold))
            bare.append((first_s, cold(scan_bare, place).result()))
        with Simulator() as wechat, Cold() as cold:
            place = _place(aws, wechat, table, followers)
            push = Push(place, cold, aws, followers)
            first_s = _first_push(wechat, push.run)
            turns.append((first_s, push.planner, push.sender))
    planners, senders = [planner for _, planner, _ in turns], [sender for *_, sender in turns]
    return [
        Measurement(
            "first push",
            "from start() to WeChat's door, three cold processes long; promised within 5 s",
            "s",
            [first_s for first_s, _ in bare],
            [first_s for first_s, *_ in turns],
            followers,
        ),
        Measurement(
            "planning",
            f"{followers / planners[-1].seconds:,.0f} followers a second, while one sender sends",
            "s",
            [scan_s for _, scan_s in bare],
            [planner.seconds for planner in planners],
            followers,
        ),
        _memory("planning, memory", planners, followers),
        _memory("sending, memory", senders, followers),
    ]


def new_list(aws: LocalAws, followers: int) -> str:
    """Fill a Followers table of its own; returns its name."""
    table = str(new_followers_table(aws.env).name)
    store = FollowerStore(client("dynamodb", aws.env), table)
    for begin in range(0, followers, CHUNK):
        rows = (
            ListedRow(f"o{number:027d}", 1_700_000_000, 1, LIVE)
            for number in range(begin, min(begin + CHUNK, followers))
        )
        store.insert_all([Follower.listed(row, 1_700_000_100) for row in rows])
    return table


def _memory(name: str, turns: list[Turn], followers: int) -> Measurement:
    return Measurement(
        name,
        "the process at its peak",
        "MB",
        [turn.bare_mb for turn in turns],
        [turn.peak_mb for turn in turns],
        followers,
    )


class Cold(ExitStack):
    """Has work done in fresh processes, which have to begin as cold functions have."""

    def __call__(self, work: Callable[..., Any], *args: object) -> Future[Any]:
        spawning = multiprocessing.get_context("spawn")
        return self.enter_context(ProcessPoolExecutor(1, mp_context=spawning)).submit(work, *args)


def _place(aws: LocalAws, wechat: Simulator, table: str, size: int) -> PushPlace:
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


def _push_bare(place: PushPlace, cold: Cold) -> None:
    for _ in ("start", "planner"):
        cold(begin_cold, place).result()
    cold(push_bare, place, ROOM).result()


class Push:
    """A start, a planner and a sender; after ``run`` it knows what the last two took."""

    planner: Turn
    sender: Turn

    def __init__(self, place: PushPlace, cold: Cold, aws: LocalAws, followers: int) -> None:
        self._place, self._cold, self._aws, self._followers = place, cold, aws, followers

    def run(self) -> None:
        campaign = self._cold(start_cold, self._place, ROOM).result()
        planning = self._cold(plan_cold, self._place, campaign, self._followers)
        ring = take_ring(client("sqs", self._aws.env), self._place.queue)
        sending = self._cold(send_cold, self._place, campaign, ring)
        self.planner, self.sender = planning.result(), sending.result()
