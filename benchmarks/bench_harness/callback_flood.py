"""Callbacks at a fixed rate, whatever the answers.

Follow events of different users arrive at a pool of execution environments: the built function
with the real runtime client, on the local AWS. A delay counts from the time at which the event
arrived.
"""

import json
import queue
import time
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import quantiles
from threading import Thread
from typing import Any, NamedTuple

from bench_harness.built_functions import UNSCHEDULED, built_function
from bench_harness.lambda_runtime import RuntimeApi, execution_environment
from bench_harness.local_tables import client
from wxlive.domain.followers import Status
from wxlive.stores.followers import FollowerStore
from wxlive.wechat.crypto import Envelope, signature
from wxlive_local.up import LocalStack, Options, local_stack

POOL = 4
"""Execution environments."""

SETTLE_S = 60
"""How long the backlog may take to store the rest."""


@dataclass(frozen=True)
class FloodResult:
    """What became of the callbacks. ``span_s`` lasts from the first arrival to the last answer."""

    wanted: int
    answered: int
    stored: int
    span_s: float
    delays_ms: list[float]

    @property
    def answered_per_second(self) -> float:
        """How many callbacks were answered in a second."""
        return self.answered / self.span_s

    def describe(self) -> str:
        """Describe the counts and the delays."""
        cuts = quantiles(self.delays_ms, n=100)
        return (
            f"{self.wanted} callbacks, {self.answered} answered success, {self.stored} stored, "
            f"p50 {cuts[49]:.0f} ms, p99 {cuts[98]:.0f} ms"
        )


class _Answer(NamedTuple):
    at: float
    delay_s: float
    body: Any


def flood(rate: int, duration_s: int) -> FloodResult:
    """Send ``rate`` callbacks a second to a stack of its own."""
    with local_stack(Options(parameters=UNSCHEDULED)) as stack, ExitStack() as running:
        function = built_function("callback", stack)
        pool = [running.enter_context(execution_environment(function)) for _ in range(POOL)]
        for number, api in enumerate(pool):
            api.invoke(_request(stack, f"oWarm{number:023d}"))
        requests = [_request(stack, f"oLoad{number:023d}") for number in range(rate * duration_s)]
        started_at = time.perf_counter()
        answers = _send_all(pool, requests, rate)
        stored = _count_stored(stack, len(requests) + POOL) - POOL
    return FloodResult(
        wanted=len(requests),
        answered=sum(answer.body.get("body") == "success" for answer in answers),
        stored=stored,
        span_s=max(answer.at for answer in answers) - started_at,
        delays_ms=[1000 * answer.delay_s for answer in answers],
    )


def _send_all(pool: list[RuntimeApi], requests: list[Any], rate: int) -> list[_Answer]:
    """Let the requests arrive; returns the answers when all are there."""
    waiting: queue.Queue[tuple[float, Any] | None] = queue.Queue()
    answers: list[_Answer] = []

    def work(api: RuntimeApi) -> None:
        while (one := waiting.get()) is not None:
            due_at, request = one
            answered_at, body = api.invoke(request)
            answers.append(_Answer(answered_at, answered_at - due_at, body))

    workers = [Thread(target=work, args=(api,)) for api in pool]
    for worker in workers:
        worker.start()
    started_at = time.perf_counter()
    for number, request in enumerate(requests):
        due_at = started_at + number / rate
        time.sleep(max(0.0, due_at - time.perf_counter()))
        waiting.put((due_at, request))
    for _ in workers:
        waiting.put(None)
    for worker in workers:
        worker.join()
    return answers


def _request(stack: LocalStack, openid: str) -> dict[str, Any]:
    now = str(int(time.time()))
    fields = {"user_openid": openid, "room_id": 1, "time": int(now), "action": "add_follow"}
    message = {"MsgType": "event", "Event": "wxalive_follow_notify", "FollowNotify": fields}
    encrypted = Envelope(stack.config.aes_key, stack.config.appid).encrypt(json.dumps(message))
    query = {"timestamp": now, "nonce": "1"}
    query["msg_signature"] = signature(stack.config.token, now, "1", encrypted)
    body = json.dumps({"Encrypt": encrypted})
    return {"httpMethod": "POST", "queryStringParameters": query, "body": body}


def _count_stored(stack: LocalStack, wanted: int) -> int:
    """Count the followers as soon as all are stored, or after ``SETTLE_S``."""
    followers = FollowerStore(client("dynamodb", stack.env), stack.outputs["FollowersTable"])
    deadline = time.monotonic() + SETTLE_S
    while (count := followers.count()[Status.SUBSCRIBED]) < wanted and time.monotonic() < deadline:
        time.sleep(1)
    return count
