"""The whole job with the roles enforced: no action is missing in a policy, and none is spare.

The local AWS writes down each call and who made it, as CloudTrail does. Every function gets a
name of its own for that (``AWS_SDK_UA_APP_ID``, which the SDK adds to its user agent).
"""

import json
import re
import time
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
import requests
from tests.e2e.conftest import operator_of

from wxlive.crypto import Envelope, signature
from wxlive_local.simulator import LIVE, PUSH, Happening, Kind, Rule
from wxlive_local.up import Options, Stack, local_stack

ROOM = 1001
_NEVER = "rate(365 days)"
pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("guarded")]

BY_POLLER = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}
"""The one thing that is allowed and never seen: Lambda's poller receives in the function's name."""

RESULT = {
    "MsgType": "event",
    "Event": "wxalive_push_message_notify",
    "CreateTime": 1_700_000_000,
    "message_id": "1",
    "room_id": 1,
    "total_count": 0,
    "success_count": 0,
    "openid_error_count": 0,
    "relation_error_count": 0,
    "user_recv_limit_count": 0,
    "internal_error_count": 0,
}
TRANSACTED = {"Put": "PutItem", "Update": "UpdateItem", "ConditionCheck": "ConditionCheckItem"}


@pytest.fixture(scope="module")
def guarded() -> Iterator[Stack]:
    """Give a stack of its own whose roles are enforced and whose calls are written down."""
    parameters = {"SyncSchedule": _NEVER, "WatchSchedule": _NEVER, "AutoPush": "on"}
    with local_stack(Options(parameters=parameters, enforce_iam=True)) as stack:
        requests.post(
            f"{stack.aws_endpoint_url}/_ministack/config",
            json={"cloudtrail._recording_enabled": "true"},
            timeout=10,
        ).raise_for_status()
        for name in functions(stack):
            configure(stack, name, AWS_SDK_UA_APP_ID=name)
        yield stack


def functions(stack: Stack) -> list[str]:
    found = stack.client("lambda").list_functions()["Functions"]
    return [function["FunctionName"] for function in found]


def configure(stack: Stack, function: str, **variables: str) -> None:
    client = stack.client("lambda")
    usual = client.get_function_configuration(FunctionName=function)["Environment"]["Variables"]
    client.update_function_configuration(
        FunctionName=function, Environment={"Variables": usual | variables}
    )


class Right(NamedTuple):
    """An action, and the table or queue it is done to; other services have one thing each."""

    action: str
    target: str = ""


def allowed(stack: Stack, function: str) -> set[Right]:
    """The rights in a function's deployed policies, but for what the local AWS needs."""
    role = stack.client("lambda").get_function_configuration(FunctionName=function)["Role"]
    name, iam = role.rsplit("/", 1)[-1], stack.client("iam")
    policies = [
        iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]
        if not policy.startswith("local-aws-")
    ]
    return {
        Right(action, re.split("[:/]", arn)[-1] if has_target(action) else "")
        for policy in policies
        for statement in policy["Statement"]
        for action in as_list(statement["Action"])
        for arn in as_list(statement["Resource"])
    }


def has_target(action: str) -> bool:
    return action.startswith(("dynamodb:", "sqs:"))


def as_list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def rights_for(event: dict[str, Any]) -> set[Right]:
    """What IAM asks for, for one call: a transaction and PartiQL ask for what they do."""
    service, call = event["eventSource"].split(".")[0], event["eventName"]
    request = event["requestParameters"]
    if call == "TransactWriteItems":
        writes = [write for item in request["TransactItems"] for write in item.items()]
        return {Right(f"dynamodb:{TRANSACTED[k]}", write["TableName"]) for k, write in writes}
    if call == "BatchExecuteStatement":
        found = [re.match(r'(\w+) INTO "(.*?)"', s["Statement"]) for s in request["Statements"]]
        return {Right(f"dynamodb:PartiQL{m[1].title()}", m[2]) for m in found if m}
    if call == "BatchGetItem":
        return {Right("dynamodb:BatchGetItem", table) for table in request["RequestItems"]}
    if call == "Invoke":
        return {Right("lambda:InvokeFunction")}
    target = request.get("TableName") or request.get("QueueUrl", "").rsplit("/", 1)[-1]
    return {Right(f"{service}:{call}", target)}


CALLS = {
    "dynamodb": [
        *("GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan", "BatchGetItem"),
        *("BatchWriteItem", "TransactWriteItems", "BatchExecuteStatement", "ExecuteStatement"),
    ],
    "secretsmanager": ["GetSecretValue"],
    "sqs": ["SendMessage", "SendMessageBatch"],
    "lambda": ["Invoke"],
    "events": ["PutEvents"],
}


