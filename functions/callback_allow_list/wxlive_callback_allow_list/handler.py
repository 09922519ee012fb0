"""A schedule in, an allow-list that agrees with WeChat out."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from wxlive.bootstrap.process import entry_point
from wxlive_callback_allow_list.dependencies import Dependencies, build_dependencies
from wxlive_callback_allow_list.networks import networks

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@entry_point
def lambda_handler(event: Mapping[str, Any], context: "LambdaContext") -> dict[str, Any]:  # noqa: ARG001 - the schedule's event is empty
    """Ask WeChat once; change the list if it differs."""
    return refresh(build_dependencies())


def refresh(deps: Dependencies) -> dict[str, Any]:
    """Make the allow-list what WeChat says; returns its number of networks, and if it changed."""
    wanted = networks(deps.wechat.callback_addresses())
    refreshed = {"networks": len(wanted), "changed": deps.allow_list.replace(wanted)}
    deps.telemetry.logger.info("callback allow-list refreshed", extra=refreshed)
    return refreshed
