"""The deployed handler: a command in, a report or a refusal out."""

import json

import pytest

from support.deployment import Deployment
from support.push_start import AUDIENCE
from wxlive.telemetry import Metric
from wxlive_local.simulator import LIVE_INFO, Fault, FaultRule
from wxlive_push_start.handler import lambda_handler


def test_a_start_has_the_handler_invoked_again_to_plan(deployment: Deployment) -> None:
    world = deployment.world
    world.put_followers(*AUDIENCE)

    report = lambda_handler(deployment.event("push_start/start.json"), deployment.context)

    command = {"action": "plan", "campaign": report["campaign"]}
    assert deployment.lambda_client.invoked == [("wxlive-me", command)]
    assert lambda_handler(command, deployment.context)["planning"] == "done"
    assert [message.chunk for message in world.enqueued] == [1, 2, 3]


def test_a_plan_that_is_out_of_time_has_the_handler_invoked_again(deployment: Deployment) -> None:
    deployment.world.put_followers(*AUDIENCE)
    lambda_handler(deployment.event("push_start/start.json"), deployment.context)
    [(_, command)] = deployment.lambda_client.invoked
    deployment.context.remaining_ms = 1000

    assert lambda_handler(command, deployment.context)["planning"] == "out_of_time"
    assert deployment.lambda_client.invoked == [("wxlive-me", command)] * 2


def test_a_refusal_is_answered_in_a_sentence(
    deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    deployment.world.wechat.inject(FaultRule(LIVE_INFO, Fault.ERRCODE, errcode=40164))

    answer = lambda_handler(deployment.event("push_start/start.json"), deployment.context)

    assert list(answer) == ["refused"]
    assert "allow-list" in answer["refused"]
    assert "errcode 40164, rid " in answer["refused"]
    line, counted = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (line["message"], line["errcode"]) == ("push refused", 40164)
    assert Metric.ACCESS_REFUSED in counted


def test_without_its_secret_nothing_is_started(deployment: Deployment) -> None:
    deployment.delete_secret()

    assert "can't be read" in lambda_handler({"action": "start"}, deployment.context)["refused"]
