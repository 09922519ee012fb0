"""A small process between the local run and a program it starts, so that nothing outlives it.

``python supervisor.py [--remove DIRECTORY] -- COMMAND ...`` runs the command in a process group
of its own until the command ends, or until the supervisor's standard input ends. The local run
holds the other end of that pipe, so the kernel closes it however the local run dies. The
supervisor then ends the whole group (the local AWS starts a process for each function), waits
for every process in it, and removes the directory.

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
_GRACE_S = {signal.SIGTERM: 3.0, signal.SIGKILL: 10.0}
_POLL_S = 0.05


def main(arguments: list[str]) -> int:
    """Run the command; return its exit code, or 0 if it was stopped."""
    cut = arguments.index("--")
    options, command = arguments[:cut], arguments[cut + 1 :]
    # Orphans of the command become our children, so that we can wait for them as well.
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    # Only the end of the input stops the supervisor: it has to clean up first.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    # The command is the caller's own argument list; no shell reads it.
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, process_group=0) as child:  # noqa: S603 - see the line above
        code = _wait(child)
        ended = _end(child.pid)
        child.returncode = code or 0
    if options:
        shutil.rmtree(options[1], ignore_errors=True)
    return code or 0 if ended else 1


def _wait(child: "subprocess.Popen[bytes]") -> int | None:
    """Return the exit code, or None once the other end of our input is closed."""
    while (code := child.poll()) is None:
        if select.select([0], [], [], _POLL_S)[0] and not os.read(0, 1):
            return None
    return code


def _end(group: int) -> bool:
    """End every process of the group; return whether all have ended."""
    for number, grace_s in _GRACE_S.items():
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, number)
        deadline = time.monotonic() + grace_s
        while time.monotonic() < deadline:
            if not _any_left(group):
                return True
            time.sleep(_POLL_S / 5)
    return False


def _any_left(group: int) -> bool:
    """Reap what has ended; return whether a child of ours in this group still runs."""
    try:
        while os.waitpid(-group, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
