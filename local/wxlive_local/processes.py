"""Start a program that can't outlive us (see ``guard``), and read why it failed."""

import subprocess
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

_GUARD = Path(__file__).with_name("guard.py")
_STOP_PATIENCE_S = 300.0
"""Long, because each process of a function leaves a copy of the layer to delete."""


class Guarded:
    """A running program, with all its descendants, for the time of a ``with`` block.

    Its output goes to ``log``. ``remove`` is deleted once it has ended, however it ends. It is in
    a session of its own: a Ctrl-C at the terminal reaches us, not it.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        env: Mapping[str, str],
        cwd: Path,
        log: Path,
        remove: Path | None = None,
    ) -> None:
        self.log = log
        options = ["--remove", str(remove)] if remove else []
        with log.open("ab") as output:
            # The program is ours, from the clone; no shell reads the words.
            self._guard = subprocess.Popen(  # noqa: S603 - see the line above
                [sys.executable, "-I", _GUARD, *options, "--", *map(str, command)],
                env=dict(env),
                cwd=cwd,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def running(self) -> bool:
        return self._guard.poll() is None

    def wait(self) -> int:
        """Wait for the program to end by itself; return its exit code."""
        return self._guard.wait()

    def stop(self) -> None:
        """End the program and its descendants, and wait until none is left. Safe to repeat."""
        if self._guard.stdin and not self._guard.stdin.closed:
            self._guard.stdin.close()
        self._guard.wait(timeout=_STOP_PATIENCE_S)

    def last_lines(self, count: int = 15) -> str:
        """Return the end of the log, for a person who must find out what went wrong."""
        with self.log.open(encoding="utf-8", errors="replace") as lines:
            return "".join(deque(lines, maxlen=count)).rstrip()
