"""API Gateway in, WeChat's answer out. WeChat waits 5 s and delivers about three times in all."""

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from wxlive.bootstrap.process import entry_point
from wxlive.errors import RequestRejected
from wxlive.telemetry import Metric
from wxlive_callback.dependencies import Dependencies, build_dependencies
from wxlive_callback.serve import serve

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

_REJECTIONS = {400: "bad request", 403: "forbidden", 405: "method not allowed", 413: "too large"}


@entry_point
def lambda_handler(event: Mapping[str, Any], context: "LambdaContext") -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Answer one request of API Gateway (REST, proxy)."""
    return answer(event, build_dependencies())


def answer(event: Mapping[str, Any], deps: Dependencies) -> dict[str, Any]:
    """Answer WeChat.

    Returns:
        200 with the ``echostr``, or ``success`` once the message is stored or safely queued; 4xx
        without a hint for what is not authentic; 500 when it could be neither, so that WeChat
        retries.
    """
    try:
        method = str(event.get("httpMethod"))
        query = event.get("queryStringParameters") or {}
        body = _body_of(event) if method == "POST" else b""
        text = serve(method, query, body, deps)
    except RequestRejected as rejection:
        deps.telemetry.count(Metric.CALLBACK_REJECTED)
        deps.telemetry.problem("callback rejected", rejection, status=rejection.status)
        return _reply(rejection.status, _REJECTIONS[rejection.status])
    except Exception:  # the edge: whatever failed, WeChat must hear "try again", not a trace
        deps.telemetry.count(Metric.CALLBACK_FAILED)
        deps.telemetry.logger.exception("callback not stored")
        return _reply(500, "try again")
    return _reply(200, text)


def _body_of(event: Mapping[str, Any]) -> bytes:
    body = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return str(body).encode("utf-8", "replace")
    try:
        return base64.b64decode(body, validate=True)
    except ValueError as error:
        raise RequestRejected("the body is not base64", status=400) from error


def _reply(status: int, body: str) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {"Content-Type": "text/plain; charset=utf-8"},
        "body": body,
    }
