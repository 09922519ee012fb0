"""The operator's command on a deployed stack, run as at a terminal."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from wxlive_local.up import LocalStack

DONE: Final = 0

_COMMAND = Path(sys.executable).parent / "wxlive"
_POLL_S = 2.0


@dataclass(frozen=True)
class CommandOutput:
    """What a command printed: its JSON on stdout, its messages on stderr."""

    exit_code: int
    json: dict[str, Any]
    stderr: str


class Operator:
    """Runs ``wxlive ARGUMENTS --json`` with the stack's environment and ``env``.

    A ``PYTHONPATH`` in ``env`` comes before the user's.
    """

    def __init__(self, stack: LocalStack, env: Mapping[str, str] | None = None) -> None:
        users = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        self._env = {**users, **stack.env, **(env or {})}
        if env and "PYTHONPATH" in env and "PYTHONPATH" in users:
            self._env["PYTHONPATH"] = os.pathsep.join([env["PYTHONPATH"], users["PYTHONPATH"]])

    def __call__(self, *arguments: str) -> CommandOutput:
        """Run one command to its end."""
        done = subprocess.run(
            [_COMMAND, *arguments, "--json"],
            env=self._env,
            capture_output=True,
            check=False,
            text=True,
        )
        printed = json.loads(done.stdout) if done.stdout else {}
        return CommandOutput(done.returncode, printed, done.stderr.strip())

    def wait_until_over(self, campaign: str, timeout_s: float) -> dict[str, Any]:
        """Return the campaign's status as soon as it is over, or after ``timeout_s``.

        It is over when it has ended, or everything is sent and has its result.
        """
        deadline = time.monotonic() + timeout_s
        while True:
            status = self("status", campaign).json
            over = status.get("state") in {"settled", "cancelled", "failed"}
            if over or time.monotonic() > deadline:
                return status
            time.sleep(_POLL_S)
