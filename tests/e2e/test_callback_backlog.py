"""The deployed callback without its table or its queues: no message of WeChat's is lost."""

from support.deployed_stack import CALLBACK, Operator, configured
from support.stack_jobs import LateEvent
from wxlive_local.simulator import FollowChange, Simulator
from wxlive_local.up import LocalStack


def test_what_the_callback_cannot_store_is_stored_by_the_backlog(late_event: LateEvent) -> None:
    assert [attempt.status for attempt in late_event.record.attempts] == [200]
    assert late_event.status == "subscribed"


def test_without_table_and_queues_the_callback_answers_500_until_they_are_back(
    operator: Operator, wechat: Simulator, stack: LocalStack
) -> None:
    subscribes = FollowChange("oBacklog000000000000000never", "add_follow", room_id=7)
    missing = {
        "FOLLOWERS_TABLE": "no-such-table",
        "CALLBACK_BACKLOG_URL": "http://127.0.0.1:1/0/no-such-queue",
        "CALLBACK_QUARANTINE_URL": "http://127.0.0.1:1/0/no-such-queue",
    }
    with configured(stack, CALLBACK, missing):
        [record] = wechat.deliver(subscribes)

    assert [attempt.status for attempt in record.attempts] == [500] * 3
    assert max(attempt.took_s for attempt in record.attempts) < 5
    assert operator("followers", "get", subscribes.openid).json["status"] == "unknown"

    wechat.deliver(subscribes)
    assert operator("followers", "get", subscribes.openid).json["status"] == "subscribed"
