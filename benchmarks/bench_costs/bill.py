"""What counted use costs, by the prices in ``prices.json``."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PRICE_LIST = json.loads(Path(__file__).with_name("prices.json").read_text(encoding="utf-8"))
PRICES: dict[str, float] = PRICE_LIST["prices"]
"""US dollars for one of each item."""

SERVICES = {
    "Lambda": ("lambda_requests", "lambda_gb_s"),
    "DynamoDB": ("read_units", "write_units", "table_gb_month", "backup_gb_month"),
    "SQS": ("sqs_requests",),
    "API Gateway": ("api_requests",),
    "logs": ("log_bytes",),
    "metrics, alarms": ("metric_month", "alarm_month"),
    "other": ("events", "schedules", "secret_calls", "secret_month"),
}


@dataclass(frozen=True)
class Bill:
    """What was used, in the units of the prices, and what it costs."""

    name: str
    used: Mapping[str, float]

    def of(self, service: str) -> float:
        """Return the dollars for one service."""
        return sum(self.used.get(item, 0) * PRICES[item] for item in SERVICES[service])

    @property
    def total(self) -> float:
        """The dollars for all services."""
        return sum(map(self.of, SERVICES))

    def row(self) -> str:
        """Return the bill as a line of a Markdown table."""
        cells = [dollars(self.of(service)) for service in SERVICES]
        return f"| {self.name} | {' | '.join(cells)} | **{dollars(self.total)}** |"


def table_head(what: str) -> list[str]:
    """Return the first lines of a Markdown table of bills; ``what`` heads the names."""
    return [
        f"| {what} | {' | '.join(SERVICES)} | **in all** |",
        f"| --- |{' ---: |' * (len(SERVICES) + 1)}",
    ]


def dollars(amount: float) -> str:
    """Format an amount, in thousandths below one dollar."""
    if not amount:
        return "-"
    return f"${amount:,.2f}" if amount >= 1 else f"${amount:.3f}"


def scaled(used: Mapping[str, float], factor: float) -> dict[str, float]:
    """Multiply every amount by the factor."""
    return {item: amount * factor for item, amount in used.items()}
