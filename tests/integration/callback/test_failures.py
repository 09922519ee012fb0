"""The store, the queues or the process fail: the message is queued, or WeChat retries."""

from typing import Any

import pytest

from support.callback import PAGE, backlog_deps, callback_deps, sealed, stored
from support.world import World
from wxlive.telemetry import Metric
from wxlive_callback.handler import answer


def _fail() -> None:
    raise OSError("the store is down, at line 42 of some file")


@pytest.mark.parametrize("name", ["follow_secure_json", "push_result_secure_xml"])
def test_what_could_not_be_stored_is_queued_and_stored_later(
    world: World, read: Any, name: str
) -> None:
    world.steps.before("PutItem", _fail)

    reply = answer(read(name), callback_deps(world, PAGE))

    assert (reply["statusCode"], reply["body"]) == (200, "success")
    assert stored(world) == (0, 0)
    assert world.telemetry.counted[Metric.CALLBACK_QUEUED] == 1
    [waiting] = world.backlog
    assert waiting["why"] == "OSError"
    backlog_deps(world).ingestor.ingest(waiting["message"], world.clock())
    assert sum(stored(world)) == 1


@pytest.mark.parametrize("name", ["follow_secure_json", "push_result_secure_xml"])
def test_what_can_be_neither_stored_nor_queued_is_left_to_a_retry_of_wechat(
    world: World, read: Any, name: str
) -> None:
    world.steps.before("PutItem", _fail)
    world.steps.before("SendMessage", _fail)
    deps = callback_deps(world, PAGE)

    reply = answer(read(name), deps)

    assert (reply["statusCode"], reply["body"]) == (500, "try again")
    assert world.telemetry.counted[Metric.CALLBACK_FAILED] == 1
    assert answer(read(name), deps)["body"] == "success"
    assert sum(stored(world)) == 1


def test_what_cannot_be_quarantined_goes_to_the_backlog(world: World) -> None:
    world.steps.before("SendMessage", _fail)

    assert answer(sealed("hello"), callback_deps(world, PAGE))["body"] == "success"
    assert [waiting["message"] for waiting in world.backlog] == ["hello"]


def test_what_can_be_kept_nowhere_is_left_to_a_retry_of_wechat(world: World) -> None:
    world.steps.before("SendMessage", _fail, _fail)

    assert answer(sealed("hello"), callback_deps(world, PAGE))["statusCode"] == 500
    assert (world.quarantined, world.backlog) == ([], [])


@pytest.mark.parametrize("call", ["PutItem", "SendMessage"])
def test_nothing_is_answered_when_the_process_dies(world: World, read: Any, call: str) -> None:
    def die() -> None:
        raise KeyboardInterrupt  # passes every `except Exception`, as a killed process does

    if call == "SendMessage":
        world.steps.before("PutItem", _fail)
    world.steps.before(call, die)

    with pytest.raises(KeyboardInterrupt):
        answer(read("follow_secure_json"), callback_deps(world, PAGE))

    assert stored(world) == (0, 0)
