"""Logs and metrics. Fixed messages, facts in keys; no secret, no token, no whole openid.

Metrics are named here and nowhere else, so that an alarm can be traced to what emits it.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics, single_metric
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter
from aws_lambda_powertools.metrics import MetricUnit

from wxlive.errors import Misconfigured, NotAllowed, TokenRefused, WxliveError

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

REDACTED = "***"

MIN_HIDDEN_LENGTH = 8
"""Shorter secrets are not redacted: they would blot out ordinary words, or break the JSON."""

NOT_PINNED = "callback accepted a message to any account"
"""Logged with ``addressee`` while no account is pinned; ``wxlive doctor`` looks for it."""

_TOKEN_IN_URL = re.compile(r"(access_token=)[^&\s\"'\\]+")
_SHORT_HEAD, _SHORT_TAIL = 4, 3


class Metric(StrEnum):
    """Every metric that is emitted, in the stack's own namespace."""

    CALLBACK_REJECTED = "CallbackRejected"
    CALLBACK_IGNORED = "CallbackIgnored"
    CALLBACK_QUARANTINED = "CallbackQuarantined"
    CALLBACK_QUEUED = "CallbackQueued"
    CALLBACK_FAILED = "CallbackFailed"
    CALLBACK_CURRENT_SECRETS = "CallbackCurrentSecrets"
    CALLBACK_PREVIOUS_SECRETS = "CallbackPreviousSecrets"
    RESULT_ANOMALY = "ResultAnomaly"
    SYNC_DONE = "SyncDone"
    SYNC_FAILED = "SyncFailed"
    SYNC_GUARDED = "SyncGuarded"
    SYNC_CALLS = "SyncCalls"
    ROOM_WENT_LIVE = "RoomWentLive"
    PUSH_OVERDUE = "PushOverdue"
    QUOTA_LOW = "QuotaLow"
    ACCESS_REFUSED = "AccessRefused"
    CHUNK_ACCEPTED = "ChunkAccepted"
    CHUNK_REFUSED = "ChunkRefused"
    CHUNK_UNKNOWN = "ChunkUnknown"
    OPENIDS_ACCEPTED = "OpenidsAccepted"
    CHUNK_ENQUEUED_AGAIN = "ChunkEnqueuedAgain"
    CAMPAIGN_HELD = "CampaignHeld"
    CAMPAIGN_FAILED = "CampaignFailed"
    OPERATOR_NEEDED = "OperatorNeeded"


class Area(StrEnum):
    """What needs the operator: the ``service`` of ``OperatorNeeded``, and an alarm each."""

    PUSH = "push"
    STACK = "wxlive"


NEEDS_OPERATOR = {
    Metric.CAMPAIGN_FAILED: Area.PUSH,
    Metric.CAMPAIGN_HELD: Area.PUSH,
    Metric.CHUNK_UNKNOWN: Area.PUSH,
    Metric.PUSH_OVERDUE: Area.PUSH,
    Metric.ACCESS_REFUSED: Area.STACK,
    Metric.CALLBACK_FAILED: Area.STACK,
    Metric.QUOTA_LOW: Area.STACK,
    Metric.SYNC_FAILED: Area.STACK,
    Metric.SYNC_GUARDED: Area.STACK,
}
"""What only the operator can decide or fix. It is counted as ``OperatorNeeded`` of its area as
well, which an alarm watches: an alarm for each reason would cost $0.10 a month, always."""


def short(openid: str) -> str:
    """Shorten an openid for a log: enough to recognise it, not enough to use it."""
    if len(openid) <= _SHORT_HEAD + _SHORT_TAIL:
        return REDACTED
    return f"{openid[:_SHORT_HEAD]}…{openid[-_SHORT_TAIL:]}"


class RedactingFormatter(LambdaPowertoolsFormatter):
    """Powertools' JSON lines, with known secrets and any access token redacted."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._hidden: set[str] = set()

    def hide(self, values: Iterable[str]) -> None:
        """Redact these from now on, if they have ``MIN_HIDDEN_LENGTH`` characters."""
        # As they stand in a line: JSON escapes quotation marks and backslashes.
        self._hidden.update(
            json.dumps(value, ensure_ascii=False)[1:-1]
            for value in values
            if len(value) >= MIN_HIDDEN_LENGTH
        )

    def serialize(self, log: Any) -> str:
        """Write one line."""
        line = _TOKEN_IN_URL.sub(rf"\1{REDACTED}", super().serialize(log))
        for value in self._hidden:
            line = line.replace(value, REDACTED)
        return line


class Telemetry:
    """The logger and the metrics of one function."""

    def __init__(self) -> None:
        self._formatter = RedactingFormatter()
        self.logger = Logger(logger_formatter=self._formatter)
        self._metrics = Metrics()
        self._operator_needed: Counter[Area] = Counter()

    def hide(self, values: Iterable[str]) -> None:
        """Keep secrets out of everything logged from now on; those that are too short are not."""
        self._formatter.hide(values)

    def count(self, metric: Metric, value: int = 1) -> None:
        """Add to a metric of this invocation."""
        self._metrics.add_metric(name=metric.value, unit=MetricUnit.Count, value=value)
        if metric in NEEDS_OPERATOR:
            self._operator_needed[NEEDS_OPERATOR[metric]] += value

    def problem(self, message: str, error: WxliveError, **facts: Any) -> None:
        """Log an error of ours as its sentence, errcode and rid: no stack trace.

        One that says that WeChat refuses our access is counted as well.
        """
        if isinstance(error, TokenRefused | Misconfigured | NotAllowed):
            self.count(Metric.ACCESS_REFUSED)
        self.logger.warning(
            message,
            extra={
                "error": type(error).__name__,
                "sentence": error.message,
                "errcode": error.errcode,
                "rid": error.rid,
                **facts,
            },
        )

    @contextmanager
    def invocation(self, context: "LambdaContext") -> Iterator[None]:
        """Tie the log lines to the invocation, and write the metrics at its end."""
        self.logger.append_keys(request=context.aws_request_id)
        try:
            yield
        finally:
            self.publish()

    def publish(self) -> None:
        """Write what was counted up to now: it is kept even if the invocation is killed."""
        if self._metrics.metric_set:
            self._metrics.flush_metrics()
        for area, value in self._operator_needed.items():
            name = Metric.OPERATOR_NEEDED.value
            with single_metric(name=name, unit=MetricUnit.Count, value=value) as metric:
                metric.add_dimension(name="service", value=area.value)
        self._operator_needed.clear()
