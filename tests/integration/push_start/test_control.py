"""The operator pauses, resumes and cancels a campaign, and decides about unknown chunks."""

from typing import Any

import pytest

from factories import a_new_campaign
from support.push_start import opened, planned, start_deps
from support.world import World
from wxlive.domain.campaigns import CampaignState, HoldKind
from wxlive.domain.chunks import CLAIM_STALE_S, ChunkState
from wxlive.errors import InvalidCommand
from wxlive_push_start.control import accept_unknown, cancel, pause, resend_unknown, resume


def test_pause_holds_and_says_who_did_it(world: World) -> None:
    campaign = planned(world)

    report = pause(campaign, start_deps(world), "c1")

    assert report.state is CampaignState.PAUSED
    held = world.campaign(campaign)
    assert (held.reason, held.held_since) == ("Paused by the operator", int(world.clock()))
    assert (held.hold_kind, held.hold_id, held.resume_at) == (HoldKind.OPERATOR, "c1", 0)


@pytest.mark.parametrize(
    "state", [CampaignState.PAUSED, CampaignState.WAITING_LIVE, CampaignState.SENDING]
)
def test_resume_continues_and_enqueues_what_is_queued(world: World, state: CampaignState) -> None:
    campaign = planned(world)
    world.settle(2, ChunkState.ACCEPTED, campaign)
    world.change_campaign(
        campaign, state=state, reason="why", held_since=1, resume_at=2, hold_id="h1"
    )
    world.steps.made.clear()
    world.invoked.clear()

    report = resume(campaign, start_deps(world), "c1")

    resumed = world.campaign(campaign)
    assert report.state is resumed.state is CampaignState.SENDING
    assert (resumed.reason, resumed.held_since, resumed.resume_at) == (None, 0, 0)
    assert (resumed.hold_kind, resumed.resumed_at) == (None, int(world.clock()))
    assert [message.chunk for message in world.enqueued] == [1, 3]
    assert world.invoked == []


def test_resume_has_an_unfinished_plan_continued(world: World) -> None:
    campaign = opened(world)
    pause(campaign, start_deps(world), "c1")

    resume(campaign, start_deps(world), "c2")

    assert world.invoked == [campaign]


@pytest.mark.parametrize(
    "state", [CampaignState.PLANNED, CampaignState.SENDING, CampaignState.PAUSED]
)
def test_cancel_ends_a_campaign_for_good(world: World, state: CampaignState) -> None:
    campaign = planned(world)
    world.settle(1, ChunkState.ACCEPTED, campaign)
    world.change_campaign(campaign, state=state)

    report = cancel(campaign, start_deps(world), "c1")

    assert report.state is CampaignState.CANCELLED
    assert report.campaign.reason == "Cancelled by the operator"
    assert report.chunks[ChunkState.CANCELLED] == 2
    assert report.openids[ChunkState.CANCELLED] == 3
    assert report.chunks[ChunkState.ACCEPTED] == 1
    for control in (resume, pause, cancel):
        with pytest.raises(InvalidCommand, match="has nothing left to send"):
            control(campaign, start_deps(world), "c2")


@pytest.mark.parametrize("control", [pause, resume, cancel])
def test_a_campaign_with_nothing_left_cannot_be_controlled(world: World, control: Any) -> None:
    campaign = planned(world)
    for number in (1, 2, 3):
        world.settle(number, ChunkState.ACCEPTED, campaign)

    with pytest.raises(InvalidCommand, match="is sent and has nothing left to send"):
        control(campaign, start_deps(world), "c1")
    assert world.campaign(campaign).state is CampaignState.SENDING


@pytest.mark.parametrize("control", [pause, resume, cancel])
def test_an_unknown_campaign_cannot_be_controlled(world: World, control: Any) -> None:
    with pytest.raises(InvalidCommand, match="There is no campaign nobody"):
        control("nobody", start_deps(world), "c1")


@pytest.mark.parametrize(
    ("decide", "state"),
    [(resend_unknown, ChunkState.QUEUED), (accept_unknown, ChunkState.ACCEPTED)],
)
def test_the_operator_decides_what_is_done_about_unknown_chunks(
    world: World, decide: Any, state: ChunkState
) -> None:
    campaign = planned(world)
    world.settle(1, ChunkState.UNKNOWN, campaign)
    world.settle(2, ChunkState.ACCEPTED, campaign)
    before = len(world.enqueued)

    report = decide(campaign, start_deps(world), "c1")

    assert report.chunks[ChunkState.UNKNOWN] == 0
    row = world.chunk(1, campaign)
    assert (row.state, "by the operator" in str(row.reason)) == (state, True)
    again = [1] if state is ChunkState.QUEUED else []
    assert [message.chunk for message in world.enqueued[before:]] == again
    with pytest.raises(InvalidCommand, match="has no unknown chunk"):
        decide(campaign, start_deps(world), "c2")


def test_nothing_of_an_ended_campaign_is_sent_again(world: World) -> None:
    campaign = planned(world)
    world.settle(1, ChunkState.UNKNOWN, campaign)
    cancel(campaign, start_deps(world), "c1")

    with pytest.raises(InvalidCommand, match="is cancelled; nothing more is sent of it"):
        resend_unknown(campaign, start_deps(world), "c2")
    report = accept_unknown(campaign, start_deps(world), "c3")
    assert report.chunks[ChunkState.UNKNOWN] == 0


def test_an_abandoned_claim_can_be_decided_before_its_message_is_delivered_again(
    world: World,
) -> None:
    campaign = planned(world)
    world.claim(1, campaign)
    with pytest.raises(InvalidCommand, match="has no unknown chunk"):
        resend_unknown(campaign, start_deps(world), "c2")
    world.clock.now_s += CLAIM_STALE_S + 1

    report = resend_unknown(campaign, start_deps(world), "c3")

    assert report.chunks[ChunkState.SENDING] == report.chunks[ChunkState.UNKNOWN] == 0


def test_what_is_not_the_latest_campaign_is_accepted_or_stays_unknown(world: World) -> None:
    campaign = planned(world)
    world.settle(1, ChunkState.UNKNOWN, campaign)
    for number in (2, 3):
        world.settle(number, ChunkState.ACCEPTED, campaign)
    world.campaigns.open(a_new_campaign("later"), before=world.living.load(), release=None)

    with pytest.raises(InvalidCommand, match="is not the latest one"):
        resend_unknown(campaign, start_deps(world), "c1")

    assert world.chunk(1, campaign).state is ChunkState.UNKNOWN
    report = accept_unknown(campaign, start_deps(world), "c2")
    assert report.chunks[ChunkState.UNKNOWN] == 0
