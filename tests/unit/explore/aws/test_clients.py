"""The stand-ins do what boto3 does: beside real clients over the same tables."""

import json
from collections.abc import Mapping
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from boto3.dynamodb.types import Binary
from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    EndpointConnectionError,
    ParamValidationError,
    ReadTimeoutError,
)

from explore.aws import transport
from explore.aws.clients import Client, Resource
from explore.aws.outcomes import Answer, Outcome, Unreachable
from explore.aws.store import Schema, Tables
from explore.aws.tables import execute

ONE_ATTEMPT = Config(retries={"mode": "standard", "total_max_attempts": 1})
START = Tables.empty(Schema("State", "pk", "S", "sk"), Schema("Followers", "openid")).put(
    "State",
    *({"pk": "p", "sk": f"{n}", "n": n, "half": Decimal("0.5"), "b": b"\x00"} for n in range(3)),
    {"pk": "q", "sk": "1", "m": {"l": [1, None, True]}, "t": {"a", "b"}, "ns": {1}, "bs": {b"x"}},
)


class Memory:
    """Tables that clients share."""

    def __init__(self) -> None:
        self.tables = START

    def port(self, _service: str, operation: str, request: Mapping[str, Any]) -> Outcome:
        self.tables, outcome = execute(self.tables, operation, request)
        return outcome

    def serve(self, operation: str, request: Mapping[str, Any]) -> Outcome:
        return self.port("", operation, {key: request[key] for key in request})


def ended(call: Any) -> Any:
    """Return what a call returns or raises, without what only says how it was sent."""
    try:
        answer = call()
    except ClientError as error:
        kept = {name: error.response[name] for name in error.response if name != "message"}  # type: ignore[literal-required]  # any of them
        del kept["ResponseMetadata"]
        return type(error).__name__, error.operation_name, kept
    metadata = answer.pop("ResponseMetadata")
    assert metadata["HTTPStatusCode"] == 200
    return answer


KEY = {"pk": "p", "sk": "1"}
CALLS: list[tuple[str, dict[str, Any]]] = [
    ("get_item", {"Key": KEY, "ConsistentRead": True}),
    ("get_item", {"Key": {"pk": "q", "sk": "1"}}),
    ("get_item", {"Key": {"pk": "none", "sk": "1"}}),
    ("get_item", {"Key": KEY, "ProjectionExpression": "n, b"}),
    ("get_item", {"Key": {"pk": "p"}}),
    ("put_item", {"Item": {**KEY, "x": b"1", "y": Decimal("1.50"), "z": [{"a": {1, 2}}]}}),
    ("put_item", {"Item": KEY, "ReturnValues": "ALL_OLD"}),
    (
        "put_item",
        {
            "Item": KEY,
            "ConditionExpression": "attribute_not_exists(pk)",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        },
    ),
    (
        "update_item",
        {
            "Key": KEY,
            "UpdateExpression": "SET #s = :s ADD n :one",
            "ConditionExpression": "n < :two",
            "ExpressionAttributeNames": {"#s": "state"},
            "ExpressionAttributeValues": {":s": None, ":one": 1, ":two": 2},
            "ReturnValues": "UPDATED_NEW",
        },
    ),
    ("delete_item", {"Key": KEY, "ReturnValues": "ALL_OLD"}),
    ("delete_item", {"Key": KEY, "ConditionExpression": "n = m"}),
    (
        "query",
        {
            "KeyConditionExpression": "pk = :p",
            "ExpressionAttributeValues": {":p": "p"},
            "Limit": 2,
            "ScanIndexForward": False,
        },
    ),
    ("scan", {"Limit": 1}),
    ("scan", {"Select": "COUNT"}),
    ("scan", {"Segment": 0}),
]


@pytest.mark.parametrize(("method", "params"), CALLS)
def test_a_table_answers_as_boto3_does(method: str, params: dict[str, Any]) -> None:
    ours, real = Memory(), Memory()
    table = Resource(ours.port).Table("State")
    real_table = transport.resource(real.serve, ONE_ATTEMPT).Table("State")
    mine = ended(lambda: getattr(table, method)(**params))
    expected = ended(lambda: getattr(real_table, method)(**params))
    assert spelled(mine) == spelled(expected)
    assert ours.tables == real.tables


