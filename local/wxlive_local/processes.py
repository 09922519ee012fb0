"""Programs that can't outlive us (see ``supervisor``), and why they failed."""

import subprocess
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

_SUPERVISOR = Path(__file__).with_name("supervisor.py")
_STOP_TIMEOUT_S = 300.0
"""Long, because each process of a function leaves a copy of the layer to delete."""


class SupervisedProcess:
    """A program and all its descendants, for the time of a ``with`` block.

    Its output goes to ``log``. ``remove`` is deleted once it has ended, however it ends. It has a
    session of its own: Ctrl-C at the terminal interrupts us, not the program.
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
            # The program is ours, from the clone; no shell reads the arguments.
            self._supervisor = subprocess.Popen(  # noqa: S603 - see the line above
                [sys.executable, "-I", _SUPERVISOR, *options, "--", *map(str, command)],
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
        return self._supervisor.poll() is None

    def wait(self) -> int:
        """Wait until the program ends by itself; return its exit code."""
        return self._supervisor.wait()

    def stop(self) -> None:
        """End the program and its descendants and wait until all have ended. Safe to repeat."""
        if self._supervisor.stdin and not self._supervisor.stdin.closed:
            self._supervisor.stdin.close()
        self._supervisor.wait(timeout=_STOP_TIMEOUT_S)

    def last_lines(self, count: int = 15) -> str:
        """Return the last ``count`` lines of the log."""
        with self.log.open(encoding="utf-8", errors="replace") as lines:
            return "".join(deque(lines, maxlen=count)).rstrip()
