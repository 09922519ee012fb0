"""A campaign whose workers and planners are killed with SIGKILL, again and again.

Each is a process of its own on the local AWS. Half of the kills come at a random time, half just
before or after a random call to AWS or WeChat. The chunks of a killed worker are delivered again
in the next round, whose clock is far enough ahead that the worker's claim is stale.
"""

import multiprocessing
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.process import BaseProcess

from bench_harness.kill_switch import KillSwitch
from bench_harness.push_setup import (
    new_push_environment,
    planner_dependencies,
    sender_dependencies,
)
from wxlive.domain.campaigns import Campaign
from wxlive.domain.chunks import CLAIM_STALE_S, Chunk, ChunkState
from wxlive.stores.push_queue import ChunkMessage, OutcomeMessage, parse_message
from wxlive_local.local_aws import LocalAws
from wxlive_local.simulator import LIVE, Simulator
from wxlive_push_fanout.outcomes import store
from wxlive_push_fanout.send import send
from wxlive_push_start.plan import plan
from wxlive_push_start.reporting import read_report
from wxlive_push_start.start import start

CHUNK, ROOM = 50, 1001
WORKERS, CHUNKS_PER_WORKER = 4, 3
KILLED_WORKERS, KILLED_PLANNERS = 0.7, 0.9
"""Shares of processes to be killed. A planner is alone beside four workers, and runs longer."""

KILL_WITHIN_S, KILL_WITHIN_STEPS = 0.5, 70
MAX_RUN_S = 60.0
"""How long a process that is not to be killed may run."""

DELAYED_S = 5
"""How long to wait for messages that were sent with a delay."""


@dataclass(frozen=True)
class Worker:
    """A process, the chunks it sends (none: it plans), and when to kill it."""

    process: BaseProcess
    chunks: tuple[int, ...]
    kill_after_s: float


@dataclass(frozen=True)
class Kill:
    """A worker that was killed. Times are Unix seconds by the clock of its round."""

    chunks: tuple[int, ...]
    started_at: int
    ended_at: float

    def explains(self, chunk: Chunk) -> bool:
        """Whether the killed worker may have claimed the chunk."""
        return chunk.number in self.chunks and self.started_at <= chunk.claimed_at <= self.ended_at


