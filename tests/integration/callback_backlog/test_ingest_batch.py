"""What the callback queued is ingested, in any order and however often."""

import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest

from support.callback import FOLLOW, OPENID, backlog_deps, event_ingestor
from support.deployment import Deployment
from support.world import World
from wxlive.domain.followers import Status
from wxlive.telemetry import Metric
from wxlive_callback_backlog.handler import ingest_batch, lambda_handler


def follow(action: str, time_s: int) -> str:
    return json.dumps(FOLLOW | {"time": time_s, "action": action})


def batch(*bodies: str) -> dict[str, Any]:
    """Return an event of SQS."""
    return {
        "Records": [
            {"messageId": f"m{number}", "eventSource": "aws:sqs", "body": body}
            for number, body in enumerate(bodies)
        ]
    }


def queued(text: str) -> str:
    return json.dumps({"message": text, "why": "ClientError"})


@pytest.fixture
def ingest(world: World) -> Callable[..., list[str]]:
    """Ingest a batch; returns the messages that failed."""

    def run(*bodies: str) -> list[str]:
        context: Any = None
        answer = ingest_batch(batch(*bodies), context, backlog_deps(world))
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

    return run


FACTS = [follow("add_follow", 100), follow("del_follow", 200), follow("add_follow", 300)]


@pytest.mark.parametrize("order", list(itertools.permutations(FACTS)))
def test_any_order_and_any_repetition_ends_in_the_same_record(
    world: World, ingest: Callable[..., list[str]], order: tuple[str, ...]
) -> None:
    assert ingest(*map(queued, order * 2)) == []

    follower = world.table()[OPENID]
    assert (follower.status, follower.changed_at) == (Status.SUBSCRIBED, 300)


def test_what_arrived_meanwhile_is_not_undone(
    world: World, ingest: Callable[..., list[str]]
) -> None:
    event_ingestor(world).ingest(FACTS[2], world.clock())

    assert ingest(queued(FACTS[1])) == []
    assert world.table()[OPENID].status is Status.SUBSCRIBED


def test_only_the_messages_that_failed_are_returned(
    world: World, ingest: Callable[..., list[str]]
) -> None:
    def fail() -> None:
        raise OSError("still down")

    world.steps.before("PutItem", lambda: None, fail)

    assert ingest(*map(queued, FACTS)) == ["m1"]
    assert world.table()[OPENID].changed_at == 300
    assert world.telemetry.counted[Metric.CALLBACK_FAILED] == 1


def test_a_whole_batch_that_failed_is_returned(
    world: World, ingest: Callable[..., list[str]]
) -> None:
    def fail() -> None:
        raise OSError("still down")

    world.steps.before("PutItem", fail, fail)

    assert ingest(*map(queued, FACTS[:2])) == ["m0", "m1"]


def test_what_makes_no_sense_is_quarantined_and_done_with(
    world: World, ingest: Callable[..., list[str]]
) -> None:
    assert ingest(queued("hello"), queued(FACTS[0])) == []
    assert [message["message"] for message in world.quarantined] == ["hello"]
    assert set(world.table()) == {OPENID}


@pytest.mark.parametrize("body", ["", "7", "{}", '{"message": 1}'])
def test_what_the_callback_never_wrote_is_left_to_the_dead_letters(
    ingest: Callable[..., list[str]], body: str
) -> None:
    assert ingest(body) == ["m0"]


def test_the_deployed_consumer_stores_a_message(deployment: Deployment) -> None:
    answer = lambda_handler(deployment.event("callback_backlog/follow.json"), deployment.context)

    assert answer == {"batchItemFailures": []}
    assert set(deployment.world.table()) == {OPENID}
