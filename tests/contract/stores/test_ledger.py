"""The ledger: a chunk is claimed once, and only its claim's outcome is stored."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from factories import CAMPAIGN, DAY, NOW_S, ROOM, a_chunk
from support.backends import Tables
from support.push_stores import CALLS, LATER, SLOT_MS, PushStores
from support.table_faults import Fault, Faults
from wxlive.domain.campaigns import UNENDED, Campaign, CampaignState, Hold, HoldKind
from wxlive.domain.chunks import Chunk, ChunkState, EarlierCall, RefusedCall
from wxlive.domain.outcomes import Outcome
from wxlive.domain.rooms import Choice
from wxlive.errors import Conflict, StoreBusy
from wxlive.stores.ledger import FIRST_HALF

FOUR = ["o-1", "o-2", "o-3", "o-4"]
"""The openids of the first chunk of the campaign that is ``sending``."""

OTHER_ROOM = 2002
TOMORROW = "2026-11-23"
ACCEPTED = Outcome(ChunkState.ACCEPTED, message_id="m-1")
UNKNOWN = Outcome(ChunkState.UNKNOWN, reason="lost")
QUEUED = Outcome(ChunkState.QUEUED, reason="busy")
TOO_MANY = Outcome(ChunkState.QUEUED, errcode=45011, reason="too many")
REFUSED = Outcome(ChunkState.REFUSED, errcode=9410005, rid="r-1", reason="taken")
HOLD = Hold(HoldKind.OPERATOR, "h-1", "paused", NOW_S)


def finish(stores: PushStores, outcome: Outcome, claim: str = "a", number: int = 1) -> bool:
    """Store an outcome a minute later."""
    return stores.ledger.finish(CAMPAIGN, number, outcome, claim=claim, now_s=LATER)


def resend(stores: PushStores, chunk: Chunk) -> bool:
    """Decide a minute later that a chunk is sent again."""
    return stores.ledger.resend(CAMPAIGN, chunk, now_s=LATER, reason="again")


def supersede(stores: PushStores) -> None:
    """Open another campaign, which lives from now on."""
    stores.open("later-8", before=stores.lives(), room_id=OTHER_ROOM)


# ------------------------------------------------------------------- reading


def test_openids_that_have_expired_are_none(stores: PushStores, sending: Campaign) -> None:
    assert stores.ledger.openids(CAMPAIGN, 1) == FOUR
    assert stores.ledger.openids(CAMPAIGN, 4) is None


def test_the_ledger_is_walked_in_order_page_by_page(
    stores: PushStores, in_pages: Callable[[str, int], None]
) -> None:
    campaign = stores.open()
    for i in range(12):
        campaign = stores.campaigns.add_chunk(
            campaign, [f"o-{i}"], NOW_S, plan_id=str(i), cursors={}
        )
    in_pages("Query", 5)
    assert [chunk.number for chunk in stores.ledger.chunks(CAMPAIGN)] == list(range(1, 13))


# --------------------------------------------------------------------- claim


def test_a_claim_marks_the_chunk_counts_the_call_and_holds_the_day(
    stores: PushStores, sending: Campaign
) -> None:
    queued = stores.chunk()
    stores.claim()
    assert stores.chunk() == replace(
        queued, state=ChunkState.SENDING, claim="a", claimed_at=NOW_S, slot_ms=SLOT_MS, attempts=0
    )
    assert stores.chunk(2).state is ChunkState.QUEUED
    assert stores.quota.used(DAY) == 1
    assert stores.days.holder(DAY) == (ROOM, CAMPAIGN)


def test_a_refused_call_stays_on_record_when_its_chunk_is_sent_again(
    stores: PushStores, sending: Campaign
) -> None:
    for claim in ("a", "b"):
        stores.claim(claim)
        finish(stores, TOO_MANY, claim)
    call = RefusedCall(SLOT_MS, 4, 45011)
    assert stores.chunk().refused_calls == (call,)
    assert stores.chunk().all_refused_calls == (call, call)

    stores.claim("c")
    finish(stores, ACCEPTED, "c")
    assert stores.chunk().refused_calls == stores.chunk().all_refused_calls == (call, call)


def test_a_call_that_did_not_leave_is_not_on_record(stores: PushStores, sending: Campaign) -> None:
    stores.claim("a")
    finish(stores, TOO_MANY, "a")
    stores.claim("b")
    stores.unclaim("b")
    assert stores.chunk().slot_ms == 0
    assert stores.chunk().all_refused_calls == (RefusedCall(SLOT_MS, 4, 45011),)


def _pause(stores: PushStores, _: Tables) -> None:
    stores.campaigns.hold(CAMPAIGN, CampaignState.PAUSED, HOLD, out_of=UNENDED)


def _claim(stores: PushStores, tables: Tables) -> None:
    """Another worker claims it; the call is not counted and the day not held, so they don't."""
    stores.claim("b")
    stores.quota.refund(DAY, "a call")
    tables.state.delete_item(Key={"pk": "day", "sk": DAY})


