"""The deployed handler: a command in, a report or a refusal out."""

import json

import pytest

from factories import CAMPAIGN
from support.aws_faults import FOR_LONG, throttled
from support.deployment import Deployment
from support.push_start import AUDIENCE
from wxlive.domain.campaigns import CampaignState, HoldKind
from wxlive.errors import StoreBusy
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
    assert {message.chunk for message in world.enqueued} == {1, 2, 3}


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
    line, counted, *_ = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (line["message"], line["errcode"]) == ("push refused", 40164)
    assert Metric.ACCESS_REFUSED in counted


def test_the_schedule_of_every_minute_ends_a_hold_whose_cause_is_gone(
    deployment: Deployment,
) -> None:
    world = deployment.world
    hold = {"hold_kind": HoldKind.QUOTA, "hold_id": "h1", "resume_at": 1}
    world.put_campaign(1, state=CampaignState.PAUSED, **hold)

    done = lambda_handler(deployment.event("push_start/reconcile.json"), deployment.context)

    assert done == {"campaign": CAMPAIGN, "resumed": "h1", "announced": 3, "indexed": 1}
    assert world.campaign().state is CampaignState.SENDING
    assert world.enqueued == [(CAMPAIGN, 1, 0)]


def test_a_busy_table_is_a_refusal_to_the_operator_and_an_error_to_the_stack(
    deployment: Deployment,
) -> None:
    """Lambda retries what the stack has sent; the operator decides himself."""
    deployment.world.steps.before("GetItem", throttled, times=FOR_LONG)

    answer = lambda_handler({"action": "reconcile", "command": "c1"}, deployment.context)
    assert "The table is too busy" in answer["refused"]
    with pytest.raises(StoreBusy):
        lambda_handler({"action": "reconcile"}, deployment.context)


def test_without_its_secret_nothing_is_started(deployment: Deployment) -> None:
    deployment.delete_secret()

    assert "can't be read" in lambda_handler({"action": "start"}, deployment.context)["refused"]
