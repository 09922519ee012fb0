"""Campaigns: opened once, found again, and kept whole."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from factories import CAMPAIGN, DAY, NOW_S, ROOM, a_new_campaign, a_result
from support.backends import Tables
from support.push_stores import HOLD, LATER, PushStores, held
from wxlive.domain.audience import Audience
from wxlive.domain.campaigns import (
    CAMPAIGN_KEPT_S,
    Campaign,
    CampaignState,
    HoldKind,
    PastHold,
    Trial,
)
from wxlive.domain.chunks import ChunkState
from wxlive.errors import Conflict

TWO = ["o-1", "o-2"]
OTHER_ROOM = 2002


def test_nothing_is_known_at_first(stores: PushStores) -> None:
    assert stores.campaigns.get(CAMPAIGN) is None
    assert stores.campaigns.newest() is None
    assert stores.campaigns.of_room(ROOM) == []
    assert stores.living.load() is None
    assert stores.days.holder(DAY) is None
    assert stores.ledger.chunk(CAMPAIGN, 1) is None
    assert list(stores.ledger.chunks(CAMPAIGN)) == []
    assert list(stores.results.of_room(ROOM)) == []


# ------------------------------------------------------------------- opening


def test_an_opened_campaign_is_read_back_and_lives(stores: PushStores) -> None:
    opened = stores.open()
    assert stores.campaign() == opened
    assert stores.lives().campaign == CAMPAIGN
    assert stores.days.holder(DAY) is None, "the day is claimed by the first call"


def test_every_field_of_a_campaign_is_kept(stores: PushStores) -> None:
    full = a_new_campaign(
        **held(reason="why", held_since=2, resume_at=3),
        audience=9,
        chunks=2,
        target=Audience((1, 7), 5, 6, "ab12"),
        cursors={"0": "o-9", "2": "o-3"},
        fully_planned=True,
        planned_at=1,
        resumed_at=4,
        not_live_since=5,
        spread=16,
        plan_id="p-1",
        command="c-1",
        again=True,
        per_second=500,
        past_holds=(PastHold(HoldKind.ROOM, "not live", 1, 2),),
        ended_at=6,
        trial=Trial(10, "ab12", 90),
        trial_ended_at=7,
    )
    defaults = Campaign(full.campaign, full.room_id, full.day, full.state, full.created_at)
    same = [name for name in full.__slots__ if getattr(full, name) == getattr(defaults, name)]
    assert same == ["campaign", "room_id", "day", "state", "created_at"], "no field is left out"
    stores.campaigns.open(full, before=None, release=None)
    assert stores.campaign() == full


def test_a_campaign_of_the_same_name_is_not_overwritten(stores: PushStores, tables: Tables) -> None:
    stores.open()
    before = tables.rows()
    with pytest.raises(Conflict):
        stores.open(before=stores.lives(), command="another", room_id=OTHER_ROOM)
    assert tables.rows() == before


def test_a_campaign_may_be_opened_with_its_first_chunk(stores: PushStores) -> None:
    opened = a_new_campaign(trial=Trial(2), chunks=1, audience=2)
    stores.campaigns.open(opened, before=None, release=None, first=TWO)

    chunk = stores.chunk()
    assert (chunk.state, chunk.openids) == (ChunkState.QUEUED, 2)
    assert stores.ledger.openids(CAMPAIGN, 1) == TWO
    stores.campaigns.add_chunk(stores.campaign(), ["o-3"], NOW_S, plan_id="p", cursors={})
    assert (stores.campaign().chunks, stores.campaign().audience) == (2, 3)


def test_of_campaigns_opened_at_once_one_lives(stores: PushStores) -> None:
    def try_to_open(campaign: str) -> bool:
        try:
            stores.open(campaign)
        except Conflict:
            return False
        return True

    names = [f"c-{i}" for i in range(8)]
    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(try_to_open, names))
    assert sum(opened) == 1
    assert stores.lives().campaign == names[opened.index(True)]
    assert [stores.campaigns.get(name) is not None for name in names] == opened


def test_the_newest_is_the_one_started_last(stores: PushStores) -> None:
    for campaign in ("20261123T1-7", "20261124T1-7", "20261122T1-7"):
        stores.open(campaign, before=stores.living.load())
    newest = stores.campaigns.newest()
    assert newest is not None
    assert newest.campaign == "20261124T1-7"


def test_the_campaign_before_is_the_one_started_last_of_the_earlier(stores: PushStores) -> None:
    earlier = [
        stores.open(f"2026112{day}T120000-7", before=stores.living.load()) for day in range(3)
    ]
    assert stores.campaigns.before(earlier[2].campaign) == earlier[1]
    assert stores.campaigns.before(earlier[0].campaign) is None


def test_the_campaigns_of_a_room_are_found_on_whatever_day_the_newest_first(
    stores: PushStores,
) -> None:
    rooms = {"20261121T1-1": ROOM, "20261122T1-2": OTHER_ROOM, "20261123T1-1": ROOM}
    for campaign, room in rooms.items():
        stores.open(campaign, before=stores.living.load(), room_id=room)
    found = [campaign.campaign for campaign in stores.campaigns.of_room(ROOM)]
    assert found == ["20261123T1-1", "20261121T1-1"]
    assert stores.campaigns.of_room(7) == []


# ------------------------------------------------------------------- records


def test_since_when_the_room_is_not_live_is_kept_until_a_call_is_accepted(
    stores: PushStores,
) -> None:
    stores.open()
    stores.campaigns.note_not_live(CAMPAIGN, NOW_S + 0.9)
    stores.campaigns.note_not_live(CAMPAIGN, LATER)
    assert stores.campaign().not_live_since == NOW_S, "the limit does not start anew"
    stores.campaigns.note_live(CAMPAIGN)
    assert stores.campaign().not_live_since == 0
    stores.campaigns.note_not_live(CAMPAIGN, LATER)
    assert stores.campaign().not_live_since == LATER


def test_a_campaign_that_does_not_exist_is_not_changed_into_being(
    stores: PushStores, tables: Tables
) -> None:
    campaigns = stores.campaigns
    campaigns.activate(CAMPAIGN)
    assert not campaigns.hold(CAMPAIGN, CampaignState.PAUSED, HOLD)
    assert not campaigns.resume(CAMPAIGN, "", LATER)
    assert not campaigns.end(CAMPAIGN, CampaignState.FAILED, "why", LATER)
    campaigns.note_live(CAMPAIGN)
    campaigns.note_not_live(CAMPAIGN, LATER)
    with pytest.raises(Conflict):
        campaigns.add_chunk(a_new_campaign(), TWO, NOW_S, plan_id="p-1", cursors={})
    assert tables.rows() == []


def test_what_may_be_forgotten_expires(
    stores: PushStores, sending: Campaign, tables: Tables
) -> None:
    stores.results.add(a_result(), NOW_S)
    stores.claim(number=2)
    stores.claim()
    half = stores.ledger.split(CAMPAIGN, stores.chunk(), claim="a", now_s=NOW_S)
    expiry = {
        (row["pk"], row["sk"]): row["expires_at"] - NOW_S
        for row in tables.rows()
        if "expires_at" in row
    }
    rows = [f"chunk#{number:06d}" for number in (1, 2, half)]
    openids = [f"openids#{CAMPAIGN}#{number:06d}" for number in (1, 2, half)]
    kept = [
        ("announced", CAMPAIGN),
        ("unindexed", CAMPAIGN),
        ("campaign", CAMPAIGN),
        ("day", DAY),
        (f"results#{ROOM}", "m-1"),
        (f"campaign#{CAMPAIGN}", "halves"),
        *((f"campaign#{CAMPAIGN}", row) for row in rows),
        *((pk, "openids") for pk in openids),
    ]
    for_a_week = [("command", f"start {CAMPAIGN}"), ("quota#push_message", DAY)]
    assert expiry == {
        **dict.fromkeys(kept, CAMPAIGN_KEPT_S),
        **dict.fromkeys(for_a_week, 7 * 86_400),
    }
    forever = {(row["pk"], row["sk"]) for row in tables.rows()} - expiry.keys()
    assert forever == {("push", "living")}
    assert stores.chunk().state is ChunkState.QUEUED


# -------------------------------------------------------------------- pace


def test_a_pace_is_set_by_a_command_once(stores: PushStores) -> None:
    stores.start_sending()

    assert stores.campaigns.set_pace(CAMPAIGN, 500, LATER, command="c-1")
    assert not stores.campaigns.set_pace(CAMPAIGN, 700, LATER, command="c-1")
    assert stores.campaign().per_second == 500


def test_a_campaign_that_has_ended_takes_no_pace(stores: PushStores) -> None:
    stores.start_sending()
    stores.campaigns.end(CAMPAIGN, CampaignState.CANCELLED, "over", LATER)

    assert not stores.campaigns.set_pace(CAMPAIGN, 500, LATER)
    assert stores.campaign().per_second == 0
