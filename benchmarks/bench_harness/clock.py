"""A clock that is ahead of the machine's: for WeChat, the deployed functions and the operator."""

import time

from bench_harness.function_hosts import change_functions, host_environment
from wxlive_local.up import LocalStack


class ShiftedClock:
    """Returns the shifted time (Unix s) when called; it is the machine's until ``shift``."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead_s

    @property
    def env(self) -> dict[str, str]:
        """The environment variables that shift the clock of a Python process."""
        return host_environment(clock_ahead_s=self.ahead_s)

    def shift(self, ahead_s: float, stack: LocalStack) -> None:
        """Move this clock and that of the stack's functions, which start anew."""
        self.ahead_s = ahead_s
        change_functions(stack, self.env)
