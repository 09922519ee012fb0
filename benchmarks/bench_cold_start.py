"""Cold start: from the start of the process to the first answer, as built and compiled.

The real runtime client drives each function on the local AWS. The floor is the same client with a
function that imports boto3 and makes one DynamoDB client, compiled in the same way.
"""

import compileall
import json
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from py_compile import PycInvalidationMode
from typing import Any

from measuring import Measurement
from runtime_api import environment

from wxlive_local.simulator import LIVE
from wxlive_local.up import Options, Stack, local_stack

ROUNDS = 9
EVENTS = Path(__file__).parents[1] / "events"
FLOOR = """
import boto3

def lambda_handler(event, context):
    boto3.client("dynamodb")
    return {}
"""
FIRST_EVENTS: dict[str, Any] = {
    "callback": "callback/verify_url.json",
    "callback_backlog": "callback_backlog/follow.json",
    "follower_sync": {"action": "work"},
    "live_watch": {},
    "push_start": {"action": "start", "room_id": 1, "dry_run": True},
    "push_fanout": "push_fanout/one_chunk.json",
}


@dataclass(frozen=True)
class Built:
    """A function as it was built and deployed."""

    root: Path
    handler: str
    layer: Path | None
    env: Mapping[str, str]

    def cold_start_ms(self, event: Any) -> float:
        started = time.perf_counter()
        with environment(self.root, self.handler, self.layer, self.env) as api:
            answered, answer = api.invoke(event)
        if "errorType" in answer:
            raise RuntimeError(f"{self.handler}: {answer}")
        return 1000 * (answered - started)


def measure() -> list[Measurement]:
    """Milliseconds, one process a figure, floor and figure in turn."""
    return _measure(tuple(FIRST_EVENTS), ROUNDS)


def measure_quick() -> list[Measurement]:
    """Measure the one that WeChat waits for."""
    return _measure(("callback",), 2)


def _measure(names: tuple[str, ...], rounds: int) -> list[Measurement]:
    never = {"SyncSchedule": "rate(365 days)", "WatchSchedule": "rate(365 days)"}
    with (
        tempfile.TemporaryDirectory() as folder,
        local_stack(Options(parameters=never | {"CallbackMaxAgeSeconds": "0"})) as stack,
    ):
        if stack.simulator is not None:
            stack.simulator.set_room(1, LIVE)
        floor = _floor(Path(folder), stack)
        return [_measured(name, floor, stack, rounds) for name in names]


def _measured(name: str, floor: Built, stack: Stack, rounds: int) -> Measurement:
    function, event = built(name, stack), FIRST_EVENTS[name]
    if isinstance(event, str):
        event = json.loads((EVENTS / event).read_text(encoding="utf-8"))
    pairs = [(floor.cold_start_ms({}), function.cold_start_ms(event)) for _ in range(rounds)]
    return Measurement(
        name=f"cold start, {name}",
        what="process start to first answer; floor: runtime client, boto3, one DynamoDB client",
        unit="ms",
        floors=[low for low, _ in pairs],
        figures=[high for _, high in pairs],
    )


def _floor(folder: Path, stack: Stack) -> Built:
    (folder / "floor.py").write_text(FLOOR, encoding="utf-8")
    compileall.compile_dir(folder, quiet=2, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH)
    return Built(folder, "floor.lambda_handler", None, _usual(stack))


def built(name: str, stack: Stack) -> Built:
    """A function of a deployed stack, with the environment that the template gives it."""
    deployed = stack.client("lambda").get_function_configuration(
        FunctionName=f"{stack.stack_name}-{name.replace('_', '-')}"
    )
    parts = stack.aws.run_dir / "aws" / "stack"
    logical_id = "".join(word.title() for word in name.split("_")) + "Function"
    env = {
        **_usual(stack),
        **deployed["Environment"]["Variables"],
        "AWS_LAMBDA_FUNCTION_NAME": deployed["FunctionName"],
    }
    return Built(parts / logical_id, deployed["Handler"], parts / "WxliveLayer" / "python", env)


def _usual(stack: Stack) -> dict[str, str]:
    return {**stack.aws.env, "AWS_REGION": stack.region, "AWS_EC2_METADATA_DISABLED": "true"}


if __name__ == "__main__":
    for one in measure():
        print(f"{one.name}: {one.floor:.0f} -> {one.figure:.0f} ms, x{one.ratio:.2f}")
