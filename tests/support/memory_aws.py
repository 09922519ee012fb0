"""AWS in this process (moto). Making clients takes longer than calling them: they are made once."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends

from support.tables import FOLLOWERS, STATE, create_table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.service_resource import Table
    from mypy_boto3_sqs import SQSClient

QUEUES = ("push", "backlog", "quarantine")


@dataclass(frozen=True)
class Clients:
    """Clients of one user of AWS, and that user's view of the State table."""

    dynamodb: "DynamoDBClient"
    state: "Table"
    sqs: "SQSClient"


@cache
def session() -> boto3.Session:
    """Return the session of all clients. They answer inserts by hand, after any other handler."""
    made = boto3.Session("testing", "testing", region_name="us-east-1")
    made.events.register("before-call", _insert)  # the least specific handler is called last
    return made


@cache
def clients(user: str) -> Clients:
    """Return the clients of a user: what is watched or made to fail for one spares the others."""
    return Clients(
        dynamodb=session().client("dynamodb"),
        state=session().resource("dynamodb").Table("state"),
        sqs=session().client("sqs"),
    )


class MemoryAws:
    """AWS while it runs in this process: two tables, and queues by their names and URLs."""

    def __init__(self, moto: Any) -> None:
        self._moto = moto
        self.queues: dict[str, str] = {}
        self.deploy()

    def deploy(self) -> None:
        """Throw everything away and make the tables and queues."""
        self._moto.reset()
        test = clients("test")
        create_table(test.dynamodb, FOLLOWERS, "followers")
        create_table(test.dynamodb, STATE, "state")
        self.queues = {name: test.sqs.create_queue(QueueName=name)["QueueUrl"] for name in QUEUES}

    def empty(self) -> None:
        """Empty the tables. Nothing is received from the queues, so they need not be emptied."""
        for table in _tables().values():
            table.items.clear()

    def save(self) -> dict[str, Any]:
        """Return a copy of what is in the tables."""
        return {name: deepcopy(table.items) for name, table in _tables().items()}

    def restore(self, saved: dict[str, Any]) -> None:
        """Put the tables back as they were."""
        for name, table in _tables().items():
            table.items = deepcopy(saved[name])


def _tables() -> dict[str, Any]:
    tables: dict[str, Any] = dynamodb_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].tables
    return tables


@contextmanager
def running() -> Iterator[MemoryAws]:
    """Answer every AWS client of this process from memory."""
    with mock_aws() as moto:
        yield MemoryAws(moto)


def _insert(model: Any, params: dict[str, Any], **_: Any) -> Any:
    """Answer a batch of PartiQL inserts before it is sent: moto 5.2.5 can't read parameters."""
    if model.name != "BatchExecuteStatement":
        return None
    responses = [_inserted(statement) for statement in json.loads(params["body"])["Statements"]]
    return AWSResponse(params["url"], 200, HTTPHeaders(), None), {"Responses": responses}


def _inserted(statement: dict[str, Any]) -> dict[str, Any]:
    found = re.fullmatch(r'INSERT INTO "(\w+)" VALUE \{(.*)\}', statement["Statement"])
    assert found is not None
    names = re.findall(r"'(\w+)': \?", found[2])
    try:
        clients("test").dynamodb.put_item(
            TableName=found[1],
            Item=dict(zip(names, statement["Parameters"], strict=True)),
            ConditionExpression="attribute_not_exists(openid)",
        )
    except ClientError:
        return {"Error": {"Code": "DuplicateItem"}}
    return {"TableName": found[1]}
