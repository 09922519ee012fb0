"""What a million of everything costs, from counted use: ``make costs``.

The deployed template does the main job on the local AWS; what each function used is counted
(``metered``) and multiplied with ``prices.json``. Beside it two naive designs, priced by the same
table. Writes ``benchmarks/costs.json`` and the tables of ``docs/costs.md``.
"""

import json
import random
import string
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bill import TABLE, Bill, heading, scaled
from metered import Function, Usage, metered
from pages import fill

from wxlive_local.demo import Operator
from wxlive_local.paths import TEMPLATE
from wxlive_local.progress import Progress
from wxlive_local.simulator import FOLLOWERS as LIST
from wxlive_local.simulator import LIVE, Happening, Kind, Rule, Simulator
from wxlive_local.template import Template
from wxlive_local.up import Options, Stack, local_stack

FOLLOWERS, EVENTS, IDLE_ROUNDS, ROOM, PAGE_S = 40_000, 400, 20, 1001, 0.2
MILLION = 1_000_000
NAMES = ("callback", "callback_backlog", "follower_sync", "live_watch", "push_start", "push_fanout")
RESULT = Path(__file__).with_name("costs.json")
DOC = Path(__file__).parents[1] / "docs" / "costs.md"

HOURS, MINUTES = 730, 43_800
"""Of a month."""

ACCESS_LOG_BYTES = 260
POLLERS, POLLS_A_MINUTE, QUEUES = 5, 3, 2
"""Lambda polls each queue with five long receives of 20 s at least."""

SECRET_READS_A_MONTH = MINUTES / 5
"""The parameters cache of a warm live_watch is good for five minutes."""

GATEWAY_METRICS = 5
"""Of each method and resource, where the stage has detailed metrics."""

READ_BYTES = 130
"""A follower's record; stored, DynamoDB adds 100 bytes of its own."""

_OPENID_LETTERS = string.ascii_letters + string.digits + "-_"

WECHAT_CALL_S, NAIVE_GB, BATCH = 0.3, 0.25, 10


@dataclass(frozen=True)
class Job:
    """What a job used by function, and how much of it makes a million (or a month)."""

    name: str
    by_function: Mapping[str, Usage]
    factor: float
    hours_a_month: float = 1

    @property
    def used(self) -> dict[str, float]:
        """All that it used, for a million; metrics by the hours in which they are emitted."""
        used = Counter[str]()
        metrics = set[tuple[str, ...]]()
        for usage in self.by_function.values():
            used.update(usage.used)
            metrics |= usage.metrics
        return {
            **scaled(used, self.factor),
            "metric_month": len(metrics) * self.hours_a_month / HOURS,
        }


def main() -> None:
    """Run every job, write what it used and what that costs."""
    never = {"SyncSchedule": "rate(365 days)", "WatchSchedule": "rate(365 days)"}
    with local_stack(Options(parameters=never)) as stack, metered(stack, NAMES) as functions:
        jobs = Evening(stack, functions).jobs()
    bills = _bills({job.name: job for job in jobs})
    RESULT.write_text(json.dumps(_facts(jobs, bills), indent=2) + "\n", encoding="utf-8")
    fill(DOC, "bills", [*heading("for"), *(bill.row() for bill in bills)])
    fill(DOC, "functions", list(_by_function(jobs)))
    print("\n".join(bill.row() for bill in bills), file=sys.stderr)


class Evening:
    """The main job on a counted stack, one part after the other."""

    def __init__(self, stack: Stack, functions: Mapping[str, Function]) -> None:
        assert stack.simulator is not None  # noqa: S101 - a stack of ours has one
        self._stack, self._functions = stack, functions
        self._wechat: Simulator = stack.simulator
        self._operator = Operator(stack, Progress(quiet=True))

    def jobs(self) -> list[Job]:
        """Do everything once; what merely wakes the functions is not counted."""
        looking = self._wake()["live_watch"].metrics
        million = MILLION / FOLLOWERS
        self._deliver("oCost", EVENTS)
        jobs = [Job("a million callbacks", self._used(), MILLION / EVENTS, HOURS)]
        openids = list(_openids(FOLLOWERS))
        self._wechat.ask(lambda platform: platform.list_followers(openids, room_id=ROOM))
        self._wechat.misbehave(Rule(LIST, Kind.DELAY_BEFORE, times=10_000, seconds=PAGE_S))
        self._operator.run("sync", "--wait")
        jobs.append(Job("a million followers listed the first time", self._used(), million))
        self._operator.run("sync", "--wait")
        jobs.append(Job("the same, unchanged", self._used(), million))
        self._wechat.ask(lambda platform: platform.list_followers(openids[::100], room_id=7))
        self._operator.run("sync", "--wait")
        jobs.append(Job("the same, 1 % changed", self._used(), million))
        self._wechat.set_room(ROOM, LIVE)
        self._operator.run("push", "--room", str(ROOM), "--wait")
        self._wechat.wait_for_results()
        jobs.append(Job("a million followers pushed", self._used(), million))
        self._invoke("live_watch", {})
        used = self._used()
        used["live_watch"].metrics |= looking
        jobs.append(Job("a month of live_watch", used, MINUTES / IDLE_ROUNDS, HOURS))
        self._invoke("follower_sync", {"action": "continue"})
        jobs.append(Job("a month of follower_sync", self._used(), MINUTES / 15 / IDLE_ROUNDS))
        return jobs

    def _wake(self) -> dict[str, Usage]:
        """Have every function begin. The first look asks WeChat, as one in fifteen does."""
        self._deliver("oWake", 8)
        self._operator.run("sync", "--wait")
        self._invoke("live_watch", {})
        return self._used()

    def _deliver(self, prefix: str, events: int) -> None:
        self._wechat.deliver(
            *[
                Happening(f"{prefix}{number:023d}", "add_follow", room_id=ROOM)
                for number in range(events)
            ]
        )

    def _invoke(self, function: str, event: Any) -> None:
        name = f"{self._stack.stack_name}-{function.replace('_', '-')}"
        for _ in range(IDLE_ROUNDS):
            answer = self._stack.client("lambda").invoke(
                FunctionName=name, Payload=json.dumps(event)
            )
            assert "FunctionError" not in answer, answer["Payload"].read()  # noqa: S101 - or all is void

    def _used(self) -> dict[str, Usage]:
        return {name: function.take() for name, function in self._functions.items()}


