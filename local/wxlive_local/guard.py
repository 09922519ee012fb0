"""A small process between the local run and what it starts, so that nothing outlives it.

``python guard.py [--remove DIRECTORY] -- COMMAND ...`` runs the command in a process group of
its own until the command ends, or until the guard's standard input ends. The other end of that
pipe is held by the local run, so the kernel closes it however the local run dies. Then the guard
ends the whole group (the local AWS starts a process for each function), waits for every one of
its processes, and removes the directory.

It is run by its path with an isolated interpreter: it may import the standard library only.
"""

import contextlib
import ctypes
import os
import select
import shutil
import signal
import subprocess
import sys
import time

_PR_SET_CHILD_SUBREAPER = 36
_PATIENCE_S = {signal.SIGTERM: 3.0, signal.SIGKILL: 10.0}
_POLL_S = 0.05


def main(arguments: list[str]) -> int:
    """Run the command; return its exit code, or 0 when it was told to stop."""
    cut = arguments.index("--")
    options, command = arguments[:cut], arguments[cut + 1 :]
    # Orphans of the command become our children, so that we can wait for them as well.
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    # Told to stop twice or by another way, the guard still ends by the end of its input.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    # The command is the caller's own argument list; no shell reads it.
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, process_group=0) as child:  # noqa: S603 - see the line above
        code = _wait(child)
        gone = _end(child.pid)
        child.returncode = code or 0
    if options:
        shutil.rmtree(options[1], ignore_errors=True)
    return code or 0 if gone else 1


def _wait(child: "subprocess.Popen[bytes]") -> int | None:
    """Return the exit code, or None once nobody holds the other end of our input."""
    while (code := child.poll()) is None:
        if select.select([0], [], [], _POLL_S)[0] and not os.read(0, 1):
            return None
    return code


def _end(group: int) -> bool:
    """End every process of the group; tell whether all are gone."""
    for number, patience in _PATIENCE_S.items():
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, number)
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if not _any_left(group):
                return True
            time.sleep(_POLL_S / 5)
    return False


def _any_left(group: int) -> bool:
    """Reap what has ended; tell whether a child of ours in this group still runs."""
    try:
        while os.waitpid(-group, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
