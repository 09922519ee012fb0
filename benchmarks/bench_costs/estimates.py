"""The bills: jobs as counted, an idle month, and two naive designs with the same prices."""

from collections import Counter
from collections.abc import Iterable, Mapping

from bench_costs.bill import Bill
from bench_costs.jobs import CALLBACKS, FIRST_IMPORT, MILLION, MINUTES_A_MONTH, Job
from wxlive_local.paths import MONITORING, TEMPLATE
from wxlive_local.template import Template

ACCESS_LOG_BYTES = 140
POLLERS, POLLS_A_MINUTE, QUEUES = 5, 3, 2
"""Lambda polls each queue with at least five long receives of 20 s."""

SECRET_READS_A_MONTH = 2 * MINUTES_A_MONTH / 5 + MINUTES_A_MONTH / 15
"""Warm, live_watch and push_start read the secret every five minutes; follower_sync reads it each
time, every fifteen."""

GATEWAY_METRICS = 5
"""Metrics of each method and resource, where the stage has detailed metrics."""

READ_BYTES, OVERHEAD_BYTES = 130, 100
"""A follower's record, and what DynamoDB adds to it where it is stored."""

READ_UNIT_BYTES = 4096
WECHAT_CALL_S, NAIVE_GB, BATCH = 0.3, 0.25, 10


def estimate_bills(jobs: Iterable[Job]) -> list[Bill]:
    """Return a bill for each job, an idle month and the naive designs."""
    jobs = list(jobs)
    used = {job.name: job.used for job in jobs if not job.is_idle}
    used[CALLBACKS] |= _gateway(used[CALLBACKS])
    idle = [job.used for job in jobs if job.is_idle]
    return [
        *(Bill(name, amounts) for name, amounts in used.items()),
        Bill("an idle month", _idle_month(idle)),
        Bill(
            "naive: one unconditional write a follower a sync, a million",
            {**used[FIRST_IMPORT], "read_units": 0, "write_units": MILLION},
        ),
        Bill("naive: one SQS message a follower, a million pushed", _message_for_each_follower()),
    ]


def _message_for_each_follower() -> dict[str, float]:
    return {
        "sqs_requests": 3 * MILLION / BATCH,
        "read_units": MILLION * READ_BYTES / READ_UNIT_BYTES,
        "lambda_requests": MILLION / BATCH,
        "lambda_gb_s": MILLION * WECHAT_CALL_S * NAIVE_GB,
    }


def _gateway(used: Mapping[str, float]) -> dict[str, float]:
    """Return what API Gateway adds: the requests, its log lines, its metrics."""
    stage = Template.read(TEMPLATE).resources["CallbackApi"]["Properties"]
    detailed = any(setting.get("MetricsEnabled") for setting in stage.get("MethodSettings", ()))
    return {
        "api_requests": MILLION,
        "log_bytes": used["log_bytes"] + ACCESS_LOG_BYTES * MILLION,
        "metric_month": used["metric_month"] + GATEWAY_METRICS * detailed,
    }


def _idle_month(idle: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """Return what a month uses in which nobody follows and no room is live."""
    used = Counter[str]()
    for amounts in idle:
        used.update(amounts)
    alarms = Template.read(MONITORING).of_type("AWS::CloudWatch::Alarm")
    stored_gb = MILLION * (READ_BYTES + OVERHEAD_BYTES) / 1e9
    return {
        **used,
        "schedules": 2 * MINUTES_A_MONTH + MINUTES_A_MONTH / 15 + 30,
        "sqs_requests": used["sqs_requests"] + POLLERS * POLLS_A_MINUTE * QUEUES * MINUTES_A_MONTH,
        "secret_calls": SECRET_READS_A_MONTH,
        "secret_month": 1,
        "alarm_month": len(alarms),
        "table_gb_month": stored_gb,
        "backup_gb_month": stored_gb,
    }
