"""Real boto3 clients over tables in memory: what the stand-ins and the fates are compared with."""

import io
import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import boto3
import urllib3
from botocore.awsrequest import AWSResponse
from botocore.config import Config

from explore.aws.clients import ENDPOINT, unreachable
from explore.aws.outcomes import Answer, AwsError, Outcome, Unreachable, render
from explore.aws.store import Item
from explore.aws.values import to_json

Serve = Callable[[str, Mapping[str, Any]], Outcome]
"""Answers one request that a client sends: the operation, and what was sent."""


@cache
def _session() -> Any:
    """Return one session for all clients: it keeps the parsed models of the services."""
    return boto3.Session(
        region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )


def resource(serve: Serve, config: Config) -> Any:
    """Return a real DynamoDB resource whose requests are answered here."""
    made = _session().resource("dynamodb", config=config, endpoint_url=ENDPOINT)
    _answer(made.meta.client, serve)
    return made


def client(name: str, serve: Serve, config: Config) -> Any:
    """Return a real client of a service whose requests are answered here."""
    made = _session().client(name, config=config, endpoint_url=ENDPOINT)
    _answer(made, serve)
    return made


def _answer(made: Any, serve: Serve) -> None:
    def send(request: Any, event_name: str, **_: object) -> AWSResponse:
        operation = event_name.rpartition(".")[2]
        outcome = serve(operation, json.loads(request.body or b"{}"))
        if isinstance(outcome, Unreachable):
            raise unreachable(outcome)
        return _response(request.url, outcome)

    made.meta.events.register_first("before-send", send)


def _response(url: str, outcome: Answer | AwsError) -> AWSResponse:
    if isinstance(outcome, Answer):
        status, body = 200, outcome.body(Item.wire)
    else:
        status = outcome.status
        details = {name: render(value, Item.wire) for name, value in outcome.details}
        body = {"__type": f"aws#{outcome.code}", "message": outcome.message, **details}
    raw: Any = urllib3.HTTPResponse(io.BytesIO(to_json(body).encode()), preload_content=False)
    headers: Any = {"x-amzn-ErrorType": outcome.code} if isinstance(outcome, AwsError) else {}
    return AWSResponse(url, status, headers, raw)
