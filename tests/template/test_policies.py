"""Least privilege: what each role allows, as SAM expands the template."""

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from support.template import FUNCTIONS, DeployedTemplate, sub_text

if TYPE_CHECKING:
    from support.template import ParsedTemplate

NETWORK = "JoinNetwork"
"""The statement for a VPC; its actions know no resource that could be named."""

PUBLISHERS = {"LiveWatchFunction", "PushStartFunction"}
"""They send events to the default bus, which is the account's."""

GIVEN_BY_PARAMETER = (
    ":secret:${Secret}-??????",
    ":table/${ExistingFollowersTable}",
    ":table/${ExistingStateTable}",
)


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_no_switch_gives_a_role_more_than_its_own_statements(combination: dict[str, str]) -> None:
    template = DeployedTemplate(combination)

    assert template.functions()
    for function in template.functions():
        assert set(template.role(function)) == {"AssumeRolePolicyDocument", "Policies"}
        for statement in template.statements(function):
            assert set(statement) == {"Sid", "Effect", "Action", "Resource"}
            assert statement["Effect"] == "Allow"
            assert "*" not in json.dumps(statement["Action"])
            assert statement["Sid"] == NETWORK or "*" not in json.dumps(statement["Resource"])


def test_a_role_may_manage_network_interfaces_only_in_a_vpc(combination: dict[str, str]) -> None:
    template = DeployedTemplate(combination)
    joining = {
        name
        for name in template.functions()
        if NETWORK in {statement["Sid"] for statement in template.statements(name)}
    }
    connected = {name for name in template.functions() if "VpcConfig" in template.properties(name)}

    assert joining == connected


def test_every_queue_is_received_from_by_its_consumer_alone(everything: DeployedTemplate) -> None:
    consumers = {
        source["EventSourceArn"]["Fn::GetAtt"][0]: source["FunctionName"]["Ref"]
        for source in everything.of_type("AWS::Lambda::EventSourceMapping").values()
    }
    receivers = {
        resource["Fn::GetAtt"][0]: function
        for function in everything.functions()
        for statement in everything.statements(function)
        if "sqs:ReceiveMessage" in statement["Action"]
        for resource in listed(statement["Resource"])
    }

    assert receivers == consumers
    assert len(consumers) == 3


def test_a_function_writes_to_its_own_log_group_alone(everything: DeployedTemplate) -> None:
    for function in everything.functions():
        [logs] = [s for s in everything.statements(function) if s["Sid"] == "WriteLogs"]
        group = everything.properties(function)["LoggingConfig"]["LogGroup"]["Ref"]

        assert logs["Resource"] == {"Fn::GetAtt": [group, "Arn"]}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_role_allows_known_services_on_resources_of_this_stack_only(
    everything: DeployedTemplate, name: str
) -> None:
    services = {"dynamodb", "secretsmanager", "lambda", "sqs", "events", "wafv2", "logs", "ec2"}

    assert {action.split(":")[0] for action in everything.actions(name)} <= services
    for statement in everything.statements(name):
        if statement["Sid"] == NETWORK:
            continue
        for resource in listed(statement["Resource"]):
            text = sub_text(resource)
            assert (
                "Fn::GetAtt" in resource
                or "${AWS::StackName}-" in text
                or text.endswith(GIVEN_BY_PARAMETER)
                or (name in PUBLISHERS and statement["Action"] == "events:PutEvents")
            )


@pytest.mark.parametrize(
    ("name", "forbidden"),
    [
        ("CallbackFunction", {"dynamodb:Scan", "dynamodb:DeleteItem", "lambda:InvokeFunction"}),
        ("CallbackAllowListFunction", {"sqs:SendMessage", "dynamodb:Scan"}),
        ("CallbackBacklogFunction", {"dynamodb:Query", "dynamodb:DeleteItem"}),
        ("LiveWatchFunction", {"sqs:SendMessage", "dynamodb:Scan"}),
        ("NotifyFunction", {"dynamodb:GetItem", "events:PutEvents", "lambda:InvokeFunction"}),
        ("PushStartFunction", {"sqs:ReceiveMessage", "dynamodb:BatchWriteItem"}),
        (
            "PushFanoutFunction",
            {"dynamodb:Scan", "dynamodb:DeleteItem", "lambda:InvokeFunction"},
        ),
        ("FollowerSyncFunction", {"sqs:SendMessage"}),
    ],
)
def test_a_role_does_not_allow_what_its_function_never_does(
    everything: DeployedTemplate, name: str, forbidden: set[str]
) -> None:
    assert not everything.actions(name) & forbidden


def test_no_role_allows_to_delete_a_follower(deployed: DeployedTemplate) -> None:
    for function in deployed.functions():
        for statement in deployed.statements(function):
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
    deployed: DeployedTemplate, name: str, calls_itself_by: str
) -> None:
    china = DeployedTemplate({}, partition="aws-cn")

    assert calls_itself_by in deployed.actions(name)
    assert deployed.properties(name)["RecursiveLoop"] == "Allow"
    assert "RecursiveLoop" not in china.properties(name)


def test_a_role_of_a_schedule_may_invoke_one_function_and_nothing_else(
    everything: DeployedTemplate,
) -> None:
    roles = [
        role
        for role in everything.of_type("AWS::IAM::Role").values()
        if "scheduler.amazonaws.com" in json.dumps(role["AssumeRolePolicyDocument"])
    ]

    assert len(roles) == 5
    for role in roles:
        [policy] = role["Policies"]
        [statement] = policy["PolicyDocument"]["Statement"]
        assert statement["Action"] == "lambda:InvokeFunction"
        assert set(statement["Resource"]) == {"Fn::GetAtt"}


def test_only_alarms_of_this_account_and_eventbridge_may_publish_to_the_alarm_topic(
    deployed: DeployedTemplate,
) -> None:
    alarms, events = deployed.properties("AlarmTopicPolicy")["PolicyDocument"]["Statement"]

    assert alarms["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert "aws:SourceAccount" in json.dumps(alarms["Condition"])
    # EventBridge publishes to no topic whose policy has a condition for it.
    assert events["Principal"] == {"Service": "events.amazonaws.com"}
    assert "Condition" not in events
