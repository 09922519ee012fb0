"""What counted use costs: plain arithmetic on ``prices.json``."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

TABLE = json.loads(Path(__file__).with_name("prices.json").read_text(encoding="utf-8"))
PRICES: dict[str, float] = TABLE["prices"]

SERVICES = {
    "Lambda": ("lambda_requests", "lambda_gb_s"),
    "DynamoDB": ("read_units", "write_units", "table_gb_month", "backup_gb_month"),
    "SQS": ("sqs_requests",),
    "API Gateway": ("api_requests",),
    "logs": ("log_bytes",),
    "metrics, alarms": ("metric_month", "alarm_month", "dashboard_month"),
    "other": ("events", "schedules", "secret_calls", "secret_month"),
}


@dataclass(frozen=True)
class Bill:
    """Dollars by service, for something named."""

    name: str
    used: Mapping[str, float]

    def of(self, service: str) -> float:
        """Dollars for one service."""
        return sum(self.used.get(item, 0) * PRICES[item] for item in SERVICES[service])

    @property
    def total(self) -> float:
        """Dollars for all of it."""
        return sum(map(self.of, SERVICES))

    def row(self) -> str:
        """The bill as a line of the table."""
        cells = [dollars(self.of(service)) for service in SERVICES]
        return f"| {self.name} | {' | '.join(cells)} | **{dollars(self.total)}** |"


def heading(what: str) -> list[str]:
    """Begin a table of bills."""
    return [
        f"| {what} | {' | '.join(SERVICES)} | **in all** |",
        f"| --- |{' ---: |' * (len(SERVICES) + 1)}",
    ]


def dollars(amount: float) -> str:
    """As a person reads it; thousandths where cents would hide it."""
    if not amount:
        return "-"
    return f"${amount:,.2f}" if amount >= 1 else f"${amount:.3f}"


def scaled(used: Mapping[str, float], factor: float) -> dict[str, float]:
    """So many times as much."""
    return {item: amount * factor for item, amount in used.items()}
