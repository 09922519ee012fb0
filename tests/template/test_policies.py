"""Least privilege: what each role allows."""

import json
import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support.template import ParsedTemplate


def test_a_role_names_every_action_and_every_resource(
    template: "ParsedTemplate", function: str
) -> None:
    assert "Role" not in template.properties(function)
    assert template.statements(function)
    for statement in template.statements(function):
        assert statement["Effect"] == "Allow"
        assert statement["Sid"]
        assert "NotAction" not in statement
        assert "NotResource" not in statement
        assert "*" not in json.dumps([statement["Action"], statement["Resource"]])


def test_a_role_allows_known_services_on_resources_of_this_stack_only(
    template: "ParsedTemplate", function: str
) -> None:
    services = {"dynamodb", "secretsmanager", "lambda", "sqs", "events", "wafv2"}

    assert {action.split(":")[0] for action in template.actions(function)} <= services
    for statement in template.statements(function):
        named = statement["Resource"]
        for resource in named if isinstance(named, list) else [named]:
            text = resource.get("Fn::Sub", "")
            assert (
                "Fn::GetAtt" in resource
                or "${AWS::StackName}-" in text
                or "${WechatSecretName}" in text
                or (function, statement["Action"]) == ("LiveWatchFunction", "events:PutEvents")
            )


@pytest.mark.parametrize(
    ("name", "forbidden"),
    [
        ("CallbackFunction", {"dynamodb:Scan", "dynamodb:DeleteItem", "lambda:InvokeFunction"}),
        ("CallbackAllowListFunction", {"sqs:SendMessage", "dynamodb:Scan"}),
        ("CallbackBacklogFunction", {"secretsmanager:GetSecretValue", "dynamodb:GetItem"}),
        ("LiveWatchFunction", {"sqs:SendMessage", "dynamodb:Scan"}),
        ("PushStartFunction", {"sqs:ReceiveMessage", "dynamodb:BatchWriteItem"}),
        (
            "PushFanoutFunction",
            {"dynamodb:Scan", "dynamodb:DeleteItem", "lambda:InvokeFunction"},
        ),
        ("FollowerSyncFunction", {"sqs:SendMessage"}),
    ],
)
def test_a_role_does_not_allow_what_its_function_never_does(
    template: "ParsedTemplate", name: str, forbidden: set[str]
) -> None:
    assert not template.actions(name) & forbidden


def test_no_role_allows_to_delete_a_follower(template: "ParsedTemplate", function: str) -> None:
    for statement in template.statements(function):
        if "dynamodb:DeleteItem" in statement["Action"]:
            assert statement["Resource"] == {"Fn::GetAtt": ["StateTable", "Arn"]}


def test_every_arn_is_valid_in_every_partition(template: "ParsedTemplate") -> None:
    arns = re.findall(r"arn:[^\s\"']+", template.text)

    assert arns
    assert [arn for arn in arns if not arn.startswith("arn:${AWS::Partition}:")] == []


@pytest.mark.parametrize(
    ("name", "calls_itself_by"),
    [
        ("FollowerSyncFunction", "lambda:InvokeFunction"),
        ("PushStartFunction", "lambda:InvokeFunction"),
        ("PushFanoutFunction", "sqs:SendMessage"),
    ],
)
def test_a_function_that_continues_by_calling_itself_may_do_so(
    template: "ParsedTemplate", name: str, calls_itself_by: str
) -> None:
    assert calls_itself_by in template.actions(name)
    assert template.properties(name)["RecursiveLoop"] == "Allow"


def test_a_planned_push_may_invoke_live_watch_and_nothing_else(template: "ParsedTemplate") -> None:
    [policy] = template.properties("PlannedPushRole")["Policies"]
    [statement] = policy["PolicyDocument"]["Statement"]

    assert statement["Action"] == "lambda:InvokeFunction"
    assert statement["Resource"] == {"Fn::GetAtt": ["LiveWatchFunction", "Arn"]}


def test_only_alarms_and_events_may_publish_to_the_alarm_topic(template: "ParsedTemplate") -> None:
    [statement] = template.properties("AlarmTopicPolicy")["PolicyDocument"]["Statement"]

    assert statement["Principal"] == {
        "Service": ["cloudwatch.amazonaws.com", "events.amazonaws.com"]
    }
