"""DynamoDB's capacity units, counted from requests and answers."""

from typing import Any

import pytest

from bench_harness.dynamodb_meter import DynamodbMeter

KB = "x" * 1024


@pytest.mark.parametrize(
    ("operation", "request_", "answer", "read", "written"),
    [
        ("PutItem", {"Item": {"a": {"S": "x"}}}, {}, 0, 1),
        ("PutItem", {"Item": {"a": {"S": KB}}}, {}, 0, 2),
        ("UpdateItem", {}, {}, 0, 1),
        ("GetItem", {"ConsistentRead": True}, {"Item": {"a": {"S": 5 * KB}}}, 2, 0),
        ("GetItem", {"ConsistentRead": True}, {}, 1, 0),
        ("GetItem", {}, {"Item": {"a": {"S": 5 * KB}}}, 1, 0),
        (
            "Scan",
            {"ConsistentRead": True},
            {"Items": [{"a": {"S": KB}}], "ScannedCount": 8},
            3,
            0,
        ),
        ("Scan", {"ConsistentRead": True}, {"Count": 3, "ScannedCount": 300}, 10, 0),
    ],
)
def test_units_are_counted_as_the_developer_guide_defines_them(
    operation: str, request_: dict[str, Any], answer: dict[str, Any], read: int, written: int
) -> None:
    meter = DynamodbMeter()
    meter.count(operation, {"TableName": "t", **request_}, answer)

    assert (meter.read_units["t"], meter.write_units["t"]) == (read, written)
    assert meter.requests == {operation: 1}


def test_a_transaction_counts_twice() -> None:
    meter = DynamodbMeter()
    writes = [
        {"Put": {"TableName": "t", "Item": {"a": {"B": "x" * 2000}}}},
        {"Update": {"TableName": "t"}},
        {"ConditionCheck": {"TableName": "t"}},
    ]
    meter.count("TransactWriteItems", {"TransactItems": writes}, {})

    assert meter.write_units["t"] == 2 * (2 + 1 + 1)


def test_each_statement_of_a_batch_counts() -> None:
    meter = DynamodbMeter()
    statement = {"Statement": "INSERT INTO \"t\" VALUE {'a': ?}", "Parameters": [{"S": "x"}]}
    meter.count("BatchExecuteStatement", {"Statements": [statement] * 25}, {})

    assert meter.write_units["t"] == 25
