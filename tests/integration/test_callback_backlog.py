"""The backlog's consumer: what the callback queued is stored, in any order, however often."""

import itertools
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from wxlive.followers import Status
from wxlive.telemetry import Metric
from wxlive_callback_backlog import handler
from wxlive_callback_backlog.handler import take_all

if TYPE_CHECKING:
    from tests.integration.conftest import Deployment, World

OPENID = "o9AgO5Kd5ggOC-bXrbNODIiE3bGY"


def follow(action: str, time_s: int) -> str:
    fields = {
        "room_id": 7,
        "user_openid": OPENID,
        "time": time_s,
        "live_status": 101,
        "action": action,
    }
    return json.dumps({"MsgType": "event", "Event": "wxalive_follow_notify", **fields})


def batch(*bodies: str) -> dict[str, Any]:
    """What SQS hands over."""
    return {
        "Records": [
            {"messageId": f"m{number}", "eventSource": "aws:sqs", "body": body}
            for number, body in enumerate(bodies)
        ]
    }


def kept(text: str) -> str:
    return json.dumps({"message": text, "why": "ClientError"})


@pytest.fixture
def take(world: "World") -> Callable[..., list[str]]:
    """Hand a batch over; returns the messages that failed."""

    def run(*bodies: str) -> list[str]:
        context: Any = None
        answer = take_all(batch(*bodies), context, world.backlog_parts())
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

    return run


FACTS = [follow("add_follow", 100), follow("del_follow", 200), follow("add_follow", 300)]


@pytest.mark.parametrize("order", list(itertools.permutations(FACTS)))
def test_any_order_and_any_repetition_ends_in_the_same_record(
    world: "World", take: Callable[..., list[str]], order: tuple[str, ...]
) -> None:
    assert take(*map(kept, order * 2)) == []

    follower = world.table()[OPENID]
    assert (follower.status, follower.changed_at) == (Status.SUBSCRIBED, 300)
    assert world.telemetry.counted[Metric.CALLBACK_STORED] == 6


def test_what_arrived_meanwhile_is_not_undone(
    world: "World", take: Callable[..., list[str]]
) -> None:
    world.intake().take(FACTS[2], world.clock())

    assert take(kept(FACTS[1])) == []
    assert world.table()[OPENID].status is Status.SUBSCRIBED


def test_only_the_messages_that_failed_come_back(
    world: "World", take: Callable[..., list[str]]
) -> None:
    def fail() -> None:
        raise OSError("still down")

    world.steps.before("PutItem", lambda: None, fail)

    assert take(*map(kept, FACTS)) == ["m1"]
    assert world.table()[OPENID].changed_at == 300
    assert world.telemetry.counted[Metric.CALLBACK_FAILED] == 1


def test_a_whole_batch_that_failed_comes_back(
    world: "World", take: Callable[..., list[str]]
) -> None:
    def fail() -> None:
        raise OSError("still down")

    world.steps.before("PutItem", fail, fail)

    assert take(*map(kept, FACTS[:2])) == ["m0", "m1"]


def test_what_makes_no_sense_is_kept_aside_and_done_with(
    world: "World", take: Callable[..., list[str]]
) -> None:
    assert take(kept("hello"), kept(FACTS[0])) == []
    assert [one["message"] for one in world.aside] == ["hello"]
    assert set(world.table()) == {OPENID}


@pytest.mark.parametrize("body", ["", "7", "{}", '{"message": 1}'])
def test_what_the_callback_never_wrote_is_left_to_the_dead_letters(
    take: Callable[..., list[str]], body: str
) -> None:
    assert take(body) == ["m0"]


def test_the_deployed_consumer_stores_a_message(deployment: "Deployment") -> None:
    context: Any = deployment.context

    answer = handler.lambda_handler(deployment.event("callback_backlog/follow.json"), context)

    assert answer == {"batchItemFailures": []}
    assert set(deployment.world.table()) == {OPENID}
