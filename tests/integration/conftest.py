"""A world for each test, and the functions deployed into it."""

from collections.abc import Iterator
from types import SimpleNamespace
from uuid import uuid4

import pytest

from factories import ROOM
from support.clock import Clock
from support.deployment import CLOCKED, Deployment
from support.world import World
from wxlive import aws
from wxlive.process_cache import forget_everything
from wxlive.stores import dynamo
from wxlive_local.simulator import LIVE, DeliveryPolicy, Simulator


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """An empty world with one live room, at ``NOW_S``. A store that pauses moves its clock."""
    # A logger is made once for each name, and bound to the output of that moment.
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", f"test-{uuid4().hex}")
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "wxlive")
    clock = Clock()
    monkeypatch.setattr(dynamo, "time", SimpleNamespace(sleep=clock.sleep, monotonic=clock))
    delivery = DeliveryPolicy(attempts=1, interval_s=0.0, result_delay_s=0.0)
    with Simulator(now=clock, delivery=delivery) as wechat:
        wechat.set_room(ROOM, LIVE)
        yield World(wechat, clock)


@pytest.fixture
def deployment(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    """The world with the functions deployed into it; what a process keeps is forgotten."""
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", f"test-{uuid4().hex}")
    deployment = Deployment(world, monkeypatch.setenv)
    clock = SimpleNamespace(time=world.clock, sleep=world.clock.sleep)
    for module in CLOCKED:
        monkeypatch.setattr(module, "time", clock)
    for name, client in deployment.clients().items():
        monkeypatch.setattr(aws, name, client)
    forget_everything()
    yield deployment
    forget_everything()