def _cut(stores: PushStores, tables: Tables) -> None:
    """Another worker cuts it, and what is left is queued."""
    _claim(stores, tables)
    stores.ledger.split(CAMPAIGN, stores.chunk(), claim="b", now_s=NOW_S)


def _use_up(stores: PushStores, _: Tables) -> None:
    stores.quota.seed(DAY, CALLS, NOW_S)


def _take_the_day(_: PushStores, tables: Tables) -> None:
    day: dict[str, Any] = {"pk": "day", "sk": DAY, "room_id": OTHER_ROOM, "campaign": "other-2002"}
    tables.state.put_item(Item=day)


def _choose_another(stores: PushStores, _: Tables) -> None:
    stores.rooms.choose(DAY, Choice(OTHER_ROOM, NOW_S))


def _supersede(stores: PushStores, _: Tables) -> None:
    supersede(stores)


@pytest.mark.parametrize(
    "spoil", [_pause, _claim, _cut, _use_up, _take_the_day, _choose_another, _supersede]
)
def test_one_condition_is_enough_to_refuse_a_claim(
    stores: PushStores,
    sending: Campaign,
    tables: Tables,
    faults: Faults,
    spoil: Callable[[PushStores, Tables], None],
) -> None:
    read = stores.chunk()
    spoil(stores, tables)
    before = tables.rows()
    with pytest.raises(Conflict, match="chunk 1"):
        stores.claim(chunk=read)
    assert tables.rows() == before
    assert faults.pauses_s == [], "a condition that failed is not tried again"


@pytest.mark.parametrize("state", [s for s in CampaignState if s is not CampaignState.SENDING])
def test_no_chunk_is_claimed_unless_its_campaign_is_sending(
    stores: PushStores, tables: Tables, state: CampaignState
) -> None:
    opened = stores.open(state=CampaignState.SENDING)
    stores.campaigns.add_chunk(opened, FOUR, NOW_S, plan_id="p", cursors={})
    tables.state.update_item(
        Key={"pk": "campaign", "sk": CAMPAIGN},
        UpdateExpression="SET #state = :state",
        ExpressionAttributeNames={"#state": "state"},
        ExpressionAttributeValues={":state": state.value},
    )
    before = tables.rows()
    with pytest.raises(Conflict):
        stores.claim()
    assert tables.rows() == before


@pytest.mark.parametrize("outcome", [ACCEPTED, REFUSED, UNKNOWN])
def test_no_chunk_is_claimed_that_is_not_queued(
    stores: PushStores, sending: Campaign, tables: Tables, outcome: Outcome
) -> None:
    stores.claim()
    finish(stores, outcome)
    before = tables.rows()
    with pytest.raises(Conflict):
        stores.claim("b")
    assert tables.rows() == before


def test_a_chunk_that_does_not_exist_is_not_claimed_into_being(
    stores: PushStores, sending: Campaign, tables: Tables
) -> None:
    before = tables.rows()
    with pytest.raises(Conflict):
        stores.claim(chunk=a_chunk(9))
    assert tables.rows() == before


def test_the_day_and_the_choice_may_be_those_of_the_room(
    stores: PushStores, sending: Campaign
) -> None:
    stores.rooms.choose(DAY, Choice(ROOM, NOW_S))
    stores.claim("a", 1)
    stores.claim("b", 2)
    assert stores.quota.used(DAY) == 2


