"""What follows from an outcome whose claim no longer holds."""

from dataclasses import replace
from typing import Any

import pytest

from factories import NOW_S, a_chunk
from wxlive.domain.chunks import SENT_AGAIN, Chunk, ChunkState, EarlierCall
from wxlive.domain.outcomes import Outcome, correct

ACCEPTED = Outcome(ChunkState.ACCEPTED, message_id="m-late")
REFUSED = Outcome(ChunkState.REFUSED, errcode=47001, rid="r-1", reason="no")
NOT_SENT = Outcome(ChunkState.QUEUED, reason="no connection")
BUSY = Outcome(ChunkState.QUEUED, errcode=-1, may_have_notified=True)
UNKNOWN = Outcome(ChunkState.UNKNOWN, reason="lost")
EVERY = [ACCEPTED, REFUSED, NOT_SENT, BUSY, UNKNOWN]
OF_NO_CALL = [REFUSED, NOT_SENT]
SAYS_NOTHING = [BUSY, UNKNOWN]

FIRST = EarlierCall(NOW_S, 10, "first")
SECOND = EarlierCall(NOW_S + 60, 10, "second")


def by_hand() -> Chunk:
    """A chunk whose call was unknown and that the operator has accepted."""
    return a_chunk(state=ChunkState.ACCEPTED, claim="first", claimed_at=NOW_S, message_id=None)


def again(state: ChunkState = ChunkState.QUEUED, *calls: EarlierCall, **facts: Any) -> Chunk:
    """A chunk that the operator has sent again."""
    return a_chunk(state=state, earlier_calls=calls or (FIRST,), **{"claim": "first", **facts})


# ---------------------------------------------------------------- accepted by the operator


def test_a_chunk_accepted_by_hand_gets_the_message_id_that_wechat_gave() -> None:
    assert correct(by_hand(), "first", ACCEPTED) == replace(by_hand(), message_id="m-late")


@pytest.mark.parametrize("outcome", OF_NO_CALL)
def test_a_chunk_accepted_by_hand_is_refused_if_its_call_notified_nobody(outcome: Outcome) -> None:
    corrected = correct(by_hand(), "first", outcome)
    assert corrected.state is ChunkState.REFUSED
    assert (corrected.errcode, corrected.rid, corrected.reason) == (
        outcome.errcode,
        outcome.rid,
        outcome.reason,
    )
    assert not corrected.may_have_notified


@pytest.mark.parametrize("outcome", SAYS_NOTHING)
def test_a_chunk_accepted_by_hand_stays_so_if_nothing_more_is_known(outcome: Outcome) -> None:
    assert correct(by_hand(), "first", outcome) == by_hand()


# ---------------------------------------------------------------- sent again


def test_a_chunk_that_waits_to_be_sent_again_needs_no_other_call_once_one_was_accepted() -> None:
    corrected = correct(again(queued_at=NOW_S + 90), "first", ACCEPTED)
    assert (corrected.state, corrected.message_id) == (ChunkState.ACCEPTED, "m-late")
    assert (corrected.claimed_at, corrected.earlier_calls) == (NOW_S, ())


def test_of_two_earlier_calls_the_other_stays_open() -> None:
    corrected = correct(again(ChunkState.QUEUED, FIRST, SECOND, claim="second"), "first", ACCEPTED)
    assert (corrected.claim, corrected.message_id) == ("first", "m-late")
    assert corrected.earlier_calls == (SECOND,)


@pytest.mark.parametrize("state", [s for s in ChunkState if s is not ChunkState.QUEUED])
def test_an_earlier_call_gets_its_message_id_whatever_has_become_of_the_chunk(
    state: ChunkState,
) -> None:
    row = again(state, claim="third")
    named = replace(FIRST, message_id="m-late")
    assert correct(row, "first", ACCEPTED) == replace(row, earlier_calls=(named,))
    assert "m-late" in correct(row, "first", ACCEPTED).message_ids


def test_an_accepted_call_of_a_chunk_that_was_cut_since_does_not_settle_a_half() -> None:
    half = again(openids=5)
    corrected = correct(half, "first", ACCEPTED)
    assert (corrected.state, corrected.openids) == (ChunkState.QUEUED, 5)
    assert corrected.message_ids == {"m-late"}


@pytest.mark.parametrize("outcome", OF_NO_CALL)
@pytest.mark.parametrize("state", ChunkState)
def test_an_earlier_call_that_notified_nobody_is_forgotten(
    state: ChunkState, outcome: Outcome
) -> None:
    row = again(state, FIRST, SECOND, claim="third")
    assert correct(row, "first", outcome) == replace(row, earlier_calls=(SECOND,))


@pytest.mark.parametrize("outcome", SAYS_NOTHING)
def test_an_earlier_call_stays_open_if_nothing_more_is_known(outcome: Outcome) -> None:
    assert correct(again(), "first", outcome) == again()


# ---------------------------------------------------------------- of no call


@pytest.mark.parametrize("outcome", EVERY)
@pytest.mark.parametrize("state", ChunkState)
def test_an_outcome_of_another_claim_changes_nothing(state: ChunkState, outcome: Outcome) -> None:
    row = again(state, SECOND, claim="third")
    assert correct(row, "first", outcome) == row


@pytest.mark.parametrize("outcome", EVERY)
def test_an_outcome_that_is_stored_already_changes_nothing(outcome: Outcome) -> None:
    row = a_chunk(state=outcome.to, claim="first", message_id=outcome.message_id)
    assert correct(row, "first", outcome) == row


@pytest.mark.parametrize("outcome", EVERY)
def test_an_outcome_that_comes_twice_changes_nothing_more(outcome: Outcome) -> None:
    for row in (by_hand(), again(), again(ChunkState.UNKNOWN, claim="second")):
        once = correct(row, "first", outcome)
        assert correct(once, "first", outcome) == once


# ---------------------------------------------------------------- of a campaign that has ended


def test_a_queued_chunk_that_was_never_called_is_cancelled_with_its_campaign() -> None:
    assert a_chunk().as_left().state is ChunkState.CANCELLED


def test_a_chunk_that_was_to_be_sent_again_is_as_its_last_call_left_it() -> None:
    left = again(ChunkState.QUEUED, FIRST, SECOND, claim="third").as_left()
    assert (left.state, left.reason) == (ChunkState.UNKNOWN, SENT_AGAIN)
    assert (left.claim, left.claimed_at, left.earlier_calls) == ("second", NOW_S + 60, (FIRST,))


def test_a_chunk_one_of_whose_calls_was_accepted_is_accepted() -> None:
    named = replace(FIRST, message_id="m-late")
    left = again(ChunkState.QUEUED, named, SECOND, claim="third").as_left()
    assert (left.state, left.message_id) == (ChunkState.ACCEPTED, "m-late")
    assert left.earlier_calls == (SECOND,)


@pytest.mark.parametrize("facts", [{"earlier_calls": (FIRST,)}, {"was_called": True}])
def test_a_part_of_a_chunk_that_was_called_is_unknown_and_no_result_is_its_own(
    facts: dict[str, Any],
) -> None:
    left = a_chunk(openids=5, **facts).as_left()
    assert (left.state, left.claimed_at) == (ChunkState.UNKNOWN, 0)
    assert left.may_have_notified


@pytest.mark.parametrize("state", [s for s in ChunkState if s is not ChunkState.QUEUED])
def test_a_chunk_that_is_not_queued_stays_as_it_is(state: ChunkState) -> None:
    assert again(state).as_left() == again(state)
