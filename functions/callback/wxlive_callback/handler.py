"""API Gateway in, WeChat's answer out. WeChat waits 5 s and comes about three times in all."""

import base64
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from wxlive import aws
from wxlive.errors import Rejected
from wxlive.intake import Intake, Shelf
from wxlive.settings import Secrets, Settings
from wxlive.stores.campaigns import CampaignStore
from wxlive.stores.followers import FollowerStore
from wxlive.stores.messages import MessageQueue
from wxlive.stores.secrets import SecretStore
from wxlive.telemetry import Metric, Telemetry
from wxlive_callback.gate import Admitted, Gate

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

ACKNOWLEDGED = "success"
_REFUSALS = {400: "bad request", 403: "forbidden", 405: "method not allowed", 413: "too large"}


@dataclass(frozen=True, slots=True)
class Parts:
    """What the callback works with."""

    settings: Settings
    secrets: Callable[[], Secrets]
    intake: Intake
    backlog: Shelf
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
        aside=_queue(settings.callback_aside_url),
        telemetry=telemetry,
    )
    return Parts(
        settings=settings,
        secrets=SecretStore(aws.secretsmanager(aws.HASTY), settings.secret_name).load,
        intake=intake,
        backlog=_queue(settings.callback_backlog_url),
        telemetry=telemetry,
    )


def _queue(url: str) -> MessageQueue:
    return MessageQueue(lambda: aws.sqs(aws.HASTY), url)


def lambda_handler(event: Mapping[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Answer one request of API Gateway (REST, proxy)."""
    parts = build()
    with parts.telemetry.invocation(context):
        return answer(event, parts)


def answer(event: Mapping[str, Any], parts: Parts) -> dict[str, Any]:
    """Answer WeChat.

    Returns:
        200 with the ``echostr``, or ``success`` once what was said is stored or safely queued;
        4xx without a hint for what is not authentic; 500 when it could be neither, so that WeChat
        comes again.
    """
    try:
        return _reply(200, _serve(event, parts))
    except Rejected as refusal:
        parts.telemetry.count(Metric.CALLBACK_REJECTED)
        parts.telemetry.problem("callback rejected", refusal, status=refusal.status)
        return _reply(refusal.status, _REFUSALS[refusal.status])
    except Exception:  # the edge: whatever failed, WeChat must hear "come again", not a trace
        parts.telemetry.count(Metric.CALLBACK_FAILED)
        parts.telemetry.logger.exception("callback not stored")
        return _reply(500, "try again")


def _serve(event: Mapping[str, Any], parts: Parts) -> str:
    secrets = parts.secrets()
    parts.telemetry.hide([secrets.secret, *secrets.tokens, *secrets.aes_keys])
    gate = Gate(parts.settings.message_mode, secrets, parts.settings.callback_max_age_s)
    query = event.get("queryStringParameters") or {}
    match event.get("httpMethod"):
        case "GET":
            admitted = gate.verify_url(query, parts.now())
            _tell_secrets(admitted, parts.telemetry)
            return admitted.text
        case "POST":
            admitted = gate.open(query, _body_of(event), parts.now())
            _tell_secrets(admitted, parts.telemetry)
            _take(admitted.text, parts)
            return ACKNOWLEDGED
        case _:
            raise Rejected("neither GET nor POST", status=405)


def _tell_secrets(admitted: Admitted, telemetry: Telemetry) -> None:
    """Count which secrets fit, so that a rotation shows when the previous ones may go."""
    if not (admitted.by_previous_token or admitted.by_previous_key):
        telemetry.count(Metric.CALLBACK_CURRENT_SECRETS)
        return
    telemetry.count(Metric.CALLBACK_PREVIOUS_SECRETS)
    telemetry.logger.info(
        "callback by previous secrets",
        extra={"token": admitted.by_previous_token, "aes_key": admitted.by_previous_key},
    )


def _take(text: str, parts: Parts) -> None:
    try:
        parts.intake.take(text, parts.now())
    except Exception as error:  # whatever failed: the message must not be lost
        parts.backlog.keep(text, type(error).__name__)
        parts.telemetry.count(Metric.CALLBACK_QUEUED)
        parts.telemetry.logger.exception("callback queued")


def _body_of(event: Mapping[str, Any]) -> bytes:
    body = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return str(body).encode("utf-8", "replace")
    try:
        return base64.b64decode(body, validate=True)
    except ValueError as error:
        raise Rejected("the body is not base64", status=400) from error


def _reply(status: int, body: str) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {"Content-Type": "text/plain; charset=utf-8"},
        "body": body,
    }
