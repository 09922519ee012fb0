"""What stands where AWS would: services that nobody simulates, and the invocation's context."""

import json
import logging
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from wxlive.errors import WxliveError
from wxlive.telemetry import Metric, Telemetry


class CountingTelemetry(Telemetry):
    """Telemetry that logs for real and remembers what it counted."""

    def __init__(self) -> None:
        super().__init__()
        self.counted: Counter[Metric] = Counter()
        self.at_publish: Callable[[], None] = lambda: None

    def count(self, metric: Metric, value: int = 1) -> None:
        self.counted[metric] += value

    def publish(self) -> None:
        self.at_publish()


class SilentTelemetry(Telemetry):
    """Telemetry that nobody reads."""

    def __init__(self) -> None:
        self.logger: Any = logging.getLogger("silent")
        self.logger.disabled = True

    def hide(self, values: Iterable[str]) -> None: ...

    def count(self, metric: Metric, value: int = 1) -> None: ...

    def publish(self) -> None: ...

    def problem(self, message: str, error: WxliveError, **facts: Any) -> None: ...


class Context:
    """What Lambda passes to a function about its invocation."""

    function_name = "wxlive-me"
    aws_request_id = "11111111-2222-3333-4444-555555555555"
    remaining_ms = 900_000

    def get_remaining_time_in_millis(self) -> int:
        return self.remaining_ms


class LambdaClient:
    """Remembers who was invoked, with what payload."""

    def __init__(self) -> None:
        self.invoked: list[tuple[str, dict[str, Any]]] = []

    def invoke(self, **request: Any) -> None:
        assert request["InvocationType"] == "Event"
        self.invoked.append((request["FunctionName"], json.loads(request["Payload"])))


class EventBridgeClient:
    """Accepts every event unless it is ``failing``."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.failing = False

    def put_events(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - its name
        if not self.failing:
            self.sent += Entries
        return {"FailedEntryCount": len(Entries) if self.failing else 0}