def _openids(count: int) -> Iterator[str]:
    """Make openids that compress as WeChat's do: a beginning in common and 22 random characters."""
    dice = random.Random(20261123)
    for _ in range(count):
        yield "o6_bmj" + "".join(dice.choices(_OPENID_LETTERS, k=22))


def _bills(jobs: Mapping[str, Job]) -> list[Bill]:
    ours = {name: job.used for name, job in jobs.items() if not name.startswith("a month of")}
    ours["a million callbacks"] |= _gateway(ours["a million callbacks"])
    naive_sync = {
        **ours["a million followers listed the first time"],
        "read_units": 0,
        "write_units": MILLION,
    }
    naive_push = {
        "sqs_requests": 3 * MILLION / BATCH,
        "read_units": MILLION * READ_BYTES / 4096,
        "lambda_requests": MILLION / BATCH,
        "lambda_gb_s": MILLION * WECHAT_CALL_S * NAIVE_GB,
    }
    return [
        *(Bill(name, used) for name, used in ours.items()),
        Bill("an idle month", _idle_month(jobs)),
        Bill("naive: one unconditional write a follower a sync, a million", naive_sync),
        Bill("naive: one SQS message a follower, a million pushed", naive_push),
    ]


def _gateway(used: Mapping[str, float]) -> dict[str, float]:
    """Add what the gateway takes before the function: the call, its log line, its metrics."""
    stage = Template.read(TEMPLATE).resources["CallbackApi"]["Properties"]
    detailed = any(setting.get("MetricsEnabled") for setting in stage.get("MethodSettings", ()))
    return {
        "api_requests": MILLION,
        "log_bytes": used["log_bytes"] + ACCESS_LOG_BYTES * MILLION,
        "metric_month": used["metric_month"] + GATEWAY_METRICS * detailed,
    }


def _idle_month(jobs: Mapping[str, Job]) -> dict[str, float]:
    """Nobody follows, nothing is live: what is there and what looks whether something is."""
    used = Counter[str]()
    for job in jobs.values():
        if job.name.startswith("a month of"):
            used.update(job.used)
    resources = Template.read(TEMPLATE)
    stored_gb = MILLION * (READ_BYTES + 100) / 1e9
    return {
        **used,
        "schedules": MINUTES + MINUTES / 15 + 30,
        "sqs_requests": used["sqs_requests"] + POLLERS * POLLS_A_MINUTE * QUEUES * MINUTES,
        "secret_calls": used["secret_calls"] + SECRET_READS_A_MONTH,
        "secret_month": 1,
        "alarm_month": len(resources.of_type("AWS::CloudWatch::Alarm")),
        "dashboard_month": len(resources.of_type("AWS::CloudWatch::Dashboard")),
        "table_gb_month": stored_gb,
        "backup_gb_month": stored_gb,
    }


def _facts(jobs: list[Job], bills: list[Bill]) -> dict[str, Any]:
    return {
        "prices": TABLE,
        "followers": FOLLOWERS,
        "callbacks": EVENTS,
        "counted": {
            job.name: {
                name: {
                    **{item: round(amount, 6) for item, amount in sorted(usage.used.items())},
                    "ms": round(usage.ms, 1),
                    "cold": usage.cold,
                    "metrics": sorted("/".join(metric) for metric in usage.metrics),
                }
                for name, usage in job.by_function.items()
                if usage.used["lambda_requests"]
            }
            for job in jobs
        },
        "dollars": {bill.name: round(bill.total, 4) for bill in bills},
    }


def _by_function(jobs: list[Job]) -> list[str]:
    columns = [
        "invocations",
        "ms each",
        "GB-s",
        "read units",
        "write units",
        "SQS requests",
        "log KB",
    ]
    lines = [
        f"| job, as counted | function | {' | '.join(columns)} |",
        "| --- | --- |" + " ---: |" * len(columns),
    ]
    for job in jobs:
        for name, usage in job.by_function.items():
            used = usage.used
            calls = used["lambda_requests"]
            if calls:
                lines.append(
                    f"| {job.name} | `{name}` | {calls} | {usage.ms / calls:,.0f} "
                    f"| {used['lambda_gb_s']:,.2f} | {used['read_units']:,} "
                    f"| {used['write_units']:,} | {used['sqs_requests']:,} "
                    f"| {used['log_bytes'] / 1000:,.1f} |"
                )
    return lines


if __name__ == "__main__":
    main()
