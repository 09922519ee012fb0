"""A sync: first import, unchanged list, 1 % changed.

The real run in a process of its own, the local AWS, the simulator as WeChat. The floor of an
import is the bare write that it uses, with as many threads; the floor of an unchanged list is the
bare loop over its pages, each of which takes WeChat 200 ms. The floor of memory is the process
before its work.
"""

from collections.abc import Callable
from functools import partial

from bench_harness.environment import Environment
from bench_harness.measurement import Measurement
from bench_harness.processes import peak_memory, run_in_fresh_process
from bench_harness.sync_processes import SyncUsage, insert_rows, list_pages, run_sync
from bench_harness.sync_setup import new_sync_environment
from wxlive_local.local_aws import LocalAws
from wxlive_local.simulator import FOLLOWERS as LIST
from wxlive_local.simulator import Fault, FaultRule, Simulator
from wxlive_local.simulator.platform import Platform

PAGE_S = 0.2
ROUNDS = 3


def measure() -> list[Measurement]:
    """Measure seconds and memory for 100,000 followers."""
    return _measure(100_000, ROUNDS)


def measure_quick() -> list[Measurement]:
    """Measure the same for 10,000 followers."""
    return _measure(10_000, 2)


def _measure(followers: int, rounds: int) -> list[Measurement]:
    with LocalAws() as aws:
        return measure_at(aws, followers, rounds)[0]


def measure_at(aws: LocalAws, followers: int, rounds: int) -> tuple[list[Measurement], str]:
    """Sync so many followers; returns the measurements and the Followers table it filled."""
    with Simulator() as wechat:
        openids = wechat.add_followers(followers)
        first: list[tuple[float, SyncUsage]] = []
        for _ in range(rounds):
            environment = new_sync_environment(aws, wechat)
            first.append(
                _round(partial(insert_rows, environment, followers), environment, followers)
            )
        wechat.inject(FaultRule(LIST, Fault.DELAY_BEFORE, times=1_000_000, seconds=PAGE_S))
        list_all = partial(list_pages, environment)
        unchanged = [_round(list_all, environment, followers) for _ in range(rounds)]
        changed: list[tuple[float, SyncUsage]] = []
        for number in range(rounds):
            wechat.run_on_loop(partial(_subscribe_again, openids=openids[number::100]))
            changed.append(_round(list_all, environment, followers))
    measurements = [
        *_measurements("sync, first import", followers, first),
        *_measurements("sync, unchanged", followers, unchanged),
        *_measurements("sync, 1 % changed", followers, changed),
    ]
    return measurements, environment.followers_table


def _round(
    floor: Callable[[], float], environment: Environment, followers: int
) -> tuple[float, SyncUsage]:
    floor_s = run_in_fresh_process(floor)
    return floor_s, run_in_fresh_process(run_sync, environment, followers)


def _subscribe_again(platform: Platform, openids: list[str]) -> None:
    platform.list_followers(openids, room_id=7)


def _measurements(
    name: str, followers: int, rounds: list[tuple[float, SyncUsage]]
) -> list[Measurement]:
    usages = [usage for _, usage in rounds]
    return [
        Measurement(
            name,
            usages[-1].describe(),
            "s",
            [floor_s for floor_s, _ in rounds],
            [usage.seconds for usage in usages],
            followers,
        ),
        peak_memory(name, usages, followers),
    ]
