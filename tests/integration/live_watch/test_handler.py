"""The deployed handler: schedules, planned pushes, and the check of `wxlive doctor`."""

import json

import boto3
import pytest

from factories import DAY, ROOM
from support.deployment import Deployment
from support.live_watch import automatic_start, poll_again
from wxlive.errors import RetryLater
from wxlive_live_watch.handler import lambda_handler
from wxlive_live_watch.poll_policy import RARELY_S
from wxlive_local.simulator import QUOTA_GET, STABLE_TOKEN, Fault, FaultRule


def test_the_schedules_event_is_a_poll(
    deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    deployment.configure(AUTO_PUSH="on")

    polled = lambda_handler(deployment.event("live_watch/schedule.json"), deployment.context)

    assert polled == {
        "asked": "evenly",
        "rooms": 1,
        "went_live": [ROOM],
        "pushed": ROOM,
        "recovery": "nothing",
    }
    payload = automatic_start(ROOM, int(deployment.world.clock()))
    assert deployment.lambda_client.invoked == [("wxlive-push-start", payload)]
    [published] = [json.loads(event["Detail"]) for event in deployment.events_client.sent]
    assert (published["stack"], published["room_id"], published["auto_push"]) == (
        "wxlive",
        ROOM,
        True,
    )
    shown = capsys.readouterr().out
    assert '"RoomWentLive"' in shown
    assert deployment.world.wechat.account.secret not in shown
    assert "SIM_" not in shown, "no token either"


def test_the_schedule_by_which_version_0_1_planned_a_push_is_understood(
    deployment: Deployment,
) -> None:
    polled = lambda_handler(deployment.event("live_watch/planned.json"), deployment.context)

    assert polled["pushed"] == ROOM
    [choice] = deployment.world.rooms.choices(DAY).values()
    assert choice.room_id == ROOM
    assert choice.push_at <= deployment.world.clock()


def test_an_event_that_is_not_accepted_fails_the_poll_and_is_sent_again(
    deployment: Deployment,
) -> None:
    deployment.events_client.failing = True

    with pytest.raises(RetryLater, match="EventBridge did not accept"):
        lambda_handler(deployment.event("live_watch/schedule.json"), deployment.context)
    deployment.events_client.failing = False
    deployment.world.clock.now_s += RARELY_S
    lambda_handler(deployment.event("live_watch/schedule.json"), deployment.context)

    assert len(deployment.events_client.sent) == 1


def test_a_check_returns_what_wechat_answers_for_each_api(deployment: Deployment) -> None:
    deployment.world.wechat.inject(FaultRule(QUOTA_GET, Fault.ERRCODE, errcode=48001))

    checked = lambda_handler(deployment.event("live_watch/check.json"), deployment.context)

    assert checked["now"] == deployment.world.clock()
    assert checked["ahead_of_wechat_s"] == pytest.approx(0, abs=60)
    assert checked["boto3"] == boto3.__version__
    refused, *others = checked["apis"].values()
    assert refused["errcode"] == 48001
    assert "not granted" in refused["sentence"]
    assert [other["daily_limit"] for other in others] == [5000, 100_000]


def test_a_check_requests_a_token_although_one_is_shared(deployment: Deployment) -> None:
    poll_again(deployment.world)
    before = deployment.world.calls(STABLE_TOKEN)

    lambda_handler({"check": True}, deployment.context)

    assert deployment.world.calls(STABLE_TOKEN) == before + 1
