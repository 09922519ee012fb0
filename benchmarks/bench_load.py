"""A flood of real callbacks: answered, stored, how late, and nothing lost.

Follow events of different users arrive at a fixed rate, whatever the answers do, at a pool of
execution environments: the built function under the real runtime client, on the local AWS. A delay
counts from the moment the event arrived. ``python benchmarks/bench_load.py 300 60`` for 60 s.
"""

import json
import queue
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import quantiles
from threading import Thread
from typing import Any

import boto3
from bench_cold_start import built
from measuring import Measurement
from runtime_api import RuntimeApi, environment

from wxlive.crypto import Envelope, signature
from wxlive.followers import Status
from wxlive.stores.followers import FollowerStore
from wxlive_local.up import Options, Stack, local_stack

RATE, SECONDS, POOL, ROUNDS = 300, 5, 4, 3
"""Callbacks a second, for how long, at how many environments, how often."""

SETTLE_S = 60


@dataclass(frozen=True)
class Seen:
    """What became of the flood. Delays are in milliseconds."""

    wanted: int
    answered: int
    stored: int
    span_s: float
    delays_ms: list[float]

    def __str__(self) -> str:
        cuts = quantiles(self.delays_ms, n=100)
        return (
            f"{self.wanted} callbacks, {self.answered} answered success, {self.stored} stored, "
            f"p50 {cuts[49]:.0f} ms, p99 {cuts[98]:.0f} ms"
        )


def measure() -> list[Measurement]:
    """Callbacks a second; the floor is the rate at which they arrived."""
    floods = [run(RATE, SECONDS) for _ in range(ROUNDS)]
    return [
        Measurement(
            name=f"callbacks, {POOL} environments",
            what=str(floods[-1]),
            unit="callbacks/s",
            floors=[float(RATE)] * ROUNDS,
            figures=[seen.answered / seen.span_s for seen in floods],
            more_is_better=True,
        )
    ]


def run(rate: int, seconds: int) -> Seen:
    """Flood a stack of its own."""
    never = {"SyncSchedule": "rate(365 days)", "WatchSchedule": "rate(365 days)"}
    with local_stack(Options(parameters=never)) as stack, ExitStack() as running:
        function = built("callback", stack)
        pool = [
            running.enter_context(
                environment(function.root, function.handler, function.layer, function.env)
            )
            for _ in range(POOL)
        ]
        for number, api in enumerate(pool):
            api.invoke(_request(stack, f"oWarm{number:023d}"))
        requests = [_request(stack, f"oLoad{number:023d}") for number in range(rate * seconds)]
        started = time.perf_counter()
        answers = _flood(pool, requests, rate)
        span_s = max(moment for moment, _, _ in answers) - started
        stored = _stored(stack, len(requests) + POOL) - POOL
    return Seen(
        wanted=len(requests),
        answered=sum(answer.get("body") == "success" for _, _, answer in answers),
        stored=stored,
        span_s=span_s,
        delays_ms=[1000 * delay for _, delay, _ in answers],
    )


def _flood(
    pool: list[RuntimeApi], requests: list[Any], rate: int
) -> list[tuple[float, float, Any]]:
    """Let them arrive; returns the moment, the delay and the answer of each."""
    waiting: queue.Queue[tuple[float, Any] | None] = queue.Queue()
    answers: list[tuple[float, float, Any]] = []

    def work(api: RuntimeApi) -> None:
        while (one := waiting.get()) is not None:
            moment, answer = api.invoke(one[1])
            answers.append((moment, moment - one[0], answer))

    workers = [Thread(target=work, args=(api,)) for api in pool]
    for worker in workers:
        worker.start()
    started = time.perf_counter()
    for number, request in enumerate(requests):
        due = started + number / rate
        time.sleep(max(0.0, due - time.perf_counter()))
        waiting.put((due, request))
    for _ in workers:
        waiting.put(None)
    for worker in workers:
        worker.join()
    return answers


def _request(stack: Stack, openid: str) -> dict[str, Any]:
    now = str(int(time.time()))
    fields = {"user_openid": openid, "room_id": 1, "time": int(now), "action": "add_follow"}
    message = {"MsgType": "event", "Event": "wxalive_follow_notify", "FollowNotify": fields}
    encrypted = Envelope(stack.config.aes_key, stack.config.appid).encrypt(json.dumps(message))
    query = {"timestamp": now, "nonce": "1"}
    query["msg_signature"] = signature(stack.config.token, now, "1", encrypted)
    body = json.dumps({"Encrypt": encrypted})
    return {"httpMethod": "POST", "queryStringParameters": query, "body": body}


def _stored(stack: Stack, wanted: int) -> int:
    """How many followers there are, once the backlog had its time."""
    env = stack.env
    client = boto3.client(
        "dynamodb",
        endpoint_url=stack.aws_endpoint_url,
        region_name=stack.region,
        aws_access_key_id=env["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=env["AWS_SECRET_ACCESS_KEY"],
    )
    followers = FollowerStore(client, stack.outputs["FollowersTable"])
    deadline = time.monotonic() + SETTLE_S
    while (count := followers.count()[Status.SUBSCRIBED]) < wanted and time.monotonic() < deadline:
        time.sleep(1)
    return count


if __name__ == "__main__":
    rate, seconds = map(int, sys.argv[1:] or (RATE, SECONDS))
    seen = run(rate, seconds)
    print(f"{seen}, {seen.answered / seen.span_s:.0f} a second of {rate}")
