"""Two kinds of AWS to hold every store against: moto in this process, and the local AWS."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from botocore.model import OperationModel
    from mypy_boto3_dynamodb import DynamoDBClient, DynamoDBServiceResource
    from mypy_boto3_dynamodb.service_resource import Table
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient

MOTO = "moto"
LOCAL = "local"


@dataclass(frozen=True)
class Backend:
    """One of the two, by its ``name``. Each client is new, so a test may register what it likes."""

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
    """Both tables, empty, with the keys that ``template.yaml`` declares, and a client."""

    client: "DynamoDBClient"
    followers: "Table"
    state: "Table"

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


@dataclass
class Collisions:
    """Refuses the next writes as DynamoDB does when a transaction is at work on the item.

    Neither backend has transactions that take time, so the client does it.
    """

    left: int
    pauses_s: list[float] = field(default_factory=list)

    def __call__(self, model: "OperationModel", **_: object) -> tuple[Any, Any] | None:
        if not self.left:
            return None
        self.left -= 1
        if model.name == "TransactWriteItems":
            return self._refusal(
                "TransactionCanceledException",
                CancellationReasons=[{"Code": "None"}, {"Code": "TransactionConflict"}],
            )
        return self._refusal("TransactionConflictException")

    def _refusal(self, code: str, **more: object) -> tuple[Any, Any]:
        parsed = {"Error": {"Code": code, "Message": "busy"}, "ResponseMetadata": {}, **more}
        return SimpleNamespace(status_code=400), parsed
