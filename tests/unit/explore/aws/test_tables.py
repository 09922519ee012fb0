"""The tables in memory do what DynamoDB does, and are one value."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from explore.aws.clients import Client, Resource
from explore.aws.outcomes import NOTHING, Answer, AwsError
from explore.aws.store import Item, Schema, Tables
from explore.aws.tables import execute
from explore.aws.values import attributes_from_wire, serialize

STATE, FOLLOWERS = Schema("State", "pk", "S", "sk"), Schema("Followers", "openid")
EMPTY = Tables.empty(STATE, FOLLOWERS)


def wire(**attributes: Any) -> dict[str, Any]:
    return {name: serialize(value) for name, value in attributes.items()}


def key(sk: str = "1") -> dict[str, Any]:
    return wire(pk="p", sk=sk)


def put(sk: str = "1", condition: str | None = None, **attributes: Any) -> dict[str, Any]:
    request = {"TableName": "State", "Item": key(sk) | wire(**attributes)}
    return request | ({"ConditionExpression": condition} if condition else {})


def update(text: str, sk: str = "1", condition: str | None = None, **values: Any) -> dict[str, Any]:
    request: dict[str, Any] = {"TableName": "State", "Key": key(sk), "UpdateExpression": text}
    if values:
        request["ExpressionAttributeValues"] = {
            f":{name}": serialize(values[name]) for name in values
        }
    return request | ({"ConditionExpression": condition} if condition else {})


def done(tables: Tables, operation: str, request: dict[str, Any]) -> Tables:
    after, outcome = execute(tables, operation, request)
    assert isinstance(outcome, Answer), outcome
    return after


def error(tables: Tables, operation: str, request: dict[str, Any]) -> AwsError:
    after, outcome = execute(tables, operation, request)
    assert isinstance(outcome, AwsError), outcome
    assert after is tables, "what is refused changes nothing"
    return outcome


def rows(tables: Tables, table: str = "State") -> list[Any]:
    return list(tables.rows(table))


ONE = EMPTY.put("State", {"pk": "p", "sk": "1", "n": 1})


# -------------------------------------------------------------- single writes


def test_an_item_is_put_replaced_read_and_deleted() -> None:
    tables = done(EMPTY, "PutItem", put(n=1, s="a"))
    tables = done(tables, "PutItem", put(n=2))
    assert rows(tables) == [{"pk": "p", "sk": "1", "n": 2}]
    get = {"TableName": "State", "Key": key()}
    _, answer = execute(tables, "GetItem", get)
    assert answer == Answer.of(Item=tables.items[0])
    tables = done(tables, "DeleteItem", get)
    assert tables == EMPTY
    assert execute(tables, "GetItem", get) == (tables, NOTHING)
    assert done(tables, "DeleteItem", get) is tables


def test_an_update_makes_the_item_unless_it_only_removes() -> None:
    assert rows(done(EMPTY, "UpdateItem", update("ADD n :v", v=1))) == rows(ONE)
    assert done(EMPTY, "UpdateItem", update("REMOVE n")) is EMPTY
    assert done(EMPTY, "UpdateItem", update("REMOVE m.x")) is EMPTY
    request = {"TableName": "State", "Key": key()}
    assert rows(done(EMPTY, "UpdateItem", request)) == [{"pk": "p", "sk": "1"}]


@pytest.mark.parametrize(
    ("wanted", "shown"),
    [
        ("NONE", None),
        ("ALL_OLD", {"pk": "p", "sk": "1", "n": 1}),
        ("ALL_NEW", {"pk": "p", "sk": "1", "n": 3, "k": 2}),
        ("UPDATED_OLD", {"n": 1}),
        ("UPDATED_NEW", {"n": 3, "k": 2}),
    ],
)
def test_an_update_returns_the_values_that_are_asked_for(wanted: str, shown: Any) -> None:
    request = update("SET k = :v ADD n :v", v=2) | {"ReturnValues": wanted}
    _, answer = execute(ONE, "UpdateItem", request)
    assert answer == (NOTHING if shown is None else Answer.of(Attributes=Item.of("State", shown)))


def test_a_failed_condition_shows_the_item_if_asked() -> None:
    request = put(condition="attribute_not_exists(pk)", n=9)
    assert error(ONE, "PutItem", request).details == ()
    request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    refused = error(ONE, "PutItem", request)
    assert refused.code == "ConditionalCheckFailedException"
    assert refused.details == (("Item", ONE.items[0]),)


def test_a_condition_comes_before_what_the_update_can_not_do() -> None:
    impossible = "SET n = gone"
    request = update(impossible, condition="attribute_exists(gone)")
    assert error(ONE, "UpdateItem", request).code == "ConditionalCheckFailedException"
    assert error(ONE, "UpdateItem", update(impossible)).code == "ValidationException"


@pytest.mark.parametrize(
    ("operation", "request_", "problem"),
    [
        ("PutItem", {"TableName": "State", "Item": wire(pk="p")}, "Missing the key sk"),
        ("PutItem", {"TableName": "State", "Item": wire(pk=1, sk="1")}, "expected: S actual: N"),
        ("PutItem", {"TableName": "State", "Item": wire(pk="", sk="1")}, "empty string value"),
        ("GetItem", {"TableName": "State", "Key": wire(pk="p")}, "does not match the schema"),
        ("GetItem", {"TableName": "State", "Key": wire(openid="o")}, "does not match the schema"),
        ("DeleteItem", {"TableName": "State", "Key": wire(pk="p", sk=1)}, "does not match"),
        ("PutItem", put(text="x" * 410_000), "exceeded the maximum allowed size"),
        ("PutItem", put(sk="x" * 1025), "size limit of 1024"),
        ("PutItem", put() | {"ReturnValues": "ALL_NEW"}, "enum value set"),
        ("UpdateItem", update("SET sk = :v", v=1), "part of the key"),
        ("PutItem", put() | {"ExpressionAttributeNames": {"#a": "a"}}, "when using expressions"),
        ("PutItem", put() | {"ExpressionAttributeValues": {}}, "must not be empty"),
    ],
)
def test_a_malformed_request_is_refused(operation: str, request_: Any, problem: str) -> None:
    refused = error(ONE, operation, request_)
    assert refused.code == "ValidationException"
    assert problem in refused.message


def test_what_is_left_out_is_refused_loudly() -> None:
    with pytest.raises(NotImplementedError):
        execute(ONE, "TransactGetItems", {})
    with pytest.raises(NotImplementedError):
        execute(
            ONE,
            "Query",
            {
                "TableName": "State",
                "IndexName": "i",
                "KeyConditionExpression": "pk = :p",
                "ExpressionAttributeValues": wire(**{":p": "p"}),
            },
        )
    assert error(ONE, "GetItem", {"TableName": "none", "Key": key()}).code == (
        "ResourceNotFoundException"
    )


# --------------------------------------------------------------- transactions


def transaction(*actions: dict[str, Any], token: str | None = None) -> dict[str, Any]:
    request: dict[str, Any] = {"TransactItems": list(actions)}
    return request | ({"ClientRequestToken": token} if token else {})


CHECK = {
    "ConditionCheck": {
        "TableName": "State",
        "Key": key(),
        "ConditionExpression": "attribute_exists(pk)",
    }
}


def test_a_transaction_writes_all() -> None:
    request = transaction(
        CHECK,
        {"Put": put("2", condition="attribute_not_exists(pk)")},
        {"Update": update("ADD n :v", "3", v=5)},
        {"Put": {"TableName": "Followers", "Item": wire(openid="o")}},
    )
    tables = done(ONE, "TransactWriteItems", request)
    assert [row["sk"] for row in rows(tables)] == ["1", "2", "3"]
    assert rows(tables, "Followers") == [{"openid": "o"}]


def test_a_transaction_writes_nothing_and_says_of_each_action_why() -> None:
    shown = put("1", condition="attribute_not_exists(pk)")
    shown["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    request = transaction(
        {"Put": put("2")},
        {"Put": shown},
        {"Update": update("SET n = gone", "3")},
        {"Delete": {"TableName": "State", "Key": key("4"), "ConditionExpression": "n = m"}},
    )
    cancelled = error(ONE, "TransactWriteItems", request)
    assert cancelled.code == "TransactionCanceledException"
    assert cancelled.message.endswith(
        "[None, ConditionalCheckFailed, ValidationError, ConditionalCheckFailed]"
    )
    ((_, reasons),) = cancelled.details
    failed = {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}
    assert reasons[0] == Answer.of(Code="None")
    assert reasons[1] == Answer.of(**failed, Item=ONE.items[0])
    assert reasons[3] == Answer.of(**failed)


def test_two_actions_on_one_item_are_refused() -> None:
    refused = error(ONE, "TransactWriteItems", transaction(CHECK, {"Put": put()}))
    assert refused.code == "ValidationException"
    assert "one item" in refused.message


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (transaction(), "ValidationException"),
        (transaction(*({"Put": put(str(n))} for n in range(101))), "ValidationException"),
        (transaction({"Put": put(condition="#x = m")}), "ValidationException"),
        (transaction({"Put": put()}, token="t" * 37), "ValidationException"),
        (
            transaction({"Put": {"TableName": "State", "Item": wire(pk=1, sk="1")}}),
            "TransactionCanceledException",
        ),
    ],
)
def test_a_malformed_transaction_is_refused(request_: Any, code: str) -> None:
    assert error(ONE, "TransactWriteItems", request_).code == code


def test_a_transaction_is_carried_out_once_under_its_token() -> None:
    add = {"Update": update("ADD n :v", v=1)}
    first = done(ONE, "TransactWriteItems", transaction(add, token="t"))
    assert done(first, "TransactWriteItems", transaction(add, token="t")) is first
    other = transaction({"Update": update("ADD n :v", v=2)}, token="t")
    assert error(first, "TransactWriteItems", other).code == "IdempotentParameterMismatchException"
    assert rows(done(first, "TransactWriteItems", transaction(add, token="u")))[0]["n"] == 3


def test_a_token_of_a_cancelled_transaction_is_free() -> None:
    request = transaction({"Put": put("2", condition="attribute_exists(pk)")}, token="t")
    error(ONE, "TransactWriteItems", request)
    tables = done(ONE, "PutItem", put("2"))
    assert done(tables, "TransactWriteItems", request).tokens.keys() == {"t"}


# -------------------------------------------------------------------- batches


def test_inserts_are_carried_out_each_by_itself() -> None:
    def insert(openid: str) -> dict[str, Any]:
        return {
            "Statement": "INSERT INTO \"Followers\" VALUE {'openid': ?, 'n': ?}",
            "Parameters": [serialize(openid), serialize(1)],
        }

    tables = EMPTY.put("Followers", {"openid": "b"})
    request = {"Statements": [insert("a"), insert("b"), insert("c'1\"")]}
    after, answer = execute(tables, "BatchExecuteStatement", request)
    assert [row["openid"] for row in rows(after, "Followers")] == ["a", "b", "c'1\""]
    assert isinstance(answer, Answer)
    ((_, responses),) = answer.fields
    assert [dict(response.fields).get("Error") is None for response in responses] == [
        True,
        False,
        True,
    ]


def test_only_our_insert_is_understood() -> None:
    request = {"Statements": [{"Statement": 'DELETE FROM "Followers"', "Parameters": []}]}
    with pytest.raises(NotImplementedError):
        execute(EMPTY, "BatchExecuteStatement", request)


# -------------------------------------------------------------------- reading


LEDGER = EMPTY.put(
    "State",
    *({"pk": "p", "sk": f"{n:02}", "n": n} for n in range(10)),
    {"pk": "o", "sk": "05"},
    {"pk": "q", "sk": "05"},
)


def read(
    tables: Tables, operation: str, request: dict[str, Any]
) -> tuple[list[str], dict[str, Any]]:
    """Read all pages; returns the sort keys, and the last page."""
    found: list[str] = []
    while True:
        _, answer = execute(tables, operation, {"TableName": "State", **request})
        assert isinstance(answer, Answer), answer
        page = answer.body(Item.wire)
        found += [item["sk"]["S"] for item in page.get("Items", [])]
        if "LastEvaluatedKey" not in page:
            return found, page
        request = request | {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def query(condition: str, **values: Any) -> dict[str, Any]:
    return {
        "KeyConditionExpression": condition,
        "ExpressionAttributeValues": {f":{name}": serialize(values[name]) for name in values},
    }


@pytest.mark.parametrize("limit", [None, 1, 2, 5, 10, 11])
@pytest.mark.parametrize("forward", [True, False])
@pytest.mark.parametrize(
    ("condition", "values", "expected"),
    [
        ("pk = :p", {"p": "p"}, range(10)),
        ("pk = :p AND sk < :s", {"p": "p", "s": "03"}, range(3)),
        ("(sk >= :s) AND :p = pk", {"p": "p", "s": "08"}, range(8, 10)),
        ("pk = :p AND sk BETWEEN :s AND :t", {"p": "p", "s": "03", "t": "05"}, range(3, 6)),
        ("pk = :p AND begins_with(sk, :s)", {"p": "p", "s": "0"}, range(10)),
        ("pk = :p AND begins_with(sk, :s)", {"p": "p", "s": "1"}, range(0)),
        ("pk = :p", {"p": "none"}, range(0)),
    ],
)
def test_a_query_reads_a_partition_in_order(
    limit: int | None, condition: str, values: Any, expected: range, *, forward: bool
) -> None:
    request = query(condition, **values) | {"ScanIndexForward": forward}
    found, _ = read(LEDGER, "Query", request | ({"Limit": limit} if limit else {}))
    assert found == [f"{n:02}" for n in (expected if forward else reversed(expected))]


def test_a_limit_counts_what_the_filter_drops() -> None:
    request = query("pk = :p", p="p", v=3) | {"FilterExpression": "n >= :v", "Limit": 5}
    _, answer = execute(LEDGER, "Query", {"TableName": "State", **request})
    assert isinstance(answer, Answer)
    assert dict(answer.fields)["Count"] == 2
    assert dict(answer.fields)["ScannedCount"] == 5
    assert len(read(LEDGER, "Query", request)[0]) == 7


def test_a_page_ends_after_a_megabyte() -> None:
    tables = EMPTY.put("State", *({"pk": "p", "sk": f"{n}", "x": "x" * 300_000} for n in range(9)))
    _, answer = execute(tables, "Query", {"TableName": "State", **query("pk = :p", p="p")})
    assert isinstance(answer, Answer)
    assert dict(answer.fields)["Count"] == 4
    assert read(tables, "Query", query("pk = :p", p="p"))[0] == [f"{n}" for n in range(9)]


@pytest.mark.parametrize("limit", [None, 1, 3, 12])
@pytest.mark.parametrize("segments", [1, 2, 4])
def test_the_segments_of_a_scan_are_the_whole_table(limit: int | None, segments: int) -> None:
    tables = EMPTY.put("State", *({"pk": f"{n}", "sk": f"{n:02}"} for n in range(20)))
    found: list[str] = []
    for segment in range(segments):
        request = {"Segment": segment, "TotalSegments": segments}
        found += read(tables, "Scan", request | ({"Limit": limit} if limit else {}))[0]
    assert sorted(found) == [f"{n:02}" for n in range(20)]


def test_a_scan_resumes_after_a_key_that_was_deleted() -> None:
    request: dict[str, Any] = {"TableName": "State", "Limit": 4}
    _, answer = execute(LEDGER, "Scan", request)
    assert isinstance(answer, Answer)
    page = answer.body(Item.wire)
    request |= {"ExclusiveStartKey": page["LastEvaluatedKey"], "Limit": 99}
    expected = execute(LEDGER, "Scan", request)[1]
    tables = done(LEDGER, "DeleteItem", {"TableName": "State", "Key": page["LastEvaluatedKey"]})
    assert execute(tables, "Scan", request)[1] == expected


def test_a_scan_may_only_count() -> None:
    request = {"TableName": "State", "Select": "COUNT"}
    assert execute(LEDGER, "Scan", request)[1] == Answer.of(Count=12, ScannedCount=12)


@pytest.mark.parametrize(
    ("operation", "request_", "problem"),
    [
        ("Query", {}, "must be specified"),
        ("Query", query("sk = :s", s="1"), "missed key schema element: pk"),
        ("Query", query("pk > :p", p="1"), "not supported"),
        ("Query", query("pk = :p AND pk = :p", p="1"), "one condition per key"),
        ("Query", query("pk = :p OR sk = :p", p="1"), "Invalid operator"),
        ("Query", query("pk = :p AND sk <> :p", p="1"), "Invalid operator"),
        ("Query", query("pk = :p AND n = :p", p="1"), "missed key schema element: sk"),
        ("Query", query("pk = :p", p=1), "type does not match schema type"),
        (
            "Query",
            query("pk = :p", p="p") | {"FilterExpression": "sk > :p"},
            "non-primary key attributes",
        ),
        ("Query", query("pk = :p", p="p") | {"Limit": 0}, "limit"),
        (
            "Query",
            query("pk = :p", p="p") | {"ExclusiveStartKey": wire(pk="q", sk="1")},
            "starting key",
        ),
        ("Scan", {"Segment": 1}, "TotalSegments parameter is required"),
        ("Scan", {"Segment": 2, "TotalSegments": 2}, "less than parameter TotalSegments"),
    ],
)
def test_a_malformed_read_is_refused(operation: str, request_: Any, problem: str) -> None:
    assert problem in error(LEDGER, operation, {"TableName": "State", **request_}).message


# ----------------------------------------------------------------- one value


ROWS = st.dictionaries(
    st.tuples(st.sampled_from(["p", "q"]), st.sampled_from(["1", "2", "3"])),
    st.fixed_dictionaries(
        {},
        optional={
            "n": st.sampled_from([0, 1, True, "1", b"1", None]),
            "m": st.dictionaries(st.sampled_from("ab"), st.sampled_from([1, True, [1], ["1"]])),
            "t": st.sampled_from([{"1"}, {1}, {b"1"}, {"1", "2"}]),
        },
    ),
)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(one=ROWS, other=ROWS, data=st.data())
def test_the_key_depends_on_the_content_and_on_nothing_else(
    one: dict[tuple[str, str], Any], other: dict[tuple[str, str], Any], data: st.DataObject
) -> None:
    """Whatever the order of the writes, and whatever was there before."""

    def written(tables: Tables, content: dict[tuple[str, str], Any]) -> Tables:
        for pk, sk in data.draw(st.permutations(sorted(content))):
            attributes = content[pk, sk]
            names = data.draw(st.permutations(sorted(attributes)))
            row = {name: attributes[name] for name in names}
            tables = tables.put("State", {"pk": pk, "sk": sk, **row})
        return tables

    def emptied(tables: Tables) -> Tables:
        for row in rows(tables):
            request = {"TableName": "State", "Key": wire(pk=row["pk"], sk=row["sk"])}
            tables = done(tables, "DeleteItem", request)
        return tables

    direct = written(EMPTY, one)
    detour = written(emptied(written(EMPTY, other)), one)
    assert direct == detour
    assert direct.key == detour.key
    assert direct.layout is detour.layout
    assert all(map(lambda a, b: a is b, direct.items, detour.items))
    assert (direct == written(EMPTY, other)) is (spelled(one) == spelled(other))


def spelled(content: dict[tuple[str, str], Any]) -> str:
    items = [(pk, sk, sorted(content[pk, sk].items())) for pk, sk in sorted(content)]
    return repr([(pk, sk, attributes_from_wire(wire(**dict(row)))) for pk, sk, row in items])


def test_the_same_item_in_two_tables_is_not_nothing() -> None:
    twin = Schema("Twin", "pk", "S", "sk")
    tables = Tables.empty(STATE, twin)
    row = {"pk": "p", "sk": "1"}
    assert tables.put("State", row).put("Twin", row).key != tables.key


def test_a_write_leaves_the_tables_before_it_alone() -> None:
    before = repr(ONE)
    after = done(ONE, "UpdateItem", update("ADD n :v", v=1))
    assert repr(ONE) == before
    assert after != ONE
    assert done(after, "UpdateItem", update("ADD n :v", v=-1)) == ONE


# --------------------------------------------------------------- beside moto


@pytest.fixture(scope="module")
def moto_table() -> Iterator[Any]:
    with mock_aws():
        session = boto3.Session(
            region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        yield session.resource("dynamodb").create_table(
            TableName="State",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
            ],
        )


CONDITIONS = st.sampled_from(
    [
        None,
        "attribute_exists(pk)",
        "attribute_not_exists(pk)",
        "attribute_not_exists(n) OR n < :v",
        "n = :v",
        "attribute_exists(pk) AND NOT n IN (:v, :v)",
    ]
)
UPDATES = st.sampled_from(
    [
        "SET n = :v",
        "SET n = if_not_exists(n, :v) + :v",
        "ADD n :v",
        "SET k = :v ADD n :v",
        "SET l = list_append(if_not_exists(l, :l), :l)",
        "SET n = :v REMOVE k",
        "ADD t :t",
    ]
)


@st.composite
def writes(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    kind = draw(st.sampled_from(["Put", "Update", "Update", "Delete"]))
    spelled_key = {"pk": "p", "sk": draw(st.sampled_from("12"))}
    request: dict[str, Any] = {"Key": spelled_key}
    if kind == "Put":
        more = draw(st.fixed_dictionaries({}, optional={"n": st.integers(0, 2), "k": st.just(1)}))
        request = {"Item": spelled_key | more}
    text = draw(UPDATES) if kind == "Update" else ""
    condition = draw(CONDITIONS)
    if text:
        request["UpdateExpression"] = text
    if condition:
        request["ConditionExpression"] = condition
    values = {":v": draw(st.integers(0, 2)), ":l": ["x"], ":t": {draw(st.sampled_from("ab"))}}
    used = {name: value for name, value in values.items() if name in f"{text} {condition}"}
    return kind, request | ({"ExpressionAttributeValues": used} if used else {})


STEPS = st.lists(
    st.one_of(writes().map(lambda write: [write]), st.lists(writes(), min_size=2, max_size=2)),
    max_size=6,
)


@pytest.mark.moto
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_the_tables_are_where_moto_is_after_any_writes(moto_table: Any, steps: Any) -> None:
    memory = [EMPTY]

    def port(_service: str, operation: str, request: Any) -> Any:
        memory[0], outcome = execute(memory[0], operation, request)
        return outcome

    ours = Resource(port).Table("State")
    for item in moto_table.scan()["Items"]:
        moto_table.delete_item(Key={"pk": item["pk"], "sk": item["sk"]})
    for step in steps:
        assert carried_out(ours, step) == carried_out(moto_table, step)
        assert ours.scan()["Items"] == moto_table.scan()["Items"]


def carried_out(table: Any, step: list[tuple[str, dict[str, Any]]]) -> Any:
    """Carry out one write, or several as a transaction; returns how it ended."""
    client = table.meta.client
    try:
        if len(step) == 1:
            ((kind, request),) = step
            getattr(table, f"{kind.lower()}_item")(**request)
        else:
            actions = [{kind: {"TableName": "State", **request}} for kind, request in step]
            client.transact_write_items(TransactItems=actions)
    except client.exceptions.ClientError as refused:
        reasons = refused.response.get("CancellationReasons", [])
        return refused.response["Error"]["Code"], [reason["Code"] for reason in reasons]
    return "done"


def test_the_low_level_client_speaks_the_wire() -> None:
    client = Client("dynamodb", lambda _, operation, request: execute(ONE, operation, request)[1])
    assert client.get_item(TableName="State", Key=key())["Item"] == wire(pk="p", sk="1", n=1)
