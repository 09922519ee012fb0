"""``wxlive push --wait`` at the terminal, on the deployed stack: from the command to its end.

What the operator waits for beyond the pace, which is from the first call to the last, is before and
after it. Its floor is a command that reads one record, the cold processes that no push does
without, one after the other (push_start's start, its planner and a sender, each as the function
that does nothing), and the time that WeChat itself takes from the last call to its result. The
floor of the whole is what WeChat's limit takes for so many followers.
"""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench_harness.built_functions import UNSCHEDULED
from bench_harness.cold_starts import cold_start_ms, idle_function
from bench_harness.measurement import Measurement
from bench_harness.operator_command import DONE, Operator
from bench_harness.processes import seconds
from bench_harness.push_account import read_account, simulator_of
from wxlive_local.simulator import LIVE, Platform
from wxlive_local.up import LocalStack, Options, local_stack

FOLLOWERS, RATE, ROOM, ROUNDS = 60_000, 2000, 1001, 3
LIMIT_S = FOLLOWERS / RATE - 1
"""From the first call to the last, if each takes a second."""

COLD_PROCESSES, SAMPLES = 3, 5


@dataclass(frozen=True)
class PushCommand:
    """What one push took (s): until WeChat was called, the calls, and from the last to the end."""

    floor_s: float
    before_s: float
    calls_s: float
    after_s: float

    @property
    def waiting_s(self) -> float:
        """What was waited for beyond the pace."""
        return self.before_s + self.after_s


def measure() -> list[Measurement]:
    """Measure the push of 60,000 followers, each on a stack of its own."""
    pushes = [_on_new_stack() for _ in range(ROUNDS)]
    shown = [f"{push.before_s:.1f} + {push.calls_s:.1f} + {push.after_s:.1f} s" for push in pushes]
    return [
        Measurement(
            "push --wait, beyond the pace",
            f"before the first call, the calls, after the last: {', '.join(shown)}",
            "s",
            [push.floor_s for push in pushes],
            [push.waiting_s for push in pushes],
            FOLLOWERS,
        ),
        Measurement(
            "push --wait, the whole",
            "from the command until it has ended with every result",
            "s",
            [LIMIT_S] * ROUNDS,
            [push.waiting_s + push.calls_s for push in pushes],
            FOLLOWERS,
        ),
    ]


def _on_new_stack() -> PushCommand:
    options = Options(parameters=UNSCHEDULED, followers=FOLLOWERS)
    with local_stack(options) as stack:
        simulator_of(stack).set_room(ROOM, LIVE)
        operator = Operator(stack)
        operator("sync", "--wait")
        return _push(stack, operator, _floor_s(stack, operator))


def _floor_s(stack: LocalStack, operator: Operator) -> float:
    with tempfile.TemporaryDirectory() as folder:
        idle = idle_function(Path(folder), stack)
        cold_ms = median(cold_start_ms(idle, {}) for _ in range(SAMPLES))
    command_s = median(seconds(lambda: operator("planned")) for _ in range(SAMPLES))
    return command_s + COLD_PROCESSES * cold_ms / 1000


def _push(stack: LocalStack, operator: Operator, floor_s: float) -> PushCommand:
    began_at = time.time()
    output = operator("push", "--room", str(ROOM), "--wait")
    ended_at = time.time()
    account = simulator_of(stack).run_on_loop(read_account)
    notified = account.notified[ROOM]
    assert output.exit_code == DONE, output  # noqa: S101 - else the figure means nothing
    assert (len(notified), account.twice) == (FOLLOWERS, 0)  # noqa: S101 - as above
    first_s, last_s = account.calls[0].at, account.calls[-1].at
    result_s = simulator_of(stack).run_on_loop(_last_result_at) - last_s
    return PushCommand(floor_s + result_s, first_s - began_at, last_s - first_s, ended_at - last_s)


def _last_result_at(platform: Platform) -> float:
    """Return when the last result was sent for the first time (Unix s)."""
    return max(record.attempts[0].at for record in platform.ledger.results)