def test_another_day_has_another_room_another_choice_and_its_own_calls(
    stores: PushStores, sending: Campaign, tables: Tables
) -> None:
    tomorrow = {"pk": "day", "sk": TOMORROW}
    tables.state.put_item(Item={**tomorrow, "room_id": OTHER_ROOM, "campaign": "other-2002"})
    stores.rooms.choose(TOMORROW, Choice(OTHER_ROOM, NOW_S))
    stores.quota.seed(TOMORROW, CALLS, NOW_S)
    stores.claim()
    assert stores.days.holder(TOMORROW) == (OTHER_ROOM, "other-2002")


def test_the_day_names_the_campaign_that_held_it_first(
    stores: PushStores, sending: Campaign
) -> None:
    stores.claim()
    stores.ledger.claim(
        replace(sending, campaign=CAMPAIGN, day=TOMORROW),
        stores.chunk(2),
        claim="b",
        now_s=NOW_S,
        slot_ms=SLOT_MS,
        quota=stores.quota,
        day=TOMORROW,
    )
    assert stores.days.holder(DAY) == (ROOM, CAMPAIGN)
    assert stores.days.holder(TOMORROW) == (ROOM, CAMPAIGN)


def test_of_two_claims_of_one_chunk_one_wins_and_one_call_is_counted(
    stores: PushStores, sending: Campaign
) -> None:
    read = stores.chunk()
    stores.claim("a", chunk=read)
    with pytest.raises(Conflict, match="chunk 1"):
        stores.claim("b", chunk=read)
    assert stores.chunk().claim == "a"
    assert stores.quota.used(DAY) == 1


def test_of_claims_at_once_exactly_one_wins(stores: PushStores, sending: Campaign) -> None:
    read = stores.chunk()

    def try_to_claim(name: str) -> bool:
        try:
            stores.claim(name, chunk=read)
        except Conflict:
            return False
        return True

    names = [f"w-{i}" for i in range(8)]
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(try_to_claim, names))
    assert sum(won) == 1
    assert stores.chunk().claim == names[won.index(True)]
    assert stores.quota.used(DAY) == 1


def test_a_claim_whose_answer_was_lost_while_another_tried_is_still_its_own(
    stores: PushStores, sending: Campaign, faults: Faults
) -> None:
    read = stores.chunk()
    faults.writes = [Fault.LOST]
    stores.claim("a", chunk=read)
    with pytest.raises(Conflict):
        stores.claim("b", chunk=read)
    assert stores.quota.used(DAY) == 1


# ------------------------------------------------------------------- unclaim


def test_a_claim_that_is_undone_queues_the_chunk_and_refunds_its_call(
    stores: PushStores, sending: Campaign
) -> None:
    stores.claim()
    claimed = stores.chunk()
    assert stores.unclaim()
    assert stores.chunk() == replace(claimed, state=ChunkState.QUEUED, queued_at=LATER, slot_ms=0)
    assert stores.quota.used(DAY) == 0
    assert stores.days.holder(DAY) == (ROOM, CAMPAIGN), "the room keeps the day"


def test_a_claim_that_was_settled_as_unknown_can_still_be_undone(
    stores: PushStores, sending: Campaign
) -> None:
    stores.claim()
    stores.ledger.abandon(CAMPAIGN, stores.chunk(), reason="gone")
    assert stores.unclaim()
    assert stores.chunk().state is ChunkState.QUEUED
    assert stores.quota.used(DAY) == 0


@pytest.mark.parametrize("outcome", [ACCEPTED, REFUSED])
def test_a_call_that_was_answered_is_not_refunded(
    stores: PushStores, sending: Campaign, tables: Tables, outcome: Outcome
) -> None:
    stores.claim()
    finish(stores, outcome)
    before = tables.rows()
    assert not stores.unclaim()
    assert tables.rows() == before


def test_nobody_undoes_a_claim_that_is_not_theirs(
    stores: PushStores, sending: Campaign, tables: Tables
) -> None:
    stores.claim("a")
    before = tables.rows()
    assert not stores.unclaim("b")
    assert tables.rows() == before


