"""Freezes the functions' processes of a local AWS between two events, as Lambda does."""

import fcntl
import os
import signal
import struct
import termios
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

_POLL_S: Final = 0.02
_POLLS_A_SEARCH: Final = 10
_READS_STDIN: Final = ["0", "0x0"]
"""A process in the call ``read`` (0) of its standard input (0), which brings the events."""


class Freezer:
    """Stops each process that waits for an event, and lets it go on for the next one.

    The processes are those of the functions on the local AWS at ``port``, for the time of a
    ``with`` block. ``times`` counts how often one was frozen.
    """

    def __init__(self, port: int) -> None:
        self.times = 0
        self._mark = f"GATEWAY_PORT={port}".encode()
        self._stopping = threading.Event()
        self._frozen: set[int] = set()
        self._thread = threading.Thread(target=self._run, name="freezer", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()
        for pid in self._frozen:
            _signal(pid, signal.SIGCONT)

    def _run(self) -> None:
        pids: list[int] = []
        polls = 0
        while not self._stopping.wait(_POLL_S):
            if polls % _POLLS_A_SEARCH == 0:
                pids = self._processes()
            polls += 1
            for pid in pids:
                with suppress(OSError):  # it has ended
                    self._freeze_or_thaw(pid)

    def _freeze_or_thaw(self, pid: int) -> None:
        if pid in self._frozen:
            if _has_event(pid):
                _signal(pid, signal.SIGCONT)
                self._frozen.discard(pid)
        elif _waits(pid) and not _has_event(pid):
            _signal(pid, signal.SIGSTOP)
            if _waits(pid):
                self._frozen.add(pid)
                self.times += 1
            else:  # an event came meanwhile
                _signal(pid, signal.SIGCONT)

    def _processes(self) -> list[int]:
        """Return the ids of the functions' processes."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):  # it has ended, or belongs to somebody else
                variables = (process / "environ").read_bytes().split(b"\0")
                names = {variable.partition(b"=")[0] for variable in variables}
                if self._mark in variables and b"AWS_LAMBDA_FUNCTION_NAME" in names:
                    found.append(int(process.name))
        return found


def _waits(pid: int) -> bool:
    """Whether a process waits for an event, or would if it were not stopped."""
    return Path(f"/proc/{pid}/syscall").read_text("ascii").split()[:2] == _READS_STDIN


def _has_event(pid: int) -> bool:
    """Whether there is an event that a process has not read yet."""
    pipe = os.open(f"/proc/{pid}/fd/0", os.O_RDONLY | os.O_NONBLOCK)
    try:
        waiting: int = struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)))[0]
        return waiting > 0
    finally:
        os.close(pipe)


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
