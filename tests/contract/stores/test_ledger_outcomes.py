"""The ledger: only the outcome of a claim is stored, and what comes late corrects it."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from factories import CAMPAIGN, DAY, NOW_S
from support.backends import Tables
from support.push_ledger import (
    ACCEPTED,
    QUEUED,
    REFUSED,
    TOO_MANY,
    UNKNOWN,
    accept,
    call_it,
    claim_it,
    cut_it,
    finish,
    left_unknown,
    resend,
    supersede,
)
from support.push_stores import LATER, SLOT_MS, PushStores
from wxlive.domain.campaigns import Campaign, CampaignState
from wxlive.domain.chunks import ChunkState, EarlierCall
from wxlive.domain.outcomes import Outcome
from wxlive.errors import Conflict

# ------------------------------------------------------------------ outcomes


@pytest.mark.parametrize("outcome", [ACCEPTED, REFUSED, UNKNOWN])
def test_the_outcome_of_a_claimed_chunk_is_written_down(
    stores: PushStores, sending: Campaign, outcome: Outcome
) -> None:
    stores.claim()
    claimed = stores.chunk()
    assert finish(stores, outcome)
    assert stores.chunk() == replace(
        claimed,
        state=outcome.to,
        message_id=outcome.message_id,
        errcode=outcome.errcode,
        rid=outcome.rid,
        reason=outcome.reason,
    )
    assert stores.quota.used(DAY) == 1, "the call was made"


def test_a_chunk_that_is_sent_again_is_queued_anew_and_its_call_stays_counted(
    stores: PushStores, sending: Campaign
) -> None:
    stores.claim()
    assert finish(stores, QUEUED)
    assert (stores.chunk().state, stores.chunk().queued_at) == (ChunkState.QUEUED, LATER)
    stores.claim("b")
    assert stores.chunk().claim == "b"
    assert stores.quota.used(DAY) == 2


@pytest.mark.parametrize("outcome", [ACCEPTED, REFUSED, QUEUED])
def test_what_wechat_said_corrects_what_was_settled_as_unknown(
    stores: PushStores, sending: Campaign, outcome: Outcome
) -> None:
    stores.claim()
    stores.ledger.abandon(CAMPAIGN, stores.chunk(), reason="gone")
    assert finish(stores, outcome)
    assert stores.chunk().state is outcome.to


def test_nobody_writes_for_a_claim_that_is_not_theirs(
    stores: PushStores, sending: Campaign, tables: Tables
) -> None:
    stores.claim("a")
    before = tables.rows()
    assert not finish(stores, ACCEPTED, "b")
    assert tables.rows() == before


def test_a_claim_that_was_undone_has_no_outcome(
    stores: PushStores, sending: Campaign, tables: Tables
) -> None:
    stores.claim("a")
    stores.unclaim("a")
    assert not finish(stores, ACCEPTED, "a")
    assert stores.chunk().state is ChunkState.QUEUED


def test_an_answer_is_written_once(stores: PushStores, sending: Campaign, tables: Tables) -> None:
    stores.claim()
    finish(stores, ACCEPTED)
    before = tables.rows()
    assert finish(stores, ACCEPTED), "it is stored"
    assert not finish(stores, REFUSED)
    assert not finish(stores, UNKNOWN)
    assert tables.rows() == before


def test_a_chunk_that_was_never_claimed_has_no_outcome(
    stores: PushStores, sending: Campaign, tables: Tables
) -> None:
    before = tables.rows()
    assert not finish(stores, ACCEPTED, "")
    assert not finish(stores, ACCEPTED, "", number=9)
    assert tables.rows() == before


def test_a_claim_whose_worker_is_gone_is_settled_once(
    stores: PushStores, sending: Campaign, tables: Tables
) -> None:
    stores.claim()
    claimed = stores.chunk()
    assert stores.ledger.abandon(CAMPAIGN, claimed, reason="gone")
    assert stores.chunk() == replace(claimed, state=ChunkState.UNKNOWN, reason="gone")
    before = tables.rows()
    assert stores.ledger.abandon(CAMPAIGN, claimed, reason="another reason"), "it is unknown"
    assert tables.rows() == before


@pytest.mark.parametrize("outcome", [ACCEPTED, REFUSED, QUEUED])
def test_a_claim_that_has_an_outcome_is_not_abandoned(
    stores: PushStores, sending: Campaign, tables: Tables, outcome: Outcome
) -> None:
    stores.claim()
    read = stores.chunk()
    finish(stores, outcome)
    before = tables.rows()
    assert not stores.ledger.abandon(CAMPAIGN, read, reason="gone")
    assert tables.rows() == before


def test_a_chunk_that_was_claimed_anew_is_not_abandoned(
    stores: PushStores, sending: Campaign
) -> None:
    stores.claim("a")
    read = stores.chunk()
    stores.unclaim("a")
    stores.claim("b")
    assert not stores.ledger.abandon(CAMPAIGN, read, reason="gone")
    assert (stores.chunk().state, stores.chunk().claim) == (ChunkState.SENDING, "b")


def test_attempts_that_did_not_reach_wechat_are_counted(
    stores: PushStores, sending: Campaign
) -> None:
    queued = stores.chunk()
    stores.ledger.count_attempts(CAMPAIGN, 1, 7)
    assert stores.chunk() == replace(queued, attempts=7)
    stores.claim("a")
    assert stores.chunk().attempts == 7, "a call that is made is no failure"
    stores.unclaim("a")
    assert stores.chunk().attempts == 7, "no call was made"
    stores.claim("b")
    finish(stores, QUEUED, "b")
    assert stores.chunk().attempts == 0, "WeChat answered: they are in a row no longer"


def test_a_chunk_that_is_queued_again_knows_until_when_it_waits(
    stores: PushStores, sending: Campaign
) -> None:
    stores.claim()
    finish(stores, replace(TOO_MANY, wait_s=48))
    assert (stores.chunk().queued_at, stores.chunk().waits_until) == (LATER, LATER + 48)


def test_a_queued_chunk_that_can_not_be_sent_is_refused(
    stores: PushStores, sending: Campaign
) -> None:
    queued = stores.chunk()
    assert stores.ledger.refuse(CAMPAIGN, queued, reason="expired")
    assert stores.chunk() == replace(queued, state=ChunkState.REFUSED, reason="expired")
    with pytest.raises(Conflict):
        stores.claim()


@pytest.mark.parametrize("spoil", [claim_it, cut_it, call_it])
def test_a_chunk_that_is_not_queued_as_it_was_read_is_not_refused(
    stores: PushStores,
    sending: Campaign,
    tables: Tables,
    spoil: Callable[[PushStores, Tables], None],
) -> None:
    read = stores.chunk()
    spoil(stores, tables)
    before = tables.rows()
    assert not stores.ledger.refuse(CAMPAIGN, read, reason="expired")
    assert tables.rows() == before


# ---------------------------------------------------------- another campaign


REVIVALS: dict[str, Callable[[PushStores], object]] = {
    "undone": lambda stores: stores.unclaim(),
    "queued again": lambda stores: finish(stores, QUEUED),
    "sent again": lambda stores: resend(stores, stores.chunk()),
    "split": lambda stores: stores.ledger.split(CAMPAIGN, stores.chunk(), claim="a", now_s=LATER),
}
"""What gives a campaign more to send."""


@pytest.mark.parametrize("revive", REVIVALS.values(), ids=REVIVALS)
def test_a_campaign_that_has_more_to_send_is_finished_no_longer(
    stores: PushStores, sending: Campaign, revive: Callable[[PushStores], object]
) -> None:
    stores.claim()
    before = stores.lives()
    stores.living.finish(before)
    assert revive(stores)
    assert stores.lives() == replace(before, revision=before.revision + 1)
    assert stores.chunk().state is ChunkState.QUEUED


@pytest.mark.parametrize("revive", REVIVALS.values(), ids=REVIVALS)
def test_a_campaign_that_was_replaced_gets_no_more_to_send(
    stores: PushStores, sending: Campaign, revive: Callable[[PushStores], object]
) -> None:
    stores.claim()
    supersede(stores)
    living = stores.lives()
    assert not revive(stores)
    assert stores.lives() == living
    states = {chunk.number: chunk.state for chunk in stores.ledger.chunks(CAMPAIGN)}
    assert states.keys() == {1, 2}
    assert states[1] is not ChunkState.QUEUED


@pytest.mark.parametrize(("refunds", "used"), [(True, 0), (False, 1)])
def test_a_call_that_was_not_accepted_is_cancelled_if_another_campaign_lives(
    stores: PushStores, sending: Campaign, *, refunds: bool, used: int
) -> None:
    stores.claim()
    supersede(stores)
    assert not (stores.unclaim() if refunds else finish(stores, QUEUED))
    assert stores.chunk().state is ChunkState.CANCELLED
    assert stores.quota.used(DAY) == used


@pytest.mark.parametrize("outcome", [ACCEPTED, REFUSED, UNKNOWN])
def test_what_became_of_a_call_is_kept_although_another_campaign_lives(
    stores: PushStores, sending: Campaign, outcome: Outcome
) -> None:
    stores.claim()
    supersede(stores)
    assert finish(stores, outcome)
    assert stores.chunk().state is outcome.to


def test_a_claim_that_is_not_theirs_is_not_cancelled_either(
    stores: PushStores, sending: Campaign, tables: Tables
) -> None:
    stores.claim("a")
    supersede(stores)
    before = tables.rows()
    assert not stores.unclaim("b")
    assert not finish(stores, QUEUED, "b")
    assert tables.rows() == before


# --------------------------------------------------------------- late outcomes

BUSY = Outcome(ChunkState.QUEUED, errcode=-1, reason="busy", may_have_notified=True)
LATE = Outcome(ChunkState.ACCEPTED, message_id="m-late")
CALL = EarlierCall(NOW_S, 4, "a", slot_ms=SLOT_MS)


def test_a_call_that_may_have_notified_is_remembered_once_when_its_chunk_is_queued_again(
    stores: PushStores, sending: Campaign
) -> None:
    stores.claim()
    assert finish(stores, BUSY)
    assert (stores.chunk().state, stores.chunk().earlier_calls) == (ChunkState.QUEUED, (CALL,))
    assert finish(stores, BUSY), "it is stored"
    assert stores.chunk().earlier_calls == (CALL,)
    assert stores.chunk().all_refused_calls == (), "nobody knows whether it was refused"


def test_a_call_that_may_have_notified_is_unknown_if_another_campaign_lives(
    stores: PushStores, sending: Campaign
) -> None:
    stores.claim()
    supersede(stores)
    assert not finish(stores, BUSY)
    assert stores.chunk().state is ChunkState.UNKNOWN


def test_a_chunk_accepted_by_hand_gets_its_message_id(
    stores: PushStores, sending: Campaign
) -> None:
    accept(stores, left_unknown(stores, ChunkState.UNKNOWN))
    for _ in range(2):
        assert finish(stores, LATE)
    assert (stores.chunk().state, stores.chunk().message_id) == (ChunkState.ACCEPTED, "m-late")


def test_a_chunk_accepted_by_hand_whose_call_did_not_leave_is_refused_and_refunded_once(
    stores: PushStores, sending: Campaign
) -> None:
    accept(stores, left_unknown(stores, ChunkState.UNKNOWN))
    assert stores.unclaim()
    assert not stores.unclaim()
    assert stores.chunk().state is ChunkState.REFUSED
    assert stores.quota.used(DAY) == 0


def test_a_chunk_that_waits_to_be_sent_again_is_accepted_by_its_first_call(
    stores: PushStores, sending: Campaign
) -> None:
    read = left_unknown(stores, ChunkState.UNKNOWN)
    resend(stores, read)
    assert finish(stores, LATE)
    accepted = replace(read, state=ChunkState.ACCEPTED, message_id="m-late", reason=None)
    assert replace(stores.chunk(), queued_at=read.queued_at) == accepted


def test_a_late_message_id_stays_with_its_call_once_the_chunk_is_claimed_anew(
    stores: PushStores, sending: Campaign
) -> None:
    resend(stores, left_unknown(stores, ChunkState.UNKNOWN))
    stores.claim("b")
    assert finish(stores, LATE)
    assert finish(stores, ACCEPTED, "b")
    assert stores.chunk().message_ids == {"m-1", "m-late"}
    assert stores.chunk().message_id == "m-1"


def test_an_earlier_call_that_did_not_leave_is_forgotten_and_refunded_once(
    stores: PushStores, sending: Campaign
) -> None:
    resend(stores, left_unknown(stores, ChunkState.UNKNOWN))
    stores.claim("b")
    assert stores.unclaim("a")
    assert not stores.unclaim("a")
    assert (stores.chunk().earlier_calls, stores.chunk().claim) == ((), "b")
    assert stores.quota.used(DAY) == 1


def test_a_decision_keeps_what_became_known_of_earlier_calls_meanwhile(
    stores: PushStores, sending: Campaign
) -> None:
    resend(stores, left_unknown(stores, ChunkState.UNKNOWN))
    stores.claim("b")
    finish(stores, UNKNOWN, "b")
    read = stores.chunk()
    finish(stores, LATE)
    assert resend(stores, read)
    assert [call.message_id for call in stores.chunk().earlier_calls] == ["m-late", None]


def test_what_was_to_be_sent_again_when_its_campaign_ended_can_be_taken_for_sent(
    stores: PushStores, sending: Campaign
) -> None:
    resend(stores, left_unknown(stores, ChunkState.UNKNOWN))
    stores.campaigns.end(CAMPAIGN, CampaignState.CANCELLED, "no", LATER)
    left = stores.chunk().as_left()
    for _ in range(2):
        assert stores.ledger.accept(CAMPAIGN, left, reason="so be it", is_ended=True)
    assert stores.chunk().state is ChunkState.ACCEPTED
    assert (stores.chunk().earlier_calls, stores.chunk().claim) == ((), "a")
