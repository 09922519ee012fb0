"""The rate that WeChat sees, with few and many senders and with quick and slow calls.

Real senders in processes of their own, the real pace in the local AWS, the simulator as WeChat.
The floor is the limit of 2000 openids a second, or what so many
senders can do at all when calls take that long. ``busiest`` is the busiest sliding second at the
server, which must never pass the limit.
"""

import itertools
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING, Any

from measuring import Measurement
from pushing import DAY_OFFSET_HOURS, RATE, PushPlace, new_place, sender_parts

from wxlive.campaigns import Campaign, CampaignState
from wxlive.pace import day_of, stamp_of
from wxlive_local.local_aws import LocalAws
from wxlive_local.simulator import LIVE, PUSH, Kind, Rule, Simulator
from wxlive_push_fanout.send import send

if TYPE_CHECKING:
    from wxlive.stores.campaigns import CampaignStore

FOLLOWERS, CHUNK, ROOM = 60_000, 2000, 1001
SENDERS, CALLS_TAKE_S = (2, 10), (0.05, 0.3, 3.0)


def measure() -> list[Measurement]:
    """Openids a second at the server, by thirds of the calls, for each combination."""
    with LocalAws() as aws:
        return [
            _round(aws, senders, call_s, FOLLOWERS)
            for senders, call_s in itertools.product(SENDERS, CALLS_TAKE_S)
        ]


def measure_quick() -> list[Measurement]:
    """Measure one combination for a part of the followers."""
    with LocalAws() as aws:
        return [_round(aws, 10, 0.3, FOLLOWERS // 3)]


def _round(aws: LocalAws, senders: int, call_s: float, followers: int) -> Measurement:
    calls = followers // CHUNK
    with Simulator() as simulator:
        place = new_place(aws, simulator, followers="", chunk=CHUNK)
        campaign = _planned(simulator, sender_parts(place).campaigns, followers)
        simulator.misbehave(Rule(PUSH, Kind.DELAY_AFTER, times=10 * calls, seconds=call_s))
        with ProcessPoolExecutor(senders, initializer=_join, initargs=(place, campaign)) as pool:
            waiting = set(range(1, calls + 1))
            for _ in range(20):
                endings = zip(sorted(waiting), pool.map(_send, sorted(waiting)), strict=True)
                waiting = {number for number, ending in endings if ending == "handed_back"}
                if not waiting:
                    break
        pushes = simulator.ask(lambda platform: list(platform.ledger.pushes))
        busiest = simulator.ledger()["push"]["busiest_second"]["arrived"]
    rates = list(_rates(sorted((push.at, len(push.openids)) for push in pushes)))
    return Measurement(
        name=f"pace, {senders} senders, {call_s:g} s calls",
        what=f"{len(pushes)} calls for {calls} chunks, busiest sliding second {busiest} openids",
        unit="openids/s",
        floors=[min(float(RATE), senders * CHUNK / call_s)] * len(rates),
        figures=rates,
        followers=followers,
        more_is_better=True,
    )


def _rates(arrived: list[tuple[float, int]]) -> Iterator[float]:
    """Openids a second in each third of the calls, from the last call before it to its own last."""
    third = len(arrived) // 3
    for begin in range(0, 3 * third, third):
        (began_at, _), *calls = arrived[begin : begin + third + 1]
        yield sum(openids for _, openids in calls) / (calls[-1][0] - began_at)


def _planned(simulator: Simulator, campaigns: "CampaignStore", followers: int) -> str:
    """Plan a campaign for followers of the simulator's; returns its id."""
    openids = simulator.add_followers(followers)
    simulator.set_room(ROOM, LIVE)
    now_s = time.time()
    stamp = stamp_of(now_s, DAY_OFFSET_HOURS)
    day = day_of(now_s, DAY_OFFSET_HOURS)
    campaign = Campaign(stamp, ROOM, day, CampaignState.PLANNED, int(now_s))
    campaigns.open(campaign)
    for start in range(0, followers, CHUNK):
        campaign = campaigns.add_chunk(campaign, openids[start : start + CHUNK], now_s)
    campaigns.finish_plan(campaign, now_s)
    campaigns.move(stamp, CampaignState.SENDING, out_of=[CampaignState.PLANNED])
    return stamp


_here: dict[str, Any] = {}


def _join(place: PushPlace, campaign: str) -> None:
    """Become a sender, as a cold function does."""
    _here.update(campaign=campaign, parts=sender_parts(place))


def _send(number: int) -> str:
    return send(_here["campaign"], number, _here["parts"]).value
