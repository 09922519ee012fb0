"""The stack around the shipped code: WeChat's rules, the queue, schedules, conditions."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from explore.aws.store import Key
from explore.engine.programs import Answers, Requests
from explore.engine.values import Parts
from explore.stack import shipped
from explore.stack.ablation import Without, conditions_of
from explore.stack.dynamodb import LocalReads, Written
from explore.stack.places import (
    FOLLOWERS_TABLE,
    INVOCATIONS,
    NOW_S,
    ROOM,
    STATE_TABLE,
    Lambda,
    Message,
    Queue,
    Timer,
    Wechat,
)
from explore.stack.queue import SqsService, timers_renewed, with_message
from explore.stack.wechat import ALL_PUSH_FATES, Rules, WechatService
from wxlive.aws import FAIL_FAST
from wxlive.domain.rooms import RoomStatus
from wxlive.wechat.apis import Api

NOW_MS = NOW_S * 1000


@pytest.fixture(autouse=True)
def _in_place() -> Iterator[None]:
    with shipped.in_place():
        yield


# ---------------------------------------------------------------------- WeChat


def wechat(**changes: Any) -> Wechat:
    state = Wechat(((ROOM, RoomStatus.LIVE.value),), token_expires_ms=NOW_MS + 7_200_000)
    return state._replace(**changes)


def pushed(state: Wechat, rules: Rules | None = None, **changes: Any) -> dict[str, Any]:
    """Push a and b; returns for each fate what is answered and the state afterwards."""
    parts = Parts()
    service = WechatService(parts, Answers(), rules or Rules(push_fates=ALL_PUSH_FATES))
    body = {"room_id": ROOM, "user_openid": ["a", "b"]} | changes
    request = Requests().of("wechat", Api.PUSH_MESSAGE, {"token": "t1", "body": body})
    found = service.outcomes(request, [parts.of("wechat", state)], NOW_MS, with_faults=True)
    return {outcome.fate: (outcome.answer.value, outcome.changes[0][1].value) for outcome in found}


def code_of(reply: Any) -> int:
    return int(json.loads(reply.body)["errcode"])


def test_a_push_is_carried_out_and_counted() -> None:
    reply, after = pushed(wechat())[""]

    assert json.loads(reply.body)["message_id"] == "m-a-1"
    assert [call.openids for call in after.calls] == [("a", "b")]
    assert after.used[1] == 1
    assert after.window == ((NOW_MS, 2),)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"token": "t2"}, 40001),
        ({"token_expires_ms": NOW_MS}, 42001),
        ({"rooms": ((ROOM, RoomStatus.ENDED.value),)}, 9410006),
        ({"pushed_room": ("2026-11-22", 7)}, 9410005),
        ({"pushed_room": ("2026-11-21", 7)}, 0),
        ({"used": ("2026-11-22", 5000)}, 45009),
        ({"used": ("2026-11-22", 0), "foreign": 5000}, 45009),
        ({"used": ("2026-11-21", 5000)}, 0),
    ],
)
def test_a_push_that_the_rules_forbid_is_not_carried_out(
    changes: dict[str, Any], code: int
) -> None:
    reply, after = pushed(wechat(**changes))[""]

    assert code_of(reply) == code
    assert len(after.calls) == (not code)


def test_one_bad_openid_spoils_the_call() -> None:
    reply, after = pushed(wechat(), Rules(bad_openids=frozenset("b")))[""]

    assert code_of(reply) == 40003
    assert after.calls == ()


@pytest.mark.parametrize("fate", ALL_PUSH_FATES)
def test_the_truth_of_each_fate_is_kept(fate: str) -> None:
    _, after = pushed(wechat())[fate]

    assert bool(after.calls) == fate.endswith("-sent")
    certain = {"stale-token", "minute-limit", "quota", "not-live", "other-room", "unreachable"}
    assert bool(after.doubtful) == (fate not in certain)
    assert after.used[1] == (0 if fate in {"unreachable", "stale-token"} else 1)


def test_arrivals_are_forgotten_after_a_second() -> None:
    state = wechat(window=((NOW_MS - 1000, 9), (NOW_MS - 999, 1)))

    assert pushed(state)[""][1].window == ((NOW_MS - 999, 1), (NOW_MS, 2))


# -------------------------------------------------------------- queue and Lambda


def test_a_message_whose_answer_was_lost_is_sent_twice() -> None:
    parts = Parts()
    service = SqsService(parts, Answers())
    body = {"QueueUrl": "q", "MessageBody": '{"chunk": 1}', "DelaySeconds": 2}
    request = Requests().of("sqs", "SendMessage", body)

    found = service.outcomes(request, [parts.of("queue", Queue())], 0, with_faults=True)

    messages = {outcome.fate: len(outcome.changes[0][1].value.messages) for outcome in found}
    assert messages == {
        "": 1, "busy": 0, "losing": 4, "lost": 2,
    }  # fmt: skip


def test_a_client_that_tries_once_sends_a_message_once() -> None:
    parts = Parts()
    service = SqsService(parts, Answers(), config=FAIL_FAST)
    request = Requests().of("sqs", "SendMessage", {"MessageBody": '{"chunk": 1}'})

    found = service.outcomes(request, [parts.of("queue", Queue())], 0, with_faults=True)

    messages = {outcome.fate: len(outcome.changes[0][1].value.messages) for outcome in found}
    assert messages == {"": 1, "busy": 0, "lost": 1}


def test_schedules_fire_anew_from_the_next_minute_on() -> None:
    parts = Parts()
    tired = Timer("push-start", "{}", 60_000, 60_000, left=0, often=3)
    shared = [None, None, parts.of("invocations", Lambda((), (tired,)))]

    [(place, part)] = timers_renewed(parts, shared, 185_000)
    [timer] = part.value.timers

    assert place == INVOCATIONS
    assert (timer.left, timer.next_ms) == (3, 240_000)
    assert timers_renewed(parts, [None, None, part], 185_001) == ()


def test_since_when_a_message_is_visible_makes_no_difference() -> None:
    late = with_message(Queue(), Message("a", 5), 10)

    assert late == with_message(Queue(), Message("a", 7), 10)


# -------------------------------------------------------------------- conditions


def without(condition: str, operation: str, body: dict[str, Any], origin: str) -> Any:
    return Without(condition)("dynamodb", operation, body, origin)


UPDATE = {
    "Key": {},
    "UpdateExpression": "SET #state = :to",
    "ConditionExpression": "#state = :sending AND claim = :claim",
    "ExpressionAttributeNames": {"#state": "state"},
    "ExpressionAttributeValues": {":to": 1, ":sending": 2, ":claim": 3},
}


def test_a_condition_is_taken_away_with_the_values_that_only_it_used() -> None:
    assert without("Store.finish", "UpdateItem", UPDATE, "Store.finish") == {
        "Key": {},
        "UpdateExpression": "SET #state = :to",
        "ExpressionAttributeNames": {"#state": "state"},
        "ExpressionAttributeValues": {":to": 1},
    }


def test_a_part_of_a_condition_is_taken_away_alone() -> None:
    left = without("Store.finish: #state = :sending", "UpdateItem", UPDATE, "Store.finish")

    assert left["ConditionExpression"] == "claim = :claim"
    assert left["ExpressionAttributeValues"] == {":to": 1, ":claim": 3}


def test_nothing_else_is_changed() -> None:
    assert without("Store.finish", "UpdateItem", UPDATE, "Store.claim") is UPDATE


def test_a_check_without_its_condition_leaves_the_transaction() -> None:
    check = {"ConditionCheck": {"Key": {}, "ConditionExpression": "a = :a"}}
    body = {"TransactItems": [check, {"Update": UPDATE}]}

    left = without("Store.claim[0]", "TransactWriteItems", body, "Store.claim")

    assert left == {"TransactItems": [{"Update": UPDATE}]}


def test_the_conditions_of_requests_are_listed_whole_and_in_parts() -> None:
    requests = Requests()
    request = requests.of("dynamodb", "UpdateItem", UPDATE)
    object.__setattr__(request, "origin", "Store.finish")

    assert conditions_of(requests) == [
        "Store.finish",
        "Store.finish: #state = :sending",
        "Store.finish: claim = :claim",
    ]


@pytest.mark.parametrize(
    ("condition", "parts"),
    [
        ("a = :a", 1),
        ("a = :a OR b = :b", 1),
        ("a = :a AND b = :b OR c = :c", 1),
        ("(a = :a OR b = :b) AND c IN (:c, :d)", 2),
    ],
)
def test_only_what_all_must_hold_is_a_part(condition: str, parts: int) -> None:
    requests = Requests()
    requests.of("dynamodb", "PutItem", {"Item": {}, "ConditionExpression": condition})

    assert len(conditions_of(requests)) == (1 if parts == 1 else 1 + parts)


# ---------------------------------------------------------------- reads that are local


ROOM_KEY = (STATE_TABLE, "room", "1001")
READS = {
    "GetItem": {"Key": {"pk": {"S": "room"}, "sk": {"S": "1001"}}},
    "Query": {"ExpressionAttributeValues": {":pk": {"S": "room"}}},
    "Scan": {},
}


@pytest.mark.parametrize("operation", READS)
def test_a_read_is_local_until_an_item_of_it_is_written(operation: str) -> None:
    body = {"TableName": STATE_TABLE, **READS[operation]}
    request, written = Requests().of("dynamodb", operation, body), set[Key]()
    local = LocalReads(written)
    assert request in local

    local.write([(FOLLOWERS_TABLE, "room", None)])
    assert request in local
    with pytest.raises(Written):
        local.write([ROOM_KEY])

    assert request not in LocalReads(written)


def test_a_write_of_what_no_local_read_is_of_is_learned_without_a_new_search() -> None:
    written = {ROOM_KEY}
    local = LocalReads(written, frozenset({(STATE_TABLE, "command", "own")}))
    request = Requests().of("dynamodb", "GetItem", {"TableName": STATE_TABLE, **READS["GetItem"]})
    assert request not in local

    local.write([ROOM_KEY, (STATE_TABLE, "room", "1002"), (STATE_TABLE, "command", "own")])

    assert written == {ROOM_KEY, (STATE_TABLE, "room", "1002")}


def test_a_write_is_never_local() -> None:
    body = {"TableName": STATE_TABLE, **READS["GetItem"]}

    assert Requests().of("dynamodb", "DeleteItem", body) not in LocalReads(set())
