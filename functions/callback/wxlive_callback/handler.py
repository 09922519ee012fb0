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
from wxlive.messages import FollowNotify, OtherEvent, read_event
from wxlive.settings import Secrets, Settings
from wxlive.stores.campaigns import CampaignStore
from wxlive.stores.followers import FollowerStore
from wxlive.stores.secrets import SecretStore
from wxlive.telemetry import Metric, Telemetry, short
from wxlive_callback.gate import Gate
from wxlive_callback.record import Followers, Results, record

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

ACKNOWLEDGED = "success"
_REFUSALS = {400: "bad request", 403: "forbidden", 405: "method not allowed", 413: "too large"}


@dataclass(frozen=True, slots=True)
class Parts:
    """What the callback works with."""

    settings: Settings
    secrets: Callable[[], Secrets]
    followers: Followers
    results: Results
    telemetry: Telemetry
    now: Callable[[], float] = time.time


@cache
def build() -> Parts:
    """Build the real parts, once a process."""
    settings = Settings.from_env(os.environ)
    return Parts(
        settings=settings,
        secrets=SecretStore(aws.secretsmanager(), settings.secret_name).load,
        followers=FollowerStore(aws.dynamodb_client(), settings.followers_table),
        results=CampaignStore(aws.dynamodb().Table(settings.state_table)),
        telemetry=Telemetry(),
    )


def lambda_handler(event: Mapping[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Answer one request of API Gateway (REST, proxy)."""
    parts = build()
    with parts.telemetry.invocation(context):
        return answer(event, parts)


def answer(event: Mapping[str, Any], parts: Parts) -> dict[str, Any]:
    """Answer WeChat.

    Returns:
        200 with the ``echostr`` or ``success`` once what was said is stored; 4xx without a hint
        for what is not authentic; 500 when it could not be stored, so that WeChat comes again.
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
            return gate.verify_url(query, parts.now())
        case "POST":
            text = gate.open(query, _body_of(event), parts.now())
            return _store(text, parts)
        case _:
            raise Rejected("neither GET nor POST", status=405)


def _store(text: str, parts: Parts) -> str:
    message = read_event(text)
    outcome = record(message, parts.followers, parts.results, parts.now())
    ignored = isinstance(message, OtherEvent)
    parts.telemetry.count(Metric.CALLBACK_IGNORED if ignored else Metric.CALLBACK_STORED)
    if outcome.odd:
        parts.telemetry.count(Metric.RESULT_ODD)
        parts.telemetry.logger.warning("odd push result", extra={"why": outcome.odd})
    follower = short(message.openid) if isinstance(message, FollowNotify) else None
    parts.telemetry.logger.info(
        "callback taken",
        extra={"kind": outcome.kind, "changed": outcome.stored, "follower": follower},
    )
    return ACKNOWLEDGED


def _body_of(event: Mapping[str, Any]) -> bytes:
    body = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return str(body).encode()
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
