"""Workarounds for every known difference between the local AWS and AWS.

With them the local stack does what the template says; on AWS none is needed. All of them were
found with ministack 1.5.33: check them again when its version changes.
"""

import json
from typing import Any

from wxlive_local.local_aws import LocalAws
from wxlive_local.template import Template

_BATCHES = {
    "dynamodb:PartiQLInsert": "dynamodb:BatchExecuteStatement",
    "sqs:SendMessage": "sqs:SendMessageBatch",
}
"""What a role is allowed, and what the local AWS calls it when it is done in batches."""


def apply_workarounds(aws: LocalAws, template: Template, stack_name: str) -> None:
    """Apply all of them to a newly deployed stack. Safe to repeat."""
    resources = _resources(aws, stack_name)
    for logical_id, properties in template.of_type("AWS::DynamoDB::Table").items():
        if logical_id in resources:
            set_table_lifecycle(aws, resources[logical_id], properties)
    for logical_id, properties in template.of_type("AWS::Serverless::Function").items():
        if "RecursiveLoop" in properties:
            allow_recursion(aws, resources[logical_id])
    set_poller_concurrency(aws)
    set_batch_rights(aws, template, resources)
    set_schedule_time_zones(aws, template, resources)


def callback_url(aws: LocalAws, outputs: dict[str, str]) -> str:
    """Return the URL of the callback at the local gateway.

    The stack's output is an amazonaws.com address, or a domain of the operator's own; the local
    gateway serves the same API at its own address.
    """
    api = outputs["CallbackApiId"]
    return f"{aws.endpoint_url}/restapis/{api}/live/_user_request_/wechat/callback"


def set_table_lifecycle(aws: LocalAws, table: str, properties: Any) -> None:
    """Set expiry and point-in-time recovery, which are ignored in a template.

    Set by the API, expiry deletes items; recovery has no effect but is reported.
    """
    dynamodb = aws.client("dynamodb")
    expiry = properties.get("TimeToLiveSpecification")
    if expiry:
        dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=expiry)
    recovery = properties.get("PointInTimeRecoverySpecification")
    if recovery:
        dynamodb.update_continuous_backups(
            TableName=table, PointInTimeRecoverySpecification=recovery
        )


def allow_recursion(aws: LocalAws, function: str) -> None:
    """Allow a function to invoke itself: ``RecursiveLoop`` is ignored in a template."""
    aws.client("lambda").put_function_recursion_config(FunctionName=function, RecursiveLoop="Allow")


def set_poller_concurrency(aws: LocalAws) -> None:
    """Set the concurrency of the queues' pollers as a number.

    The value of a parameter is a text, which AWS converts; the local poller compares it with a
    number, fails, and never delivers a message.
    """
    client = aws.client("lambda")
    for mapping in client.list_event_source_mappings()["EventSourceMappings"]:
        scaling = mapping.get("ScalingConfig")
        if scaling:
            client.update_event_source_mapping(UUID=mapping["UUID"], ScalingConfig=scaling)


def set_batch_rights(aws: LocalAws, template: Template, resources: dict[str, str]) -> None:
    """Let roles that may do something do so in batches.

    AWS requires a permission for each part of a batch (``PartiQLInsert``, ``SendMessage``); the
    local AWS, where it enforces roles, requires one named after the API call.
    """
    iam = aws.client("iam")
    for logical_id, properties in template.of_type("AWS::IAM::Role").items():
        policies = str(properties.get("Policies"))
        batches = [batch for part, batch in _BATCHES.items() if part in policies]
        if batches:
            statement = {"Effect": "Allow", "Action": batches, "Resource": "*"}
            iam.put_role_policy(
                RoleName=resources[logical_id],
                PolicyName="local-aws-batches",
                PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
            )


def set_schedule_time_zones(aws: LocalAws, template: Template, resources: dict[str, str]) -> None:
    """Set the schedules' time zone, which is ignored in a template."""
    zones = {
        resources[logical_id + name]: event["Properties"].get("ScheduleExpressionTimezone", "UTC")
        for logical_id, properties in template.of_type("AWS::Serverless::Function").items()
        for name, event in properties.get("Events", {}).items()
        if event["Type"] == "ScheduleV2" and logical_id + name in resources
    }
    scheduler = aws.client("scheduler")
    for entry in scheduler.list_schedules()["Schedules"]:
        zone = zones.get(entry["Name"])
        if zone:
            schedule = scheduler.get_schedule(Name=entry["Name"], GroupName=entry["GroupName"])
            settable = (
                "Name",
                "GroupName",
                "ScheduleExpression",
                "State",
                "FlexibleTimeWindow",
                "Target",
            )
            scheduler.update_schedule(
                **{key: schedule[key] for key in settable}, ScheduleExpressionTimezone=zone
            )


def _resources(aws: LocalAws, stack_name: str) -> dict[str, str]:
    """Return the physical id of each resource of the stack by its logical id."""
    found = aws.client("cloudformation").describe_stack_resources(StackName=stack_name)
    return {
        resource["LogicalResourceId"]: resource["PhysicalResourceId"]
        for resource in found["StackResources"]
    }
