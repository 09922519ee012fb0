"""A schedule or the operator in, a turn of work out.

- ``{"action": "start"}`` (the operator) answers at once with the run, and has it worked on in
  another invocation;
- ``{"action": "confirm_sweep", "run": ID}`` does the same with a guarded run;
- ``{"action": "continue"}`` (a schedule) resumes an open run that stalled: it waited for the
  day's budget, or its worker died;
- anything else, such as the daily schedule's event, is a turn of work.

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
    """Start a run for the operator, or do a turn of work."""
    try:
        return execute(event, build_dependencies(context))
    except StoreBusy:
        raise  # Lambda retries the turn
    except WxliveError as error:
        telemetry().problem("sync refused", error)
        return {"refused": str(error)}
