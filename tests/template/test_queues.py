"""The queues, and the functions that consume them."""

from typing import TYPE_CHECKING

import pytest

from support.template import ALARM
from wxlive.domain.chunks import CLAIM_STALE_S

if TYPE_CHECKING:
    from support.template import ParsedTemplate


def alarmed_metrics(monitoring: "ParsedTemplate", queue: str) -> set[str]:
    """The metrics of a queue that an alarm watches."""
    alarms = monitoring.of_type(ALARM).values()
    found = [a for a in alarms if a["Dimensions"] and a["Dimensions"][0]["Value"] == {"Ref": queue}]
    assert all(alarm["AlarmActions"] for alarm in found)
    return {alarm["MetricName"] for alarm in found}


def test_a_batch_of_chunks_fails_message_by_message(template: "ParsedTemplate") -> None:
    chunk = template.properties("PushFanoutFunction")["Events"]["Chunk"]["Properties"]

    assert chunk["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert chunk["Queue"] == {"Fn::GetAtt": ["PushQueue", "Arn"]}
    assert chunk["ScalingConfig"] == {"MaximumConcurrency": {"Ref": "PushConcurrency"}}


def test_a_push_message_returns_only_when_its_worker_has_certainly_ended(
    template: "ParsedTemplate",
) -> None:
    queue = template.properties("PushQueue")

    assert queue["VisibilityTimeout"] >= 6 * template.properties("PushFanoutFunction")["Timeout"]
    assert queue["VisibilityTimeout"] > CLAIM_STALE_S
    assert queue["SqsManagedSseEnabled"] is True


@pytest.mark.parametrize("name", ["PushQueue", "CallbackBacklog"])
def test_messages_that_crash_their_worker_end_in_a_queue_with_an_alarm(
    template: "ParsedTemplate", monitoring: "ParsedTemplate", name: str
) -> None:
    queue = template.properties(name)
    target = queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
    dead_letters = template.properties(target)

    assert queue["RedrivePolicy"]["maxReceiveCount"] >= 3
    assert dead_letters["MessageRetentionPeriod"] > queue["MessageRetentionPeriod"]
    assert dead_letters["SqsManagedSseEnabled"] is True
    assert alarmed_metrics(monitoring, target) == {"ApproximateNumberOfMessagesVisible"}


def test_a_backlog_message_returns_when_its_worker_has_ended_and_its_age_has_an_alarm(
    template: "ParsedTemplate", monitoring: "ParsedTemplate", fail_fast_s: float
) -> None:
    queue = template.properties("CallbackBacklog")
    function = template.properties("CallbackBacklogFunction")
    source = function["Events"]["Message"]["Properties"]

    assert queue["VisibilityTimeout"] >= 6 * function["Timeout"]
    assert queue["SqsManagedSseEnabled"] is True
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert source["BatchSize"] * fail_fast_s < function["Timeout"]
    assert alarmed_metrics(monitoring, "CallbackBacklog") == {"ApproximateAgeOfOldestMessage"}


def test_the_tables_may_be_unavailable_for_hours_and_a_person_for_days(
    template: "ParsedTemplate",
) -> None:
    queue = template.properties("CallbackBacklog")
    quarantine = template.properties("CallbackQuarantine")

    assert queue["VisibilityTimeout"] * queue["RedrivePolicy"]["maxReceiveCount"] >= 4 * 3600
    assert quarantine["MessageRetentionPeriod"] == 14 * 86_400
