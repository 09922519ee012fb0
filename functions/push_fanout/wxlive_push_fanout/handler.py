"""SQS in, one outcome a record. A message is a ring for one chunk; the ledger is the truth."""

import os
import time
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)

from wxlive import aws
from wxlive.pace import interval_ms
from wxlive.settings import Secrets, Settings
from wxlive.stores.campaigns import CampaignStore
from wxlive.stores.pace import PaceStore, QuotaStore
from wxlive.stores.queue import PushQueue, read_ring
from wxlive.stores.secrets import SecretStore
from wxlive.stores.tokens import TokenStore
from wxlive.telemetry import Telemetry
from wxlive.wechat import WechatClient
from wxlive_push_fanout.send import Parts, send

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext


@cache
def telemetry() -> Telemetry:
    """Return the logger and metrics, made once a process."""
    return Telemetry()


@cache
def secret_store() -> SecretStore:
    """Return where the secret is kept, made once a process: it remembers it for a while."""
    return SecretStore(aws.secretsmanager(), Settings.from_env(os.environ).secret_name)


@lru_cache(maxsize=1)
def build(secrets: Secrets) -> Parts:
    """Build the real parts, anew only for another secret: the connection stays warm."""
    settings = Settings.from_env(os.environ)
    telemetry().hide([secrets.secret])
    state = aws.dynamodb().Table(settings.state_table)
    return Parts(
        wechat=WechatClient(settings.wechat_api_base, secrets, TokenStore(state, secrets.appid)),
        campaigns=CampaignStore(state),
        pace=PaceStore(state, "push_message"),
        quota=QuotaStore(state, "push_message", settings.daily_call_quota),
        queue=PushQueue(aws.sqs(), settings.push_queue_url),
        telemetry=telemetry(),
        interval_ms=interval_ms(settings.push_rate_per_second, settings.chunk_openids),
        retry_busy=settings.push_retry_busy,
        day_offset_hours=settings.day_offset_hours,
        now=time.time,
        sleep=time.sleep,
    )


def lambda_handler(event: Mapping[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Deal with a batch; what raises comes back after the visibility time-out."""
    parts = build(secret_store().load())

    def record_handler(record: "SQSRecord") -> str:
        campaign, number = read_ring(record.body)
        ending = send(campaign, number, parts)
        parts.telemetry.logger.info(
            "chunk", extra={"campaign": campaign, "chunk": number, "ending": ending.value}
        )
        return ending.value

    with parts.telemetry.invocation(context):
        processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
        answer = process_partial_response(
            event=dict(event),
            record_handler=record_handler,
            processor=processor,
            context=context,
        )
        return dict(answer)
