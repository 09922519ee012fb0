"""SQS in: the events of a batch become a few posts; what a robot does not take comes again.

The queue is FIFO with one group, so there is one batch at a time and its order holds.
"""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from wxlive.bootstrap.process import entry_point
from wxlive.errors import WxliveError
from wxlive.robots.posts import PAUSE_S, Message, batches, post
from wxlive.robots.sending import CALL_LIMIT_S
from wxlive_notify.dependencies import Dependencies, build_dependencies
from wxlive_notify.messages import not_understood, sentence

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

_POST_S = CALL_LIMIT_S + PAUSE_S + 1


@entry_point
def lambda_handler(event: Mapping[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Post what a batch tells."""
    return notify(event["Records"], build_dependencies(context))


def notify(records: Sequence[Mapping[str, Any]], deps: Dependencies) -> dict[str, Any]:
    """Post a batch; returns SQS's list of the messages that are to come again.

    After a failure the rest is not tried: its order must hold. Each post is followed by a pause, so
    that the next invocation, too, keeps to the robot's rate.
    """
    messages = {record["messageId"]: _message(record["body"], deps) for record in records}
    left = [name for name, message in messages.items() if message is not None]
    try:
        _post_all({name: m for name, m in messages.items() if m is not None}, left, deps)
    except WxliveError as error:
        facts = {"sentence": error.message, "errcode": error.errcode, "left": len(left)}
        deps.telemetry.logger.warning("robot not told", extra=facts)
    return {"batchItemFailures": [{"itemIdentifier": name} for name in left]}


def _post_all(messages: Mapping[str, Message], left: list[str], deps: Dependencies) -> None:
    """Post messages; takes those that were posted off ``left``."""
    if not messages:
        return
    robot = deps.robot()
    deps.telemetry.hide([robot.url, robot.secret])
    for batch in batches(robot, messages.values()):
        if deps.remaining_s() < _POST_S:
            return
        try:
            deps.send(robot, post(robot, batch, deps.now()))
        finally:
            deps.sleep(PAUSE_S)
        del left[: len(batch)]
        deps.telemetry.logger.info("robot told", extra={"messages": len(batch)})


def _message(body: str, deps: Dependencies) -> Message | None:
    """Return what the team is told of an event; of one that can't be understood, that it came.

    Left in the queue, it would hold up those behind it for an hour, and not be understood then
    either.
    """
    try:
        event = json.loads(body)
        text = sentence(
            event,
            stack=deps.stack,
            offset_hours=deps.day_offset_hours,
            catalogue=deps.catalogue,
        )
    except Exception:  # whatever is wrong with it
        deps.telemetry.logger.exception("event not understood", extra={"body": body})
        text = not_understood(stack=deps.stack, catalogue=deps.catalogue)
        return Message(text, {})
    return Message(text, event) if text is not None else None
