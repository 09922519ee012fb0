"""A command in, a report or a refusal out.

``{"action": "start", "room_id": N, "dry_run": false, "audience": {"rooms": [N], "since": s,
"before": s}}`` (the last two and their parts may be missing), or ``plan``, ``pause``, ``resume``,
``cancel``, ``resend_unknown``, ``accept_unknown`` with ``{"campaign": ID}``. The operator, a
schedule or live_watch sends it. Answers ``{"refused": sentence}`` instead of raising.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from wxlive.bootstrap.process import entry_point, telemetry
from wxlive.errors import WxliveError
from wxlive_push_start.commands import execute
from wxlive_push_start.dependencies import build_dependencies

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@entry_point
def lambda_handler(event: Mapping[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Execute one command."""
    try:
        return execute(event, build_dependencies(context))
    except WxliveError as error:
        telemetry().problem("push refused", error)
        return {"refused": str(error)}
