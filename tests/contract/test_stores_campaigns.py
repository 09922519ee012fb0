"""Campaigns: one a day, planned once, each chunk claimed once, results kept once."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from wxlive.campaigns import (
    CAMPAIGN_KEPT_S,
    ENDED,
    HELD,
    OPENIDS_KEPT_S,
    Campaign,
    CampaignState,
    Chunk,
    ChunkState,
)
from wxlive.errors import Conflict
from wxlive.events import PushResult
from wxlive.followers import Audience
from wxlive.stores.campaigns import CampaignStore
from wxlive.stores.pace import QuotaStore

if TYPE_CHECKING:
    from tests.contract.conftest import Collisions, Tables

NOW = 1_790_000_000
DAY = "2026-09-22"
ID = "20260922T120000-7"
TWO = ["o-1", "o-2"]


def a_campaign(campaign: str = ID, **changes: Any) -> Campaign:
    planned = Campaign(
        campaign=campaign, room_id=7, day=DAY, state=CampaignState.PLANNED, created_at=NOW
    )
    return replace(planned, **changes)


def a_result(message_id: str = "m-1", **changes: Any) -> PushResult:
    told = PushResult(
        message_id=message_id,
        room_id=7,
        time_s=NOW,
        total=10,
        success=4,
        openid_error=3,
        relation_error=1,
        user_recv_limit=1,
        internal_error=1,
    )
    return replace(told, **changes)


@pytest.fixture
def store(tables: "Tables") -> CampaignStore:
    return CampaignStore(tables.state)


@pytest.fixture
def quota(tables: "Tables") -> QuotaStore:
    return QuotaStore(tables.state, "push", 3)


@pytest.fixture
def sending(store: CampaignStore) -> Campaign:
    """A campaign under way with two chunks, of two and of one openid."""
    campaign = a_campaign()
    store.open(campaign)
    planned = store.add_chunk(store.add_chunk(campaign, TWO, NOW), ["o-3"], NOW)
    store.move(ID, CampaignState.SENDING, out_of=[CampaignState.PLANNED])
    return replace(planned, state=CampaignState.SENDING)


def rows(tables: "Tables") -> list[Any]:
    """Everything that stands in the State table."""
    return sorted(tables.state.scan()["Items"], key=lambda item: (item["pk"], item["sk"]))


def the_chunk(store: CampaignStore, number: int = 1) -> Chunk:
    chunk = store.chunk(ID, number)
    assert chunk is not None
    return chunk


def claim(store: CampaignStore, quota: QuotaStore, name: str = "a", number: int = 1) -> None:
    """Claim as a worker does that believes the chunk to be queued."""
    believed = Chunk(number=number, state=ChunkState.QUEUED, openids=2)
    store.claim(ID, believed, claim=name, now_s=NOW, quota=quota.taking(DAY, NOW))


# ---------------------------------------------------------------- campaigns


def test_nothing_is_known_at_first(store: CampaignStore) -> None:
    assert store.get(ID) is None
    assert store.newest() is None
    assert store.claimed_by(DAY) is None
    assert store.chunk(ID, 1) is None
    assert list(store.chunks(ID)) == []
    assert list(store.results(7)) == []


def test_an_opened_campaign_is_read_back_and_has_the_day(store: CampaignStore) -> None:
    store.open(a_campaign())
    assert store.get(ID) == a_campaign()
    assert store.claimed_by(DAY) == ID
    assert store.claimed_by("2026-09-23") is None


def test_every_field_of_a_campaign_is_kept(store: CampaignStore) -> None:
    full = a_campaign(
        reason="why",
        audience=9,
        chunks=2,
        target=Audience((1, 7), 5, 6),
        cursors={"0": "o-9", "2": "o-3"},
        fully_planned=True,
        planned_at=1,
        held_since=2,
        resume_at=3,
    )
    store.open(full)
    assert store.get(ID) == full


def test_a_day_is_claimed_once(store: CampaignStore) -> None:
    store.open(a_campaign())
    with pytest.raises(Conflict, match=DAY):
        store.open(a_campaign("later-8", room_id=8))
    assert store.get("later-8") is None
    assert store.claimed_by(DAY) == ID


def test_another_day_is_free(store: CampaignStore) -> None:
    store.open(a_campaign())
    store.open(a_campaign("next-7", day="2026-09-23"))
    assert store.claimed_by("2026-09-23") == "next-7"


def test_a_campaign_that_holds_the_day_can_give_it_up(store: CampaignStore) -> None:
    store.open(a_campaign())
    store.open(a_campaign("later-8"), replacing=ID)
    assert store.claimed_by(DAY) == "later-8"
    assert store.get(ID) == a_campaign()


@pytest.mark.parametrize("holder", [None, "another-9"])
def test_nobody_is_replaced_who_does_not_hold_the_day(
    store: CampaignStore, tables: "Tables", holder: str | None
) -> None:
    if holder is not None:
        store.open(a_campaign(holder))
    before = rows(tables)
    with pytest.raises(Conflict):
        store.open(a_campaign("later-8"), replacing=ID)
    assert rows(tables) == before


def test_a_campaign_of_the_same_name_is_not_overwritten(
    store: CampaignStore, tables: "Tables"
) -> None:
    store.open(a_campaign())
    before = rows(tables)
    with pytest.raises(Conflict):
        store.open(a_campaign(day="2026-09-23"))
    assert rows(tables) == before


def test_of_campaigns_opened_at_once_one_has_the_day(store: CampaignStore) -> None:

    def try_to_open(campaign: str) -> bool:
        try:
            store.open(a_campaign(campaign))
        except Conflict:
            return False
        return True

    names = [f"c-{i}" for i in range(8)]
    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(try_to_open, names))
    assert sum(opened) == 1
    assert store.claimed_by(DAY) == names[opened.index(True)]


def test_the_newest_is_the_one_started_last(store: CampaignStore) -> None:
    for campaign in ("20260923T1-7", "20260924T1-7", "20260922T1-7"):
        store.open(a_campaign(campaign, day=campaign))
    newest = store.newest()
    assert newest is not None
    assert newest.campaign == "20260924T1-7"


def test_the_campaign_before_is_the_one_started_last_of_the_earlier(store: CampaignStore) -> None:
    earlier = [f"2026092{day}T120000-7" for day in range(3)]
    for number, campaign in enumerate(earlier):
        store.open(a_campaign(campaign, day=f"2026-09-2{number}"))

    assert store.before(earlier[2]) == a_campaign(earlier[1], day="2026-09-21")
    assert store.before(earlier[0]) is None


def test_a_move_writes_state_reason_and_times(store: CampaignStore) -> None:
    store.open(a_campaign())
    moved = store.move(
        ID,
        CampaignState.PAUSED,
        out_of=[CampaignState.SENDING, CampaignState.PLANNED],
        reason="quota",
        held_since=NOW,
        resume_at=NOW + 60,
    )
    assert moved
    assert store.get(ID) == a_campaign(
        state=CampaignState.PAUSED, reason="quota", held_since=NOW, resume_at=NOW + 60
    )


def test_a_move_onward_forgets_why_it_was_held(store: CampaignStore) -> None:
    held = a_campaign(state=CampaignState.PAUSED, reason="quota", held_since=1, resume_at=2)
    store.open(held)
    assert store.move(ID, CampaignState.SENDING, out_of=HELD)
    assert store.get(ID) == a_campaign(state=CampaignState.SENDING)


def test_a_move_out_of_another_state_changes_nothing(store: CampaignStore) -> None:
    store.open(a_campaign(state=CampaignState.CANCELLED))
    assert not store.move(ID, CampaignState.SENDING, out_of=HELD, reason="no")
    assert store.get(ID) == a_campaign(state=CampaignState.CANCELLED)


def test_a_campaign_that_does_not_exist_is_not_moved_into_being(store: CampaignStore) -> None:
    assert not store.move(ID, CampaignState.SENDING, out_of=list(CampaignState))
    assert store.get(ID) is None


# ---------------------------------------------------------------- planning


def test_a_chunk_is_planned_with_its_openids_its_row_and_the_cursors(store: CampaignStore) -> None:
    store.open(a_campaign())
    one = store.add_chunk(a_campaign(), TWO, NOW + 5, cursors={"1": "o-2"})
    assert one == a_campaign(chunks=1, audience=2, cursors={"1": "o-2"}, planned_at=NOW + 5)
    assert store.get(ID) == one
    assert the_chunk(store) == Chunk(number=1, state=ChunkState.QUEUED, openids=2)
    assert store.openids(ID, 1) == TWO
    two = store.add_chunk(one, ["o-3"], NOW + 6, cursors={"1": "o-2", "3": "o-3"})
    assert (two.chunks, two.audience, two.cursors) == (2, 3, {"1": "o-2", "3": "o-3"})
    assert store.openids(ID, 2) == ["o-3"]


def test_a_full_chunk_of_long_openids_fits(store: CampaignStore) -> None:
    store.open(a_campaign())
    openids = [f"o{i:027}" for i in range(2000)]
    store.add_chunk(a_campaign(), openids, NOW)
    assert store.openids(ID, 1) == openids


def test_of_two_planners_the_second_plans_nothing(store: CampaignStore, tables: "Tables") -> None:
    store.open(a_campaign())
    store.add_chunk(a_campaign(), TWO, NOW)
    before = rows(tables)
    with pytest.raises(Conflict, match=ID):
        store.add_chunk(a_campaign(), ["o-8", "o-9"], NOW)
    assert rows(tables) == before


def test_of_planners_at_once_one_plans_each_chunk(store: CampaignStore) -> None:
    store.open(a_campaign())

    def try_to_plan(openid: str) -> bool:
        try:
            store.add_chunk(a_campaign(), [openid], NOW)
        except Conflict:
            return False
        return True

    openids = [f"o-{i}" for i in range(8)]
    with ThreadPoolExecutor(8) as pool:
        planned = list(pool.map(try_to_plan, openids))
    assert sum(planned) == 1
    assert store.openids(ID, 1) == [openids[planned.index(True)]]


@pytest.mark.parametrize("state", sorted(ENDED))
def test_an_ended_campaign_is_planned_no_further(
    store: CampaignStore, tables: "Tables", state: CampaignState
) -> None:
    store.open(a_campaign(state=state))
    before = rows(tables)
    with pytest.raises(Conflict):
        store.add_chunk(a_campaign(), TWO, NOW)
    with pytest.raises(Conflict):
        store.finish_plan(a_campaign(), NOW)
    assert rows(tables) == before


@pytest.mark.parametrize("state", [CampaignState.PLANNED, CampaignState.SENDING, *sorted(HELD)])
def test_a_campaign_that_has_not_ended_is_planned_on(
    store: CampaignStore, state: CampaignState
) -> None:
    store.open(a_campaign(state=state))
    assert store.add_chunk(a_campaign(state=state), TWO, NOW).state is state


def test_a_finished_plan_says_so(store: CampaignStore) -> None:
    store.open(a_campaign())
    planned = store.finish_plan(store.add_chunk(a_campaign(), TWO, NOW), NOW + 1)
    assert planned.fully_planned
    assert store.get(ID) == planned


def test_a_planner_that_was_overtaken_does_not_finish_the_plan(store: CampaignStore) -> None:
    store.open(a_campaign())
    planned = store.add_chunk(a_campaign(), TWO, NOW)
    with pytest.raises(Conflict):
        store.finish_plan(a_campaign(), NOW)
    assert store.get(ID) == planned


def test_planning_does_not_undo_a_pause(store: CampaignStore) -> None:
    store.open(a_campaign(state=CampaignState.SENDING))
    store.move(ID, CampaignState.PAUSED, out_of=[CampaignState.SENDING], reason="operator")
    store.add_chunk(a_campaign(state=CampaignState.SENDING), TWO, NOW)
    kept = store.get(ID)
    assert kept is not None
    assert (kept.state, kept.reason, kept.chunks) == (CampaignState.PAUSED, "operator", 1)


def test_what_may_be_forgotten_expires(
    store: CampaignStore, sending: Campaign, tables: "Tables"
) -> None:
    store.add_result(a_result(), NOW)
    expiry = {(row["pk"], row["sk"]): row["expires_at"] - NOW for row in rows(tables)}
    assert expiry == {
        ("day", DAY): CAMPAIGN_KEPT_S,
        ("campaign", ID): CAMPAIGN_KEPT_S,
        (f"campaign#{ID}", "chunk#000001"): CAMPAIGN_KEPT_S,
        (f"campaign#{ID}", "chunk#000002"): CAMPAIGN_KEPT_S,
        (f"campaign#{ID}", "openids#000001"): OPENIDS_KEPT_S,
        (f"campaign#{ID}", "openids#000002"): OPENIDS_KEPT_S,
        ("results#7", "m-1"): CAMPAIGN_KEPT_S,
    }


def test_openids_that_have_expired_are_a_conflict(store: CampaignStore) -> None:
    with pytest.raises(Conflict, match="chunk 4"):
        store.openids(ID, 4)


def test_the_ledger_is_walked_in_order_page_by_page(
    store: CampaignStore, in_pages: Callable[[str, int], None]
) -> None:
    campaign = a_campaign()
    store.open(campaign)
    for i in range(12):
        campaign = store.add_chunk(campaign, [f"o-{i}"], NOW)
    in_pages("Query", 5)
    assert [chunk.number for chunk in store.chunks(ID)] == list(range(1, 13))


# ---------------------------------------------------------------- claims


def test_a_claim_marks_the_chunk_and_counts_the_call(
    store: CampaignStore, quota: QuotaStore, sending: Campaign
) -> None:
    claim(store, quota)
    assert the_chunk(store) == Chunk(
        number=1,
        state=ChunkState.SENDING,
        openids=2,
        claim="a",
        claimed_at=NOW,
        attempts=1,
    )
    assert the_chunk(store, 2).state is ChunkState.QUEUED
    assert quota.used(DAY) == 1


def test_of_two_claims_of_one_chunk_one_wins_and_one_call_is_counted(
    store: CampaignStore, quota: QuotaStore, sending: Campaign
) -> None:
    claim(store, quota, "a")
    with pytest.raises(Conflict, match="chunk 1"):
        claim(store, quota, "b")
    assert (the_chunk(store).claim, the_chunk(store).attempts) == ("a", 1)
    assert quota.used(DAY) == 1


def test_of_claims_at_once_exactly_one_wins(
    store: CampaignStore, quota: QuotaStore, sending: Campaign
) -> None:

    def try_to_claim(name: str) -> bool:
        try:
            claim(store, quota, name)
        except Conflict:
            return False
        return True

    names = [f"w-{i}" for i in range(8)]
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(try_to_claim, names))
    assert sum(won) == 1
    assert the_chunk(store).claim == names[won.index(True)]
    assert quota.used(DAY) == 1


@pytest.mark.parametrize("state", [s for s in CampaignState if s is not CampaignState.SENDING])
def test_no_chunk_is_claimed_unless_its_campaign_is_sending(
    store: CampaignStore,
    quota: QuotaStore,
    sending: Campaign,
    tables: "Tables",
    state: CampaignState,
) -> None:
    store.move(ID, state, out_of=[CampaignState.SENDING])
    before = rows(tables)
    with pytest.raises(Conflict):
        claim(store, quota)
    assert rows(tables) == before


def test_no_chunk_is_claimed_when_the_quota_is_used_up(
    store: CampaignStore, quota: QuotaStore, sending: Campaign, tables: "Tables"
) -> None:
    quota.seed(DAY, 3, NOW)
    before = rows(tables)
    with pytest.raises(Conflict):
        claim(store, quota)
    assert rows(tables) == before


@pytest.mark.parametrize("state", [s for s in ChunkState if s is not ChunkState.QUEUED])
def test_no_chunk_is_claimed_that_is_not_queued(
    store: CampaignStore, quota: QuotaStore, sending: Campaign, tables: "Tables", state: ChunkState
) -> None:
    claim(store, quota)
    if state is not ChunkState.SENDING:
        store.finish(ID, 1, state, claim="a")
    before = rows(tables)
    with pytest.raises(Conflict):
        claim(store, quota, "b")
    assert rows(tables) == before


def test_a_chunk_that_does_not_exist_is_not_claimed_into_being(
    store: CampaignStore, quota: QuotaStore, sending: Campaign, tables: "Tables"
) -> None:
    before = rows(tables)
    with pytest.raises(Conflict):
        claim(store, quota, number=9)
    assert rows(tables) == before


def test_a_chunk_that_was_surely_not_sent_is_claimed_again(
    store: CampaignStore, quota: QuotaStore, sending: Campaign
) -> None:
    claim(store, quota, "a")
    assert store.finish(ID, 1, ChunkState.QUEUED, claim="a")
    claim(store, quota, "b")
    assert (the_chunk(store).claim, the_chunk(store).attempts) == ("b", 2)
    assert quota.used(DAY) == 2


@pytest.mark.parametrize(
    ("to", "facts"),
    [
        (ChunkState.ACCEPTED, {"message_id": "1622047360795164672"}),
        (ChunkState.REFUSED, {"errcode": 9410005, "rid": "r-1", "reason": "taken"}),
        (ChunkState.UNKNOWN, {"reason": "cut"}),
    ],
)
def test_what_became_of_a_claimed_chunk_is_written_down(
    store: CampaignStore,
    quota: QuotaStore,
    sending: Campaign,
    to: ChunkState,
    facts: dict[str, Any],
) -> None:
    claim(store, quota)
    claimed = the_chunk(store)
    assert store.finish(ID, 1, to, claim="a", **facts)
    assert the_chunk(store) == replace(claimed, state=to, **facts)


def test_nobody_writes_for_a_claim_that_is_not_theirs(
    store: CampaignStore, quota: QuotaStore, sending: Campaign
) -> None:
    claim(store, quota, "a")
    claimed = the_chunk(store)
    assert not store.finish(ID, 1, ChunkState.ACCEPTED, claim="b", message_id="m")
    assert the_chunk(store) == claimed


def test_a_fate_is_written_once(store: CampaignStore, quota: QuotaStore, sending: Campaign) -> None:
    claim(store, quota, "a")
    store.finish(ID, 1, ChunkState.UNKNOWN, claim="a", reason="abandoned")
    assert not store.finish(ID, 1, ChunkState.ACCEPTED, claim="a", message_id="m")
    assert the_chunk(store).state is ChunkState.UNKNOWN


def test_a_chunk_that_was_never_claimed_has_no_fate(
    store: CampaignStore, sending: Campaign
) -> None:
    assert not store.finish(ID, 1, ChunkState.ACCEPTED, claim="")
    assert not store.finish(ID, 9, ChunkState.ACCEPTED, claim="")
    assert the_chunk(store).state is ChunkState.QUEUED
    assert store.chunk(ID, 9) is None


# ---------------------------------------------------------------- collisions


@pytest.mark.parametrize("times", [1, 4])
def test_a_claim_that_collides_with_another_transaction_is_tried_again(
    store: CampaignStore,
    quota: QuotaStore,
    sending: Campaign,
    collisions: "Collisions",
    times: int,
) -> None:
    collisions.left = times
    claim(store, quota)
    assert the_chunk(store).claim == "a"
    assert quota.used(DAY) == 1
    assert collisions.pauses_s == sorted(collisions.pauses_s)
    assert len(collisions.pauses_s) == times


def test_a_claim_that_collides_every_time_is_a_conflict(
    store: CampaignStore, quota: QuotaStore, sending: Campaign, collisions: "Collisions"
) -> None:
    collisions.left = 99
    with pytest.raises(Conflict):
        claim(store, quota)
    assert sum(collisions.pauses_s) < 1
    collisions.left = 0
    assert the_chunk(store).state is ChunkState.QUEUED


def test_a_claim_that_is_refused_for_good_is_not_tried_again(
    store: CampaignStore, quota: QuotaStore, sending: Campaign, collisions: "Collisions"
) -> None:
    claim(store, quota, "a")
    with pytest.raises(Conflict):
        claim(store, quota, "b")
    assert collisions.pauses_s == []


def test_a_fate_is_not_lost_because_a_claim_of_the_same_chunk_was_under_way(
    store: CampaignStore, quota: QuotaStore, sending: Campaign, collisions: "Collisions"
) -> None:
    claim(store, quota)
    collisions.left = 2
    assert store.finish(ID, 1, ChunkState.ACCEPTED, claim="a", message_id="m-1")
    assert the_chunk(store).message_id == "m-1"


def test_a_pause_is_not_lost_because_a_claim_was_under_way(
    store: CampaignStore, sending: Campaign, collisions: "Collisions"
) -> None:
    collisions.left = 2
    assert store.move(ID, CampaignState.PAUSED, out_of=[CampaignState.SENDING])
    paused = store.get(ID)
    assert paused is not None
    assert paused.state is CampaignState.PAUSED


# ---------------------------------------------------------------- results


def test_a_result_is_stored_by_its_message_id(store: CampaignStore) -> None:
    assert store.add_result(a_result(), NOW) == a_result()
    assert list(store.results(7)) == [a_result()]
    assert list(store.results(8)) == []


def test_a_repeated_result_changes_nothing(store: CampaignStore, tables: "Tables") -> None:
    store.add_result(a_result(), NOW)
    before = rows(tables)
    assert store.add_result(a_result(), NOW + 60) == a_result()
    assert rows(tables) == before


def test_of_two_results_for_one_message_the_first_is_kept_and_returned(
    store: CampaignStore,
) -> None:
    first, second = a_result(), a_result(total=11, success=5)
    store.add_result(first, NOW)
    assert store.add_result(second, NOW) == first
    assert list(store.results(7)) == [first]


def test_results_are_walked_page_by_page(
    store: CampaignStore, in_pages: Callable[[str, int], None]
) -> None:
    wanted = [a_result(f"m-{i}") for i in range(9)]
    for result in wanted:
        store.add_result(result, NOW)
    in_pages("Query", 4)
    assert list(store.results(7)) == wanted


def test_a_result_that_dynamodb_refuses_is_not_taken_for_stored(tables: "Tables") -> None:
    with pytest.raises(ClientError, match="ValidationException"):
        CampaignStore(tables.followers).add_result(a_result(), NOW)


# ---------------------------------------------------------------- by hand, in halves


@pytest.mark.parametrize("state", [ChunkState.UNKNOWN, ChunkState.SENDING])
def test_an_unknown_chunk_is_decided_by_hand_once(
    store: CampaignStore, quota: QuotaStore, sending: Campaign, state: ChunkState
) -> None:
    claim(store, quota)
    if state is ChunkState.UNKNOWN:
        store.finish(ID, 1, state, claim="a")
    believed = the_chunk(store)
    assert store.decide(ID, believed, ChunkState.QUEUED, reason="again")
    assert (the_chunk(store).state, the_chunk(store).reason) == (ChunkState.QUEUED, "again")
    assert not store.decide(ID, believed, ChunkState.ACCEPTED, reason="late")
    assert the_chunk(store).state is ChunkState.QUEUED


def test_a_chunk_that_was_claimed_anew_is_not_decided(
    store: CampaignStore, quota: QuotaStore, sending: Campaign
) -> None:
    claim(store, quota)
    believed = the_chunk(store)
    store.finish(ID, 1, ChunkState.QUEUED, claim="a")
    claim(store, quota, "b")
    assert not store.decide(ID, believed, ChunkState.QUEUED, reason="again")
    assert (the_chunk(store).state, the_chunk(store).claim) == (ChunkState.SENDING, "b")


def test_a_claimed_chunk_is_split_in_two_queued_halves(
    store: CampaignStore, quota: QuotaStore, sending: Campaign
) -> None:
    claim(store, quota)
    half = store.split(ID, the_chunk(store), claim="a", now_s=NOW)
    ledger = {row.number: (row.state, row.openids) for row in store.chunks(ID)}
    one = (ChunkState.QUEUED, 1)
    assert ledger == {1: one, 2: one, half: one}
    assert store.openids(ID, 1) + store.openids(ID, half) == TWO


def test_a_chunk_whose_claim_was_lost_is_not_split(
    store: CampaignStore, quota: QuotaStore, sending: Campaign
) -> None:
    claim(store, quota)
    with pytest.raises(Conflict):
        store.split(ID, the_chunk(store), claim="b", now_s=NOW)
    assert store.openids(ID, 1) == TWO
    assert len(list(store.chunks(ID))) == 2


def test_halves_of_halves_have_numbers_of_their_own(
    store: CampaignStore, quota: QuotaStore
) -> None:
    campaign = a_campaign()
    store.open(campaign)
    store.add_chunk(campaign, ["a", "b", "c", "d"], NOW)
    store.move(ID, CampaignState.SENDING, out_of=[CampaignState.PLANNED])
    claim(store, quota, "a", 1)
    first = store.split(ID, the_chunk(store), claim="a", now_s=NOW)
    claim(store, quota, "b", first)
    second = store.split(ID, the_chunk(store, first), claim="b", now_s=NOW)
    assert first != second
    assert [store.openids(ID, number) for number in (1, first, second)] == [
        ["a", "b"],
        ["c"],
        ["d"],
    ]


@pytest.mark.parametrize("early", [True, False], ids=["result first", "acceptance first"])
def test_the_report_joins_acceptance_and_result_whichever_comes_first(
    store: CampaignStore, quota: QuotaStore, sending: Campaign, *, early: bool
) -> None:
    def accept() -> None:
        claim(store, quota)
        store.finish(ID, 1, ChunkState.ACCEPTED, claim="a", message_id="m-1")

    steps: Sequence[Callable[[], object]] = (accept, lambda: store.add_result(a_result(), NOW))
    for step in reversed(steps) if early else steps:
        step()
    told = store.report(sending, NOW)
    assert told.results["reported_chunks"] == 1
    assert told.results["success"] == 4
    assert told.orphans == ()
    assert told.openids[ChunkState.ACCEPTED] == 2
    assert told.openids[ChunkState.QUEUED] == 1
