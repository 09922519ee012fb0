"""Two AWS to hold every store against: moto in this process, and the local AWS over HTTP."""

import os
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws

from wxlive_local.local_aws import REGION, LocalAws
from wxlive_local.paths import TEMPLATE
from wxlive_local.template import Template

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
    """One of the two: ``name`` says which, ``make`` a client or resource of it."""

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
    """Both tables, empty, with the keys that ``template.yaml`` gives them, and a client."""

    client: "DynamoDBClient"
    followers: "Table"
    state: "Table"

    def empty(self) -> None:
        """Remove whatever is in them."""
        for table in (self.followers, self.state):
            keys = [key["AttributeName"] for key in table.key_schema]
            with table.batch_writer() as batch:
                for item in table.scan()["Items"]:
                    batch.delete_item(Key={name: item[name] for name in keys})


@pytest.fixture(scope="session")
def boto3_session() -> Iterator[boto3.Session]:
    """Give one session for all tests, for its parsed API models; it reads no one's settings."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("AWS_PROFILE", raising=False)
        patch.setenv("AWS_CONFIG_FILE", os.devnull)
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
        yield boto3.Session(
            aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION
        )


@pytest.fixture(params=[MOTO, pytest.param(LOCAL, marks=pytest.mark.local_aws)])
def backend(request: pytest.FixtureRequest, boto3_session: boto3.Session) -> Iterator[Backend]:
    if request.param == LOCAL:
        aws: LocalAws = request.getfixturevalue("local_aws")
        yield Backend(LOCAL, boto3_session, aws.endpoint_url)
    else:
        request.getfixturevalue("one_call_at_a_time")
        with mock_aws():
            yield Backend(MOTO, boto3_session, None)


@pytest.fixture(scope="session")
def declared_tables() -> dict[str, Any]:
    return {**Template.read(TEMPLATE).of_type("AWS::DynamoDB::Table")}


@pytest.fixture
def tables(backend: Backend, declared_tables: dict[str, Any]) -> Iterator[Tables]:
    dynamodb = backend.dynamodb()
    made = Tables(
        client=backend.dynamodb_client(),
        followers=_create(dynamodb, declared_tables["FollowersTable"]),
        state=_create(dynamodb, declared_tables["StateTable"]),
    )
    yield made
    made.followers.delete()
    made.state.delete()


@pytest.fixture
def in_pages(tables: Tables) -> Callable[[str, int], None]:
    """Return what makes an operation answer in pages of so many items, as large tables do."""

    def cut(operation: str, items: int) -> None:
        def limit(params: dict[str, Any], **_: object) -> None:
            params["Limit"] = min(items, params.get("Limit", items))

        for client in (tables.client, tables.followers.meta.client, tables.state.meta.client):
            events = client.meta.events
            events.register(f"provide-client-params.dynamodb.{operation}", limit)

    return cut


@dataclass
class Collisions:
    """Refuses the next writes as DynamoDB does when a transaction is at work on the item.

    Neither backend has transactions that take time, so it is done in the client.
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


@pytest.fixture
def collisions(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> Collisions:
    """Return what makes so many of the next writes collide; nobody really pauses."""
    made = Collisions(0)
    monkeypatch.setattr("wxlive.stores.dynamo.time.sleep", made.pauses_s.append)
    refuse: Any = made  # what it returns counts, although the stubs say that nothing is returned
    for operation in ("TransactWriteItems", "UpdateItem"):
        tables.state.meta.client.meta.events.register(f"before-call.dynamodb.{operation}", refuse)
    return made


def _create(dynamodb: "DynamoDBServiceResource", declared: Any) -> "Table":
    return dynamodb.create_table(
        TableName=f"contract-{uuid.uuid4().hex}",
        BillingMode=declared["BillingMode"],
        AttributeDefinitions=declared["AttributeDefinitions"],
        KeySchema=declared["KeySchema"],
    )
