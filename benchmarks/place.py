"""Where a benchmark works: tables in the local AWS, clients that find them from any process."""

import uuid
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from wxlive.aws import PARALLEL_WRITES

QUICK_AWS = (str(Path(__file__).with_name("quick_aws.py")),)
"""The local AWS with scans that cost what they return: ``LocalAws(program=QUICK_AWS)``."""


def client(service: str, env: Mapping[str, str]) -> Any:
    """Return a client for the local AWS whose environment this is."""
    return _session(*_who(env)).client(service, **_how(env))  # type: ignore[call-overload]  # by name


def resource(env: Mapping[str, str]) -> Any:
    """Return the DynamoDB resource of that local AWS."""
    return _session(*_who(env)).resource("dynamodb", **_how(env))


def new_state_table(env: Mapping[str, str]) -> Any:
    """Create an empty State table."""
    return _new_table(env, "state", {"pk": "HASH", "sk": "RANGE"})


def new_followers_table(env: Mapping[str, str]) -> Any:
    """Create an empty Followers table."""
    return _new_table(env, "followers", {"openid": "HASH"})


def _new_table(env: Mapping[str, str], name: str, keys: Mapping[str, str]) -> Any:
    return resource(env).create_table(
        TableName=f"{name}-{uuid.uuid4().hex}",
        KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in keys.items()],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        BillingMode="PAY_PER_REQUEST",
    )


@cache
def _session(key_id: str, key: str, region: str) -> boto3.Session:
    """Return the session, one a process as in a function: it reads AWS' descriptions once."""
    return boto3.Session(key_id, key, region_name=region)


def _who(env: Mapping[str, str]) -> tuple[str, str, str]:
    return env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], env["AWS_DEFAULT_REGION"]


def _how(env: Mapping[str, str]) -> dict[str, Any]:
    return {
        "endpoint_url": env["AWS_ENDPOINT_URL"],
        "config": Config(max_pool_connections=PARALLEL_WRITES),
    }
