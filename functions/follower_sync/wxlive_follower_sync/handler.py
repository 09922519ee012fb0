"""A schedule or the operator in, a turn of work out.

- ``{"action": "start", "command": ID}`` (the operator) begins a run, or joins the open one, answers
  at once, and has it worked on in another invocation; with ``"trust_list": true`` the operator
  vouches for WeChat's list;
- ``{"action": "confirm_sweep", "run": ID}`` does the same with a guarded run;
- ``{"action": "abandon", "run": ID}`` ends an open run;
- ``{"action": "continue"}`` (a schedule, a turn that is out of time) goes on with the open run and
  never begins one;
- an event without an action, such as the daily schedule's, begins a run unless one has begun since
  the event's ``time``, and goes on with it.

Answers ``{"refused": sentence}`` instead of raising an error of ours.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from wxlive.bootstrap.process import entry_point, telemetry
from wxlive.errors import StoreBusy, WxliveError
from wxlive_follower_sync.commands import execute
from wxlive_follower_sync.dependencies import build_dependencies

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@entry_point
def lambda_handler(event: Mapping[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Execute a command, or do a turn of work."""
    try:
        return execute(event, build_dependencies(context))
    except StoreBusy:
        raise  # Lambda retries the turn
    except WxliveError as error:
        telemetry().problem("sync refused", error)
        return {"refused": str(error)}
