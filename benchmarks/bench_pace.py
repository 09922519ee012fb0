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
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from measuring import Measurement
from place import client, new_state_table, resource

from wxlive.campaigns import Campaign, CampaignState
from wxlive.pace import day_of, interval_ms
from wxlive.settings import Secrets
from wxlive.stores.campaigns import CampaignStore
from wxlive.stores.pace import PaceStore, QuotaStore
from wxlive.stores.queue import PushQueue
from wxlive.stores.tokens import TokenStore
from wxlive.telemetry import Telemetry
from wxlive.wechat import WechatClient
from wxlive_local.local_aws import LocalAws
from wxlive_local.simulator import LIVE, PUSH, Kind, Rule, Simulator
from wxlive_push_fanout.send import Parts, send

FOLLOWERS, CHUNK, RATE, ROOM, DAY_OFFSET_HOURS = 60_000, 2000, 2000, 1001, 8
SENDERS, CALLS_TAKE_S = (2, 10), (0.05, 0.3, 3.0)
CALLS = FOLLOWERS // CHUNK


@dataclass(frozen=True)
class Place:
    """Where the senders of one round work; travels to their processes."""

    aws: dict[str, str]
    wechat: str
    account: tuple[str, str]
    table: str
    queue: str
    campaign: str


def measure() -> list[Measurement]:
    """Openids a second at the server, first call to last, for each combination."""
    with LocalAws() as aws:
        return [
            _round(aws, senders, call_s)
            for senders, call_s in itertools.product(SENDERS, CALLS_TAKE_S)
        ]


def _round(aws: LocalAws, senders: int, call_s: float) -> Measurement:
    with Simulator() as simulator, _place(aws, simulator) as place:
        simulator.misbehave(Rule(PUSH, Kind.DELAY_AFTER, times=10 * CALLS, seconds=call_s))
        with ProcessPoolExecutor(senders, initializer=_join, initargs=(place,)) as pool:
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
    )


@contextmanager
def _place(aws: LocalAws, simulator: Simulator) -> Iterator[Place]:
    stamp = str(time.time_ns())
    table = new_state_table(aws.env)
    openids = simulator.add_followers(FOLLOWERS)
    simulator.set_room(ROOM, LIVE)
    campaigns = CampaignStore(table)
    now_s = time.time()
    campaign = Campaign(
        stamp, ROOM, day_of(now_s, DAY_OFFSET_HOURS), CampaignState.PLANNED, int(now_s)
    )
    campaigns.open(campaign)
    for start in range(0, FOLLOWERS, CHUNK):
        campaign = campaigns.add_chunk(campaign, openids[start : start + CHUNK], now_s)
    campaigns.finish_plan(campaign, now_s)
    campaigns.move(stamp, CampaignState.SENDING, out_of=[CampaignState.PLANNED])
    queue = aws.client("sqs").create_queue(QueueName=f"push-{stamp}")["QueueUrl"]
    account = (simulator.account.appid, simulator.account.secret)
    yield Place(dict(aws.env), simulator.url, account, table.name, queue, stamp)


_here: dict[str, Any] = {}


def _join(place: Place) -> None:
    """Become a sender, as a cold function does."""
    state = resource(place.aws).Table(place.table)
    secrets = Secrets(*place.account, ("token",), ())
    _here["campaign"] = place.campaign
    _here["parts"] = Parts(
        wechat=WechatClient(place.wechat, secrets, TokenStore(state, secrets.appid)),
        campaigns=CampaignStore(state),
        pace=PaceStore(state, "push_message"),
        quota=QuotaStore(state, "push_message", 5000),
        queue=PushQueue(client("sqs", place.aws), place.queue),
        telemetry=Telemetry(),
        interval_ms=interval_ms(RATE, CHUNK),
        retry_busy=False,
        day_offset_hours=DAY_OFFSET_HOURS,
        now=time.time,
        sleep=time.sleep,
    )


def _send(number: int) -> str:
    return send(_here["campaign"], number, _here["parts"]).value
