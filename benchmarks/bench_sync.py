"""A sync as it is run: first import, unchanged, 1 % changed.

The real run in a process of its own, the local AWS, the simulator as WeChat. The floor of an
import is the bare write it uses, with as many threads; the floor of an unchanged list is the bare
loop over its pages, each of which takes WeChat 200 ms. The floor of memory is the process before
its work.
"""

from functools import partial

from measuring import Measurement, alone
from place import QUICK_AWS
from syncing import Turn, insert_bare, new_place, run_sync, walk_bare

from wxlive_local.local_aws import LocalAws
from wxlive_local.simulator import FOLLOWERS as LIST
from wxlive_local.simulator import Kind, Rule, Simulator
from wxlive_local.simulator.platform import Platform

PAGE_S = 0.2
ROUNDS = 3


def measure() -> list[Measurement]:
    """Seconds and memory for 100,000 followers."""
    return _measure(100_000, ROUNDS)


def measure_quick() -> list[Measurement]:
    """Measure the same for 10,000 followers."""
    return _measure(10_000, 2)


def _measure(followers: int, rounds: int) -> list[Measurement]:
    with LocalAws(program=QUICK_AWS) as aws:
        return sync_at(aws, followers, rounds)[0]


def sync_at(aws: LocalAws, followers: int, rounds: int) -> tuple[list[Measurement], str]:
    """Sync so many followers; returns the measurements and the Followers table it filled."""
    with Simulator() as wechat:
        openids = wechat.add_followers(followers)
        first: list[tuple[float, Turn]] = []
        for _ in range(rounds):
            place = new_place(aws, wechat)
            bare_s = alone(insert_bare, place, followers)
            first.append((bare_s, alone(run_sync, place, followers)))
        wechat.misbehave(Rule(LIST, Kind.DELAY_BEFORE, times=1_000_000, seconds=PAGE_S))
        unchanged = [
            (alone(walk_bare, place), alone(run_sync, place, followers)) for _ in range(rounds)
        ]
        changed: list[tuple[float, Turn]] = []
        for round_ in range(rounds):
            anew = openids[round_::100]
            wechat.ask(partial(_subscribe_anew, openids=anew))
            changed.append((alone(walk_bare, place), alone(run_sync, place, followers)))
    measurements = [
        *_of("sync, first import", followers, first),
        *_of("sync, unchanged", followers, unchanged),
        *_of("sync, 1 % changed", followers, changed),
    ]
    return measurements, place.followers


def _subscribe_anew(platform: Platform, openids: list[str]) -> None:
    platform.list_followers(openids, room_id=7)


def _of(name: str, followers: int, rounds: list[tuple[float, Turn]]) -> list[Measurement]:
    turns = [turn for _, turn in rounds]
    return [
        Measurement(
            name,
            turns[-1].told(),
            "s",
            [floor for floor, _ in rounds],
            [turn.seconds for turn in turns],
            followers,
        ),
        Measurement(
            f"{name}, memory",
            "the process at its peak",
            "MB",
            [turn.bare_mb for turn in turns],
            [turn.peak_mb for turn in turns],
            followers,
        ),
    ]