def test_a_claim_is_undone_once_however_often_it_is_asked_for(
    stores: PushStores, sending: Campaign
) -> None:
    stores.claim("x", 2)
    stores.claim("a")
    for _ in range(3):
        assert stores.unclaim()
    assert stores.quota.used(DAY) == 1
    stores.claim("b")
    assert not stores.unclaim("a"), "the chunk has another claim by now"
    assert stores.chunk().claim == "b"
    assert stores.quota.used(DAY) == 2


def test_a_claim_that_never_stood_is_not_refunded(stores: PushStores, sending: Campaign) -> None:
    stores.claim("x", 2)
    assert not stores.unclaim("a", 1)
    assert stores.quota.used(DAY) == 1


def test_a_claim_that_may_stand_is_undone_whether_it_does_or_not(
    stores: PushStores, sending: Campaign, faults: Faults
) -> None:
    stores.claim("x", 2)
    for first in (Fault.THROTTLED, Fault.LOST):
        faults.writes = [first, *[Fault.THROTTLED] * 99]
        with pytest.raises(StoreBusy):
            stores.claim("a")
        faults.clear()
        stores.unclaim("a")
        assert stores.chunk().state is ChunkState.QUEUED
        assert stores.quota.used(DAY) == 1


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


def test_a_queued_chunk_that_can_not_be_sent_is_refused(
    stores: PushStores, sending: Campaign
) -> None:
    queued = stores.chunk()
    assert stores.ledger.refuse(CAMPAIGN, queued, reason="expired")
    assert stores.chunk() == replace(queued, state=ChunkState.REFUSED, reason="expired")
    with pytest.raises(Conflict):
        stores.claim()


@pytest.mark.parametrize("spoil", [_claim, _cut])
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


# ----------------------------------------------------------------- decisions


def _unknown(stores: PushStores, state: ChunkState) -> Chunk:
    """Return a chunk whose outcome is unknown, or whose worker has said nothing for long."""
    stores.claim()
    if state is ChunkState.UNKNOWN:
        finish(stores, UNKNOWN)
    return stores.chunk()


@pytest.mark.parametrize("state", [ChunkState.UNKNOWN, ChunkState.SENDING])
def test_a_chunk_that_is_sent_again_remembers_its_call(
    stores: PushStores, sending: Campaign, state: ChunkState
) -> None:
    read = _unknown(stores, state)
    assert resend(stores, read)
    assert stores.chunk() == replace(
        read,
        state=ChunkState.QUEUED,
        queued_at=LATER,
        reason="again",
        earlier_calls=(EarlierCall(NOW_S, 4, "a", slot_ms=SLOT_MS),),
        slot_ms=0,
    )
    assert stores.chunk().may_have_notified


def test_a_chunk_remembers_every_call_that_was_decided_about(
    stores: PushStores, sending: Campaign
) -> None:
    resend(stores, _unknown(stores, ChunkState.UNKNOWN))
    stores.claim("b")
    finish(stores, UNKNOWN, "b")
    resend(stores, stores.chunk())
    assert stores.chunk().earlier_calls == (
        EarlierCall(NOW_S, 4, "a", slot_ms=SLOT_MS),
        EarlierCall(NOW_S, 4, "b", slot_ms=SLOT_MS),
    )


@pytest.mark.parametrize("state", [ChunkState.UNKNOWN, ChunkState.SENDING])
def test_an_unknown_chunk_can_be_taken_for_sent(
    stores: PushStores, sending: Campaign, state: ChunkState
) -> None:
    read, living = _unknown(stores, state), stores.lives()
    assert stores.ledger.accept(CAMPAIGN, read, reason="so be it")
    assert stores.chunk() == replace(read, state=ChunkState.ACCEPTED, reason="so be it")
    assert stores.lives() == living


def _accept(stores: PushStores, read: Chunk) -> bool:
    return stores.ledger.accept(CAMPAIGN, read, reason="so be it")


