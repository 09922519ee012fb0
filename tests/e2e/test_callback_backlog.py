"""The deployed callback with its table or its queues gone: nothing that WeChat said is lost."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from wxlive_local.simulator import Happening, Simulator
from wxlive_local.up import Stack

FUNCTION = "wxlive-callback"
GONE = {"table": {"FOLLOWERS_TABLE": "no-such-table"}}
GONE["table and queues"] = GONE["table"] | {
    "CALLBACK_BACKLOG_URL": "http://127.0.0.1:1/0/no-such-queue",
    "CALLBACK_ASIDE_URL": "http://127.0.0.1:1/0/no-such-queue",
}

Without = Callable[[str], AbstractContextManager[None]]


@pytest.fixture
def without(stack: Stack) -> Without:
    """Take something away from the deployed callback for a while."""
    functions = stack.client("lambda")

    def configure(variables: dict[str, str]) -> None:
        functions.update_function_configuration(
            FunctionName=FUNCTION, Environment={"Variables": variables}
        )

    @contextmanager
    def gone(what: str) -> Iterator[None]:
        usual = functions.get_function_configuration(FunctionName=FUNCTION)
        variables = usual["Environment"]["Variables"]
        configure(variables | GONE[what])
        try:
            yield
        finally:
            configure(variables)

    return gone


def status_within(seconds: float, operator: Callable[..., Any], openid: str) -> str:
    """A follower's status, as soon as it is known."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        status: str = operator("followers", "get", openid).facts["status"]
        if status != "unknown":
            return status
        time.sleep(0.3)
    return "unknown"


def test_what_the_callback_could_not_store_is_stored_by_the_backlog(
    operator: Callable[..., Any], wechat: Simulator, without: Without
) -> None:
    openid = "oBacklog0000000000000000late"
    with without("table"):
        [record] = wechat.deliver(Happening(openid, "add_follow", room_id=7))

    assert [attempt.status for attempt in record.attempts] == [200]
    assert status_within(60, operator, openid) == "subscribed"


def test_without_table_and_queue_wechat_is_told_to_come_again(
    operator: Callable[..., Any], wechat: Simulator, without: Without
) -> None:
    openid = "oBacklog000000000000000never"
    with without("table and queues"):
        [record] = wechat.deliver(Happening(openid, "add_follow", room_id=7))

    assert [attempt.status for attempt in record.attempts] == [500] * len(record.attempts)
    assert len(record.attempts) > 1
    assert max(attempt.took_s for attempt in record.attempts) < 5
    assert operator("followers", "get", openid).facts["status"] == "unknown"

    wechat.deliver(Happening(openid, "add_follow", room_id=7))
    assert operator("followers", "get", openid).facts["status"] == "subscribed"
