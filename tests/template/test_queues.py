"""The queues, and the functions that consume them."""

from typing import TYPE_CHECKING

import pytest

from wxlive.domain.chunks import CLAIM_STALE_S

if TYPE_CHECKING:
    from support.template import ParsedTemplate


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
    template: "ParsedTemplate", name: str
) -> None:
    queue = template.properties(name)
    target = queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
    dead_letters = template.properties(target)

    assert queue["RedrivePolicy"]["maxReceiveCount"] >= 3
    assert dead_letters["MessageRetentionPeriod"] > queue["MessageRetentionPeriod"]
    assert dead_letters["SqsManagedSseEnabled"] is True
    assert template.alarmed_metrics(target) == {"ApproximateNumberOfMessagesVisible"}


def test_a_backlog_message_returns_when_its_worker_has_ended_and_its_age_has_an_alarm(
    template: "ParsedTemplate", fail_fast_s: float
) -> None:
    queue = template.properties("CallbackBacklog")
    function = template.properties("CallbackBacklogFunction")
    source = function["Events"]["Message"]["Properties"]

    assert queue["VisibilityTimeout"] >= 6 * function["Timeout"]
    assert queue["SqsManagedSseEnabled"] is True
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert source["BatchSize"] * fail_fast_s < function["Timeout"]
    assert template.alarmed_metrics("CallbackBacklog") == {"ApproximateAgeOfOldestMessage"}


def test_the_tables_may_be_unavailable_for_hours_and_a_person_for_days(
    template: "ParsedTemplate",
) -> None:
    queue = template.properties("CallbackBacklog")
    quarantine = template.properties("CallbackQuarantine")

    assert queue["VisibilityTimeout"] * queue["RedrivePolicy"]["maxReceiveCount"] >= 4 * 3600
    assert quarantine["MessageRetentionPeriod"] == 14 * 86_400
