"""How a campaign is held, and why a day does not take its call."""

from dataclasses import replace

import pytest

from factories import CAMPAIGN, DAY, NOW_S, ROOM
from support.sender import Sender
from wxlive.domain.calendar import MIDNIGHT_DOUBT_S, YOUNG_DAY_S
from wxlive.domain.campaigns import CampaignState, HoldKind
from wxlive.domain.rooms import Choice
from wxlive_push_fanout.failure_decision import ACCESS_RETRY_S
from wxlive_push_fanout.holds import explain_refused_claim, hold

MIDNIGHT_S = 1_795_363_200
"""The end of ``DAY``."""


def hold_for(sender: Sender, kind: HoldKind, *, slot_s: float = NOW_S) -> None:
    hold(sender.campaign, kind, "why", called_s=slot_s, deps=sender.deps)


@pytest.mark.parametrize(
    ("kind", "state", "resume_at"),
    [
        (HoldKind.QUOTA, CampaignState.PAUSED, MIDNIGHT_S + MIDNIGHT_DOUBT_S),
        (HoldKind.ROOM, CampaignState.WAITING_LIVE, 0),
        (HoldKind.ACCESS, CampaignState.PAUSED, NOW_S + ACCESS_RETRY_S),
        (HoldKind.DAY, CampaignState.PAUSED, 0),
    ],
)
def test_a_hold_has_a_name_a_reason_and_the_time_it_is_due_to_end(
    sender: Sender, kind: HoldKind, state: CampaignState, resume_at: int
) -> None:
    hold_for(sender, kind)

    held = sender.campaign
    assert (held.state, held.hold_kind, held.hold_id) == (state, kind, "id-1")
    assert (held.reason, held.held_since, held.resume_at) == ("why", NOW_S, resume_at)


def test_a_hold_for_quota_is_due_at_the_end_of_the_day_of_the_call_not_of_its_answer(
    sender: Sender,
) -> None:
    sender.clock.now_s = MIDNIGHT_S + 3.5
    hold_for(sender, HoldKind.QUOTA, slot_s=MIDNIGHT_S - 2)
    assert sender.campaign.resume_at == MIDNIGHT_S + MIDNIGHT_DOUBT_S


def test_a_hold_for_quota_minutes_after_midnight_is_short(sender: Sender) -> None:
    sender.clock.now_s = MIDNIGHT_S + 5
    hold_for(sender, HoldKind.QUOTA, slot_s=MIDNIGHT_S + 4)
    assert sender.campaign.resume_at == MIDNIGHT_S + 4 + YOUNG_DAY_S


def test_a_hold_for_the_room_records_since_when_wechat_refuses_its_calls(sender: Sender) -> None:
    hold_for(sender, HoldKind.ROOM)
    sender.campaigns.resume(CAMPAIGN, "id-1", NOW_S)
    sender.clock.now_s += 60
    hold_for(sender, HoldKind.ROOM)
    assert (sender.campaign.held_since, sender.campaign.not_live_since) == (NOW_S + 60, NOW_S)


@pytest.mark.parametrize("kind", [HoldKind.QUOTA, HoldKind.ACCESS, HoldKind.DAY])
def test_another_hold_says_nothing_about_the_room(sender: Sender, kind: HoldKind) -> None:
    hold_for(sender, kind)
    assert sender.campaign.not_live_since == 0


@pytest.mark.parametrize(
    "state",
    [CampaignState.PAUSED, CampaignState.WAITING_LIVE, CampaignState.CANCELLED],
)
def test_a_campaign_that_does_not_send_is_not_held_and_nothing_is_counted(
    sender: Sender, state: CampaignState
) -> None:
    before = sender.campaigns.rows[CAMPAIGN] = replace(sender.campaign, state=state)
    hold_for(sender, HoldKind.QUOTA)
    assert sender.campaign == before
    assert sender.telemetry.counted == {}


# ---------------------------------------------------------------- why a claim was refused


def explained(sender: Sender) -> tuple[HoldKind, str] | None:
    return explain_refused_claim(sender.campaign, DAY, sender.deps)


def test_a_day_with_calls_left_and_no_other_room_takes_a_call(sender: Sender) -> None:
    assert explained(sender) is None
    sender.days.holders[DAY] = (ROOM, "another campaign for the room")
    sender.rooms.chosen_rooms[DAY] = Choice(ROOM, NOW_S)
    assert explained(sender) is None


def test_a_day_without_calls_left_is_a_hold_for_quota(sender: Sender) -> None:
    sender.quota.calls[DAY] = 5000
    found = explained(sender)
    assert found is not None
    assert found[0] is HoldKind.QUOTA
    assert f"All push calls of {DAY} are used up" in found[1]


def test_a_day_that_another_room_has_is_a_hold_that_names_it(sender: Sender) -> None:
    sender.days.holders[DAY] = (7, "c-7")
    found = explained(sender)
    assert found is not None
    assert found[0] is HoldKind.DAY
    assert f"Room 7 has {DAY} at WeChat" in found[1]
    assert "resume the campaign on another day, or cancel it" in found[1]


@pytest.mark.parametrize(
    ("choice", "word"), [(Choice(7, NOW_S), "chosen"), (Choice(7, NOW_S, NOW_S + 60), "planned")]
)
def test_a_day_for_which_another_room_is_chosen_or_planned_is_a_hold_that_asks(
    sender: Sender, choice: Choice, word: str
) -> None:
    sender.rooms.chosen_rooms[DAY] = choice
    found = explained(sender)
    assert found is not None
    assert found[0] is HoldKind.DAY
    assert f"Room 7 is {word} for {DAY}" in found[1]
    assert "`wxlive rooms unchoose`" in found[1]


def test_yesterdays_room_and_choice_do_not_concern_today(sender: Sender) -> None:
    sender.days.holders["2026-11-21"] = (7, "c-7")
    sender.rooms.chosen_rooms["2026-11-23"] = Choice(7, NOW_S, NOW_S)
    sender.quota.calls["2026-11-21"] = 5000
    assert explained(sender) is None
