"""The rate that WeChat sees, with few and many senders and with quick and slow calls.

Real senders in processes of their own, the real pace in the local AWS, the simulator as WeChat.
The floor is the limit of 2000 openids a second, or what so many
senders can do at all when calls take that long. ``busiest`` is the busiest sliding second at the
server, which must never pass the limit.
"""

import itertools
import time
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING, Any

from measuring import Measurement
from pushing import DAY_OFFSET_HOURS, RATE, Place, new_place, sender_parts

from wxlive.campaigns import Campaign, CampaignState
from wxlive.pace import day_of, stamp_of
from wxlive_local.local_aws import LocalAws
from wxlive_local.simulator import LIVE, PUSH, Kind, Rule, Simulator
from wxlive_push_fanout.send import send

if TYPE_CHECKING:
    from wxlive.stores.campaigns import CampaignStore

FOLLOWERS, CHUNK, ROOM = 60_000, 2000, 1001
SENDERS, CALLS_TAKE_S = (2, 10), (0.05, 0.3, 3.0)
CALLS = FOLLOWERS // CHUNK


def measure() -> list[Measurement]:
    """Openids a second at the server, first call to last, for each combination."""
    with LocalAws() as aws:
        return [
            _round(aws, senders, call_s)
            for senders, call_s in itertools.product(SENDERS, CALLS_TAKE_S)
        ]


def _round(aws: LocalAws, senders: int, call_s: float) -> Measurement:
    with Simulator() as simulator:
        place = new_place(aws, simulator, followers="", chunk=CHUNK)
        campaign = _planned(simulator, sender_parts(place).campaigns)
        simulator.misbehave(Rule(PUSH, Kind.DELAY_AFTER, times=10 * CALLS, seconds=call_s))
        with ProcessPoolExecutor(senders, initializer=_join, initargs=(place, campaign)) as pool:
            waiting = set(range(1, CALLS + 1))
            for _ in range(20):
                endings = zip(sorted(waiting), pool.map(_send, sorted(waiting)), strict=True)
                waiting = {number for number, ending in endings if ending == "handed_back"}
                if not waiting:
                    break
        pushes = simulator.ask(lambda platform: list(platform.ledger.pushes))
        busiest = simulator.ledger()["push"]["busiest_second"]["arrived"]
    span_s = max(push.at for push in pushes) - min(push.at for push in pushes)
    reached = sum(len(push.openids) for push in pushes[1:]) / span_s
    return Measurement(
        name=f"pace, {senders} senders, {call_s:g} s calls",
        what=f"{len(pushes)} calls for {CALLS} chunks, busiest sliding second {busiest} openids",
        unit="openids/s",
        floors=[min(float(RATE), senders * CHUNK / call_s)],
        figures=[reached],
        more_is_better=True,
    )


def _planned(simulator: Simulator, campaigns: "CampaignStore") -> str:
    """Plan a campaign for followers of the simulator's; returns its id."""
    openids = simulator.add_followers(FOLLOWERS)
    simulator.set_room(ROOM, LIVE)
    now_s = time.time()
    stamp = stamp_of(now_s, DAY_OFFSET_HOURS)
    day = day_of(now_s, DAY_OFFSET_HOURS)
    campaign = Campaign(stamp, ROOM, day, CampaignState.PLANNED, int(now_s))
    campaigns.open(campaign)
    for start in range(0, FOLLOWERS, CHUNK):
        campaign = campaigns.add_chunk(campaign, openids[start : start + CHUNK], now_s)
    campaigns.finish_plan(campaign, now_s)
    campaigns.move(stamp, CampaignState.SENDING, out_of=[CampaignState.PLANNED])
    return stamp


_here: dict[str, Any] = {}


def _join(place: Place, campaign: str) -> None:
    """Become a sender, as a cold function does."""
    _here.update(campaign=campaign, parts=sender_parts(place))


def _send(number: int) -> str:
    return send(_here["campaign"], number, _here["parts"]).value
