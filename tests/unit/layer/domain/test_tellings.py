"""What one campaign means for one follower, and how sure that is."""

from typing import Any

import pytest

from factories import NOW_S, a_campaign, a_chunk, a_follower, a_result
from wxlive.domain.audience import Audience
from wxlive.domain.campaigns import CampaignState
from wxlive.domain.chunks import ChunkState, EarlierCall
from wxlive.domain.followers import Status
from wxlive.domain.reports import as_it_stands
from wxlive.domain.tellings import Told, Why, of_chunk, of_nobody, why_absent

CALLED = {"claimed_at": NOW_S, "slot_ms": NOW_S * 1000 + 999}
EARLIER = (EarlierCall(NOW_S - 60, 10, "a"),)


def judge(state: ChunkState, result: Any = None, later_s: int = 1, **facts: Any) -> tuple[str, str]:
    chunk = a_chunk(1, state, **{**CALLED, **facts})
    row = as_it_stands(a_campaign(), chunk, NOW_S + later_s)
    telling = of_chunk(a_campaign(), row, result, NOW_S + later_s)
    return telling.outcome, telling.why


@pytest.mark.parametrize(
    ("errors", "outcome", "why"),
    [
        ({}, Told.TOLD, Why.ALL_TOLD),
        ({"user_recv_limit": 1}, Told.PROBABLY_TOLD, Why.SOME_NOT),
        ({"relation_error": 9}, Told.PROBABLY_TOLD, Why.SOME_NOT),
        ({"openid_error": 10}, Told.NOT_TOLD, Why.ALL_FAILED),
        ({"total": 9}, Told.PROBABLY_TOLD, Why.SOME_NOT),
    ],
)
def test_a_result_says_so_much_of_each_person(
    errors: dict[str, Any], outcome: Told, why: Why
) -> None:
    assert judge(ChunkState.ACCEPTED, a_result(**errors)) == (outcome, why)


@pytest.mark.parametrize(
    ("state", "facts", "outcome", "why"),
    [
        (ChunkState.ACCEPTED, {}, Told.UNKNOWN, Why.RESULT_AWAITED),
        (ChunkState.ACCEPTED, {"later_s": 4000}, Told.UNKNOWN, Why.RESULT_OVERDUE),
        (ChunkState.ACCEPTED, {"message_id": None}, Told.UNKNOWN, Why.BY_HAND),
        (ChunkState.SENDING, {}, Told.UNKNOWN, Why.UNDER_WAY),
        (ChunkState.SENDING, {"later_s": 60}, Told.UNKNOWN, Why.NO_ANSWER),
        (ChunkState.UNKNOWN, {}, Told.UNKNOWN, Why.NO_ANSWER),
        (ChunkState.QUEUED, {}, Told.QUEUED, Why.WAITS),
        (ChunkState.QUEUED, {"earlier_calls": EARLIER}, Told.UNKNOWN, Why.EARLIER_CALL),
        (ChunkState.QUEUED, {"was_called": True}, Told.UNKNOWN, Why.EARLIER_CALL),
        (ChunkState.REFUSED, {}, Told.NOT_TOLD, Why.REFUSED),
        (ChunkState.REFUSED, {"earlier_calls": EARLIER}, Told.UNKNOWN, Why.EARLIER_CALL),
    ],
)
def test_without_a_result_a_call_says_so_much(
    state: ChunkState, facts: dict[str, Any], outcome: Told, why: Why
) -> None:
    assert judge(state, **facts) == (outcome, why)


def test_a_chunk_of_a_held_campaign_waits_for_it() -> None:
    held = a_campaign(state=CampaignState.PAUSED, reason="Paused by the operator")
    telling = of_chunk(held, a_chunk(queued_at=NOW_S), None, NOW_S)

    assert (telling.outcome, telling.why) == (Told.QUEUED, Why.HELD)
    assert (telling.reason, telling.at) == ("Paused by the operator", NOW_S)


def test_a_chunk_of_a_cancelled_campaign_was_not_told() -> None:
    ended = a_campaign(state=CampaignState.CANCELLED, reason="Cancelled", ended_at=NOW_S + 9)
    telling = of_chunk(ended, as_it_stands(ended, a_chunk(), NOW_S), None, NOW_S)

    assert (telling.outcome, telling.why) == (Told.NOT_TOLD, Why.CANCELLED)
    assert (telling.reason, telling.at) == ("Cancelled", NOW_S + 9)


def test_the_time_of_a_call_is_its_slot() -> None:
    row = a_chunk(3, ChunkState.ACCEPTED, openids=10, **CALLED)
    summary = of_chunk(a_campaign(), row, a_result(internal_error=2), NOW_S).summary()

    assert (summary["at"], summary["chunk"]) == (NOW_S, 3)
    assert summary["call"] == {
        "openids": 10,
        "success": 8,
        "openid_error": 0,
        "relation_error": 0,
        "user_recv_limit": 0,
        "internal_error": 2,
    }
    of_version_0_1 = a_chunk(1, ChunkState.REFUSED, claimed_at=NOW_S - 1)
    assert of_chunk(a_campaign(), of_version_0_1, None, NOW_S).at == NOW_S - 1


def test_who_is_in_no_call_has_none() -> None:
    ended = a_campaign(state=CampaignState.FAILED, reason="The room is over", ended_at=NOW_S)
    telling = of_nobody(ended, Told.NOT_TOLD, Why.ENDED_BEFORE)

    assert telling.summary()["call"] is None
    assert (telling.reason, telling.at) == ("The room is over", NOW_S)


# ------------------------------------------------------------------- left out

BEFORE, AFTER = NOW_S - 60, NOW_S + 60
SUBSCRIBED = a_follower("a", subscribed_at=BEFORE, changed_at=BEFORE)
GONE = a_follower("a", status=Status.UNSUBSCRIBED, subscribed_at=0, changed_at=BEFORE)


@pytest.mark.parametrize(
    ("follower", "facts", "why"),
    [
        (None, {}, Why.NOT_SUBSCRIBED),
        (GONE, {}, Why.NOT_SUBSCRIBED),
        (a_follower("a", status=Status.UNSUBSCRIBED, changed_at=AFTER), {}, Why.NOT_ON_RECORD),
        (a_follower("a", subscribed_at=AFTER, changed_at=AFTER), {}, Why.SUBSCRIBED_LATER),
        (a_follower("a", subscribed_at=BEFORE, changed_at=AFTER), {}, Why.KNOWN_LATER),
        (SUBSCRIBED, {"target": Audience(rooms=(7,))}, Why.OUTSIDE),
        (SUBSCRIBED, {"target": Audience(since=NOW_S - 9)}, Why.OUTSIDE),
        (SUBSCRIBED, {}, Why.NOT_ON_RECORD),
        (SUBSCRIBED, {"muted_at": BEFORE}, Why.MUTED),
        (SUBSCRIBED, {"muted_at": AFTER}, Why.NOT_ON_RECORD),
        (SUBSCRIBED, {"is_excepted": True}, Why.EXCEPTED),
        (SUBSCRIBED, {"was_told": True}, Why.TOLD_BEFORE),
        (SUBSCRIBED, {"was_told": True, "again": True}, Why.NOT_ON_RECORD),
    ],
)
def test_it_is_said_why_somebody_was_left_out(
    follower: Any, facts: dict[str, Any], why: Why
) -> None:
    known = {"muted_at": 0, "is_excepted": False, "was_told": False}
    campaign = a_campaign(**{k: v for k, v in facts.items() if k not in known})

    assert why_absent(campaign, follower, **{k: facts.get(k, v) for k, v in known.items()}) is why
