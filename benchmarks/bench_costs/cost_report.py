"""Counted use and bills, as JSON and as the tables of the documentation."""

import json
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench_costs.bill import PRICE_LIST, Bill, table_head
from bench_costs.jobs import EVENTS, FOLLOWERS, Job
from bench_costs.metered_functions import FunctionUsage
from bench_harness.doc_pages import COSTS_PAGE, README, fill_section

RESULT = Path(__file__).with_name("costs.json")
COLUMNS = (
    "invocations",
    "ms each",
    "GB-s",
    "read units",
    "write units",
    "SQS requests",
    "log KB",
)


def write_costs(jobs: Sequence[Job], bills: Sequence[Bill]) -> None:
    """Write ``costs.json``, the tables of ``docs/costs.md``, and the README's sentence."""
    facts = {
        "prices": PRICE_LIST,
        "followers": FOLLOWERS,
        "callbacks": EVENTS,
        "counted": {job.name: _counted(job) for job in jobs},
        "dollars": {bill.name: round(bill.total, 4) for bill in bills},
    }
    RESULT.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    fill_section(COSTS_PAGE, "bills", [*table_head("for"), *(bill.row() for bill in bills)])
    fill_section(COSTS_PAGE, "functions", _functions_table(jobs))
    fill_section(README, "costs", readme_lines(facts["dollars"]))


def readme_lines(dollars: Mapping[str, float]) -> list[str]:
    """Return the sentence of the README, for the dollars by the name of the bill."""
    cost = {name: f"${amount:.2f}" for name, amount in dollars.items()}
    sentence = (
        "In us-east-1, as counted: a million followers "
        f"{cost['a million followers listed the first time']} for the first sync, "
        f"{cost['the same, unchanged']} for a sync without changes, "
        f"{cost['a million followers pushed']} for a push; "
        f"a million callbacks {cost['a million callbacks']}; "
        f"an idle month {cost['an idle month']}, half of it alarms."
    )
    return textwrap.wrap(sentence, 120)


def _counted(job: Job) -> dict[str, Any]:
    return {
        name: {
            **{item: round(amount, 6) for item, amount in sorted(usage.used.items())},
            "ms": round(usage.ms, 1),
            "cold": usage.cold,
            "metrics": sorted("/".join(metric) for metric in usage.metrics),
        }
        for name, usage in _invoked(job)
    }


def _functions_table(jobs: Sequence[Job]) -> Iterator[str]:
    yield f"| job, as counted | function | {' | '.join(COLUMNS)} |"
    yield "| --- | --- |" + " ---: |" * len(COLUMNS)
    for job in jobs:
        for name, usage in _invoked(job):
            used = usage.used
            calls = used["lambda_requests"]
            yield (
                f"| {job.name} | `{name}` | {calls} | {usage.ms / calls:,.0f} "
                f"| {used['lambda_gb_s']:,.2f} | {used['read_units']:,} "
                f"| {used['write_units']:,} | {used['sqs_requests']:,} "
                f"| {used['log_bytes'] / 1000:,.1f} |"
            )


def _invoked(job: Job) -> Iterator[tuple[str, FunctionUsage]]:
    """Yield the functions that the job invoked."""
    for name, usage in job.by_function.items():
        if usage.used["lambda_requests"]:
            yield name, usage
