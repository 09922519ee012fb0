"""An operator at a terminal, and WeChat's side of a deployed stack."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from wxlive_local.simulator import Simulator
from wxlive_local.up import Stack

_COMMAND = Path(sys.executable).parent / "wxlive"


@dataclass(frozen=True)
class Answer:
    """What a command answered: exit code, JSON from stdout, words from stderr."""

    code: int
    facts: dict[str, Any]
    words: str


Operator = Callable[..., Answer]


def operator_of(stack: Stack) -> Operator:
    """Type `wxlive WORDS --json` on a stack."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}

    def run(*words: str) -> Answer:
        done = subprocess.run(
            [_COMMAND, *words, "--json"],
            env={**kept, **stack.env},
            capture_output=True,
            check=False,
            text=True,
            timeout=200,
        )
        facts = json.loads(done.stdout) if done.stdout else {}
        assert "Traceback" not in done.stderr
        return Answer(done.returncode, facts, done.stderr)

    return run


@pytest.fixture(scope="session")
def operator(stack: Stack) -> Operator:
    """The operator of the session's stack."""
    return operator_of(stack)


@pytest.fixture(scope="session")
def wechat(stack: Stack) -> Simulator:
    """The simulator that the session's stack talks to."""
    assert stack.simulator is not None
    return stack.simulator
