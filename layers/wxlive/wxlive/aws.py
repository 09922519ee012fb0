"""The AWS clients, each made once a process and config, when first asked for."""

from typing import TYPE_CHECKING, Any, TypeAlias

import boto3
from botocore.config import Config

from wxlive.process_cache import once_per_process

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient, DynamoDBServiceResource
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient

ClientConfig: TypeAlias = Config

PARALLEL_WRITES = 16
"""Conditional writes in flight when a page of new followers is stored."""

OLDEST_BOTO3 = "1.38.36"
"""The SDK comes with the runtime, whose version AWS chooses by runtime and region. This is the
oldest that the functions are tested with (docs/operations.md#python-versions)."""

DEFAULT = Config(
    connect_timeout=1,
    read_timeout=2,
    retries={"mode": "standard", "max_attempts": 3},
    max_pool_connections=PARALLEL_WRITES,
)
"""For calls that have time for a retry."""

ADAPTIVE = Config(
    connect_timeout=1,
    read_timeout=5,
    retries={"mode": "adaptive", "total_max_attempts": 10},
    max_pool_connections=PARALLEL_WRITES,
)
"""For millions of records: a new table takes 4000 writes a second at first and refuses the rest, so
the client slows down instead of failing."""

FAIL_FAST = Config(
    connect_timeout=0.5,
    read_timeout=0.8,
    retries={"mode": "standard", "total_max_attempts": 1},
)
"""For whoever has a deadline.

While WeChat waits 5 s for the callback, the secret, the store and the queue may all time out within
4 s: there is no second attempt, because the backlog queue is the second attempt. A sender of pushes
repeats its calls itself, as long as it has time.
"""


def boto3_version() -> str:
    """Return the version of the SDK that this process uses."""
    return boto3.__version__


@once_per_process
def dynamodb(config: Config = DEFAULT) -> "DynamoDBServiceResource":
    """Return the DynamoDB resource; its ``meta.client`` may be used by several threads."""
    return boto3.resource("dynamodb", config=config)


@once_per_process
def dynamodb_client(config: Config = DEFAULT) -> "DynamoDBClient":
    """Return the DynamoDB client, which speaks the wire format. Several threads may use it."""
    return boto3.client("dynamodb", config=config)


@once_per_process
def sqs(config: Config = DEFAULT) -> "SQSClient":
    """Return the SQS client."""
    return boto3.client("sqs", config=config)


@once_per_process
def events() -> "EventBridgeClient":
    """Return the EventBridge client."""
    return boto3.client("events", config=DEFAULT)


@once_per_process
def lambda_() -> "LambdaClient":
    """Return the Lambda client."""
    return boto3.client("lambda", config=DEFAULT)


@once_per_process
def secretsmanager(config: Config = DEFAULT) -> "SecretsManagerClient":
    """Return the Secrets Manager client."""
    return boto3.client("secretsmanager", config=config)


@once_per_process
def wafv2() -> Any:
    """Return the AWS WAF client."""
    return boto3.client("wafv2", config=DEFAULT)
