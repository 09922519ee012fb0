"""What an authentic message changes: a fact, a result, or nothing."""

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from wxlive.events import FollowAction, FollowNotify, OtherEvent, PushResult
from wxlive.followers import Follower, Status
from wxlive.record import Outcome, record

NOW_S = 1_795_347_000.5
RESULT = PushResult("1622047360795164672", 1001, 1_795_347_000, 10, 5, 1, 1, 2, 1)


@dataclass
class Kept:
    """Stands where both stores do."""

    wins: bool = True
    first: PushResult | None = None
    facts: list[Follower] = field(default_factory=list)
    results: list[tuple[PushResult, float]] = field(default_factory=list)

    def apply(self, fact: Follower) -> bool:
        self.facts.append(fact)
        return self.wins

    def add_result(self, result: PushResult, now_s: float) -> PushResult:
        self.results.append((result, now_s))
        return self.first or result


@pytest.mark.parametrize("wins", [True, False])
@pytest.mark.parametrize(
    ("action", "status"),
    [
        (FollowAction.ADD_FOLLOW, Status.SUBSCRIBED),
        (FollowAction.DEL_FOLLOW, Status.UNSUBSCRIBED),
    ],
)
def test_a_follow_event_becomes_a_fact_as_old_as_its_time(
    *, action: FollowAction, status: Status, wins: bool
) -> None:
    kept = Kept(wins=wins)

    outcome = record(FollowNotify("o1", 1001, 77, 101, action), kept, lambda: kept, NOW_S)

    assert outcome == Outcome(kind=action.value, stored=wins)
    assert [(fact.openid, fact.status, fact.changed_at) for fact in kept.facts] == [
        ("o1", status, 77)
    ]
    assert not kept.results


@pytest.mark.parametrize("first", [None, RESULT, replace(RESULT, time_s=1)])
def test_a_result_is_kept_and_its_repetition_is_nothing_odd(first: PushResult | None) -> None:
    kept = Kept(first=first)

    outcome = record(RESULT, kept, lambda: kept, NOW_S)

    assert outcome == Outcome(kind="push_result", stored=True, odd=None)
    assert kept.results == [(RESULT, NOW_S)]
    assert not kept.facts


@pytest.mark.parametrize(
    "count",
    ["total", "success", "openid_error", "relation_error", "user_recv_limit", "internal_error"],
)
def test_a_result_whose_counts_do_not_add_up_is_kept_and_odd(count: str) -> None:
    kept = Kept()
    change: dict[str, Any] = {count: 99}
    wrong = replace(RESULT, **change)

    outcome = record(wrong, kept, lambda: kept, NOW_S)

    assert outcome.odd == "total_count is not the sum of the other counts"
    assert kept.results == [(wrong, NOW_S)]


@pytest.mark.parametrize(
    "changes",
    [
        {"total": 11, "success": 6},
        {"success": 4, "openid_error": 2},
        {"relation_error": 0, "user_recv_limit": 3},
        {"success": 4, "internal_error": 2},
    ],
)
def test_a_second_result_that_says_something_else_is_odd(changes: dict[str, Any]) -> None:
    kept = Kept(first=RESULT)

    outcome = record(replace(RESULT, **changes), kept, lambda: kept, NOW_S)

    assert outcome.stored
    assert "the first is kept" in str(outcome.odd)


def test_any_other_event_changes_nothing() -> None:
    kept = Kept()

    assert record(OtherEvent("debug_demo"), kept, lambda: kept, NOW_S) == Outcome(
        "debug_demo", stored=False
    )
    assert not kept.facts
    assert not kept.results
