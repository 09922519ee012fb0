"""The ledger: a chunk is claimed once, and a claim can be undone."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from factories import CAMPAIGN, DAY, NOW_S, ROOM, a_chunk
from support.backends import Tables
from support.push_ledger import (
    ACCEPTED,
    FOUR,
    HOLD,
    OTHER_ROOM,
    REFUSED,
    TOMORROW,
    TOO_MANY,
    UNKNOWN,
    call_it,
    claim_it,
    cut_it,
    finish,
    supersede,
)
from support.push_stores import CALLS, LATER, SLOT_MS, PushStores
from support.table_faults import Fault, Faults
from wxlive.domain.campaigns import UNENDED, Campaign, CampaignState
from wxlive.domain.chunks import ChunkState, RefusedCall
from wxlive.domain.outcomes import Outcome
from wxlive.domain.rooms import Choice
from wxlive.errors import Conflict, StoreBusy

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
    "spoil",
    [_pause, claim_it, cut_it, call_it, _use_up, _take_the_day, _choose_another, _supersede],
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
