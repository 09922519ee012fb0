"""The evening of a show on the deployed stack: doctor, planned pushes, chosen room, email."""

import json
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import pytest

from support.deployed_stack import Operator, poll_rooms
from wxlive.aws import OLDEST_BOTO3
from wxlive_local.simulator import Simulator
from wxlive_local.up import LocalStack

SHOW, PLANNED, NOT_STARTED, LIVE, ENDED = 4711, 4712, 102, 101, 103
BEIJING = timezone(timedelta(hours=8))


@pytest.fixture
def emails(stack: LocalStack) -> Callable[[], list[str]]:
    """Receive what the alarm topic has published since the test began."""
    sqs, sns = stack.client("sqs"), stack.client("sns")
    url = sqs.create_queue(QueueName=f"emails-{time.monotonic_ns()}")["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    queue = found["Attributes"]["QueueArn"]
    allowed = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    sns.subscribe(TopicArn=stack.outputs["AlarmTopic"], Protocol="sqs", Endpoint=queue)

    def receive() -> list[str]:
        reply = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=10, MaxNumberOfMessages=10)
        return [json.loads(message["Body"])["Message"] for message in reply.get("Messages", [])]

    return receive


def forget_last_poll(stack: LocalStack) -> None:
    """Have live_watch forget its last poll: it polls once a minute at most."""
    stack.client("dynamodb").delete_item(
        TableName=stack.outputs["StateTable"], Key={"pk": {"S": "watch"}, "sk": {"S": "asked"}}
    )


@pytest.fixture
def never_polled(stack: LocalStack) -> None:
    """Begin without an earlier poll."""
    forget_last_poll(stack)


def test_the_doctor_finds_nothing_wrong(stack: LocalStack, operator: Operator) -> None:
    printed = operator("doctor", "--callback-url", stack.callback_url).json

    levels = {finding["check"]: finding["level"] for finding in printed["checks"]}
    assert levels["wechat"] == levels["callback"] == levels["secret"] == "ok"
    assert levels["schedule live-watch"] == levels["schedule follower-sync"] == "ok"
    assert levels["stack"] == levels["clock"] == levels["runtime"] == "ok", printed
    [runtime] = [each for each in printed["checks"] if each["check"] == "runtime"]
    assert runtime["says"] == f"python3.11 with boto3 {OLDEST_BOTO3}"  # as Lambda's may be


def test_a_push_is_planned_listed_and_removed(
    stack: LocalStack, wechat: Simulator, operator: Operator, never_polled: None
) -> None:
    starts_at = datetime.now(BEIJING) + timedelta(days=2)
    plan = ("push", "--room", str(PLANNED), "--at", f"{starts_at:%Y-%m-%dT%H:%M}")
    assert operator(*plan).exit_code == 2, "the room is not known yet"
    wechat.set_room(PLANNED, NOT_STARTED, start_time=int(starts_at.timestamp()))
    poll_rooms(stack)
    planned = operator(*plan).json

    assert operator("planned").json == {"planned": [planned]}
    assert operator("planned", "remove", planned["planned"]).exit_code == 0
    assert operator("planned").json == {"planned": []}


def test_a_room_that_goes_live_is_noticed_and_announced_by_email(
    stack: LocalStack,
    wechat: Simulator,
    operator: Operator,
    never_polled: None,
    emails: Callable[[], list[str]],
) -> None:
    wechat.set_room(SHOW, NOT_STARTED, name="冬季新品", start_time=int(time.time()))
    poll_rooms(stack)
    assert operator("rooms", "choose", str(SHOW)).exit_code == 2, "AutoPush is off"
    assert SHOW in [room["room_id"] for room in operator("rooms").json["rooms"]]

    wechat.set_room(SHOW, LIVE)
    forget_last_poll(stack)
    seen = poll_rooms(stack)

    assert (seen["asked"], seen["pushed"]) == ("opening", None)
    assert SHOW in seen["went_live"]
    [email] = [email for email in emails() if str(SHOW) in email]
    assert f"wxlive push --room {SHOW} --wait" in email
    assert "冬季新品" in email
    wechat.set_room(SHOW, ENDED)
    forget_last_poll(stack)
    poll_rooms(stack)
