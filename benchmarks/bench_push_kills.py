"""Push workers and planners killed with SIGKILL, again and again: is everybody told once?

Each is a process of its own on the local AWS. Half of the deaths come at a random moment, half
just before or after a random call to AWS or WeChat. What a dead worker had in hand rings again
in the next round, whose clock is so far ahead that the dead one's claim is stale. What WeChat's
ledger says is held against the report.
"""

import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from typing import Any

import requests
from measuring import Measurement
from place import client, new_followers_table
from pushing import new_place, planner_parts, sender_parts

from wxlive.campaigns import CLAIM_STALE_S, Campaign, Chunk, ChunkState
from wxlive.followers import Follower, ListedRow
from wxlive.stores.followers import FollowerStore
from wxlive.stores.queue import read_ring
from wxlive_local.local_aws import LocalAws
from wxlive_local.simulator import LIVE, Simulator
from wxlive_push_fanout.send import send
from wxlive_push_start.plan import plan
from wxlive_push_start.start import start

KILLS, LISTED, CHUNK, ROOM = 500, 2000, 50, 1001
WORKERS, RINGS_A_WORKER = 4, 3
DOOMED_WORKERS, DOOMED_PLANNERS = 0.7, 0.9
"""Shares that are to be killed. There is one planner beside four workers, and it lives longer."""
LONGEST_LIFE_S, LONGEST_LIFE_STEPS, PEACE_S = 0.5, 70, 60.0
DELAYED_S = 5
"""How long a ring that was sent with a delay is waited for."""


def measure() -> list[Measurement]:
    """Kill until ``KILLS`` are dead; the campaign under way then is finished in peace."""
    dice = random.Random(20261123)
    sums: Counter[str] = Counter()
    with LocalAws() as aws:
        followers = new_followers_table(aws.env).name
        openids = _list_followers(aws, followers)
        while sums["killed"] < KILLS:
            with Simulator() as wechat:
                night = Night(aws, wechat, followers, dice)
                night.pass_with_kills(KILLS - sums["killed"])
                sums += night.account(openids)
    return _told(sums)


def _told(sums: Counter[str]) -> list[Measurement]:
    scene = (
        f"{sums['killed']} kills, {sums['planners']} of planners, in {sums['campaigns']} campaigns"
    )
    doubt = f"{sums['unknown']} unknown chunks, {sums['told_though_unknown']} of them told"
    wrong = (sums["twice"], sums["missed"], sums["unjustified"])
    return [
        Measurement(
            name="push, killed: nobody told twice",
            what=f"followers not told twice, of all; {scene}; told twice: {wrong[0]}",
            unit="followers",
            more_is_better=True,
            floors=[float(sums["listed"])],
            figures=[float(sums["listed"] - wrong[0])],
        ),
        Measurement(
            name="push, killed: told or reported",
            what=f"followers told, or reported unknown or refused, of all; missed: {wrong[1]}",
            unit="followers",
            more_is_better=True,
            floors=[float(sums["listed"])],
            figures=[float(sums["listed"] - wrong[1])],
        ),
        Measurement(
            name="push, killed: unknown for a reason",
            what=f"chunks claimed by a worker that was killed, of {doubt}; others: {wrong[2]}",
            unit="chunks",
            more_is_better=True,
            floors=[float(sums["unknown"])],
            figures=[float(sums["unknown"] - wrong[2])],
        ),
    ]


def _list_followers(aws: LocalAws, table: str) -> set[str]:
    rows = [ListedRow(f"o{number:027d}", 1_700_000_000, 1, LIVE) for number in range(LISTED)]
    store = FollowerStore(client("dynamodb", aws.env), table)
    store.insert_all([Follower.listed(row, 1_700_000_100) for row in rows])
    return {row.openid for row in rows}


class Doom:
    """Kills this process at its ``at_step``-th step, never at 0; a call is two steps."""

    def __init__(self) -> None:
        self.at_step = self._steps = 0

    def watch(self, aws_client: Any) -> None:
        for moment in ("before-call", "after-call"):
            aws_client.meta.events.register(moment, self._step)

    def session(self) -> requests.Session:
        step = self._step

        class Watched(requests.Session):
            def post(self, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
                step()
                response = super().post(url, *args, **kwargs)
                step()
                return response

        return Watched()

    def _step(self, **_: object) -> None:
        self._steps += 1
        if self._steps == self.at_step:
            os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True)
class Life:
    """A process with the rings it has in hand (none: it plans), and when it is to be killed."""

    process: BaseProcess
    rings: tuple[int, ...]
    dies_after_s: float


@dataclass(frozen=True)
class Death:
    """A line of the log of kills. Times are Unix seconds by the clock of that round."""

    rings: tuple[int, ...]
    began_at: int
    ended_at: float

    def explains(self, chunk: Chunk) -> bool:
        return chunk.number in self.rings and self.began_at <= chunk.claimed_at <= self.ended_at


