"""Every store is held against moto, the explorer's AWS and the local AWS."""

import os
import uuid
from collections.abc import Callable, Iterator
from typing import Any, cast

import boto3
import pytest
from moto import mock_aws

from explore.aws.backend import MEMORY, MemoryAws
from support.backends import BACKENDS, LOCAL, MOTO, Backend, Tables
from support.table_faults import Faults, FaultyTable
from support.tables import FOLLOWERS, STATE, create_table
from wxlive_local.local_aws import REGION, LocalAws


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


@pytest.fixture(scope="module")
def moto() -> Iterator[Any]:
    """Start moto once for a file: that takes longer than most tests here."""
    with mock_aws() as running:
        yield running


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest, boto3_session: boto3.Session) -> Backend:
    if request.param == LOCAL:
        aws: LocalAws = request.getfixturevalue("local_aws")
        return Backend(LOCAL, boto3_session, aws.endpoint_url)
    if request.param == MEMORY:
        return cast("Backend", MemoryAws())
    request.getfixturevalue("one_call_at_a_time")
    request.getfixturevalue("moto").reset()
    return Backend(MOTO, boto3_session, None)


@pytest.fixture
def tables(backend: Backend) -> Iterator[Tables]:
    client, resource = backend.dynamodb_client(), backend.dynamodb()
    followers, state = (f"contract-{uuid.uuid4().hex}" for _ in range(2))
    create_table(client, FOLLOWERS, followers)
    create_table(client, STATE, state)
    faults = Faults()
    faulty: Any = FaultyTable(resource.Table(state), faults)
    yield Tables(client, resource.Table(followers), faulty, faults)
    client.delete_table(TableName=followers)
    client.delete_table(TableName=state)


@pytest.fixture
def in_pages(tables: Tables) -> Callable[[str, int], None]:
    """Return a function that makes an operation answer in pages, as large tables do."""

    def cut(operation: str, items: int) -> None:
        def limit(params: dict[str, Any], **_: object) -> None:
            params["Limit"] = min(items, params.get("Limit", items))

        for client in (tables.client, tables.followers.meta.client, tables.state.meta.client):
            events = client.meta.events
            events.register(f"provide-client-params.dynamodb.{operation}", limit)

    return cut


@pytest.fixture
def faults(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> Faults:
    """Return what makes calls to the State table fail; nobody really pauses."""
    monkeypatch.setattr("wxlive.stores.dynamo.time.sleep", tables.faults.pauses_s.append)
    return tables.faults
