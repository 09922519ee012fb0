"""The deployed stack of the end-to-end tests: its operator and its functions."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wxlive_local.simulator import Simulator
from wxlive_local.up import LocalStack

CALLBACK = "wxlive-callback"

_COMMAND = Path(sys.executable).parent / "wxlive"


@dataclass(frozen=True)
class CommandOutput:
    """What a command printed: its JSON on stdout, its messages on stderr."""

    exit_code: int
    json: dict[str, Any]
    stderr: str


class Operator:
    """Runs `wxlive ARGUMENTS --json` on a stack, as at a terminal."""

    def __init__(self, stack: LocalStack) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        self._env = {**kept, **stack.env}

    def __call__(self, *arguments: str) -> CommandOutput:
        done = subprocess.run(
            [_COMMAND, *arguments, "--json"],
            env=self._env,
            capture_output=True,
            check=False,
            text=True,
            timeout=200,
        )
        assert "Traceback" not in done.stderr, done.stderr
        printed = json.loads(done.stdout) if done.stdout else {}
        return CommandOutput(done.returncode, printed, done.stderr)


def simulator_of(stack: LocalStack) -> Simulator:
    """The simulator that the stack talks to."""
    assert stack.simulator is not None
    return stack.simulator


def followers_at(wechat: Simulator) -> set[str]:
    """The openids that WeChat lists."""
    return wechat.run_on_loop(lambda platform: {row.openid for row in platform.followers})


def functions_of(stack: LocalStack) -> list[str]:
    """The names of the deployed functions."""
    found = stack.client("lambda").list_functions()["Functions"]
    return [function["FunctionName"] for function in found]


def configure(stack: LocalStack, function: str, variables: Mapping[str, str]) -> None:
    """Set environment variables of a function, which restarts it."""
    _set_variables(stack, function, {**_variables(stack, function), **variables})


@contextmanager
def configured(stack: LocalStack, function: str, variables: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables of a function during the block."""
    before = _variables(stack, function)
    _set_variables(stack, function, {**before, **variables})
    try:
        yield
    finally:
        _set_variables(stack, function, before)


def poll_rooms(stack: LocalStack, event: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Invoke live_watch with ``event``, as a schedule does; return what it saw."""
    return _invoke(stack, "LiveWatchFunction", event or {})


def reconcile(stack: LocalStack) -> dict[str, Any]:
    """Have push_start reconcile and announce, as its schedule does each minute."""
    return _invoke(stack, "PushStartFunction", {"action": "reconcile"})


def _invoke(stack: LocalStack, output: str, event: Mapping[str, Any]) -> dict[str, Any]:
    reply = stack.client("lambda").invoke(
        FunctionName=stack.outputs[output], Payload=json.dumps(event)
    )
    payload = reply["Payload"].read()
    assert "FunctionError" not in reply, payload
    answer: dict[str, Any] = json.loads(payload)
    return answer


def _variables(stack: LocalStack, function: str) -> dict[str, str]:
    found = stack.client("lambda").get_function_configuration(FunctionName=function)
    variables: dict[str, str] = found["Environment"]["Variables"]
    return variables


def _set_variables(stack: LocalStack, function: str, variables: Mapping[str, str]) -> None:
    stack.client("lambda").update_function_configuration(
        FunctionName=function, Environment={"Variables": variables}
    )