@pytest.mark.parametrize("decide", [resend, _accept])
@pytest.mark.parametrize("outcome", [REFUSED, QUEUED])
def test_a_chunk_that_has_an_outcome_by_now_is_not_decided_about(
    stores: PushStores,
    sending: Campaign,
    tables: Tables,
    outcome: Outcome,
    decide: Callable[[PushStores, Chunk], bool],
) -> None:
    read = _unknown(stores, ChunkState.UNKNOWN)
    finish(stores, outcome)
    before = tables.rows()
    assert not decide(stores, read)
    assert tables.rows() == before


@pytest.mark.parametrize("decide", [resend, _accept])
def test_a_chunk_that_was_claimed_anew_is_not_decided_about(
    stores: PushStores,
    sending: Campaign,
    tables: Tables,
    decide: Callable[[PushStores, Chunk], bool],
) -> None:
    read = _unknown(stores, ChunkState.UNKNOWN)
    finish(stores, QUEUED)
    stores.claim("b")
    before = tables.rows()
    assert not decide(stores, read)
    assert tables.rows() == before


def test_of_two_decisions_the_first_counts(
    stores: PushStores, sending: Campaign, tables: Tables
) -> None:
    read = _unknown(stores, ChunkState.UNKNOWN)
    assert resend(stores, read)
    before = tables.rows()
    assert not _accept(stores, read)
    assert resend(stores, read), "it is sent again, as this decision wants"
    assert tables.rows() == before


def test_an_accepted_chunk_is_not_sent_again(
    stores: PushStores, sending: Campaign, tables: Tables
) -> None:
    read = _unknown(stores, ChunkState.UNKNOWN)
    finish(stores, ACCEPTED)
    before = tables.rows()
    assert not resend(stores, read)
    assert tables.rows() == before


# --------------------------------------------------------------------- split


def split(stores: PushStores, number: int = 1, claim: str = "a") -> int:
    """Cut a chunk, which succeeds; returns the number of its other half."""
    chunk = stores.chunk(number)
    half = stores.ledger.split(CAMPAIGN, chunk, claim=claim, now_s=LATER)
    assert half is not None
    return half


def _rows(stores: PushStores) -> dict[int, tuple[ChunkState, int, list[str] | None]]:
    """Return of each chunk its state, its size and its openids."""
    return {
        row.number: (row.state, row.openids, stores.ledger.openids(CAMPAIGN, row.number))
        for row in stores.ledger.chunks(CAMPAIGN)
    }


def test_a_claimed_chunk_is_split_in_two_queued_halves(
    stores: PushStores, sending: Campaign
) -> None:
    stores.claim()
    half = split(stores)
    assert half > FIRST_HALF
    assert _rows(stores) == {
        1: (ChunkState.QUEUED, 2, FOUR[:2]),
        2: (ChunkState.QUEUED, 1, ["o-5"]),
        half: (ChunkState.QUEUED, 2, FOUR[2:]),
    }
    assert stores.chunk().queued_at == stores.chunk(half).queued_at == LATER
    assert stores.quota.used(DAY) == 1, "the call was made"


def test_halves_of_halves_have_numbers_of_their_own(stores: PushStores, sending: Campaign) -> None:
    stores.claim()
    first = split(stores)
    stores.claim("b", first)
    second = split(stores, first, "b")
    assert len({1, 2, first, second}) == 4
    openids = [stores.ledger.openids(CAMPAIGN, number) for number in (1, first, second)]
    assert openids == [["o-1", "o-2"], ["o-3"], ["o-4"]]


def test_the_call_that_a_split_follows_stays_on_record(
    stores: PushStores, sending: Campaign
) -> None:
    stores.claim()
    finish(stores, TOO_MANY)
    read = stores.chunk()
    stores.claim("b")
    call = RefusedCall(SLOT_MS, 4, 40003)
    half = stores.ledger.split(CAMPAIGN, read, claim="b", now_s=LATER, refused=call)
    assert half is not None
    calls = (RefusedCall(SLOT_MS, 4, 45011), call)
    assert (stores.chunk().refused_calls, stores.chunk(half).refused_calls) == (calls, ())
    assert stores.chunk().all_refused_calls == calls


