"""Which call gets which fault, and how AWS words it."""

import json
from collections import Counter
from zlib import crc32

import pytest

from bench_harness.aws_faults import AwsCall, AwsFaults, Fault, ThrottlingBursts, read_call
from factories import NOW_S
from support.clock import Clock

GET = AwsCall("dynamodb", "GetItem")
PUT = AwsCall("dynamodb", "PutItem")
TRANSACTION = AwsCall("dynamodb", "TransactWriteItems", parts=3)
BATCH = AwsCall("dynamodb", "BatchExecuteStatement", parts=2)
SEND = AwsCall("sqs", "SendMessage")
INVOKE = AwsCall("lambda", "Invoke")
SECRET = AwsCall("secretsmanager", "GetSecretValue")


def errors_of(call: AwsCall, fault: Fault) -> set[str]:
    """The error codes that a call may get for a fault."""
    faults = AwsFaults(1.0, seed=1)
    answers = [faults.answer(fault, call) for _ in range(50)]
    return {
        answer.headers.get("x-amzn-ErrorType")
        or json.loads(answer.body).get("__type", "").rpartition("#")[2]
        for answer in answers
    }


@pytest.mark.parametrize(
    ("path", "target", "body", "call"),
    [
        ("/", "DynamoDB_20120810.GetItem", b"{}", GET),
        ("/", "AmazonSQS.SendMessage", b"{}", SEND),
        ("/", "secretsmanager.GetSecretValue", b"{}", SECRET),
        ("/2015-03-31/functions/wxlive-push-start/invocations", "", b"{}", INVOKE),
        ("/", "DynamoDB_20120810.TransactWriteItems", b'{"TransactItems":[1,2,3]}', TRANSACTION),
        ("/", "DynamoDB_20120810.BatchExecuteStatement", b'{"Statements":[1,2]}', BATCH),
        ("/bucket/key", "", b"", AwsCall("other", "/bucket/key")),
    ],
)
def test_a_call_is_known_by_its_target_or_its_path(
    path: str, target: str, body: bytes, call: AwsCall
) -> None:
    assert read_call(path, target, body) == call


def test_the_traffic_of_the_lambda_runtime_is_no_call() -> None:
    assert read_call("/2018-06-01/runtime/invocation/next", "", b"") is None


def test_the_share_of_calls_gets_a_fault_and_every_kind_occurs() -> None:
    faults = AwsFaults(0.04, seed=1)
    decided = Counter(faults.decide(PUT) for _ in range(10_000))

    assert 350 <= decided.total() - decided[None] <= 450
    assert set(decided) == {None, *Fault}


def test_the_same_seed_gives_the_same_faults() -> None:
    one, other = AwsFaults(0.5, seed=7), AwsFaults(0.5, seed=7)

    assert [one.decide(GET) for _ in range(100)] == [other.decide(GET) for _ in range(100)]


def test_a_burst_throttles_its_share_and_the_time_between_bursts_nothing() -> None:
    clock = Clock()
    faults = ThrottlingBursts(0.5, 1, burst_s=5, period_s=20, now=clock)
    decided = []
    for at in (0, 4.9, 5, 19.9, 20, 24.9, 25):
        clock.now_s = NOW_S + at
        decided.append({faults.decide(PUT) for _ in range(100)})

    burst = {None, Fault.THROTTLED}
    assert decided == [burst, burst, {None}, {None}, burst, burst, {None}]


@pytest.mark.parametrize("call", [GET, SEND, INVOKE, BATCH])
def test_only_single_writes_and_transactions_collide(call: AwsCall) -> None:
    faults = AwsFaults(1.0, seed=1)

    assert Fault.COLLIDED not in {faults.decide(call) for _ in range(200)}


@pytest.mark.parametrize(
    ("call", "fault", "errors"),
    [
        (GET, Fault.THROTTLED, {"ThrottlingException", "ProvisionedThroughputExceededException"}),
        (
            TRANSACTION,
            Fault.THROTTLED,
            {
                "ThrottlingException",
                "ProvisionedThroughputExceededException",
                "TransactionCanceledException",
            },
        ),
        (TRANSACTION, Fault.COLLIDED, {"TransactionCanceledException"}),
        (PUT, Fault.COLLIDED, {"TransactionConflictException"}),
        (PUT, Fault.FAILED, {"InternalServerError"}),
        (PUT, Fault.FAILED_LATE, {"InternalServerError"}),
        (PUT, Fault.UNAVAILABLE, {"ServiceUnavailableException"}),
        (SEND, Fault.THROTTLED, {"RequestThrottled"}),
        (SEND, Fault.FAILED, {"InternalFailure"}),
        (INVOKE, Fault.THROTTLED, {"TooManyRequestsException"}),
        (INVOKE, Fault.FAILED, {"ServiceException"}),
        (INVOKE, Fault.UNAVAILABLE, {"ServiceUnavailableException"}),
        (SECRET, Fault.THROTTLED, {"ThrottlingException"}),
        (SECRET, Fault.FAILED, {"InternalServiceError"}),
    ],
)
def test_each_service_words_a_fault_its_own_way(
    call: AwsCall, fault: Fault, errors: set[str]
) -> None:
    assert errors_of(call, fault) == errors


def test_a_cancelled_transaction_names_the_one_write_that_collided() -> None:
    answer = AwsFaults(1.0, seed=1).answer(Fault.COLLIDED, TRANSACTION)
    reasons = [reason["Code"] for reason in json.loads(answer.body)["CancellationReasons"]]

    assert answer.status == 400
    assert sorted(reasons) == ["None", "None", "TransactionConflict"]


def test_a_throttled_batch_may_be_refused_write_by_write() -> None:
    faults = AwsFaults(1.0, seed=1)
    answers = [faults.answer(Fault.THROTTLED, BATCH) for _ in range(50)]
    [refused] = {answer.body for answer in answers if answer.status == 200}

    codes = [response["Error"]["Code"] for response in json.loads(refused)["Responses"]]
    assert codes == ["ThrottlingError", "ThrottlingError"]


def test_dynamodbs_answers_have_its_checksum() -> None:
    answer = AwsFaults(1.0, seed=1).answer(Fault.FAILED, GET)

    assert answer.headers["x-amz-crc32"] == str(crc32(answer.body))


@pytest.mark.parametrize("fault", [Fault.DROPPED, Fault.LOST, Fault.LATE])
def test_a_call_without_an_error_has_no_other_answer(fault: Fault) -> None:
    with pytest.raises(ValueError, match=fault.value):
        AwsFaults(1.0, seed=1).answer(fault, GET)
