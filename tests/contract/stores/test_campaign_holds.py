"""Campaigns are held, resumed and ended only as the rules say."""

from dataclasses import replace
from typing import Any

import pytest

from factories import CAMPAIGN, NOW_S
from support.backends import Tables
from support.push_stores import HOLD, LATER, PAUSE, PushStores, held
from wxlive.domain.campaigns import (
    ENDED,
    HELD,
    UNENDED,
    CampaignState,
    Hold,
    HoldKind,
    PastHold,
)

OTHER_ROOM = 2002


def test_a_planned_campaign_is_let_send(stores: PushStores) -> None:
    opened = stores.open()
    stores.campaigns.activate(CAMPAIGN)
    assert stores.campaign() == replace(opened, state=CampaignState.SENDING)


@pytest.mark.parametrize("state", [s for s in CampaignState if s is not CampaignState.PLANNED])
def test_no_other_campaign_is_let_send_by_its_planner(
    stores: PushStores, tables: Tables, state: CampaignState
) -> None:
    stores.open(state=state)
    before = tables.rows()
    stores.campaigns.activate(CAMPAIGN)
    assert tables.rows() == before


def test_a_hold_says_what_it_is(stores: PushStores) -> None:
    opened = stores.open(state=CampaignState.SENDING)
    assert stores.campaigns.hold(CAMPAIGN, CampaignState.PAUSED, HOLD)
    assert stores.campaign() == replace(opened, **held())


@pytest.mark.parametrize("state", [s for s in CampaignState if s is not CampaignState.SENDING])
def test_the_machine_holds_only_what_is_sending(stores: PushStores, state: CampaignState) -> None:
    opened = stores.open(state=state, hold_kind=HoldKind.OPERATOR if state in HELD else None)
    assert not stores.campaigns.hold(CAMPAIGN, CampaignState.PAUSED, HOLD)
    assert stores.campaign() == opened


def test_the_operator_holds_whatever_is_held_already(stores: PushStores) -> None:
    stores.open(**held())
    assert stores.campaigns.hold(CAMPAIGN, CampaignState.PAUSED, PAUSE, out_of=UNENDED)
    stored = stores.campaign()
    assert (stored.hold_id, stored.hold_kind) == ("h-2", HoldKind.OPERATOR)
    assert (stored.held_since, stored.resume_at) == (NOW_S + 1, 0)


@pytest.mark.parametrize("resumed_at", [0, LATER])
def test_a_hold_for_what_was_read_before_a_resume_is_not_made(
    stores: PushStores, resumed_at: int
) -> None:
    stores.open(state=CampaignState.SENDING, resumed_at=resumed_at)
    read = stores.campaign()
    trial = Hold(HoldKind.TRIAL, "h-3", "all told", LATER)
    assert stores.campaigns.resume(CAMPAIGN, "", LATER + 5, ends_trial=True)

    assert not stores.campaigns.hold(CAMPAIGN, CampaignState.TRIAL, trial, as_read=read)
    assert stores.campaign().state is CampaignState.SENDING
    assert stores.campaign().trial_ended_at == LATER + 5
    assert stores.campaigns.hold(CAMPAIGN, CampaignState.TRIAL, trial, as_read=stores.campaign())
    assert stores.campaign().hold_kind is HoldKind.TRIAL


@pytest.mark.parametrize("state", sorted(ENDED))
def test_a_campaign_that_has_ended_is_not_held(stores: PushStores, state: CampaignState) -> None:
    opened = stores.open(state=state)
    assert not stores.campaigns.hold(CAMPAIGN, CampaignState.PAUSED, PAUSE, out_of=UNENDED)
    assert stores.campaign() == opened


def test_a_hold_that_ends_is_forgotten_and_when_is_not(stores: PushStores) -> None:
    opened = stores.open(**held())
    assert stores.campaigns.resume(CAMPAIGN, "h-1", LATER + 0.9)
    sending: dict[str, Any] = {
        "state": CampaignState.SENDING,
        "hold_kind": None,
        "hold_id": "",
        "reason": None,
        "held_since": 0,
        "resume_at": 0,
        "resumed_at": LATER,
    }
    assert stores.campaign() == replace(opened, **sending)


