"""A world for each test, and the functions deployed into it."""

from collections.abc import Iterator
from types import SimpleNamespace
from uuid import uuid4

import boto3
import pytest

from factories import ROOM
from support import memory_aws
from support.clients import watched
from support.clock import Clock
from support.deployment import CLOCKED, Deployment
from support.memory_aws import MemoryAws
from support.world import World
from wxlive import aws
from wxlive.process_cache import forget_everything
from wxlive_local.simulator import LIVE, DeliveryPolicy, Simulator


@pytest.fixture(scope="module")
def running_aws() -> Iterator[MemoryAws]:
    """AWS in this process, started once for a file."""
    with memory_aws.running() as running:
        yield running


@pytest.fixture
def world(
    monkeypatch: pytest.MonkeyPatch, one_call_at_a_time: None, running_aws: MemoryAws
) -> Iterator[World]:
    """An empty world with one live room, at ``NOW_S``."""
    # A logger is made once for each name, and bound to the output of that moment.
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", f"test-{uuid4().hex}")
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "wxlive")
    clock = Clock()
    delivery = DeliveryPolicy(attempts=1, interval_s=0.0, result_delay_s=0.0)
    with Simulator(now=clock, delivery=delivery) as wechat:
        wechat.set_room(ROOM, LIVE)
        world = World(wechat, clock, running_aws)
        for client in (watched().dynamodb, watched().state.meta.client, watched().sqs):
            world.steps.watch(client.meta.events)
        yield world
        world.steps.unwatch()


@pytest.fixture
def deployment(
    world: World, running_aws: MemoryAws, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Deployment]:
    """The world with the functions deployed into it; what a process keeps is forgotten."""
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", f"test-{uuid4().hex}")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", memory_aws.session())
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    deployment = Deployment(world, monkeypatch.setenv)
    clock = SimpleNamespace(time=world.clock, sleep=world.clock.sleep)
    for module in CLOCKED:
        monkeypatch.setattr(module, "time", clock)
    forget_everything()
    monkeypatch.setattr(aws, "lambda_", lambda: deployment.lambda_client)
    monkeypatch.setattr(aws, "events", lambda: deployment.events_client)
    world.steps.watch(memory_aws.session().events)
    yield deployment
    forget_everything()
    running_aws.deploy()  # without the secret, and what else the test made
