"""An event about somebody who was forgotten before it is no way back."""

import json
from types import SimpleNamespace

import pytest

from factories import PSEUDONYM_KEY, a_pseudonym_key
from support.callback import EVENT_TIME_S, FOLLOW, OPENID, event_ingestor
from support.world import World
from wxlive.stores.forgotten import NOBODY_KEPT_S, ForgottenStore


def ingest(world: World, key: str = PSEUDONYM_KEY, **facts: object) -> list[str]:
    """Ingest an event about ``OPENID``; returns the calls that it took."""
    before = len(world.steps.made)
    event_ingestor(world, {False: key, True: PSEUDONYM_KEY}).ingest(
        json.dumps(FOLLOW | facts), EVENT_TIME_S
    )
    return [call for call, _ in world.steps.made[before:]]


def forget(world: World, at_s: int = EVENT_TIME_S) -> None:
    store = ForgottenStore(world.aws.test.dynamodb, "state", a_pseudonym_key)
    store.begin()
    store.add(OPENID, at_s)


def test_an_event_from_before_brings_nobody_back(world: World) -> None:
    forget(world)

    for action in ("add_follow", "del_follow"):
        assert ingest(world, action=action) == ["GetItem"]
    assert ingest(world, action="del_follow", time=EVENT_TIME_S + 9) == ["GetItem"]
    assert world.table() == {}


def test_who_subscribes_later_begins_anew(world: World) -> None:
    forget(world)

    assert ingest(world, time=EVENT_TIME_S + 1) == ["GetItem", "PutItem", "PutItem"]

    assert world.subscribed() == {OPENID}
    ingest(world, time=EVENT_TIME_S + 9, action="del_follow")
    assert world.subscribed() == set()
    assert set(world.table()) == {OPENID}


def test_a_process_that_knew_of_nobody_asks_for_the_key(world: World) -> None:
    forget(world)

    assert ingest(world, key="") == ["GetItem", "GetItem"]
    assert world.table() == {}


def test_that_nobody_was_ever_forgotten_is_asked_now_and_then(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SimpleNamespace(time=world.clock)
    monkeypatch.setattr("wxlive.stores.forgotten.time", clock)
    ingestor = event_ingestor(world)

    def calls() -> list[str]:
        before = len(world.steps.made)
        ingestor.ingest(json.dumps(FOLLOW), EVENT_TIME_S)
        return [call for call, _ in world.steps.made[before:]]

    assert calls() == ["GetItem", "PutItem"]
    assert calls() == ["PutItem"]
    world.clock.now_s += NOBODY_KEPT_S
    assert calls() == ["GetItem", "PutItem"]
    assert ingest(world) == ["GetItem", "PutItem"]
