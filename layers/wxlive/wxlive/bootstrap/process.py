"""Settings, telemetry, the secret, the State table, and the frame of every Lambda handler."""

import json
import os
from collections.abc import Callable, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any

from wxlive import aws
from wxlive.process_cache import once_per_process
from wxlive.settings import Settings
from wxlive.stores.forgotten import ForgottenStore
from wxlive.stores.secrets import SecretStore
from wxlive.telemetry import Telemetry

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext
    from mypy_boto3_dynamodb.service_resource import Table

Handler = Callable[[Mapping[str, Any], "LambdaContext"], dict[str, Any]]


@once_per_process
def settings() -> Settings:
    """Return the settings.

    Raises:
        Misconfigured: a variable of the environment is missing or out of range.
    """
    return Settings.from_env(os.environ)


@once_per_process
def telemetry() -> Telemetry:
    """Return the logger and the metrics of the function."""
    return Telemetry()


@once_per_process
def secret_store(config: aws.ClientConfig = aws.DEFAULT) -> SecretStore:
    """Return the store of the secret, which remembers it from one invocation to the next."""
    return SecretStore(aws.secretsmanager(config), settings().secret_name)


def state_table(config: aws.ClientConfig = aws.DEFAULT) -> "Table":
    """Return the State table."""
    return aws.dynamodb(config).Table(settings().state_table)


def forgotten_store(config: aws.ClientConfig = aws.DEFAULT) -> ForgottenStore:
    """Return the store of who was forgotten; the key of their pseudonyms is in the secret."""
    return ForgottenStore(
        aws.dynamodb_client(config),
        settings().state_table,
        lambda needed: secret_store(config).pseudonym_key(needed),
    )


def entry_point(handle: Handler) -> Handler:
    """Make a Lambda handler whose log lines and metrics belong to its invocation."""

    @wraps(handle)
    def handler(event: Mapping[str, Any], context: "LambdaContext") -> dict[str, Any]:
        with telemetry().invocation(context):
            return handle(event, context)

    return handler


def invoke_async(function: str, payload: Mapping[str, Any]) -> None:
    """Invoke a function without waiting for it. Lambda may deliver the event more than once."""
    aws.lambda_().invoke(
        FunctionName=function, InvocationType="Event", Payload=json.dumps(dict(payload))
    )
