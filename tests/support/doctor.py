"""What ``wxlive doctor`` asks of AWS and of the callback, without either."""

import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, NoReturn

import requests
from botocore.exceptions import ClientError

from factories import NOW_S
from support.cli import SECRET
from wxlive.telemetry import NOT_PINNED

URL = "https://x.example/cb"
QUEUES = ("PushQueue", "PushDeadLetters", "CallbackQuarantine")


class Aws:
    """Replaces the client of every service; all is in order."""

    def __init__(self) -> None:
        self.meta = SimpleNamespace(region_name="us-east-1", endpoint_url="https://aws")
        self.messages = dict.fromkeys(QUEUES, 0)
        self.layer = ["arm64"]
        self.unreserved = 1000
        self.recent = ["SyncDone"]
        self.parameters = {
            "MessageMode": "secure",
            "CallbackAllowList": "off",
            "ClockMarginSeconds": "120",
        }
        self.secret = dict(SECRET)
        self.addressees: list[str] = []

    def describe_stacks(self, **_: str) -> dict[str, Any]:
        given = self.parameters.items()
        parameters = [{"ParameterKey": name, "ParameterValue": value} for name, value in given]
        outputs = [{"OutputKey": "CallbackUrl", "OutputValue": URL}]
        return {
            "Stacks": [
                {"Outputs": outputs, "StackStatus": "CREATE_COMPLETE", "Parameters": parameters}
            ]
        }

    def get_caller_identity(self) -> dict[str, str]:
        return {"Account": "123456789012"}

    def get_secret_value(self, **_: str) -> dict[str, Any]:
        written = datetime.fromtimestamp(NOW_S, UTC)
        return {"SecretString": json.dumps(self.secret), "CreatedDate": written}

    def put_secret_value(self, *, SecretId: str, SecretString: str) -> None:  # noqa: N803 - their names
        assert SecretId == "wxlive/wechat"
        self.secret = json.loads(SecretString)

    def get_paginator(self, operation: str) -> Any:
        return SimpleNamespace(paginate=getattr(self, operation))

    def filter_log_events(self, **request: Any) -> list[dict[str, Any]]:
        assert request["logGroupName"] == "/wxlive/wxlive/callback"
        lines = [{"message": NOT_PINNED, "addressee": each} for each in self.addressees]
        messages = [*map(json.dumps, lines), f"no JSON: {NOT_PINNED}"]
        return [{"events": [{"message": message} for message in messages]}]

    def get_schedule(self, **_: str) -> dict[str, Any]:
        return {"State": "ENABLED", "ScheduleExpression": "rate(1 minute)"}

    def get_function_configuration(self, **_: str) -> dict[str, Any]:
        return {"Architectures": ["arm64"], "Layers": [{"Arn": "arn:layer:1"}]}

    def get_layer_version_by_arn(self, **_: str) -> dict[str, Any]:
        return {"CompatibleArchitectures": self.layer}

    def list_metrics(self, **_: str) -> list[dict[str, Any]]:
        return [{"Metrics": [{"MetricName": name} for name in self.recent]}]

    def get_account_settings(self) -> dict[str, Any]:
        limit = {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": self.unreserved}
        return {"AccountLimit": limit}

    def list_subscriptions_by_topic(self, **_: str) -> dict[str, Any]:
        return {"Subscriptions": [{"SubscriptionArn": "arn:aws:sns:us-east-1:1:alarms:1"}]}

    def get_queue_attributes(self, *, QueueUrl: str, **_: object) -> dict[str, Any]:  # noqa: N803 - its name
        return {"Attributes": {"ApproximateNumberOfMessages": self.messages[QueueUrl]}}


class FailingAws:
    """Replaces the client of every service; everything is refused."""

    def __getattr__(self, operation: str) -> Any:
        def refuse(**_: object) -> NoReturn:
            error: Any = {"Error": {"Code": "AccessDenied", "Message": "not allowed"}}
            raise ClientError(error, operation)

        return refuse


class Callback:
    """Replaces the callback: answers a URL verification."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.blocked = self.unreachable = False

    def get(self, url: str, *, params: dict[str, str], timeout: int) -> requests.Response:
        self.requests.append((url, params))
        if self.unreachable:
            raise requests.ConnectionError
        answer = requests.Response()
        if self.blocked:
            answer.status_code = 403
            answer._content = b'{"message":"Forbidden"}'
            return answer
        answer.status_code = 200
        answer._content = params["echostr"].encode()
        return answer
