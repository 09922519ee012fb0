"""What is replaced in the local AWS: scans, and how functions get their layers."""

import io
import json
import uuid
import zipfile
from itertools import chain
from typing import Any

import pytest

from support.tables import FOLLOWERS, create_table
from wxlive_local.local_aws import LocalAws

SEGMENTS = 4
CODE = """
import os
import in_the_layer

def handler(event, context):
    return [os.getpid(), in_the_layer.__file__]
"""


@pytest.fixture
def table(local_aws: LocalAws) -> str:
    name = uuid.uuid4().hex
    create_table(local_aws.client("dynamodb"), FOLLOWERS, name)
    return name


def archive(name: str, text: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        file.writestr(name, text)
    return content.getvalue()


def insert(local_aws: LocalAws, table: str, *openids: str) -> None:
    client = local_aws.client("dynamodb")
    for openid in openids:
        client.put_item(TableName=table, Item={"openid": {"S": openid}})


def scan(local_aws: LocalAws, table: str, segment: int, **more: Any) -> list[str]:
    """All openids of a segment, page by page."""
    request = {"TableName": table, "Segment": segment, "TotalSegments": SEGMENTS, **more}
    client = local_aws.client("dynamodb")
    found = []
    while True:
        answer = client.scan(**request)
        found += [item["openid"]["S"] for item in answer["Items"]]
        if "LastEvaluatedKey" not in answer:
            return found
        request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


@pytest.mark.parametrize("order", [range(SEGMENTS), range(SEGMENTS - 1, -1, -1)])
def test_each_scan_finds_what_was_there_when_it_began(
    local_aws: LocalAws, table: str, order: range
) -> None:
    expected = {f"o-{number}" for number in range(40)}
    insert(local_aws, table, *expected)
    for added in ("o-a", "o-b", "o-c"):
        expected.add(added)
        insert(local_aws, table, added)

        segments = [scan(local_aws, table, segment, Limit=3) for segment in order]

        assert sorted(chain(*segments)) == sorted(expected)


def test_no_item_is_missed_where_more_than_a_page_are_small(
    local_aws: LocalAws, table: str
) -> None:
    """A page ends early then; it must say that it is not the last one."""
    client = local_aws.client("dynamodb")
    openids = [f"o-{number}" for number in range(12_000)]
    for start in range(0, len(openids), 25):
        puts = [
            {"PutRequest": {"Item": {"openid": {"S": openid}}}}
            for openid in openids[start : start + 25]
        ]
        client.batch_write_item(RequestItems={table: puts})

    assert sorted(scan(local_aws, table, 0, TotalSegments=1)) == sorted(openids)


def test_a_filter_is_checked_for_each_expression(local_aws: LocalAws, table: str) -> None:
    insert(local_aws, table, "o-1", "o-2")
    client = local_aws.client("dynamodb")
    values = {":one": {"S": "o-1"}}
    wanted = {"TableName": table, "ExpressionAttributeValues": values}

    [item] = client.scan(FilterExpression="openid = :one", **wanted)["Items"]

    assert item["openid"]["S"] == "o-1"
    for _ in range(2):
        with pytest.raises(client.exceptions.ClientError, match="ValidationException"):
            client.scan(FilterExpression="openid = = :one", **wanted)


def test_the_processes_of_functions_share_a_layer_and_not_that_of_others(
    local_aws: LocalAws,
) -> None:
    functions = local_aws.client("lambda")
    answers = {}
    for name, layer in (("first", "one"), ("second", "one"), ("third", "other")):
        published = functions.publish_layer_version(
            LayerName=layer, Content={"ZipFile": archive("python/in_the_layer.py", "")}
        )
        version = f"{published['LayerArn']}:1"
        functions.create_function(
            FunctionName=name,
            Runtime="python3.11",
            Role="arn:aws:iam::000000000000:role/role",
            Handler="function.handler",
            Layers=[version],
            Code={"ZipFile": archive("function.py", CODE)},
        )
        answers[name] = json.loads(functions.invoke(FunctionName=name)["Payload"].read())

    processes, layers = zip(*answers.values(), strict=True)
    assert len(set(processes)) == 3
    assert layers[0] == layers[1] != layers[2]
    shown = functions.get_function_configuration(FunctionName="first")
    assert [layer["Arn"].split(":")[-2:] for layer in shown["Layers"]] == [["one", "1"]]
    assert "_LAMBDA_LAYERS_DIRS" not in str(shown)