def spelled(answer: Any) -> str:
    """Spell an answer so that types count and order does not; errors without the retries' words."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: plain(value[name]) for name in sorted(value)}
        if isinstance(value, list | tuple):
            return [plain(each) for each in value]
        if isinstance(value, set):
            return ["set", *sorted(map(spelled, value))]
        return repr(value)

    return repr(plain(answer))


TRANSACTION = [
    {"Put": {"TableName": "State", "Item": {"pk": "new", "sk": "1", "b": b"1"}}},
    {
        "Update": {
            "TableName": "State",
            "Key": KEY,
            "UpdateExpression": "ADD n :one",
            "ConditionExpression": "n = :n",
            "ExpressionAttributeValues": {":one": 1, ":n": 1},
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
    },
]


def test_the_client_of_a_table_answers_as_boto3_does() -> None:
    ours, real = Memory(), Memory()
    client = Resource(ours.port).Table("State").meta.client
    real_client = transport.resource(real.serve, ONE_ATTEMPT).Table("State").meta.client
    for _ in range(2):  # the second time its condition fails
        mine = ended(lambda: client.transact_write_items(TransactItems=TRANSACTION))
        theirs = ended(lambda: real_client.transact_write_items(TransactItems=TRANSACTION))
        assert spelled(mine) == spelled(theirs)
        assert list(ours.tables.rows("State")) == list(real.tables.rows("State"))
    assert mine[0] == "TransactionCanceledException"
    assert mine[2]["CancellationReasons"][1]["Item"]["b"] == {"B": b"\x00"}


def test_a_low_level_client_answers_as_boto3_does() -> None:
    ours, real = Memory(), Memory()
    client = Client("dynamodb", ours.port)
    real_client = transport.client("dynamodb", real.serve, ONE_ATTEMPT)
    insert = "INSERT INTO \"Followers\" VALUE {'openid': ?, 'b': ?}"
    parameters = [{"S": "o"}, {"B": b"\xff"}]
    calls: list[tuple[str, dict[str, Any]]] = [
        ("scan", {"TableName": "State"}),
        (
            "batch_execute_statement",
            {"Statements": [{"Statement": insert, "Parameters": parameters}]},
        ),
        (
            "batch_execute_statement",
            {"Statements": [{"Statement": insert, "Parameters": parameters}]},
        ),
        ("get_item", {"TableName": "Followers", "Key": {"openid": {"S": "o"}}}),
        ("get_item", {"TableName": "Followers", "Key": {"openid": {"N": "1"}}}),
    ]
    for method, params in calls:
        mine = ended(lambda: getattr(client, method)(**params))  # noqa: B023 - called at once
        theirs = ended(lambda: getattr(real_client, method)(**params))  # noqa: B023 - called at once
        assert spelled(mine) == spelled(theirs)


def test_a_resource_gives_decimals_and_binaries() -> None:
    item = Resource(Memory().port).Table("State").get_item(Key=KEY)["Item"]
    assert type(item["n"]) is Decimal
    assert type(item["b"]) is Binary


def test_an_answer_belongs_to_its_caller() -> None:
    memory = Memory()
    table = Resource(memory.port).Table("State")
    table.get_item(Key={"pk": "q", "sk": "1"})["Item"]["m"]["l"].append("spoilt")
    assert memory.tables.key == START.key
    assert len(table.get_item(Key={"pk": "q", "sk": "1"})["Item"]["m"]["l"]) == 3


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("get_item", {}),
        ("get_item", {"Key": KEY, "Typo": 1}),
        ("put_item", {"Item": [1]}),
        ("query", {"Limit": "1"}),
        ("scan", {"Limit": 0}),
    ],
)
def test_parameters_are_checked_as_boto3_checks_them(method: str, params: dict[str, Any]) -> None:
    table = Resource(Memory().port).Table("State")
    table.get_item(Key=KEY)
    table.put_item(Item=KEY)
    with pytest.raises(ParamValidationError):
        getattr(table, method)(**params)


def test_what_boto3_does_not_store_is_refused() -> None:
    with pytest.raises(TypeError, match="Float types are not supported"):
        Resource(Memory().port).Table("State").put_item(Item={**KEY, "x": 0.5})


def test_an_operation_that_the_service_does_not_have_is_no_method() -> None:
    with pytest.raises(AttributeError, match="sqs has no operation put_item"):
        _ = Client("sqs", Memory().port).put_item


@pytest.mark.parametrize(
    ("outcome", "error"),
    [
        (Unreachable.TIMED_OUT, ReadTimeoutError),
        (Unreachable.REFUSED, EndpointConnectionError),
        (Unreachable.CLOSED, ConnectionClosedError),
    ],
)
def test_no_answer_is_botocores_own_error(outcome: Unreachable, error: type[Exception]) -> None:
    with pytest.raises(error):
        Resource(lambda *_: outcome).Table("State").get_item(Key=KEY)


def test_errors_are_the_clients_own_classes() -> None:
    client = Resource(Memory().port).meta.client
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_item(TableName="none", Key=KEY)


def test_events_are_emitted_as_by_boto3() -> None:
    client = Client("dynamodb", Memory().port)
    seen: list[str] = []

    def limit(params: dict[str, Any], **_: object) -> None:
        params["Limit"] = 1

    def take(
        response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: object
    ) -> None:
        customized_response_dict.update(json.loads(response_dict["body"]))

    client.meta.events.register("provide-client-params.dynamodb.Scan", limit)
    client.meta.events.register("before-call", lambda model, **_: seen.append(model.name))
    client.meta.events.register("before-parse.dynamodb.Scan", take)
    answer = client.scan(TableName="State")
    assert answer["Count"] == 1
    assert {type(item["sk"]["S"]) for item in answer["Items"]} == {str}
    assert seen == ["Scan"]


def test_a_handler_may_answer_instead() -> None:
    client = Client("dynamodb", Memory().port)
    refusal = {"Error": {"Code": "TransactionConflictException", "Message": "busy"}}
    client.meta.events.register(
        "before-call.dynamodb.PutItem", lambda **_: (SimpleNamespace(status_code=400), refusal)
    )
    with pytest.raises(client.exceptions.TransactionConflictException):
        client.put_item(TableName="State", Item={"pk": {"S": "p"}, "sk": {"S": "1"}})


def test_other_services_answer_through_the_same_port() -> None:
    made: list[tuple[str, str, Any]] = []

    def port(service: str, operation: str, request: Mapping[str, Any]) -> Outcome | dict[str, Any]:
        made.append((service, operation, request))
        if service == "lambda":
            return {"StatusCode": 200, "Payload": b'{"ok": true}'}
        return Answer.of(MessageId="m-1")

    sent = Client("sqs", port).send_message(QueueUrl="u", MessageBody="b", DelaySeconds=1)
    invoked = Client("lambda", port).invoke(FunctionName="f", Payload=b"{}")
    assert sent["MessageId"] == "m-1"
    assert json.loads(invoked["Payload"].read()) == {"ok": True}
    assert [call[:2] for call in made] == [("sqs", "SendMessage"), ("lambda", "Invoke")]