@pytest.mark.parametrize(
    "before", [lambda s: None, lambda s: s.unclaim("a"), lambda s: finish(s, ACCEPTED)]
)
def test_a_chunk_whose_claim_was_lost_is_not_split(
    stores: PushStores, sending: Campaign, before: Callable[[PushStores], object]
) -> None:
    stores.claim("a")
    before(stores)
    claim = "a" if stores.chunk().state is not ChunkState.SENDING else "b"
    rows = _rows(stores)
    assert stores.ledger.split(CAMPAIGN, stores.chunk(), claim=claim, now_s=NOW_S) is None
    assert _rows(stores) == rows


def test_a_chunk_that_was_settled_as_unknown_can_still_be_split(
    stores: PushStores, sending: Campaign
) -> None:
    stores.claim()
    finish(stores, UNKNOWN)
    half = split(stores)
    assert {state for state, _, _ in _rows(stores).values()} == {ChunkState.QUEUED}
    assert stores.ledger.openids(CAMPAIGN, half) == FOUR[2:]


@pytest.mark.parametrize("fault", [Fault.DONE_TWICE, Fault.LOST])
def test_a_number_of_a_half_that_was_lost_is_used_by_nobody(
    stores: PushStores, sending: Campaign, faults: Faults, fault: Fault
) -> None:
    stores.claim()
    faults.writes = [fault]
    first = split(stores)
    stores.claim("b", first)
    second = split(stores, first, "b")
    assert first < second
    openids = [openid for _, _, openids in _rows(stores).values() for openid in openids or []]
    assert sorted(openids) == [*FOUR, "o-5"]


def test_a_queued_chunk_that_is_too_large_by_now_is_cut(
    stores: PushStores, sending: Campaign
) -> None:
    half = split(stores, claim="")
    assert _rows(stores)[1] == (ChunkState.QUEUED, 2, FOUR[:2])
    assert _rows(stores)[half] == (ChunkState.QUEUED, 2, FOUR[2:])


@pytest.mark.parametrize("spoil", [_claim, _cut])
def test_a_chunk_that_is_not_queued_as_it_was_read_is_not_cut(
    stores: PushStores,
    sending: Campaign,
    tables: Tables,
    spoil: Callable[[PushStores, Tables], None],
) -> None:
    read = stores.chunk()
    spoil(stores, tables)
    rows = _rows(stores)
    assert stores.ledger.split(CAMPAIGN, read, claim="", now_s=NOW_S) is None
    assert _rows(stores) == rows


def test_a_chunk_whose_openids_have_expired_is_not_cut(
    stores: PushStores, sending: Campaign, tables: Tables
) -> None:
    stores.claim()
    key = {"pk": f"openids#{CAMPAIGN}#000001", "sk": "openids"}
    tables.state.delete_item(Key=key)
    before = tables.rows()
    assert stores.ledger.split(CAMPAIGN, stores.chunk(), claim="a", now_s=NOW_S) is None
    assert tables.rows() == before


def test_both_halves_remember_that_a_call_may_have_reached_wechat(
    stores: PushStores, sending: Campaign
) -> None:
    resend(stores, _unknown(stores, ChunkState.UNKNOWN))
    stores.claim("b")
    half = split(stores, claim="b")
    assert stores.chunk().may_have_notified
    assert stores.chunk(half).may_have_notified
    assert stores.chunk(half).earlier_calls == (), "the call is remembered once"
    stores.claim("c", half)
    quarter = split(stores, half, "c")
    assert stores.chunk(quarter).may_have_notified
    assert not stores.chunk(2).may_have_notified


def test_a_worker_that_has_read_a_chunk_before_it_was_cut_can_not_claim_it(
    stores: PushStores, sending: Campaign
) -> None:
    read: Any = stores.chunk()
    stores.claim("a")
    stores.ledger.split(CAMPAIGN, stores.chunk(), claim="a", now_s=NOW_S)
    with pytest.raises(Conflict):
        stores.claim("b", chunk=read)
    stores.claim("b")
    assert stores.chunk().openids == 2


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
    _accept(stores, _unknown(stores, ChunkState.UNKNOWN))
    for _ in range(2):
        assert finish(stores, LATE)
    assert (stores.chunk().state, stores.chunk().message_id) == (ChunkState.ACCEPTED, "m-late")