class KilledPush:
    """One campaign, worked on round after round until its queue is empty."""

    def __init__(
        self, aws: LocalAws, wechat: Simulator, followers_table: str, source: random.Random
    ) -> None:
        environment = new_push_environment(aws, wechat, followers_table, CHUNK)
        self._wechat, self._random, self._kill_switch = wechat, source, KillSwitch()
        self._sqs, self._queue_url = aws.client("sqs"), environment.queue_url
        self._clock_ahead_s = 0
        self._kills: list[Kill] = []
        # Built once, before the forks: a forked process opens connections of its own.
        self._sender = sender_dependencies(
            environment,
            now=self._now,
            watch=self._kill_switch.watch,
            session=self._kill_switch.session,
        )
        self._planner = planner_dependencies(
            environment, now=self._now, watch=self._kill_switch.watch
        )
        self._operator = planner_dependencies(environment, now=self._now)
        wechat.set_room(ROOM, LIVE)
        self._id = start(ROOM, self._operator)["campaign"]

    def run(self, max_kills: int) -> None:
        """Run rounds until nothing is left to send, with ``max_kills`` kills at most."""
        queued: set[int] = set()
        while not self._is_over():
            queued |= self._receive(wait_s=0)
            if not queued and self._campaign().fully_planned:
                queued = self._receive(wait_s=DELAYED_S)
                if not queued:  # stuck: the account will show it
                    return
            queued -= self._round(sorted(queued), max_kills - len(self._kills))
            self._clock_ahead_s += CLAIM_STALE_S + 2

    def account(self, listed: set[str]) -> Counter[str]:
        """Compare the report with the ledger of the simulated WeChat."""
        pushed: Counter[str] = self._wechat.run_on_loop(lambda p: Counter(p.ledger.times_pushed))
        unknown = read_report(self._campaign(), self._operator).unknown
        openids = {
            chunk.number: set(self._operator.ledger.openids(self._id, chunk.number) or ())
            for chunk in self._operator.ledger.chunks(self._id)
            if chunk.state in {ChunkState.UNKNOWN, ChunkState.REFUSED}
        }
        return Counter(
            campaigns=1,
            killed=len(self._kills),
            planners=sum(not kill.chunks for kill in self._kills),
            listed=len(listed),
            twice=sum(times > 1 for times in pushed.values()),
            missed=len(listed - pushed.keys() - set().union(*openids.values())),
            unknown=len(unknown),
            unknown_but_pushed=sum(openids[chunk.number] <= pushed.keys() for chunk in unknown),
            unexplained=sum(
                not any(kill.explains(chunk) for kill in self._kills) for chunk in unknown
            ),
        )

    def _round(self, queued: list[int], max_kills: int) -> set[int]:
        """Run a planner and some workers at once; returns the chunks that were dealt with."""
        round_started_at = int(self._now())
        workers = list(self._start_workers(queued, max_kills))
        started_at = time.monotonic()
        for worker in sorted(workers, key=lambda worker: worker.kill_after_s):
            worker.process.join(max(0, started_at + worker.kill_after_s - time.monotonic()))
            worker.process.kill()
            worker.process.join()
        killed = [worker for worker in workers if worker.process.exitcode == -signal.SIGKILL]
        finished = [worker for worker in workers if worker not in killed]
        assert not any(worker.process.exitcode for worker in finished)  # noqa: S101 - else the figure means nothing
        ended_at = self._now()
        self._kills += [Kill(worker.chunks, round_started_at, ended_at) for worker in killed]
        return {number for worker in finished for number in worker.chunks}

    def _start_workers(self, queued: list[int], max_kills: int) -> Iterator[Worker]:
        shares = [tuple(queued[at::WORKERS][:CHUNKS_PER_WORKER]) for at in range(WORKERS)]
        shares = [chunks for chunks in shares if chunks]
        if not self._campaign().fully_planned:
            shares.insert(0, ())
        for number, chunks in enumerate(shares):
            killed = KILLED_WORKERS if chunks else KILLED_PLANNERS
            yield self._start_worker(
                chunks, kill=number < max_kills and self._random.random() < killed
            )

    def _start_worker(self, chunks: tuple[int, ...], *, kill: bool) -> Worker:
        at_a_step = kill and self._random.random() < 0.5  # noqa: PLR2004 - half
        step = self._random.randrange(1, KILL_WITHIN_STEPS) if at_a_step else 0
        process = multiprocessing.Process(target=self._work, args=(chunks, step))
        process.start()
        at_a_time = kill and not at_a_step
        kill_after_s = self._random.uniform(0, KILL_WITHIN_S) if at_a_time else MAX_RUN_S
        return Worker(process, chunks, kill_after_s)

    def _work(self, chunks: tuple[int, ...], kill_at_step: int) -> None:
        self._kill_switch.at_step = kill_at_step
        if not chunks:
            plan(self._id, self._planner)
        for number in chunks:
            send(self._id, number, self._sender)

    def _receive(self, *, wait_s: int) -> set[int]:
        """Receive all messages in the queue; returns the chunks in them."""
        chunks = set()
        while messages := self._sqs.receive_message(
            QueueUrl=self._queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=wait_s
        ).get("Messages"):
            for message in messages:
                received = parse_message(message["Body"])
                if isinstance(received, ChunkMessage):
                    chunks.add(received.chunk)
                elif isinstance(received, OutcomeMessage):
                    store(received, self._sender)
                self._sqs.delete_message(
                    QueueUrl=self._queue_url, ReceiptHandle=message["ReceiptHandle"]
                )
        return chunks

    def _is_over(self) -> bool:
        left = {ChunkState.QUEUED, ChunkState.SENDING}
        return self._campaign().fully_planned and not any(
            chunk.state in left for chunk in self._operator.ledger.chunks(self._id)
        )

    def _campaign(self) -> Campaign:
        campaign = self._operator.campaigns.get(self._id)
        assert campaign is not None  # noqa: S101 - it was started
        return campaign

    def _now(self) -> float:
        return time.time() + self._clock_ahead_s
