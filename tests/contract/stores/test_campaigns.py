"""Campaigns: one a day, planned once, moved only out of the states that are named."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from factories import CAMPAIGN, DAY, NOW_S, ROOM, a_chunk, a_new_campaign, a_result
from support.backends import Collisions, Tables
from wxlive.domain.audience import Audience
from wxlive.domain.campaigns import CAMPAIGN_KEPT_S, ENDED, HELD, Campaign, CampaignState
from wxlive.domain.chunks import OPENIDS_KEPT_S
from wxlive.errors import Conflict
from wxlive.stores.campaigns import CampaignStore
from wxlive.stores.ledger import LedgerStore
from wxlive.stores.results import ResultStore

TWO = ["o-1", "o-2"]
TOMORROW, OTHER_ROOM = "2026-11-23", 2002


def test_nothing_is_known_at_first(
    campaigns: CampaignStore, ledger: LedgerStore, results: ResultStore
) -> None:
    assert campaigns.get(CAMPAIGN) is None
    assert campaigns.newest() is None
    assert campaigns.claimed_by(DAY) is None
    assert ledger.chunk(CAMPAIGN, 1) is None
    assert list(ledger.chunks(CAMPAIGN)) == []
    assert list(results.of_room(ROOM)) == []


def test_an_opened_campaign_is_read_back_and_has_the_day(campaigns: CampaignStore) -> None:
    campaigns.open(a_new_campaign())
    assert campaigns.get(CAMPAIGN) == a_new_campaign()
    assert campaigns.claimed_by(DAY) == CAMPAIGN
    assert campaigns.claimed_by(TOMORROW) is None


def test_every_field_of_a_campaign_is_kept(campaigns: CampaignStore) -> None:
    full = a_new_campaign(
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
    campaigns.open(full)
    assert campaigns.get(CAMPAIGN) == full


def test_a_day_is_claimed_once(campaigns: CampaignStore) -> None:
    campaigns.open(a_new_campaign())
    with pytest.raises(Conflict, match=DAY):
        campaigns.open(a_new_campaign("later-8", room_id=OTHER_ROOM))
    assert campaigns.get("later-8") is None
    assert campaigns.claimed_by(DAY) == CAMPAIGN


def test_another_day_is_free(campaigns: CampaignStore) -> None:
    campaigns.open(a_new_campaign())
    campaigns.open(a_new_campaign("next-7", day=TOMORROW))
    assert campaigns.claimed_by(TOMORROW) == "next-7"


def test_a_campaign_that_holds_the_day_can_give_it_up(campaigns: CampaignStore) -> None:
    campaigns.open(a_new_campaign())
    campaigns.open(a_new_campaign("later-8"), replacing=CAMPAIGN)
    assert campaigns.claimed_by(DAY) == "later-8"
    assert campaigns.get(CAMPAIGN) == a_new_campaign()


@pytest.mark.parametrize("holder", [None, "another-9"])
def test_nobody_is_replaced_who_does_not_hold_the_day(
    campaigns: CampaignStore, tables: Tables, holder: str | None
) -> None:
    if holder is not None:
        campaigns.open(a_new_campaign(holder))
    before = tables.rows()
    with pytest.raises(Conflict):
        campaigns.open(a_new_campaign("later-8"), replacing=CAMPAIGN)
    assert tables.rows() == before


def test_a_campaign_of_the_same_name_is_not_overwritten(
    campaigns: CampaignStore, tables: Tables
) -> None:
    campaigns.open(a_new_campaign())
    before = tables.rows()
    with pytest.raises(Conflict):
        campaigns.open(a_new_campaign(day=TOMORROW))
    assert tables.rows() == before


def test_of_campaigns_opened_at_once_one_has_the_day(campaigns: CampaignStore) -> None:

    def try_to_open(campaign: str) -> bool:
        try:
            campaigns.open(a_new_campaign(campaign))
        except Conflict:
            return False
        return True

    names = [f"c-{i}" for i in range(8)]
    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(try_to_open, names))
    assert sum(opened) == 1
    assert campaigns.claimed_by(DAY) == names[opened.index(True)]


def test_the_newest_is_the_one_started_last(campaigns: CampaignStore) -> None:
    for campaign in ("20261123T1-7", "20261124T1-7", "20261122T1-7"):
        campaigns.open(a_new_campaign(campaign, day=campaign))
    newest = campaigns.newest()
    assert newest is not None
    assert newest.campaign == "20261124T1-7"


def test_the_campaign_before_is_the_one_started_last_of_the_earlier(
    campaigns: CampaignStore,
) -> None:
    earlier = [f"2026112{day}T120000-7" for day in range(3)]
    for number, campaign in enumerate(earlier):
        campaigns.open(a_new_campaign(campaign, day=f"2026-11-2{number}"))

    assert campaigns.before(earlier[2]) == a_new_campaign(earlier[1], day="2026-11-21")
    assert campaigns.before(earlier[0]) is None


def test_a_move_writes_state_reason_and_times(campaigns: CampaignStore) -> None:
    campaigns.open(a_new_campaign())
    moved = campaigns.move(
        CAMPAIGN,
        CampaignState.PAUSED,
        out_of=[CampaignState.SENDING, CampaignState.PLANNED],
        reason="quota",
        held_since=NOW_S,
        resume_at=NOW_S + 60,
    )
    assert moved
    assert campaigns.get(CAMPAIGN) == a_new_campaign(
        state=CampaignState.PAUSED, reason="quota", held_since=NOW_S, resume_at=NOW_S + 60
    )


def test_a_move_onward_forgets_why_it_was_held(campaigns: CampaignStore) -> None:
    held = a_new_campaign(state=CampaignState.PAUSED, reason="quota", held_since=1, resume_at=2)
    campaigns.open(held)
    assert campaigns.move(CAMPAIGN, CampaignState.SENDING, out_of=HELD)
    assert campaigns.get(CAMPAIGN) == a_new_campaign(state=CampaignState.SENDING)


def test_a_move_out_of_another_state_changes_nothing(campaigns: CampaignStore) -> None:
    campaigns.open(a_new_campaign(state=CampaignState.CANCELLED))
    assert not campaigns.move(CAMPAIGN, CampaignState.SENDING, out_of=HELD, reason="no")
    assert campaigns.get(CAMPAIGN) == a_new_campaign(state=CampaignState.CANCELLED)


def test_a_campaign_that_does_not_exist_is_not_moved_into_being(campaigns: CampaignStore) -> None:
    assert not campaigns.move(CAMPAIGN, CampaignState.SENDING, out_of=list(CampaignState))
    assert campaigns.get(CAMPAIGN) is None


def test_a_chunk_is_planned_with_its_openids_its_row_and_the_cursors(
    campaigns: CampaignStore, ledger: LedgerStore
) -> None:
    campaigns.open(a_new_campaign())
    one = campaigns.add_chunk(a_new_campaign(), TWO, NOW_S + 5, cursors={"1": "o-2"})
    assert one == a_new_campaign(chunks=1, audience=2, cursors={"1": "o-2"}, planned_at=NOW_S + 5)
    assert campaigns.get(CAMPAIGN) == one
    assert ledger.chunk(CAMPAIGN, 1) == a_chunk(1, openids=2)
    assert ledger.openids(CAMPAIGN, 1) == TWO
    two = campaigns.add_chunk(one, ["o-3"], NOW_S + 6, cursors={"1": "o-2", "3": "o-3"})
    assert (two.chunks, two.audience, two.cursors) == (2, 3, {"1": "o-2", "3": "o-3"})
    assert ledger.openids(CAMPAIGN, 2) == ["o-3"]


def test_a_full_chunk_of_long_openids_fits(campaigns: CampaignStore, ledger: LedgerStore) -> None:
    campaigns.open(a_new_campaign())
    openids = [f"o{i:027}" for i in range(2000)]
    campaigns.add_chunk(a_new_campaign(), openids, NOW_S)
    assert ledger.openids(CAMPAIGN, 1) == openids


def test_of_two_planners_the_second_plans_nothing(campaigns: CampaignStore, tables: Tables) -> None:
    campaigns.open(a_new_campaign())
    campaigns.add_chunk(a_new_campaign(), TWO, NOW_S)
    before = tables.rows()
    with pytest.raises(Conflict, match=CAMPAIGN):
        campaigns.add_chunk(a_new_campaign(), ["o-8", "o-9"], NOW_S)
    assert tables.rows() == before


def test_of_planners_at_once_one_plans_each_chunk(
    campaigns: CampaignStore, ledger: LedgerStore
) -> None:
    campaigns.open(a_new_campaign())

    def try_to_plan(openid: str) -> bool:
        try:
            campaigns.add_chunk(a_new_campaign(), [openid], NOW_S)
        except Conflict:
            return False
        return True

    openids = [f"o-{i}" for i in range(8)]
    with ThreadPoolExecutor(8) as pool:
        planned = list(pool.map(try_to_plan, openids))
    assert sum(planned) == 1
    assert ledger.openids(CAMPAIGN, 1) == [openids[planned.index(True)]]


@pytest.mark.parametrize("state", sorted(ENDED))
def test_an_ended_campaign_is_planned_no_further(
    campaigns: CampaignStore, tables: Tables, state: CampaignState
) -> None:
    campaigns.open(a_new_campaign(state=state))
    before = tables.rows()
    with pytest.raises(Conflict):
        campaigns.add_chunk(a_new_campaign(), TWO, NOW_S)
    with pytest.raises(Conflict):
        campaigns.finish_plan(a_new_campaign(), NOW_S)
    assert tables.rows() == before


@pytest.mark.parametrize("state", [CampaignState.PLANNED, CampaignState.SENDING, *sorted(HELD)])
def test_a_campaign_that_has_not_ended_is_planned_further(
    campaigns: CampaignStore, state: CampaignState
) -> None:
    campaigns.open(a_new_campaign(state=state))
    assert campaigns.add_chunk(a_new_campaign(state=state), TWO, NOW_S).state is state


def test_a_finished_plan_says_so(campaigns: CampaignStore) -> None:
    campaigns.open(a_new_campaign())
    planned = campaigns.finish_plan(campaigns.add_chunk(a_new_campaign(), TWO, NOW_S), NOW_S + 1)
    assert planned.fully_planned
    assert campaigns.get(CAMPAIGN) == planned


def test_a_planner_that_was_overtaken_does_not_finish_the_plan(campaigns: CampaignStore) -> None:
    campaigns.open(a_new_campaign())
    planned = campaigns.add_chunk(a_new_campaign(), TWO, NOW_S)
    with pytest.raises(Conflict):
        campaigns.finish_plan(a_new_campaign(), NOW_S)
    assert campaigns.get(CAMPAIGN) == planned


def test_planning_does_not_undo_a_pause(campaigns: CampaignStore) -> None:
    campaigns.open(a_new_campaign(state=CampaignState.SENDING))
    campaigns.move(
        CAMPAIGN, CampaignState.PAUSED, out_of=[CampaignState.SENDING], reason="operator"
    )
    campaigns.add_chunk(a_new_campaign(state=CampaignState.SENDING), TWO, NOW_S)
    planned = campaigns.get(CAMPAIGN)
    assert planned is not None
    assert (planned.state, planned.reason, planned.chunks) == (CampaignState.PAUSED, "operator", 1)


def test_what_may_be_forgotten_expires(
    results: ResultStore, sending: Campaign, tables: Tables
) -> None:
    results.add(a_result(), NOW_S)
    expiry = {(row["pk"], row["sk"]): row["expires_at"] - NOW_S for row in tables.rows()}
    assert expiry == {
        ("day", DAY): CAMPAIGN_KEPT_S,
        ("campaign", CAMPAIGN): CAMPAIGN_KEPT_S,
        (f"campaign#{CAMPAIGN}", "chunk#000001"): CAMPAIGN_KEPT_S,
        (f"campaign#{CAMPAIGN}", "chunk#000002"): CAMPAIGN_KEPT_S,
        (f"campaign#{CAMPAIGN}", "openids#000001"): OPENIDS_KEPT_S,
        (f"campaign#{CAMPAIGN}", "openids#000002"): OPENIDS_KEPT_S,
        (f"results#{ROOM}", "m-1"): CAMPAIGN_KEPT_S,
    }


def test_a_pause_is_not_lost_because_a_claim_was_under_way(
    campaigns: CampaignStore, sending: Campaign, collisions: Collisions
) -> None:
    collisions.left = 2
    assert campaigns.move(CAMPAIGN, CampaignState.PAUSED, out_of=[CampaignState.SENDING])
    paused = campaigns.get(CAMPAIGN)
    assert paused is not None
    assert paused.state is CampaignState.PAUSED