class Night:
    """One campaign, round after round until nothing rings any more."""

    def __init__(
        self, aws: LocalAws, wechat: Simulator, followers: str, dice: random.Random
    ) -> None:
        place = new_place(aws, wechat, followers, CHUNK)
        self._wechat, self._dice, self._doom = wechat, dice, Doom()
        self._sqs, self._queue = aws.client("sqs"), place.queue
        self._ahead_s = 0
        self._deaths: list[Death] = []
        # Built once: whoever is forked off before they are used has connections of its own.
        self._sender = sender_parts(
            place, now=self._now, watch=self._doom.watch, session=self._doom.session
        )
        self._planner = planner_parts(place, lambda _: None, now=self._now, watch=self._doom.watch)
        mine = planner_parts(place, lambda _: None, now=self._now)
        self._ledger = mine.campaigns
        wechat.set_room(ROOM, LIVE)
        self._id = start(ROOM, mine)["campaign"]

    def pass_with_kills(self, most: int) -> None:
        """Let rounds go by until the campaign is over, with ``most`` kills."""
        rings: set[int] = set()
        while not self._is_over():
            rings |= self._heard(wait_s=0)
            if not rings and self._campaign().fully_planned:
                rings = self._heard(wait_s=DELAYED_S)
                if not rings:  # stuck: the account will show it
                    return
            rings -= self._round(sorted(rings), most - len(self._deaths))
            self._ahead_s += CLAIM_STALE_S + 2

    def account(self, listed: set[str]) -> Counter[str]:
        """Hold the report against what WeChat's ledger says."""
        told: Counter[str] = self._wechat.ask(lambda p: Counter(p.ledger.times_pushed))
        report = self._ledger.report(self._campaign(), self._now())
        doubtful = [
            chunk
            for chunk in self._ledger.chunks(self._id)
            if chunk.state in {ChunkState.UNKNOWN, ChunkState.REFUSED}
        ]
        openids = {chunk.number: self._openids(chunk) for chunk in doubtful}
        return Counter(
            campaigns=1,
            killed=len(self._deaths),
            planners=sum(not death.rings for death in self._deaths),
            listed=len(listed),
            twice=sum(times > 1 for times in told.values()),
            missed=len(listed - told.keys() - set().union(*openids.values())),
            unknown=len(report.unknown),
            told_though_unknown=sum(
                openids[chunk.number] <= told.keys() for chunk in report.unknown
            ),
            unjustified=sum(
                not any(death.explains(chunk) for death in self._deaths) for chunk in report.unknown
            ),
        )

    def _round(self, rings: list[int], most: int) -> set[int]:
        """Have a planner and some workers live at once; returns the rings that were dealt with."""
        began_at = int(self._now())
        lives = list(self._births(rings, most))
        born_at = time.monotonic()
        for life in sorted(lives, key=lambda life: life.dies_after_s):
            life.process.join(max(0, born_at + life.dies_after_s - time.monotonic()))
            life.process.kill()
            life.process.join()
        dead = [life for life in lives if life.process.exitcode == -signal.SIGKILL]
        assert all(life in dead or not life.process.exitcode for life in lives)  # noqa: S101 - or all is void
        self._deaths += [Death(life.rings, began_at, self._now()) for life in dead]
        return {ring for life in lives if life not in dead for ring in life.rings}

    def _births(self, rings: list[int], most: int) -> Iterator[Life]:
        hands = [tuple(rings[at::WORKERS][:RINGS_A_WORKER]) for at in range(WORKERS)]
        hands = [in_hand for in_hand in hands if in_hand]
        if not self._campaign().fully_planned:
            hands.insert(0, ())
        for number, in_hand in enumerate(hands):
            share = DOOMED_WORKERS if in_hand else DOOMED_PLANNERS
            yield self._born(in_hand, doomed=number < most and self._dice.random() < share)

    def _born(self, rings: tuple[int, ...], *, doomed: bool) -> Life:
        at_a_call = doomed and self._dice.random() < 0.5  # noqa: PLR2004 - half
        at_step = self._dice.randrange(1, LONGEST_LIFE_STEPS) if at_a_call else 0
        at_moment = doomed and not at_a_call
        process = multiprocessing.Process(target=self._live, args=(rings, at_step))
        process.start()
        return Life(process, rings, self._dice.uniform(0, LONGEST_LIFE_S) if at_moment else PEACE_S)

    def _live(self, rings: tuple[int, ...], at_step: int) -> None:
        self._doom.at_step = at_step
        if not rings:
            plan(self._id, self._planner)
        for number in rings:
            send(self._id, number, self._sender)

    def _heard(self, *, wait_s: int) -> set[int]:
        """Take the rings out of the queue."""
        rings = set()
        while messages := self._sqs.receive_message(
            QueueUrl=self._queue, MaxNumberOfMessages=10, WaitTimeSeconds=wait_s
        ).get("Messages"):
            for message in messages:
                rings.add(read_ring(message["Body"])[1])
                self._sqs.delete_message(
                    QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"]
                )
        return rings

    def _is_over(self) -> bool:
        left = {ChunkState.QUEUED, ChunkState.SENDING}
        return self._campaign().fully_planned and not any(
            chunk.state in left for chunk in self._ledger.chunks(self._id)
        )

    def _campaign(self) -> Campaign:
        campaign = self._ledger.get(self._id)
        assert campaign is not None  # noqa: S101 - it was started
        return campaign

    def _openids(self, chunk: Chunk) -> set[str]:
        return set(self._ledger.openids(self._id, chunk.number))

    def _now(self) -> float:
        return time.time() + self._ahead_s
