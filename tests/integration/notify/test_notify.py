"""The deployed handler tells a robot over HTTP what happened, and keeps what it does not take."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from support.deployment import Deployment
from support.doubles import Context
from wxlive import aws
from wxlive.robots.posts import PAUSE_S
from wxlive_local.simulator import Robots, robot_url
from wxlive_local.simulator.robots import KINDS, SECRET, WEBHOOK_SECRET
from wxlive_notify.handler import lambda_handler

NAME = "wxlive/robot"


Store = Callable[..., None]


@pytest.fixture
def store(deployment: Deployment) -> Store:
    """Store a robot of the given kind, for a function of the local run."""
    client: Any = aws.secretsmanager()
    deployment.configure(NOTIFY_SECRET_NAME=NAME)
    client.create_secret(Name=NAME, SecretString="{}")

    def put(kind: str, **fields: str) -> None:
        secret = WEBHOOK_SECRET if kind == "webhook" else SECRET
        url = robot_url(deployment.world.wechat.url, kind)
        robot = {"url": url, "secret": secret, "kind": kind}
        client.put_secret_value(SecretId=NAME, SecretString=json.dumps(robot | fields))

    return put


@pytest.fixture
def robots(deployment: Deployment) -> Robots:
    return deployment.world.wechat.robots


def batch(*names: str) -> dict[str, Any]:
    alarms = [
        {"alarmName": name, "state": {"value": "ALARM"}, "configuration": {"description": "Look."}}
        for name in names
    ]
    records = [{"messageId": one["alarmName"], "body": json.dumps(one)} for one in alarms]
    return {"Records": records}


def told(event: dict[str, Any]) -> list[str]:
    """Pass an event to the function; returns which messages are to come again."""
    context: Any = Context()
    context.remaining_ms = 30_000
    return [each["itemIdentifier"] for each in lambda_handler(event, context)["batchItemFailures"]]


@pytest.mark.parametrize("kind", KINDS)
def test_a_robot_of_each_kind_shows_what_happened(
    store: Store, robots: Robots, deployment: Deployment, kind: str
) -> None:
    store(kind)
    assert told(batch("A", "B")) == []
    [shown] = robots.shown
    assert shown.text.splitlines() == ["wxlive: ALARM A: Look.", "wxlive: ALARM B: Look."]
    assert deployment.world.clock.slept == [PAUSE_S]


def test_what_the_queue_passes_is_told_in_sentences(
    store: Store, robots: Robots, deployment: Deployment
) -> None:
    store("dingtalk")
    assert told(deployment.event("notify/held.json")) == []
    [shown] = robots.shown
    held, rang = shown.text.splitlines()
    assert held.startswith("wxlive 19:31:00: Campaign 20261122T193000-1001 for room 1001 is held")
    assert rang == "wxlive: ALARM PushNeedsOperator: A push needs the operator."


@pytest.mark.parametrize("kind", KINDS)
def test_what_happens_while_a_robot_is_away_is_told_when_it_is_back(
    store: Store, robots: Robots, kind: str
) -> None:
    store(kind)
    robots.away = True
    assert told(batch("A", "B")) == ["A", "B"]
    robots.away = False
    assert told(batch("A", "B")) == []
    assert len(robots.shown) == 1


def test_a_robot_that_is_stored_anew_is_used_at_once(store: Store, robots: Robots) -> None:
    store("feishu", secret="wrong")
    assert told(batch("A")) == ["A"]
    store("feishu")
    assert told(batch("A")) == []


def test_a_secret_that_is_no_robot_keeps_the_messages(store: Store) -> None:
    store("feishu", url="")
    assert told(batch("A")) == ["A"]


def test_in_the_cloud_no_message_goes_to_the_loopback(
    store: Store, robots: Robots, deployment: Deployment
) -> None:
    deployment.configure(WECHAT_API_BASE="https://api.weixin.qq.com")
    store("wecom")
    assert told(batch("A")) == ["A"]
    assert robots.shown == []


def test_the_team_is_told_in_chinese(store: Store, robots: Robots, deployment: Deployment) -> None:
    deployment.configure(NOTIFY_LANGUAGE="zh")
    store("wecom")
    assert told(deployment.event("notify/held.json")) == []
    [shown] = robots.shown
    assert shown.text.startswith(
        "wxlive 19:31:00: 直播间 1001 的推送任务 20261122T193000-1001 已挂起："
    )
