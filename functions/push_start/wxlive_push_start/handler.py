"""A command in, a report or a refusal out.

The operator sends ``{"action": "start", "room_id": N, "dry_run": false, "again": false,
"audience": {"rooms": [N], "since": s, "before": s}, "trial": {"first": N, "go_on_at": percent}}``
(all but the room may be missing; or ``{"openids": [...]}`` as the trial), or
``pace`` (with ``{"per_second": N}``), ``pause``, ``resume``, ``cancel``, ``resend_unknown``,
``accept_unknown`` with
``{"campaign": ID}``, each with ``{"command": ID}`` so that it is executed once. The stack itself
sends ``plan``, ``reconcile`` (a schedule, each minute), ``end_hold`` and ``give_up``, and ``start``
with ``{"automatic": true, "day": DAY, "planned_at": s}``: for that day only, and only while that
plan stands. Answers
``{"refused": sentence}`` instead of raising.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from wxlive.bootstrap.process import entry_point, telemetry
from wxlive.errors import StoreBusy, WxliveError
from wxlive_push_start.commands import execute
from wxlive_push_start.dependencies import build_dependencies

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@entry_point
def lambda_handler(event: Mapping[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Execute one command."""
    try:
        return execute(event, build_dependencies(context))
    except StoreBusy:
        if "command" not in event:
            raise  # the schedule of the next minute repeats what the stack itself has sent
        return {"refused": "The table is too busy; nothing may have changed. Try again"}
    except WxliveError as error:
        telemetry().problem("push refused", error)
        return {"refused": str(error)}
