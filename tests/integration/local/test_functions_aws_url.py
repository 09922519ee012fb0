"""The AWS endpoint that the functions of a local run use."""

import io
import json
import zipfile
from collections.abc import Iterator

import pytest

from bench_harness.aws_faults import AwsFaults
from bench_harness.faulty_proxy import PASSED, FaultyProxy
from wxlive_local.local_aws import LocalAws, free_port

pytestmark = pytest.mark.local_aws

CODE = """
import boto3

def handler(event, context):
    return boto3.client("sqs").list_queues().get("QueueUrls", [])
"""


@pytest.fixture
def behind_a_proxy() -> Iterator[tuple[LocalAws, FaultyProxy]]:
    port = free_port()
    with (
        FaultyProxy(f"http://127.0.0.1:{port}", AwsFaults(0.0, seed=1)) as proxy,
        LocalAws(port, functions_aws_url=proxy.url) as aws,
    ):
        yield aws, proxy


def code() -> bytes:
    """A function's code as a ZIP file."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("function.py", CODE)
    return archive.getvalue()


def test_a_function_calls_the_given_url_and_everybody_else_the_local_aws(
    behind_a_proxy: tuple[LocalAws, FaultyProxy],
) -> None:
    aws, proxy = behind_a_proxy
    queue_url = aws.client("sqs").create_queue(QueueName="queue")["QueueUrl"]
    aws.client("lambda").create_function(
        FunctionName="function",
        Runtime="python3.11",
        Role="arn:aws:iam::000000000000:role/role",
        Handler="function.handler",
        Code={"ZipFile": code()},
    )
    assert not proxy.counts

    answer = aws.client("lambda").invoke(FunctionName="function")

    assert json.loads(answer["Payload"].read()) == [queue_url]
    assert proxy.counts == {("sqs.ListQueues", PASSED): 1}
    assert aws.env["AWS_ENDPOINT_URL"] == aws.endpoint_url != proxy.url
