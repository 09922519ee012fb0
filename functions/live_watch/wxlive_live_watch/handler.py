"""A schedule in, polls of the rooms out.

``{"push": ROOM_ID, "at": UNIX_S}`` (a planned push) has that room pushed as soon as it is live.
``{"check": true}`` (`wxlive doctor`) finds out whether WeChat accepts calls from this stack.
"""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from wxlive.bootstrap.process import entry_point
from wxlive_live_watch.check import build_uncached_client, check
from wxlive_live_watch.dependencies import build_dependencies
from wxlive_live_watch.poll import plan_push
from wxlive_live_watch.watch import watch

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@entry_point
def lambda_handler(event: Mapping[str, Any], context: "LambdaContext") -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Watch the rooms for a minute, or check the access to WeChat."""
    if "check" in event:
        return check(build_uncached_client(), time.time())
    deps = build_dependencies()
    if "push" in event:
        plan_push(int(event["push"]), int(event.get("at") or deps.now()), deps)
    return watch(deps)
