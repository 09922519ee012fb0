"""The rate that WeChat sees, with few and many senders and with fast and slow calls.

Real senders in processes of their own, the real pace in the local AWS, the simulator as WeChat.
The floor is the limit of 2000 openids a second, or what so many senders can reach when calls take
that long. ``busiest`` is the busiest sliding second at the server; it must not exceed the limit.
"""

import itertools
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

from bench_harness.measurement import Measurement
from bench_harness.push_setup import (
    DAY_OFFSET_HOURS,
    RATE,
    PushEnvironment,
    new_id,
    new_push_environment,
    sender_dependencies,
)
from wxlive.domain.calendar import day_of, stamp_of
from wxlive.domain.campaigns import Campaign, CampaignState
from wxlive.stores.campaigns import CampaignStore
from wxlive_local.local_aws import LocalAws
from wxlive_local.simulator import LIVE, PUSH, Fault, FaultRule, Simulator
from wxlive_push_fanout.dependencies import Dependencies
from wxlive_push_fanout.send import SendResult, send

FOLLOWERS, CHUNK, ROOM = 60_000, 2000, 1001
SENDERS, CALLS_TAKE_S = (2, 10), (0.05, 0.3, 3.0)
MAX_DELIVERIES = 20


def measure() -> list[Measurement]:
    """Measure openids a second at the server, by thirds of the calls, for each combination."""
    with LocalAws() as aws:
        return [
            _measure(aws, senders, call_s, FOLLOWERS)
            for senders, call_s in itertools.product(SENDERS, CALLS_TAKE_S)
        ]


def measure_quick() -> list[Measurement]:
    """Measure one combination for a part of the followers."""
    with LocalAws() as aws:
        return [_measure(aws, 10, 0.3, FOLLOWERS // 3)]


def _measure(aws: LocalAws, senders: int, call_s: float, followers: int) -> Measurement:
    chunks = followers // CHUNK
    with Simulator() as wechat:
        environment = new_push_environment(aws, wechat, followers_table="", chunk=CHUNK)
        campaign = _plan(wechat, sender_dependencies(environment).campaigns, followers)
        wechat.inject(FaultRule(PUSH, Fault.DELAY_AFTER, times=10 * chunks, seconds=call_s))
        _send_all(environment, campaign, chunks, senders)
        pushes = wechat.run_on_loop(lambda platform: list(platform.ledger.pushes))
        busiest = wechat.ledger()["push"]["busiest_second"]["arrived"]
    rates = list(_rates(sorted((push.at, len(push.openids)) for push in pushes)))
    return Measurement(
        name=f"pace, {senders} senders, {call_s:g} s calls",
        what=f"{len(pushes)} calls for {chunks} chunks, busiest sliding second {busiest} openids",
        unit="openids/s",
        floors=[min(float(RATE), senders * CHUNK / call_s)] * len(rates),
        figures=rates,
        followers=followers,
        more_is_better=True,
    )


def _plan(wechat: Simulator, campaigns: CampaignStore, followers: int) -> str:
    """Plan a campaign for followers of the simulator's; returns its id."""
    openids = wechat.add_followers(followers)
    wechat.set_room(ROOM, LIVE)
    now_s = time.time()
    stamp = stamp_of(now_s, DAY_OFFSET_HOURS)
    day = day_of(now_s, DAY_OFFSET_HOURS)
    campaign = Campaign(stamp, ROOM, day, CampaignState.PLANNED, int(now_s))
    campaigns.open(campaign, before=None, release=None)
    for start in range(0, followers, CHUNK):
        openids_of_chunk = openids[start : start + CHUNK]
        campaign = campaigns.add_chunk(
            campaign, openids_of_chunk, now_s, plan_id=new_id(), cursors={}
        )
    campaigns.finish_plan(campaign, now_s, plan_id=new_id())
    campaigns.activate(stamp)
    return stamp


def _send_all(environment: PushEnvironment, campaign: str, chunks: int, senders: int) -> None:
    """Send all chunks; those that are handed back are delivered again."""
    with ProcessPoolExecutor(
        senders, initializer=_start_sender, initargs=(environment, campaign)
    ) as pool:
        waiting = list(range(1, chunks + 1))
        for _ in range(MAX_DELIVERIES):
            results = zip(waiting, pool.map(_send, waiting), strict=True)
            waiting = [number for number, result in results if result is SendResult.HANDED_BACK]
            if not waiting:
                break


_sender: dict[str, tuple[str, Dependencies]] = {}


def _start_sender(environment: PushEnvironment, campaign: str) -> None:
    """Build what a sender works with, as a cold function does."""
    _sender["here"] = campaign, sender_dependencies(environment)


def _send(number: int) -> SendResult:
    campaign, deps = _sender["here"]
    return send(campaign, number, deps)


def _rates(arrived: list[tuple[float, int]]) -> Iterator[float]:
    """Yield the openids a second in each third of the calls.

    A third lasts from the last call before it to its own last call.
    """
    third = len(arrived) // 3
    for begin in range(0, 3 * third, third):
        (began_at, _), *calls = arrived[begin : begin + third + 1]
        yield sum(openids for _, openids in calls) / (calls[-1][0] - began_at)
