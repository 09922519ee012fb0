"""The proxy before the local AWS, as botocore sees it."""

from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ConnectionClosedError

from bench_harness.aws_faults import AwsFaults, Fault
from bench_harness.faulty_proxy import PASSED, UNREACHED, FaultyProxy
from support.tables import FOLLOWERS, create_table
from wxlive_local.local_aws import REGION, LocalAws, free_port

KEY = {"openid": {"S": "key"}}


@pytest.fixture
def table(local_aws: LocalAws) -> str:
    name = f"proxied-{uuid4().hex}"
    create_table(local_aws.client("dynamodb"), FOLLOWERS, name)
    return name


def client_of(proxy: FaultyProxy) -> Any:
    """A DynamoDB client of the proxy that tries once."""
    return boto3.client(
        "dynamodb",
        endpoint_url=proxy.url,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )


def put_through(proxy: FaultyProxy, table: str) -> str:
    """Put an item; return the error's code or name."""
    try:
        client_of(proxy).put_item(TableName=table, Item=KEY)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    except BotoCoreError as error:
        return type(error).__name__
    return ""


@pytest.mark.parametrize(
    ("fault", "errors", "stored"),
    [
        (Fault.THROTTLED, {"ThrottlingException", "ProvisionedThroughputExceededException"}, False),
        (Fault.COLLIDED, {"TransactionConflictException"}, False),
        (Fault.UNAVAILABLE, {"ServiceUnavailableException"}, False),
        (Fault.FAILED, {"InternalServerError"}, False),
        (Fault.DROPPED, {ConnectionClosedError.__name__}, False),
        (Fault.FAILED_LATE, {"InternalServerError"}, True),
        (Fault.LOST, {ConnectionClosedError.__name__}, True),
        (Fault.LATE, {""}, True),
    ],
)
def test_a_fault_looks_like_awss_and_the_write_is_or_is_not_carried_out(
    local_aws: LocalAws, table: str, fault: Fault, errors: set[str], *, stored: bool
) -> None:
    with FaultyProxy(local_aws.endpoint_url, AwsFaults(1.0, 1, [fault])) as proxy:
        error = put_through(proxy, table)

    assert error in errors
    found = local_aws.client("dynamodb").get_item(TableName=table, Key=KEY)
    assert ("Item" in found) == stored
    assert proxy.counts == {("dynamodb.PutItem", fault): 1}


def test_a_cancelled_transaction_has_its_reasons(local_aws: LocalAws, table: str) -> None:
    put = {"Put": {"TableName": table, "Item": KEY}}
    with (
        FaultyProxy(local_aws.endpoint_url, AwsFaults(1.0, 1, [Fault.COLLIDED])) as proxy,
        pytest.raises(ClientError) as refused,
    ):
        client_of(proxy).transact_write_items(TransactItems=[put])

    assert refused.value.response["Error"]["Code"] == "TransactionCanceledException"
    reasons: Any = refused.value.response["CancellationReasons"]
    assert [reason["Code"] for reason in reasons] == ["TransactionConflict"]


def test_everything_else_passes(local_aws: LocalAws, table: str) -> None:
    item = {**KEY, "text": {"S": "已关注"}, "raw": {"B": bytes(range(256)) * 100}}
    with FaultyProxy(local_aws.endpoint_url, AwsFaults(0.0, 1)) as proxy:
        client = client_of(proxy)
        client.put_item(TableName=table, Item=item)
        found = client.get_item(TableName=table, Key=KEY)

    assert found["Item"] == item
    assert proxy.outcomes() == {PASSED: 2}


def test_a_local_aws_that_is_down_is_counted(local_aws: LocalAws, table: str) -> None:
    with FaultyProxy(f"http://127.0.0.1:{free_port()}", AwsFaults(0.0, 1)) as proxy:
        error = put_through(proxy, table)

    assert error == ConnectionClosedError.__name__
    assert proxy.outcomes()[UNREACHED] == 1
