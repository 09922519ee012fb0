"""The plan of a campaign: each chunk is stored with the cursors after it, by one planner."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from factories import CAMPAIGN, NOW_S, a_chunk
from support.backends import Tables
from support.push_stores import LATER, PushStores
from wxlive.domain.campaigns import (
    ENDED,
    UNENDED,
    Campaign,
    CampaignState,
    Hold,
    HoldKind,
)
from wxlive.errors import Conflict

TWO = ["o-1", "o-2"]
PAUSE = Hold(HoldKind.OPERATOR, "h-2", "paused", NOW_S + 1)


def test_a_chunk_is_planned_with_its_openids_its_row_and_the_cursors(stores: PushStores) -> None:
    opened, campaigns = stores.open(), stores.campaigns
    one = campaigns.add_chunk(opened, TWO, NOW_S + 5, plan_id="p-1", cursors={"1": "o-2"})
    assert one == replace(
        opened, chunks=1, audience=2, cursors={"1": "o-2"}, planned_at=NOW_S + 5, plan_id="p-1"
    )
    assert stores.campaign() == one
    assert stores.chunk() == a_chunk(1, openids=2, queued_at=NOW_S + 5)
    assert stores.ledger.openids(CAMPAIGN, 1) == TWO
    cursors = {"1": "o-2", "3": "o-3"}
    two = campaigns.add_chunk(one, ["o-3"], NOW_S + 6, plan_id="p-2", cursors=cursors)
    assert (two.chunks, two.audience, two.cursors) == (2, 3, cursors)
    assert stores.ledger.openids(CAMPAIGN, 2) == ["o-3"]


def test_a_full_chunk_of_long_openids_fits(stores: PushStores) -> None:
    openids = [f"o{i:027}" for i in range(2000)]
    stores.campaigns.add_chunk(stores.open(), openids, NOW_S, plan_id="p-1", cursors={})
    assert stores.ledger.openids(CAMPAIGN, 1) == openids


def test_how_far_the_table_was_read_is_stored_without_a_chunk(stores: PushStores) -> None:
    opened = stores.open()
    moved = stores.campaigns.move_cursors(opened, LATER, plan_id="p-1", cursors={"0": "o-9"})
    assert moved == replace(opened, cursors={"0": "o-9"}, planned_at=LATER, plan_id="p-1")
    assert stores.campaign() == moved


def test_a_finished_plan_says_so(stores: PushStores) -> None:
    planned = stores.campaigns.finish_plan(stores.open(), LATER, plan_id="p-1")
    assert planned.fully_planned
    assert stores.campaign() == planned


def _steps(stores: PushStores, campaign: Campaign, plan_id: str) -> list[Any]:
    """Return every step that a planner may take from where it has read the campaign."""
    campaigns = stores.campaigns
    return [
        lambda: campaigns.add_chunk(campaign, ["o-8"], NOW_S, plan_id=plan_id, cursors={}),
        lambda: campaigns.move_cursors(campaign, NOW_S, plan_id=plan_id, cursors={"0": "o-8"}),
        lambda: campaigns.finish_plan(campaign, NOW_S, plan_id=plan_id),
    ]


@pytest.mark.parametrize("second", range(3), ids=["chunk", "cursors", "end"])
@pytest.mark.parametrize("first", range(3), ids=["chunk", "cursors", "end"])
def test_of_two_planners_the_second_plans_nothing(
    stores: PushStores, tables: Tables, first: int, second: int
) -> None:
    opened = stores.open()
    _steps(stores, opened, "p-1")[first]()
    before = tables.rows()
    with pytest.raises(Conflict, match=CAMPAIGN):
        _steps(stores, opened, "p-2")[second]()
    assert tables.rows() == before


def test_of_planners_at_once_one_plans_each_chunk(stores: PushStores) -> None:
    opened = stores.open()

    def try_to_plan(openid: str) -> bool:
        try:
            stores.campaigns.add_chunk(opened, [openid], NOW_S, plan_id=openid, cursors={})
        except Conflict:
            return False
        return True

    openids = [f"o-{i}" for i in range(8)]
    with ThreadPoolExecutor(8) as pool:
        planned = list(pool.map(try_to_plan, openids))
    assert sum(planned) == 1
    assert stores.ledger.openids(CAMPAIGN, 1) == [openids[planned.index(True)]]


@pytest.mark.parametrize("state", sorted(ENDED))
def test_an_ended_campaign_is_planned_no_further(
    stores: PushStores, tables: Tables, state: CampaignState
) -> None:
    opened = stores.open(state=state)
    before = tables.rows()
    for step in _steps(stores, opened, "p-1"):
        with pytest.raises(Conflict):
            step()
    assert tables.rows() == before


@pytest.mark.parametrize("state", sorted(UNENDED))
def test_a_campaign_that_has_not_ended_is_planned_further(
    stores: PushStores, state: CampaignState
) -> None:
    planned = stores.open(state=state)
    for number in range(3):
        planned = _steps(stores, planned, f"p-{number}")[number]()
    assert (planned.state, planned.chunks, planned.fully_planned) == (state, 1, True)


def test_planning_does_not_undo_a_pause(stores: PushStores) -> None:
    read = stores.open(state=CampaignState.SENDING)
    stores.campaigns.hold(CAMPAIGN, CampaignState.PAUSED, PAUSE, out_of=UNENDED)
    stores.campaigns.add_chunk(read, TWO, NOW_S, plan_id="p-1", cursors={})
    planned = stores.campaign()
    assert (planned.state, planned.reason, planned.chunks) == (CampaignState.PAUSED, "paused", 1)


def test_a_row_of_the_ledger_is_never_overwritten_by_a_plan(
    stores: PushStores, tables: Tables
) -> None:
    opened = stores.open()
    stores.campaigns.add_chunk(opened, TWO, NOW_S, plan_id="p-1", cursors={})
    tables.state.update_item(  # as if its row had gone back behind the ledger
        Key={"pk": "campaign", "sk": CAMPAIGN},
        UpdateExpression="SET chunks = :none, plan_id = :nothing",
        ExpressionAttributeValues={":none": 0, ":nothing": ""},
    )
    before = tables.rows()
    with pytest.raises(Conflict):
        stores.campaigns.add_chunk(opened, ["o-9"], NOW_S, plan_id="p-2", cursors={})
    assert tables.rows() == before
