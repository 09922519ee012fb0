"""Tables in the local AWS, and clients for it in any process."""

import uuid
from collections.abc import Mapping
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

from wxlive.aws import PARALLEL_WRITES


def client(service: str, env: Mapping[str, str]) -> Any:
    """Return a client for the local AWS with this environment (``LocalAws.env``)."""
    return _session(*_credentials(env)).client(service, **_options(env))  # type: ignore[call-overload]  # by name


def dynamodb_resource(env: Mapping[str, str]) -> Any:
    """Return the DynamoDB resource of that local AWS."""
    return _session(*_credentials(env)).resource("dynamodb", **_options(env))


def new_state_table(env: Mapping[str, str]) -> str:
    """Create an empty State table; returns its name."""
    return _new_table(env, "state", {"pk": "HASH", "sk": "RANGE"})


def new_followers_table(env: Mapping[str, str]) -> str:
    """Create an empty Followers table; returns its name."""
    return _new_table(env, "followers", {"openid": "HASH"})


def _new_table(env: Mapping[str, str], name: str, keys: Mapping[str, str]) -> str:
    table = f"{name}-{uuid.uuid4().hex}"
    dynamodb_resource(env).create_table(
        TableName=table,
        KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in keys.items()],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        BillingMode="PAY_PER_REQUEST",
    )
    return table


@cache
def _session(key_id: str, key: str, region: str) -> boto3.Session:
    """Return the session, one a process as in a function: it loads AWS's API models once."""
    return boto3.Session(key_id, key, region_name=region)


def _credentials(env: Mapping[str, str]) -> tuple[str, str, str]:
    return env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], env["AWS_DEFAULT_REGION"]


def _options(env: Mapping[str, str]) -> dict[str, Any]:
    return {
        "endpoint_url": env["AWS_ENDPOINT_URL"],
        "config": Config(max_pool_connections=PARALLEL_WRITES),
    }
