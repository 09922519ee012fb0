"""Least privilege on the deployed stack: a role allows what its function does, and no more."""

import json
import re
import time
from collections import defaultdict
from typing import Any, NamedTuple

import requests

from support.deployed_stack import CALLBACK, functions_of
from support.stack_jobs import Campaigns, LateEvent
from support.waiting import wait_for
from wxlive.wechat.crypto import Envelope, signature
from wxlive_local.simulator import FollowChange, Simulator
from wxlive_local.up import LocalStack

BY_LAMBDA = {
    *("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"),
    *("logs:CreateLogStream", "logs:PutLogEvents"),
}
"""Allowed and never recorded: Lambda receives messages and writes logs in the function's name."""

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
TRANSACTED = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}

TABLE_CALLS = ("GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan")
OTHER_CALLS = (
    *("BatchGetItem", "BatchWriteItem", "TransactWriteItems"),
    *("BatchExecuteStatement", "ExecuteStatement"),
    *("GetSecretValue", "SendMessage", "SendMessageBatch", "Invoke", "PutEvents"),
)


class Right(NamedTuple):
    """An action, and its table or queue; other services have one resource each."""

    action: str
    target: str = ""


def allowed_rights(stack: LocalStack, function: str) -> set[Right]:
    """The rights in a function's deployed policies, without those that only the local AWS needs."""
    name, iam = role_of(stack, function), stack.client("iam")
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


def role_of(stack: LocalStack, function: str) -> str:
    found = stack.client("lambda").get_function_configuration(FunctionName=function)
    name: str = found["Role"].rsplit("/", 1)[-1]
    return name


def has_target(action: str) -> bool:
    return action.startswith(("dynamodb:", "sqs:"))


def as_list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def rights_for(event: dict[str, Any]) -> set[Right]:
    """The rights that IAM requires for a call: of a transaction or PartiQL, those of its parts."""
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
    if call == "SendMessageBatch":
        call = "SendMessage"
    target = request.get("TableName") or request.get("QueueUrl", "").rsplit("/", 1)[-1]
    return {Right(f"{service}:{call}", target)}


def used_rights(stack: LocalStack) -> dict[str, set[Right]]:
    """The rights that each function has used so far, by the recorded calls.

    The local AWS returns the newest 50 events of a lookup only, so there is one for each kind of
    call of each function.
    """
    trail = stack.client("cloudtrail")

    def lookup(**attributes: str) -> list[dict[str, Any]]:
        given = [{"AttributeKey": k, "AttributeValue": v} for k, v in attributes.items()]
        found = trail.lookup_events(LookupAttributes=given)["Events"]
        return [json.loads(event["CloudTrailEvent"]) for event in found]

    tables = (stack.outputs["FollowersTable"], stack.outputs["StateTable"])
    kinds = [
        *({"EventName": call, "ResourceName": table} for call in TABLE_CALLS for table in tables),
        *({"EventName": call} for call in OTHER_CALLS),
    ]
    keys = {
        event["userIdentity"]["accessKeyId"]: caller[1]
        for kind in kinds
        for event in lookup(**kind)
        if (caller := re.search(r"app/([\w-]+)", event["userAgent"]))
    }
    used: dict[str, set[Right]] = defaultdict(set)
    for key, function in keys.items():
        for kind in kinds:
            for event in lookup(**kind, AccessKeyId=key):
                used[function] |= rights_for(event)
    return used


def send_malformed_event(stack: LocalStack) -> None:
    """Send an authentic message that is no event."""
    config, now = stack.config, str(int(time.time()))
    encrypted = Envelope(config.aes_key, config.appid).encrypt("hello")
    query = {
        "timestamp": now,
        "nonce": "1",
        "msg_signature": signature(config.token, now, "1", encrypted),
    }
    body = json.dumps({"Encrypt": encrypted})
    response = requests.post(stack.callback_url, params=query, data=body, timeout=30)
    assert response.text == "success"


def redrive(stack: LocalStack, *messages: str) -> None:
    """Send messages to the backlog, as a redrive of the quarantine does; wait for their end."""
    sqs, url = stack.client("sqs"), stack.outputs["CallbackBacklogUrl"]
    for message in messages:
        sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"message": message}))
    counts = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")

    def is_empty() -> bool:
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[*counts])["Attributes"]
        return not any(int(found[count]) for count in counts)

    assert wait_for(is_empty, within_s=60)


def test_a_role_allows_what_its_function_does_and_nothing_else(
    stack: LocalStack, late_event: LateEvent, campaigns: Campaigns
) -> None:
    send_malformed_event(stack)
    redrive(stack, "hello", json.dumps(RESULT))
    used = used_rights(stack)

    assert set(used) == set(functions_of(stack))
    for function, rights in used.items():
        allowed = allowed_rights(stack, function)
        unused = {right for right in allowed - rights if right.action not in BY_LAMBDA}
        assert rights - allowed == set(), f"{function} lacks it, or the roles are not enforced"
        assert unused == set(), f"{function} does not need it"


def test_a_role_is_really_enforced(stack: LocalStack, wechat: Simulator) -> None:
    iam, role, policy = stack.client("iam"), role_of(stack, CALLBACK), "local-aws-deny"
    denied = {"Effect": "Deny", "Action": ["dynamodb:*", "sqs:*"], "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [denied]})
    iam.put_role_policy(RoleName=role, PolicyName=policy, PolicyDocument=document)
    [record] = wechat.deliver(FollowChange("oDenied", "add_follow", room_id=1))
    iam.delete_role_policy(RoleName=role, PolicyName=policy)

    assert [attempt.status for attempt in record.attempts] == [500] * 3
