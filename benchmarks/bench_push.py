"""A push: how soon the first call is made, how long the planning takes, in how much memory.

As deployed: the start, the planner and one sender, each a cold process that the one before
invokes, on the local AWS, with the simulator as WeChat. The floor of the first push is three such
processes of which only the last one does anything, which is a push; the floor of planning is a bare
scan of the openids with as many segments; the floor of memory is the same process before its work.

The local AWS serves one request after the other, so the writes of a planner and its first message
wait half a second each behind its own four scans, once those read full pages. AWS serves them in
parallel.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from bench_harness.local_tables import client, dynamodb_resource
from bench_harness.made_up_followers import filled_followers_table
from bench_harness.measurement import Measurement
from bench_harness.processes import FreshProcesses, ProcessUsage, peak_memory
from bench_harness.push_processes import (
    plan_push,
    push_made_up_chunk,
    receive_chunk,
    scan_openids,
    send_while_planning,
    start_idle_planner,
    start_push,
)
from bench_harness.push_setup import DAY_OFFSET_HOURS, PushEnvironment, new_push_environment
from wxlive.domain.calendar import stamp_of
from wxlive.domain.sync_runs import RunState, SyncRun
from wxlive.stores.sync_runs import SyncRunStore
from wxlive_local.local_aws import LocalAws
from wxlive_local.simulator import LIVE, Simulator

CHUNK, ROOM, ROUNDS = 2000, 1001, 3


@dataclass(frozen=True)
class Floor:
    """The bare push and the bare scan (s)."""

    first_push_s: float
    scan_s: float


@dataclass(frozen=True)
class Push:
    """The first push (s), and what planner and sender took."""

    first_push_s: float
    planner: ProcessUsage
    sender: ProcessUsage


def measure() -> list[Measurement]:
    """Measure the first push, planning and memory for 10,000 and 100,000 followers."""
    return [*_measure(10_000, ROUNDS), *_measure(100_000, ROUNDS)]


def measure_quick() -> list[Measurement]:
    """Measure the same for 10,000 followers."""
    return _measure(10_000, 2)


def _measure(followers: int, rounds: int) -> list[Measurement]:
    with LocalAws() as aws:
        return measure_at(aws, filled_followers_table(aws, followers), followers, rounds)


def measure_at(aws: LocalAws, table: str, followers: int, rounds: int) -> list[Measurement]:
    """Push to the followers in that table."""
    pairs = [(_floor(aws, table, followers), _push(aws, table, followers)) for _ in range(rounds)]
    floors, pushes = [floor for floor, _ in pairs], [push for _, push in pairs]
    planners = [push.planner for push in pushes]
    return [
        Measurement(
            "first push",
            "from start() to the call of WeChat, through three cold processes; promised within 5 s",
            "s",
            [floor.first_push_s for floor in floors],
            [push.first_push_s for push in pushes],
            followers,
        ),
        Measurement(
            "planning",
            f"{followers / planners[-1].seconds:,.0f} followers a second, while one sender sends",
            "s",
            [floor.scan_s for floor in floors],
            [planner.seconds for planner in planners],
            followers,
        ),
        peak_memory("planning", planners, followers),
        peak_memory("sending", [push.sender for push in pushes], followers),
    ]


def _floor(aws: LocalAws, table: str, followers: int) -> Floor:
    with Simulator() as wechat, FreshProcesses() as processes:
        environment = _prepare(aws, wechat, table, followers)
        first_push_s = _seconds_to_first_push(wechat, partial(_push_only, environment, processes))
        return Floor(first_push_s, processes.submit(scan_openids, environment).result())


def _push_only(environment: PushEnvironment, processes: FreshProcesses) -> None:
    for _ in ("start", "planner"):
        processes.submit(start_idle_planner, environment).result()
    processes.submit(push_made_up_chunk, environment, ROOM).result()


def _push(aws: LocalAws, table: str, followers: int) -> Push:
    usages: list[ProcessUsage] = []
    with Simulator() as wechat, FreshProcesses() as processes:
        environment = _prepare(aws, wechat, table, followers)

        def push() -> None:
            campaign = processes.submit(start_push, environment, ROOM).result()
            planning = processes.submit(plan_push, environment, campaign, followers)
            first = receive_chunk(client("sqs", aws.env), environment.queue_url)
            sending = processes.submit(send_while_planning, environment, campaign, first)
            usages.extend((planning.result(), sending.result()))

        first_push_s = _seconds_to_first_push(wechat, push)
    planner, sender = usages
    return Push(first_push_s, planner, sender)


def _prepare(aws: LocalAws, wechat: Simulator, table: str, followers: int) -> PushEnvironment:
    """Set the room live, and store a sync that has counted the followers."""
    environment = new_push_environment(aws, wechat, table, CHUNK)
    wechat.set_room(ROOM, LIVE)
    now_s = time.time()
    run = SyncRun(stamp_of(now_s, DAY_OFFSET_HOURS), RunState.DONE, int(now_s), listed=followers)
    SyncRunStore(dynamodb_resource(aws.env).Table(environment.state_table)).open(run)
    return environment


def _seconds_to_first_push(wechat: Simulator, push: Callable[[], object]) -> float:
    """Push; returns how many seconds after its beginning WeChat was called."""
    started_at = time.time()
    push()
    return wechat.run_on_loop(lambda platform: platform.ledger.pushes[0].at) - started_at
