"""SQS in, one outcome a message: see ``wxlive.stores.push_queue``."""

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)

from wxlive.bootstrap.process import entry_point
from wxlive.errors import WxliveError
from wxlive.stores.push_queue import Message, OutcomeMessage, WakeMessage, parse_message
from wxlive_push_fanout.dependencies import Dependencies, build_dependencies
from wxlive_push_fanout.outcomes import store_later
from wxlive_push_fanout.send import get_ready, send

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext


@entry_point
def lambda_handler(event: Mapping[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Process a batch of one message.

    If it fails, so does the invocation: Lambda counts the error, and the message returns after the
    visibility timeout.
    """
    deps = build_dependencies(context)

    def record_handler(record: "SQSRecord") -> str:
        return process(record.body, deps)

    answer = process_partial_response(
        event=dict(event),
        record_handler=record_handler,
        processor=BatchProcessor(EventType.SQS),
        context=context,
    )
    return dict(answer)


def process(body: str, deps: Dependencies) -> str:
    """Process one message; returns how it was processed.

    Raises:
        Exception: whatever went wrong; it is logged here, because the batch processor only reports
            which message failed.
    """
    facts: dict[str, Any] = {"body": body}
    try:
        message = parse_message(body)
        facts |= _named_in(message)
        if isinstance(message, WakeMessage):
            with suppress(WxliveError):  # the first chunk will meet the same failure
                get_ready(deps)
            return "awake"
        if isinstance(message, OutcomeMessage):
            store_later(message, deps)
            result = "outcome_stored"
        else:
            result = send(message.campaign, message.chunk, deps).value
    except Exception:
        deps.telemetry.logger.exception("message not processed", extra=facts)
        raise
    deps.telemetry.logger.info("chunk", extra={**_named_in(message), "result": result})
    return result


def _named_in(message: Message) -> dict[str, Any]:
    """Return what a message is about, as a log names it."""
    if isinstance(message, WakeMessage):
        return {}
    named: dict[str, Any] = {"campaign": message.campaign, "chunk": message.chunk}
    if isinstance(message, OutcomeMessage):
        named["message_id"] = message.outcome.message_id
    return named
