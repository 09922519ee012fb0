"""Cold starts, from the start of the process to the first answer.

The real runtime client runs each function, as built and compiled, on the local AWS. The floor is
the same client with a function that imports boto3 and creates one DynamoDB client, compiled in the
same way.
"""

import compileall
import json
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from py_compile import PycInvalidationMode
from typing import Any

from bench_harness.built_functions import UNSCHEDULED, BuiltFunction, base_env, built_function
from bench_harness.lambda_runtime import execution_environment
from bench_harness.measurement import Measurement
from wxlive_local.paths import ROOT
from wxlive_local.simulator import LIVE
from wxlive_local.up import LocalStack, Options, local_stack

ROUNDS = 9
EVENTS = ROOT / "events"
FLOOR = """
import boto3

def lambda_handler(event, context):
    boto3.client("dynamodb")
    return {}
"""
FIRST_EVENTS: dict[str, Any] = {
    "callback": "callback/verify_url.json",
    "callback_backlog": "callback_backlog/follow.json",
    "follower_sync": {"action": "continue"},
    "live_watch": {},
    "push_start": {"action": "start", "room_id": 1, "dry_run": True},
    "push_fanout": "push_fanout/one_chunk.json",
}


def measure_cold_starts(
    names: Iterable[str] = tuple(FIRST_EVENTS), rounds: int = ROUNDS
) -> list[Measurement]:
    """Measure in milliseconds, one process a figure, floor and figure in turn."""
    options = Options(parameters={**UNSCHEDULED, "CallbackMaxAgeSeconds": "0"})
    with tempfile.TemporaryDirectory() as folder, local_stack(options) as stack:
        if stack.simulator is not None:
            stack.simulator.set_room(1, LIVE)
        floor = idle_function(Path(folder), stack)
        return [_measure(name, floor, stack, rounds) for name in names]


def _measure(name: str, floor: BuiltFunction, stack: LocalStack, rounds: int) -> Measurement:
    function, event = built_function(name, stack), _first_event(name)
    pairs = [(cold_start_ms(floor, {}), cold_start_ms(function, event)) for _ in range(rounds)]
    return Measurement(
        name=f"cold start, {name}",
        what="process start to first answer; floor: runtime client, boto3, one DynamoDB client",
        unit="ms",
        floors=[low for low, _ in pairs],
        figures=[high for _, high in pairs],
    )


def _first_event(name: str) -> Any:
    event = FIRST_EVENTS[name]
    if isinstance(event, str):
        return json.loads((EVENTS / event).read_text(encoding="utf-8"))
    return event


def cold_start_ms(function: BuiltFunction, event: Any) -> float:
    """Return how long a new process takes to its first answer (ms)."""
    started_at = time.perf_counter()
    with execution_environment(function) as api:
        answered_at, answer = api.invoke(event)
    if "errorType" in answer:
        raise RuntimeError(f"{function.handler}: {answer}")
    return 1000 * (answered_at - started_at)


def idle_function(folder: Path, stack: LocalStack) -> BuiltFunction:
    """Return the function that does nothing, compiled in ``folder``."""
    (folder / "floor.py").write_text(FLOOR, encoding="utf-8")
    compileall.compile_dir(folder, quiet=2, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH)
    return BuiltFunction(folder, "floor.lambda_handler", None, base_env(stack))
