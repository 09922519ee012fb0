"""What an authentic message changes: a fact, a result, or nothing; nonsense is quarantined."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import pytest

from factories import NOW_S, ROOM, a_notice, a_result
from wxlive.domain.events import FollowAction, OtherEvent, PushResult
from wxlive.domain.followers import MAX_CLOCK_LEAD_S, Follower, Status
from wxlive.errors import RequestRejected
from wxlive.ingest import EventIngestor, anomaly_of, read_event
from wxlive.telemetry import Metric, Telemetry

CONTEXT: Any = SimpleNamespace(aws_request_id="req-1")
ERRORS = ("openid_error", "relation_error", "user_recv_limit", "internal_error")
RESULT = a_result("1622047360795164672", **dict.fromkeys(ERRORS, 1))


def follow(action: str = "add_follow", *, openid: str = "o-1", time_s: int = NOW_S) -> str:
    fields = {"user_openid": openid, "room_id": ROOM, "time": time_s, "live_status": 101}
    return message("wxalive_follow_notify", {**fields, "action": action})


def push_result(result: PushResult) -> str:
    counts = {f"{name}_count": getattr(result, name) for name in ("total", "success", *ERRORS)}
    fields = {"message_id": result.message_id, "room_id": result.room_id, **counts}
    return message("wxalive_push_message_notify", fields)


def message(event: str, fields: dict[str, Any] | None = None) -> str:
    head = {"MsgType": "event", "Event": event, "CreateTime": NOW_S}
    return json.dumps(head | (fields or {}))


@dataclass
class World:
    """The stores, the quarantine, and what was written about an invocation."""

    output: Callable[[], list[dict[str, Any]]]
    wins: bool = True
    first: PushResult | None = None
    broken: Exception | None = None
    facts: list[Follower] = field(default_factory=list)
    results: list[tuple[PushResult, float]] = field(default_factory=list)
    quarantined: list[tuple[str, str]] = field(default_factory=list)

    def apply(self, fact: Follower) -> bool:
        self._break()
        self.facts.append(fact)
        return self.wins

    def add(self, result: PushResult, now_s: float) -> PushResult:
        self._break()
        self.results.append((result, now_s))
        return self.first or result

    def put(self, text: str, reason: str) -> None:
        self._break()
        self.quarantined.append((text, reason))

    def ingest(self, text: str) -> dict[str, Any]:
        """Ingest in an invocation of its own; returns the metrics and the last line of the log."""
        telemetry = Telemetry()
        ingestor = EventIngestor(self, lambda: self, self, telemetry)
        with telemetry.invocation(CONTEXT):
            ingestor.ingest(text, NOW_S + 0.5)
        lines = self.output()
        *_, log = [line for line in lines if "_aws" not in line]
        emitted = {name: value for line in lines if "_aws" in line for name, value in line.items()}
        return {**{name: emitted[name] for name in Metric if name in emitted}, "log": log}

    def _break(self) -> None:
        if self.broken is not None:
            raise self.broken


@pytest.fixture
def world(output: Callable[[], list[dict[str, Any]]]) -> World:
    return World(output)


# ---------------------------------------------------------------- follow events


@pytest.mark.parametrize("wins", [True, False])
@pytest.mark.parametrize(
    ("action", "status"),
    [("add_follow", Status.SUBSCRIBED), ("del_follow", Status.UNSUBSCRIBED)],
)
def test_a_follow_event_becomes_a_fact_as_old_as_its_time(
    *, world: World, action: str, status: Status, wins: bool
) -> None:
    world.wins = wins

    done = world.ingest(follow(action, time_s=77))

    assert world.facts == [Follower.notified(a_notice(time_s=77, action=FollowAction(action)))]
    assert world.facts[0].status is status
    assert (done["log"]["kind"], done["log"]["changed"]) == (action, wins)
    assert not world.results
    assert not world.quarantined


def test_a_follower_is_logged_by_a_short_openid(world: World) -> None:
    done = world.ingest(follow(openid="oABCDEFGHIJKLMNOPQRSTUVWXYZ1"))
    assert done["log"]["follower"] == "oABC…YZ1"


def test_a_follow_event_needs_no_store_of_results(output: Callable[[], object]) -> None:
    def unexpected() -> World:
        raise AssertionError("a client was built")

    world = World(list)
    EventIngestor(world, unexpected, world, Telemetry()).ingest(follow(), NOW_S)
    assert len(world.facts) == 1


# ---------------------------------------------------------------- push results


@pytest.mark.parametrize("first", [None, RESULT, replace(RESULT, time_s=1)])
def test_a_result_is_stored_and_its_repetition_is_no_anomaly(
    world: World, first: PushResult | None
) -> None:
    world.first = first

    done = world.ingest(push_result(RESULT))

    assert world.results == [(RESULT, NOW_S + 0.5)]
    assert Metric.RESULT_ANOMALY not in done
    assert done["log"]["kind"] == "push_result"
    assert not world.facts


def test_a_result_is_stored_among_the_last_ones_as_it_was_stored_first(world: World) -> None:
    class Recent(list[PushResult]):
        def add(self, result: PushResult) -> None:
            self.append(result)

    recent = Recent()
    world.first = replace(RESULT, received_at=5)
    ingestor = EventIngestor(world, lambda: world, world, Telemetry(), lambda: recent)
    ingestor.ingest(push_result(RESULT), NOW_S)
    [stored] = recent
    assert stored.received_at == 5


@pytest.mark.parametrize("count", ["total", "success", *ERRORS])
def test_a_result_whose_counts_do_not_add_up_is_stored_as_an_anomaly(
    world: World, count: str
) -> None:
    change: dict[str, Any] = {count: 99}
    wrong = replace(RESULT, **change)

    done = world.ingest(push_result(wrong))

    assert world.results == [(wrong, NOW_S + 0.5)]
    assert done[Metric.RESULT_ANOMALY] == [1.0]
    assert anomaly_of(wrong, wrong) == "total_count is not the sum of the other counts"


@pytest.mark.parametrize(
    "changes",
    [
        {"total": 11, "success": 7},
        {"success": 5, "openid_error": 2},
        {"relation_error": 0, "user_recv_limit": 2},
        {"success": 5, "internal_error": 2},
    ],
)
def test_a_second_result_that_says_something_else_is_an_anomaly(
    world: World, changes: dict[str, Any]
) -> None:
    world.first = RESULT
    second = replace(RESULT, **changes)

    done = world.ingest(push_result(second))

    assert done[Metric.RESULT_ANOMALY] == [1.0]
    assert "the first is kept" in str(anomaly_of(second, RESULT))


def test_an_anomaly_is_logged_with_its_reason(world: World) -> None:
    wrong = push_result(replace(RESULT, total=99))
    telemetry = Telemetry()
    EventIngestor(world, lambda: world, world, telemetry).ingest(wrong, NOW_S)

    warning, _ = world.output()

    assert (warning["level"], warning["message"]) == ("WARNING", "push result anomaly")
    assert warning["reason"] == "total_count is not the sum of the other counts"


# ---------------------------------------------------------------- everything else


def test_any_other_event_changes_nothing(world: World) -> None:
    done = world.ingest(message("debug_demo"))

    assert done[Metric.CALLBACK_IGNORED] == [1.0]
    assert (done["log"]["kind"], done["log"]["changed"]) == ("debug_demo", False)
    assert (world.facts, world.results, world.quarantined) == ([], [], [])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("hello", "neither XML nor a JSON object"),
        (follow(action="dance"), "action is none of add_follow, del_follow"),
        (follow(time_s=NOW_S * 1000), "in the future"),
        (message("wxalive_push_message_notify"), "message_id is missing"),
    ],
)
def test_a_message_that_makes_no_sense_is_quarantined_with_the_reason(
    world: World, text: str, reason: str
) -> None:
    done = world.ingest(text)

    [(kept, why)] = world.quarantined
    assert kept == text
    assert reason in why
    assert done[Metric.CALLBACK_QUARANTINED] == [1.0]
    assert (done["log"]["message"], done["log"]["sentence"]) == ("callback quarantined", why)
    assert (world.facts, world.results) == ([], [])


@pytest.mark.parametrize("text", [follow(), push_result(RESULT), "hello"])
def test_a_store_or_queue_that_fails_is_the_callers_problem(world: World, text: str) -> None:
    world.broken = ConnectionError("no store")
    with pytest.raises(ConnectionError):
        EventIngestor(world, lambda: world, world, Telemetry()).ingest(text, NOW_S)
    assert not world.quarantined


# ---------------------------------------------------------------- reading


def test_a_fact_may_be_ahead_of_our_clock_by_a_day() -> None:
    assert read_event(follow(time_s=NOW_S + MAX_CLOCK_LEAD_S), NOW_S) == a_notice(
        time_s=NOW_S + MAX_CLOCK_LEAD_S
    )
    with pytest.raises(RequestRejected, match="in the future"):
        read_event(follow(time_s=NOW_S + MAX_CLOCK_LEAD_S + 1), NOW_S)


def test_the_time_of_other_events_is_not_checked() -> None:
    assert read_event(message("debug_demo", {"time": NOW_S * 1000}), NOW_S) == OtherEvent(
        "debug_demo"
    )


def test_a_result_that_adds_up_and_repeats_the_stored_one_is_no_anomaly() -> None:
    assert anomaly_of(RESULT, RESULT) is None
    assert anomaly_of(replace(RESULT, time_s=NOW_S + 60), RESULT) is None


def test_a_result_whose_time_is_no_time_is_one_of_now() -> None:
    """In milliseconds it would be one of the year 58000, which no command could show."""
    text = json.loads(push_result(RESULT)) | {"CreateTime": NOW_S * 1000}
    assert read_event(json.dumps(text), NOW_S + 0.5) == RESULT
    text["CreateTime"] = NOW_S + MAX_CLOCK_LEAD_S
    assert read_event(json.dumps(text), NOW_S) == replace(RESULT, time_s=NOW_S + MAX_CLOCK_LEAD_S)
