"""The main job on a metered stack, part by part: what each part used."""

import json
import random
import string
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bench_costs.bill import scaled
from bench_costs.metered_functions import FunctionUsage, MeteredFunction, metered_functions
from bench_harness.built_functions import UNSCHEDULED, function_name
from wxlive_local.demo import Operator
from wxlive_local.progress import Progress
from wxlive_local.simulator import FOLLOWERS as LIST
from wxlive_local.simulator import LIVE, Fault, FaultRule, FollowChange, Simulator
from wxlive_local.up import LocalStack, Options, local_stack

FOLLOWERS, EVENTS, IDLE_ROUNDS, ROOM, PAGE_S = 40_000, 400, 20, 1001, 0.2
MILLION = 1_000_000
NAMES = ("callback", "callback_backlog", "follower_sync", "live_watch", "push_start", "push_fanout")

HOURS_A_MONTH, MINUTES_A_MONTH = 730, 43_800

CALLBACKS = "a million callbacks"
FIRST_IMPORT = "a million followers listed the first time"

_OPENID_LETTERS = string.ascii_letters + string.digits + "-_"


@dataclass(frozen=True)
class Job:
    """What a job used by function, and how often it makes a million (or a month).

    ``hours_a_month`` are those in which its metrics are emitted. ``is_idle`` is for what runs all
    the time, without followers or rooms.
    """

    name: str
    by_function: Mapping[str, FunctionUsage]
    factor: float
    hours_a_month: float = 1
    is_idle: bool = False

    @property
    def used(self) -> dict[str, float]:
        """Everything that it used, for a million (or a month)."""
        used = Counter[str]()
        metrics = set[tuple[str, ...]]()
        for usage in self.by_function.values():
            used.update(usage.used)
            metrics |= usage.metrics
        return {
            **scaled(used, self.factor),
            "metric_month": len(metrics) * self.hours_a_month / HOURS_A_MONTH,
        }


def run_jobs() -> list[Job]:
    """Run every job once, on a stack of its own."""
    with (
        local_stack(Options(parameters=UNSCHEDULED)) as stack,
        metered_functions(stack, NAMES) as functions,
    ):
        return _JobRunner(stack, functions).run()


class _JobRunner:
    """Runs the jobs one after the other: each needs what the ones before have stored."""

    def __init__(self, stack: LocalStack, functions: Mapping[str, MeteredFunction]) -> None:
        assert stack.simulator is not None  # noqa: S101 - the options ask for one
        self._stack, self._functions = stack, functions
        self._wechat: Simulator = stack.simulator
        self._operator = Operator(stack, Progress(quiet=True))
        self._openids = list(_openids(FOLLOWERS))

    def run(self) -> list[Job]:
        poll_metrics = self._start_functions()["live_watch"].metrics
        return [
            self._callbacks(),
            *self._syncs(),
            self._push(),
            self._idle_watch(poll_metrics),
            self._idle_reconcile(),
            self._idle_sync(),
        ]

    def _start_functions(self) -> dict[str, FunctionUsage]:
        """Invoke every function; returns what no job counts.

        Only the first poll of live_watch calls WeChat. At most 400 a day do; a month of those costs
        $0.03, which is not counted.
        """
        self._deliver("oWake", 8)
        self._operator.run("sync", "--wait")
        self._invoke("live_watch", {})
        return self._collect()

    def _callbacks(self) -> Job:
        self._deliver("oCost", EVENTS)
        return Job(CALLBACKS, self._collect(), MILLION / EVENTS, HOURS_A_MONTH)

    def _syncs(self) -> Iterator[Job]:
        self._list(self._openids, room_id=ROOM)
        self._wechat.inject(FaultRule(LIST, Fault.DELAY_BEFORE, times=10_000, seconds=PAGE_S))
        yield self._sync(FIRST_IMPORT)
        yield self._sync("the same, unchanged")
        self._list(self._openids[::100], room_id=7)
        yield self._sync("the same, 1 % changed")

    def _list(self, openids: list[str], room_id: int) -> None:
        self._wechat.run_on_loop(lambda platform: platform.list_followers(openids, room_id=room_id))

    def _sync(self, name: str) -> Job:
        self._operator.run("sync", "--wait")
        return Job(name, self._collect(), MILLION / FOLLOWERS)

    def _push(self) -> Job:
        self._wechat.set_room(ROOM, LIVE)
        self._operator.run("push", "--room", str(ROOM), "--wait")
        self._wechat.wait_for_results()
        return Job("a million followers pushed", self._collect(), MILLION / FOLLOWERS)

    def _idle_watch(self, poll_metrics: set[tuple[str, ...]]) -> Job:
        usages = self._idle("live_watch", {})
        usages["live_watch"].metrics |= poll_metrics
        factor = MINUTES_A_MONTH / IDLE_ROUNDS
        return Job("a month of live_watch", usages, factor, HOURS_A_MONTH, is_idle=True)

    def _idle_reconcile(self) -> Job:
        usages = self._idle("push_start", {"action": "reconcile"})
        factor = MINUTES_A_MONTH / IDLE_ROUNDS
        return Job("a month of push_start", usages, factor, is_idle=True)

    def _idle_sync(self) -> Job:
        usages = self._idle("follower_sync", {"action": "continue"})
        factor = MINUTES_A_MONTH / 15 / IDLE_ROUNDS
        return Job("a month of follower_sync", usages, factor, is_idle=True)

    def _idle(self, function: str, event: Any) -> dict[str, FunctionUsage]:
        """Invoke a function as its schedule does; returns what it alone used."""
        self._invoke(function, event)
        return {function: self._collect()[function]}

    def _deliver(self, prefix: str, events: int) -> None:
        self._wechat.deliver(
            *[
                FollowChange(f"{prefix}{number:023d}", "add_follow", room_id=ROOM)
                for number in range(events)
            ]
        )

    def _invoke(self, function: str, event: Any) -> None:
        for _ in range(IDLE_ROUNDS):
            answer = self._stack.client("lambda").invoke(
                FunctionName=function_name(function, self._stack), Payload=json.dumps(event)
            )
            assert "FunctionError" not in answer, answer["Payload"].read()  # noqa: S101 - else the figures mean nothing

    def _collect(self) -> dict[str, FunctionUsage]:
        return {name: function.collect() for name, function in self._functions.items()}


def _openids(count: int) -> Iterator[str]:
    """Yield openids that compress as WeChat's do: a common prefix and 22 random characters."""
    source = random.Random(20261123)
    for _ in range(count):
        yield "o6_bmj" + "".join(source.choices(_OPENID_LETTERS, k=22))
