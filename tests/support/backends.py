"""Three kinds of AWS to hold every store against.

They are moto and the explorer's AWS (``explore.aws.backend``) in this process, and the local AWS.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config

from explore.aws.backend import MEMORY
from support.budget import THOROUGH
from support.table_faults import Faults

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient, DynamoDBServiceResource
    from mypy_boto3_dynamodb.service_resource import Table
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient

MOTO = "moto"
LOCAL = "local"

BACKENDS = [
    pytest.param(MOTO, marks=pytest.mark.moto),
    MEMORY,
    pytest.param(LOCAL, marks=pytest.mark.local_aws),
]

mostly_in_memory = pytest.mark.parametrize(
    "backend", BACKENDS if THOROUGH else [MEMORY], indirect=True
)
"""For tests of what the stores do with an answer, more than of what the tables answer."""


@dataclass(frozen=True)
class Backend:
    """One of the three, by its ``name``. Each client is new: a test may register what it likes."""

    name: str
    session: boto3.Session
    endpoint_url: str | None

    def dynamodb(self) -> "DynamoDBServiceResource":
        config = Config(proxies={}, max_pool_connections=32)
        return self.session.resource("dynamodb", endpoint_url=self.endpoint_url, config=config)

    def dynamodb_client(self, config: Config | None = None) -> "DynamoDBClient":
        usual = Config(proxies={}, max_pool_connections=32)
        chosen = usual.merge(config) if config else usual
        return self.session.client("dynamodb", endpoint_url=self.endpoint_url, config=chosen)

    def sqs(self) -> "SQSClient":
        return self.session.client("sqs", endpoint_url=self.endpoint_url, config=Config(proxies={}))

    def secretsmanager(self) -> "SecretsManagerClient":
        return self.session.client(
            "secretsmanager", endpoint_url=self.endpoint_url, config=Config(proxies={})
        )


@dataclass(frozen=True)
class Tables:
    """Both tables, empty, with the keys that ``template.yaml`` declares, and a client.

    ``faults`` are those of the State table.
    """

    client: "DynamoDBClient"
    followers: "Table"
    state: "Table"
    faults: Faults

    def rows(self) -> list[Any]:
        """Return everything in the State table, in the order of its keys."""
        return sorted(self.state.scan()["Items"], key=lambda item: (item["pk"], item["sk"]))

    def empty(self) -> None:
        """Remove everything from both tables."""
        for table in (self.followers, self.state):
            keys = [key["AttributeName"] for key in table.key_schema]
            with table.batch_writer() as batch:
                for item in table.scan()["Items"]:
                    batch.delete_item(Key={name: item[name] for name in keys})
