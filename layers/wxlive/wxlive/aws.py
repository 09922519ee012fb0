"""The AWS clients, each made once a process, when first asked for."""

from functools import cache
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient, DynamoDBServiceResource
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient

PARALLEL_WRITES = 16
"""Conditional writes under way at once when a page of new followers goes in."""

# Shorter than WeChat's patience of 5 s, retries included.
_CONFIG = Config(
    connect_timeout=1,
    read_timeout=2,
    retries={"mode": "standard", "max_attempts": 3},
    max_pool_connections=PARALLEL_WRITES,
)


@cache
def dynamodb() -> "DynamoDBServiceResource":
    """Return the DynamoDB resource; its ``meta.client`` may be used by several threads."""
    return boto3.resource("dynamodb", config=_CONFIG)


@cache
def dynamodb_client() -> "DynamoDBClient":
    """Return the DynamoDB client, which speaks the wire format. Several threads may use it."""
    return boto3.client("dynamodb", config=_CONFIG)


@cache
def sqs() -> "SQSClient":
    """Return the SQS client."""
    return boto3.client("sqs", config=_CONFIG)


@cache
def events() -> "EventBridgeClient":
    """Return the EventBridge client."""
    return boto3.client("events", config=_CONFIG)


@cache
def lambda_() -> "LambdaClient":
    """Return the Lambda client."""
    return boto3.client("lambda", config=_CONFIG)


@cache
def secretsmanager() -> "SecretsManagerClient":
    """Return the Secrets Manager client."""
    return boto3.client("secretsmanager", config=_CONFIG)
