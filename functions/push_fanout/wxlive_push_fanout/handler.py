"""SQS in, one outcome a message. A message names a chunk; the ledger decides what to do with it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)

from wxlive.bootstrap.process import entry_point
from wxlive.stores.push_queue import parse_message
from wxlive_push_fanout.dependencies import build_dependencies
from wxlive_push_fanout.send import send

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext


@entry_point
def lambda_handler(event: Mapping[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Process a batch; a message whose processing raises returns after the visibility timeout."""
    deps = build_dependencies()

    def record_handler(record: "SQSRecord") -> str:
        campaign, number = parse_message(record.body)
        result = send(campaign, number, deps)
        deps.telemetry.logger.info(
            "chunk", extra={"campaign": campaign, "chunk": number, "result": result.value}
        )
        return result.value

    answer = process_partial_response(
        event=dict(event),
        record_handler=record_handler,
        processor=BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False),
        context=context,
    )
    return dict(answer)
