"""The hosts of the deployed functions: what happens to each of their processes."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wxlive_local.paths import RUNTIME_PACKAGES
from wxlive_local.up import LocalStack

_FOLDER = Path(__file__).with_name("host")


def host_environment(
    *, clock_ahead_s: float = 0, clock_spread_s: float = 0, slow_start_s: float = 0
) -> dict[str, str]:
    """Return the environment variables that do this to a Python process (``sitecustomize``)."""
    return {
        "PYTHONPATH": str(_FOLDER),
        "WXLIVE_CLOCK_AHEAD_S": repr(clock_ahead_s),
        "WXLIVE_CLOCK_SPREAD_S": repr(clock_spread_s),
        "WXLIVE_SLOW_START_S": repr(slow_start_s),
    }


def change_functions(stack: LocalStack, env: Mapping[str, str]) -> None:
    """Add variables to the environment of every function; all their processes start anew."""
    added = dict(env)
    if "PYTHONPATH" in added:
        added["PYTHONPATH"] = os.pathsep.join([added["PYTHONPATH"], str(RUNTIME_PACKAGES)])
    lambda_: Any = stack.client("lambda")
    for function in lambda_.list_functions()["Functions"]:
        variables = {**function["Environment"]["Variables"], **added}
        lambda_.update_function_configuration(
            FunctionName=function["FunctionName"], Environment={"Variables": variables}
        )