def test_a_chunk_accepted_by_hand_whose_call_did_not_leave_is_refused_and_refunded_once(
    stores: PushStores, sending: Campaign
) -> None:
    _accept(stores, _unknown(stores, ChunkState.UNKNOWN))
    assert stores.unclaim()
    assert not stores.unclaim()
    assert stores.chunk().state is ChunkState.REFUSED
    assert stores.quota.used(DAY) == 0


def test_a_chunk_that_waits_to_be_sent_again_is_accepted_by_its_first_call(
    stores: PushStores, sending: Campaign
) -> None:
    read = _unknown(stores, ChunkState.UNKNOWN)
    resend(stores, read)
    assert finish(stores, LATE)
    accepted = replace(read, state=ChunkState.ACCEPTED, message_id="m-late", reason=None)
    assert replace(stores.chunk(), queued_at=read.queued_at) == accepted


def test_a_late_message_id_stays_with_its_call_once_the_chunk_is_claimed_anew(
    stores: PushStores, sending: Campaign
) -> None:
    resend(stores, _unknown(stores, ChunkState.UNKNOWN))
    stores.claim("b")
    assert finish(stores, LATE)
    assert finish(stores, ACCEPTED, "b")
    assert stores.chunk().message_ids == {"m-1", "m-late"}
    assert stores.chunk().message_id == "m-1"


def test_an_earlier_call_that_did_not_leave_is_forgotten_and_refunded_once(
    stores: PushStores, sending: Campaign
) -> None:
    resend(stores, _unknown(stores, ChunkState.UNKNOWN))
    stores.claim("b")
    assert stores.unclaim("a")
    assert not stores.unclaim("a")
    assert (stores.chunk().earlier_calls, stores.chunk().claim) == ((), "b")
    assert stores.quota.used(DAY) == 1


def test_a_decision_keeps_what_became_known_of_earlier_calls_meanwhile(
    stores: PushStores, sending: Campaign
) -> None:
    resend(stores, _unknown(stores, ChunkState.UNKNOWN))
    stores.claim("b")
    finish(stores, UNKNOWN, "b")
    read = stores.chunk()
    finish(stores, LATE)
    assert resend(stores, read)
    assert [call.message_id for call in stores.chunk().earlier_calls] == ["m-late", None]


def test_what_was_to_be_sent_again_when_its_campaign_ended_can_be_taken_for_sent(
    stores: PushStores, sending: Campaign
) -> None:
    resend(stores, _unknown(stores, ChunkState.UNKNOWN))
    stores.campaigns.end(CAMPAIGN, CampaignState.CANCELLED, "no", LATER)
    left = stores.chunk().as_left()
    for _ in range(2):
        assert stores.ledger.accept(CAMPAIGN, left, reason="so be it", is_ended=True)
    assert stores.chunk().state is ChunkState.ACCEPTED
    assert (stores.chunk().earlier_calls, stores.chunk().claim) == ((), "a")


@pytest.mark.parametrize(("read", "stands"), [(0, 500), (500, 0), (500, 700)])
def test_nobody_claims_at_a_pace_that_was_changed(
    stores: PushStores, read: int, stands: int
) -> None:
    campaign = replace(stores.start_sending(), per_second=read)
    stores.campaigns.set_pace(CAMPAIGN, stands, NOW_S)
    claim: dict[str, Any] = {"now_s": NOW_S, "slot_ms": SLOT_MS, "quota": stores.quota, "day": DAY}

    with pytest.raises(Conflict):
        stores.ledger.claim(campaign, stores.chunk(), claim="a", **claim)

    stores.ledger.claim(stores.campaign(), stores.chunk(), claim="a", **claim)
    assert stores.chunk().claim == "a"


def test_a_campaign_of_the_version_before_has_no_pace_and_is_claimed(
    stores: PushStores, tables: Tables
) -> None:
    stores.start_sending()
    tables.state.update_item(
        Key={"pk": "campaign", "sk": CAMPAIGN}, UpdateExpression="REMOVE per_second"
    )

    stores.claim("a")

    assert stores.chunk().claim == "a"
