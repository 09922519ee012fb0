"""The functions of a deployed stack, as they were built."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from wxlive_local.deploy import host_layer
from wxlive_local.up import LocalStack

UNSCHEDULED = {"SyncSchedule": "rate(365 days)", "WatchSchedule": "rate(365 days)"}
"""Template parameters of a stack in which only the benchmark starts syncs and polls."""


@dataclass(frozen=True)
class BuiltFunction:
    """A built function: its folder, its handler, the layer's folder, its environment."""

    root: Path
    handler: str
    layer: Path | None
    env: Mapping[str, str]


def function_name(name: str, stack: LocalStack) -> str:
    """Return the deployed name of a function, which is called ``name`` in ``functions/``."""
    return f"{stack.stack_name}-{name.replace('_', '-')}"


def built_function(name: str, stack: LocalStack) -> BuiltFunction:
    """Return a function of a deployed stack, with the environment from the template."""
    deployed = stack.client("lambda").get_function_configuration(
        FunctionName=function_name(name, stack)
    )
    build = stack.aws.run_dir / "aws" / "stack"
    logical_id = "".join(word.title() for word in name.split("_")) + "Function"
    env = {
        **base_env(stack),
        **deployed["Environment"]["Variables"],
        "AWS_LAMBDA_FUNCTION_NAME": deployed["FunctionName"],
    }
    return BuiltFunction(build / logical_id, deployed["Handler"], host_layer(build), env)


def base_env(stack: LocalStack) -> dict[str, str]:
    """Return the environment variables that every function on the local AWS has."""
    return {**stack.aws.env, "AWS_REGION": stack.region, "AWS_EC2_METADATA_DISABLED": "true"}
