"""SQS in, one outcome a message: stored, set aside, or back after the visibility time-out."""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)

from wxlive import aws
from wxlive.intake import Intake
from wxlive.settings import Settings
from wxlive.stores.campaigns import CampaignStore
from wxlive.stores.followers import FollowerStore
from wxlive.stores.messages import MessageQueue, read_kept
from wxlive.telemetry import Metric, Telemetry

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext


@dataclass(frozen=True, slots=True)
class Parts:
    """What the backlog's consumer works with."""

    intake: Intake
    telemetry: Telemetry
    now: Callable[[], float] = time.time


@cache
def build() -> Parts:
    """Build the real parts, once a process."""
    settings = Settings.from_env(os.environ)
    telemetry = Telemetry()
    intake = Intake(
        followers=FollowerStore(aws.dynamodb_client(aws.HASTY), settings.followers_table),
        results=lambda: CampaignStore(aws.dynamodb(aws.HASTY).Table(settings.state_table)),
        aside=MessageQueue(lambda: aws.sqs(aws.HASTY), settings.callback_aside_url),
        telemetry=telemetry,
    )
    return Parts(intake, telemetry)


def lambda_handler(event: Mapping[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Take a batch of messages in; what raises is tried again by the queue."""
    parts = build()
    with parts.telemetry.invocation(context):
        return take_all(event, context, parts)


def take_all(event: Mapping[str, Any], context: "LambdaContext", parts: Parts) -> dict[str, Any]:
    """Take each message of a batch in; returns SQS's list of those that failed."""

    def record_handler(record: "SQSRecord") -> None:
        try:
            parts.intake.take(read_kept(record.body), parts.now())
        except Exception:
            parts.telemetry.count(Metric.CALLBACK_FAILED)
            parts.telemetry.logger.exception("callback still not stored")
            raise

    answer = process_partial_response(
        event=dict(event),
        record_handler=record_handler,
        processor=BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False),
        context=context,
    )
    return dict(answer)
