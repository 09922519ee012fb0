"""A clock that is ahead of the machine's: for WeChat, the deployed functions and the operator."""

import os
import time
from pathlib import Path
from typing import Any

from wxlive_local.paths import RUNTIME_PACKAGES
from wxlive_local.up import LocalStack

_FOLDER = Path(__file__).with_name("shifted_clock")


class ShiftedClock:
    """Returns the shifted time (Unix s) when called; it is the machine's until ``shift``."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead_s

    @property
    def env(self) -> dict[str, str]:
        """The environment variables that shift the clock of a Python process."""
        return {"PYTHONPATH": str(_FOLDER), "WXLIVE_CLOCK_AHEAD_S": repr(self.ahead_s)}

    def shift(self, ahead_s: float, stack: LocalStack) -> None:
        """Move this clock and that of the stack's functions, which start anew."""
        self.ahead_s = ahead_s
        lambda_: Any = stack.client("lambda")
        path = os.pathsep.join([self.env["PYTHONPATH"], str(RUNTIME_PACKAGES)])
        env = {**self.env, "PYTHONPATH": path}
        for function in lambda_.list_functions()["Functions"]:
            variables = {**function["Environment"]["Variables"], **env}
            lambda_.update_function_configuration(
                FunctionName=function["FunctionName"], Environment={"Variables": variables}
            )
