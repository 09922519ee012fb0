"""SQS in, one outcome a message: ingested, or back after the visibility timeout."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)

from wxlive.bootstrap.process import entry_point
from wxlive.stores.callback_queues import parse_message
from wxlive.telemetry import Metric
from wxlive_callback_backlog.dependencies import Dependencies, build_dependencies

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext


@entry_point
def lambda_handler(event: Mapping[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Ingest a batch of messages; what raises is tried again by the queue."""
    return ingest_batch(event, context, build_dependencies())


def ingest_batch(
    event: Mapping[str, Any], context: "LambdaContext", deps: Dependencies
) -> dict[str, Any]:
    """Ingest each message of a batch; returns SQS's list of those that failed."""

    def record_handler(record: "SQSRecord") -> None:
        try:
            deps.ingestor.ingest(parse_message(record.body), deps.now())
        except Exception:
            deps.telemetry.count(Metric.CALLBACK_FAILED)
            deps.telemetry.logger.exception("callback still not stored")
            raise

    answer = process_partial_response(
        event=dict(event),
        record_handler=record_handler,
        processor=BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False),
        context=context,
    )
    return dict(answer)
