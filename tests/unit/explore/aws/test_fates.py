"""The fates of a call are what botocore's own client makes of the same failures."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.retries.standard import ExponentialBackoff

from explore.aws import transport
from explore.aws.clients import Client
from explore.aws.fates import (
    DONE,
    LOSSES,
    REFUSALS,
    Again,
    Attempt,
    Fate,
    Retries,
    fates,
    steps,
)
from explore.aws.outcomes import Answer, AwsError, Outcome, Unreachable
from explore.aws.store import Schema, Tables
from explore.aws.tables import execute
from explore.aws.values import serialize
from wxlive import aws

START = Tables.empty(Schema("State", "pk"), Schema("Followers", "openid")).put(
    "State", {"pk": "chunk", "state": "queued", "n": 1}
)
Service = Callable[[Any, str, Mapping[str, Any]], tuple[Any, Outcome]]


def wire(**attributes: Any) -> dict[str, Any]:
    return {name: serialize(value) for name, value in attributes.items()}


def on_tables(tables: Tables, operation: str, request: Mapping[str, Any]) -> tuple[Tables, Outcome]:
    return execute(tables, operation, request)


def on_list(
    done: tuple[str, ...], operation: str, request: Mapping[str, Any]
) -> tuple[tuple[str, ...], Outcome]:
    """Carry out what is not about tables: note it."""
    return (*done, operation), Answer.of()


CLAIM = {
    "TableName": "State",
    "Key": wire(pk="chunk"),
    "UpdateExpression": "SET #s = :sending",
    "ConditionExpression": "#s = :queued",
    "ExpressionAttributeNames": {"#s": "state"},
    "ExpressionAttributeValues": {":sending": {"S": "sending"}, ":queued": {"S": "queued"}},
}
COUNT = {
    "TableName": "State",
    "Key": wire(pk="chunk"),
    "UpdateExpression": "ADD n :one",
    "ExpressionAttributeValues": {":one": {"N": "1"}},
}
INSERT = {
    "Statement": "INSERT INTO \"Followers\" VALUE {'openid': ?}",
    "Parameters": [{"S": "o"}],
}
REQUESTS: dict[str, tuple[str, str, str, dict[str, Any]]] = {
    "claim": ("dynamodb", "UpdateItem", "update_item", CLAIM),
    "count": ("dynamodb", "UpdateItem", "update_item", COUNT),
    "put": (
        "dynamodb",
        "PutItem",
        "put_item",
        {
            "TableName": "State",
            "Item": wire(pk="new"),
            "ConditionExpression": "attribute_not_exists(pk)",
        },
    ),
    "delete": (
        "dynamodb",
        "DeleteItem",
        "delete_item",
        {"TableName": "State", "Key": wire(pk="chunk"), "ConditionExpression": "n > n2"},
    ),
    "get": (
        "dynamodb",
        "GetItem",
        "get_item",
        {"TableName": "State", "Key": wire(pk="chunk")},
    ),
    "scan": ("dynamodb", "Scan", "scan", {"TableName": "State"}),
    "transaction": (
        "dynamodb",
        "TransactWriteItems",
        "transact_write_items",
        {
            "TransactItems": [
                {"Update": CLAIM},
                {"Put": {"TableName": "State", "Item": wire(pk="x")}},
            ]
        },
    ),
    "cancelled transaction": (
        "dynamodb",
        "TransactWriteItems",
        "transact_write_items",
        {"TransactItems": [{"Update": {**CLAIM, "Key": wire(pk="gone")}}]},
    ),
    "inserts": (
        "dynamodb",
        "BatchExecuteStatement",
        "batch_execute_statement",
        {"Statements": [INSERT]},
    ),
    "message": (
        "sqs",
        "SendMessage",
        "send_message",
        {"QueueUrl": "https://sqs.invalid/1/q", "MessageBody": "{}"},
    ),
    "invocation": (
        "lambda",
        "Invoke",
        "invoke",
        {"FunctionName": "f", "InvocationType": "Event", "Payload": b"{}"},
    ),
    "secret": (
        "secretsmanager",
        "GetSecretValue",
        "get_secret_value",
        {"SecretId": "s"},
    ),
}
CONFIGS = {"default": aws.DEFAULT, "fail fast": aws.FAIL_FAST}

CASES = [
    pytest.param(name, config, fate.name, id=f"{name}, {config}: {fate.name}")
    for name, (service, operation, _, request) in REQUESTS.items()
    for config in CONFIGS
    for fate in fates(
        service,
        operation,
        request,
        Retries.of(CONFIGS[config]),
        refusals=REFUSALS,
        losses=LOSSES,
    )
]


class Scripted:
    """A service that fails by script, behind a real client."""

    def __init__(self, service: str, fate: Fate) -> None:
        self._execute: Service = on_tables if service == "dynamodb" else on_list
        self.state: Any = START if service == "dynamodb" else ()
        self.left = list(fate.script)
        self.tokens: list[str] = []
        self._fate = fate

    def serve(self, operation: str, request: Mapping[str, Any]) -> Outcome:
        attempt = self.left.pop(0)
        if "ClientRequestToken" in request:
            self.tokens.append(request["ClientRequestToken"])
        outcome: Outcome = Unreachable.REFUSED
        if attempt.carried_out:
            self.state, outcome = self._execute(self.state, operation, request)
        return outcome if attempt is Attempt.ANSWERED else self._fate.failures[attempt]


def ended(call: Callable[[], dict[str, Any]]) -> Any:
    """Return what a caller sees: the answer, or the error's class and code."""
    try:
        answer = call()
    except ClientError as error:
        codes = [reason["Code"] for reason in error.response.get("CancellationReasons", [])]
        return type(error).__name__, error.response["Error"]["Code"], codes
    except BotoCoreError as error:
        return type(error).__name__
    return {name: value for name, value in answer.items() if name not in _OF_THE_WAY}