def test_each_hold_stays_on_record_with_its_reason_and_times(stores: PushStores) -> None:
    stores.open(**held())
    first = PastHold(HoldKind.QUOTA, "used up", NOW_S, LATER)
    second = PastHold(HoldKind.OPERATOR, PAUSE.reason, PAUSE.since, LATER + 60)

    past_holds = stores.campaign().holds_until(LATER)
    stores.campaigns.resume(CAMPAIGN, "h-1", LATER, past_holds=past_holds)
    assert stores.campaign().past_holds == stores.campaign().holds_until(LATER + 9) == (first,)

    stores.campaigns.hold(CAMPAIGN, CampaignState.PAUSED, PAUSE)
    past_holds = stores.campaign().holds_until(LATER + 60)
    stores.campaigns.end(CAMPAIGN, CampaignState.CANCELLED, "no", LATER + 60, past_holds=past_holds)
    assert stores.campaign().past_holds == (first, second)
    assert stores.campaign().ended_at == LATER + 60


@pytest.mark.parametrize("name", ["h-2", ""])
def test_a_hold_is_ended_by_its_name_only(stores: PushStores, name: str) -> None:
    opened = stores.open(**held())
    assert not stores.campaigns.resume(CAMPAIGN, name, LATER)
    assert stores.campaign() == opened


def test_a_late_end_of_an_earlier_hold_does_not_undo_a_pause(stores: PushStores) -> None:
    stores.open(**held())
    stores.campaigns.hold(CAMPAIGN, CampaignState.PAUSED, PAUSE, out_of=UNENDED, command="c-1")
    assert not stores.campaigns.resume(CAMPAIGN, "h-1", LATER)
    assert stores.campaign().state is CampaignState.PAUSED


def test_what_is_not_held_is_let_send(stores: PushStores) -> None:
    stores.open()
    assert stores.campaigns.resume(CAMPAIGN, "", LATER)
    assert stores.campaigns.resume(CAMPAIGN, "", LATER)
    assert stores.campaign().state is CampaignState.SENDING


def test_a_hold_is_ended_once(stores: PushStores) -> None:
    stores.open(**held())
    assert stores.campaigns.resume(CAMPAIGN, "h-1", LATER)
    assert not stores.campaigns.resume(CAMPAIGN, "h-1", LATER + 1)
    assert stores.campaign().resumed_at == LATER


def test_a_campaign_that_was_replaced_is_not_resumed(stores: PushStores, tables: Tables) -> None:
    """Nobody looks after it any more."""
    stores.open(**held())
    stores.open("later-8", before=stores.lives(), room_id=OTHER_ROOM)
    before = tables.rows()
    assert not stores.campaigns.resume(CAMPAIGN, "h-1", LATER)
    assert not stores.campaigns.resume(CAMPAIGN, "h-1", LATER, command="c-1")
    assert tables.rows() == before


def test_a_campaign_without_a_record_of_its_life_is_resumed(
    stores: PushStores, tables: Tables
) -> None:
    stores.open(**held(hold_id=""))
    tables.state.delete_item(Key={"pk": "push", "sk": "living"})
    assert stores.campaigns.resume(CAMPAIGN, "", LATER)


@pytest.mark.parametrize("state", sorted(ENDED))
def test_a_campaign_that_has_ended_is_not_resumed(stores: PushStores, state: CampaignState) -> None:
    opened = stores.open(state=state)
    assert not stores.campaigns.resume(CAMPAIGN, "", LATER)
    assert stores.campaign() == opened


@pytest.mark.parametrize("state", sorted(UNENDED))
def test_a_campaign_ends_once_whatever_it_does(stores: PushStores, state: CampaignState) -> None:
    stores.open(state=state, held_since=NOW_S, resume_at=LATER)
    assert stores.campaigns.end(CAMPAIGN, CampaignState.FAILED, "taken", LATER)
    ended = stores.campaign()
    assert (ended.state, ended.reason) == (CampaignState.FAILED, "taken")
    assert (ended.held_since, ended.resume_at, ended.hold_kind) == (0, 0, None)
    assert not stores.campaigns.end(CAMPAIGN, CampaignState.CANCELLED, "no", LATER)
    assert not stores.campaigns.end(CAMPAIGN, CampaignState.FAILED, "another reason", LATER)
    assert stores.campaign() == ended


def test_a_campaign_is_given_up_out_of_the_hold_that_was_read_only(stores: PushStores) -> None:
    def give_up(hold_id: str) -> bool:
        facts = CampaignState.FAILED, "the room is over", LATER
        return stores.campaigns.end(CAMPAIGN, *facts, out_of_hold=hold_id)

    opened = stores.open(**held())
    assert not give_up("h-2")
    assert not give_up("")
    assert stores.campaign() == opened
    stores.campaigns.resume(CAMPAIGN, "h-1", LATER)
    assert not give_up("h-1"), "it has been resumed"
    assert not give_up(""), "it is not held"
    stores.campaigns.hold(CAMPAIGN, CampaignState.PAUSED, PAUSE)
    assert give_up("h-2")
    assert give_up("h-2"), "it has ended like this"
    assert stores.campaign().state is CampaignState.FAILED