def made(stack: Stack) -> dict[str, set[Right]]:
    """The rights that each function used so far."""
    trail = stack.client("cloudtrail")
    found: dict[str, set[Right]] = defaultdict(set)
    keys: dict[str, str] = {}

    def look(*attributes: tuple[str, str]) -> Iterator[dict[str, Any]]:
        answer = trail.lookup_events(
            LookupAttributes=[{"AttributeKey": k, "AttributeValue": v} for k, v in attributes]
        )
        for event in answer["Events"]:
            yield json.loads(event["CloudTrailEvent"])

    names = [call for calls in CALLS.values() for call in calls]
    for call in names:
        for event in look(("EventName", call)):
            caller = re.search(r"app/([\w-]+)", event["userAgent"])
            if caller:
                keys[event["userIdentity"]["accessKeyId"]] = caller[1]
    for key, function in keys.items():
        for call in names:
            for event in look(("EventName", call), ("AccessKeyId", key)):
                found[function] |= rights_for(event)
    return found


def nonsense(stack: Stack) -> None:
    """Send an authentic message that makes no sense."""
    config, now = stack.config, str(int(time.time()))
    encrypted = Envelope(config.aes_key, config.appid).encrypt("hello")
    query = {
        "timestamp": now,
        "nonce": "1",
        "msg_signature": signature(config.token, now, "1", encrypted),
    }
    body = json.dumps({"Encrypt": encrypted})
    answer = requests.post(stack.callback_url, params=query, data=body, timeout=30)
    assert answer.text == "success"


def do_everything(stack: Stack) -> None:
    """Subscribe, fail, sync twice, watch and push, so that every call is made at least once.

    A message comes back to the backlog, as in a redrive; a room that goes live starts the
    campaign; a refused call is queued again.
    """
    wechat, operator = stack.simulator, operator_of(stack)
    assert wechat is not None
    wechat.set_room(ROOM, LIVE)
    wechat.add_followers(2600, room_id=ROOM)
    leaver = "oLeaves000000000000000leaves"
    wechat.deliver(Happening(leaver, "add_follow", room_id=ROOM))
    nonsense(stack)
    for message in ("hello", json.dumps(RESULT)):
        stack.client("sqs").send_message(
            QueueUrl=stack.outputs["CallbackBacklogUrl"],
            MessageBody=json.dumps({"message": message}),
        )
    configure(stack, "wxlive-callback", FOLLOWERS_TABLE="no-such-table")
    wechat.deliver(Happening("oLate000000000000000000late", "add_follow", room_id=ROOM))
    configure(stack, "wxlive-callback", FOLLOWERS_TABLE=stack.outputs["FollowersTable"])
    assert operator("sync", "--wait").facts["state"] == "done"
    wechat.ask(lambda platform: platform.followers.remove(leaver))
    assert operator("sync", "--wait").facts["removed"] == 1
    wechat.misbehave(Rule(PUSH, Kind.ERRCODE, errcode=45011))
    stack.client("lambda").invoke(FunctionName=stack.outputs["LiveWatchFunction"])
    pushed = operator("push", "--room", str(ROOM), "--wait", "--timeout", "120")
    assert pushed.facts["openids"]["accepted"] == pushed.facts["audience"] > 2600


@pytest.mark.timeout(400)
def test_every_function_may_do_what_it_does_and_nothing_else(guarded: Stack) -> None:
    do_everything(guarded)
    used = made(guarded)

    assert set(used) == set(functions(guarded))
    for function, rights in used.items():
        may = allowed(guarded, function)
        spare = {right for right in may - rights if right.action not in BY_POLLER}
        assert rights - may == set(), f"{function} lacks it, or the roles are not enforced"
        assert spare == set(), f"{function} has no use for it"


def test_a_role_is_really_enforced(guarded: Stack) -> None:
    assert guarded.simulator is not None
    iam = guarded.client("iam")
    function = guarded.client("lambda").get_function_configuration(FunctionName="wxlive-callback")
    role, policy = function["Role"].rsplit("/", 1)[-1], "local-aws-deny"
    denied = {"Effect": "Deny", "Action": ["dynamodb:*", "sqs:*"], "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [denied]})
    iam.put_role_policy(RoleName=role, PolicyName=policy, PolicyDocument=document)
    [record] = guarded.simulator.deliver(Happening("oDenied", "add_follow", room_id=ROOM))
    iam.delete_role_policy(RoleName=role, PolicyName=policy)

    assert {attempt.status for attempt in record.attempts} == {500}