_OF_THE_WAY = {"ResponseMetadata", "Payload", "StatusCode"}


@pytest.fixture
def pauses_s(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Keep botocore's pauses, as long as they may be, and don't pause."""
    kept: list[float] = []
    monkeypatch.setattr("botocore.endpoint.time.sleep", kept.append)
    longest: Any = (20, lambda: 1.0, None, None)
    monkeypatch.setattr(ExponentialBackoff.__init__, "__defaults__", longest)
    return kept


@pytest.mark.slow
@pytest.mark.parametrize(("name", "config", "fate_name"), CASES)
def test_a_real_client_comes_to_the_same(
    name: str, config: str, fate_name: str, pauses_s: list[float]
) -> None:
    service, operation, method, request = REQUESTS[name]
    retries = Retries.of(CONFIGS[config])
    found = fates(service, operation, request, retries, refusals=REFUSALS, losses=LOSSES)
    (fate,) = (each for each in found if each.name == fate_name)
    scripted = Scripted(service, fate)
    real = transport.client(service, scripted.serve, CONFIGS[config])

    theirs = ended(lambda: getattr(real, method)(**request))

    run = on_tables if service == "dynamodb" else on_list
    before: Any = START if service == "dynamodb" else ()
    after, outcome = fate.apply(before, lambda state: run(state, operation, request))
    ours = ended(lambda: getattr(Client(service, lambda *_: outcome), method)(**request))
    assert scripted.left == [], "the client sends as many requests as the script has"
    assert ours == theirs
    if service == "dynamodb":
        assert after.items == scripted.state.items
    else:
        assert after == scripted.state
    assert len(set(scripted.tokens)) <= 1, "a retry carries the token of the first attempt"
    timeouts_s = retries.longest_s(fate.script, service) - sum(pauses_s)
    assert timeouts_s == pytest.approx(
        fate.script.count(Attempt.LOST) * retries.read_timeout_s
        + fate.script.count(Attempt.UNREACHABLE) * retries.connect_timeout_s
    )


@pytest.mark.parametrize("config", [aws.DEFAULT, aws.FAIL_FAST, aws.ADAPTIVE])
@pytest.mark.parametrize("service", ["dynamodb", "sqs", "lambda"])
def test_the_attempts_are_those_of_a_real_client(service: str, config: Config) -> None:
    real = transport.client(service, lambda *_: Answer.of(), config)
    assert Retries.of(config).attempts == real.meta.config.retries["total_max_attempts"]


def test_the_default_client_makes_four_attempts() -> None:
    """``max_attempts`` counts the retries."""
    assert Retries.of(aws.DEFAULT) == Retries(4, connect_timeout_s=1, read_timeout_s=2)
    assert Retries.of(aws.FAIL_FAST).attempts == 1


def test_another_mode_of_retries_is_not_modelled() -> None:
    with pytest.raises(NotImplementedError):
        Retries.of(Config())


def test_each_call_of_a_transaction_has_a_token_of_its_own() -> None:
    _, operation, method, request = REQUESTS["transaction"]
    (done, *_) = fates("dynamodb", operation, request, Retries.of(aws.DEFAULT))
    scripted = Scripted("dynamodb", done)
    scripted.left *= 2
    real = transport.client("dynamodb", scripted.serve, aws.DEFAULT)
    assert ended(lambda: getattr(real, method)(**request)) == {}
    assert ended(lambda: getattr(real, method)(**request))[1] == "TransactionCanceledException"
    assert len(set(scripted.tokens)) == 2


# ------------------------------------------------------- what the fates come to

RETRIES = Retries(3, 1.0, 2.0)


def come_to(name: str, fate_name: str) -> tuple[Any, Outcome]:
    service, operation, _, request = REQUESTS[name]
    found = {fate.name: fate for fate in fates(service, operation, request, RETRIES)}
    run = on_tables if service == "dynamodb" else on_list
    before: Any = START if service == "dynamodb" else ()
    return found[fate_name].apply(before, lambda state: run(state, operation, request))


def code(outcome: Outcome) -> str:
    return outcome.code if isinstance(outcome, AwsError) else repr(outcome)


def test_a_repeated_conditional_write_fails_its_own_condition() -> None:
    after, outcome = come_to("claim", "lost, then done again")
    assert next(iter(after.rows("State")))["state"] == "sending"
    assert code(outcome) == "ConditionalCheckFailedException"


def test_a_repeated_count_counts_twice_and_to_the_end_each_time() -> None:
    after, _ = come_to("count", "lost, then done again")
    assert next(iter(after.rows("State")))["n"] == 3
    after, outcome = come_to("count", "lost to the end")
    assert next(iter(after.rows("State")))["n"] == 1 + RETRIES.attempts
    assert outcome is Unreachable.TIMED_OUT


def test_a_repeated_transaction_is_done_once_and_succeeds() -> None:
    after, outcome = come_to("transaction", "lost, then done again")
    assert (after, outcome) == come_to("transaction", DONE)


def test_a_repeated_message_is_sent_twice() -> None:
    assert come_to("message", "lost, then done again")[0] == ("SendMessage",) * 2


def test_what_is_refused_to_the_end_changes_nothing() -> None:
    after, outcome = come_to("count", "throttled to the end")
    assert after is START
    assert code(outcome) == "ThrottlingException"


def test_a_write_that_was_done_may_end_as_if_it_was_refused() -> None:
    after, outcome = come_to("count", "lost, then throttled to the end")
    assert next(iter(after.rows("State")))["n"] == 2
    assert code(outcome) == "ThrottlingException"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("claim", "TransactionConflictException"),
        ("transaction", "TransactionCanceledException"),
    ],
)
def test_a_collision_is_not_retried(name: str, expected: str) -> None:
    after, outcome = come_to(name, "collided")
    assert after is START
    assert code(outcome) == expected


@pytest.mark.parametrize("name", ["get", "scan", "secret"])
def test_a_read_is_refused_or_late_and_nothing_else(name: str) -> None:
    service, operation, _, request = REQUESTS[name]
    assert [str(fate) for fate in fates(service, operation, request, RETRIES)] == [
        DONE,
        "throttled, then done",
        "throttled to the end",
        "lost to the end",
    ]


def test_an_outage_costs_one_fault() -> None:
    service, operation, _, request = REQUESTS["claim"]
    costs = {fate.name: fate.cost for fate in fates(service, operation, request, RETRIES)}
    assert costs.pop(DONE) == 0
    assert set(costs.values()) == {1}


# ------------------------------------------------------------ attempt by attempt


def test_others_may_act_between_a_lost_write_and_its_repetition() -> None:
    service, operation, _, request = REQUESTS["claim"]
    first = {each.name: each for each in steps(service, operation, request, RETRIES)}
    tables, outcome = first["lost"].apply(START, lambda state: execute(state, operation, request))
    assert outcome is Again.AGAIN
    requeued = tables.put("State", {"pk": "chunk", "state": "queued"})
    second = {each.name: each for each in steps(service, operation, request, RETRIES, number=2)}
    tables, outcome = second[DONE].apply(requeued, lambda state: execute(state, operation, request))
    assert isinstance(outcome, Answer), "the retry claims what somebody has queued since"
    assert (first["lost"].cost, second["lost"].cost) == (1, 0)


def test_the_last_attempt_is_final() -> None:
    service, operation, _, request = REQUESTS["count"]
    kinds = (*REFUSALS, *LOSSES)
    for step in steps(service, operation, request, RETRIES, number=3, kinds=kinds):
        _, outcome = step.apply(START, lambda state: execute(state, operation, request))
        assert outcome is not Again.AGAIN


def test_a_transaction_has_no_finer_steps() -> None:
    service, operation, _, request = REQUESTS["transaction"]
    with pytest.raises(ValueError, match="token"):
        steps(service, operation, request, RETRIES)
