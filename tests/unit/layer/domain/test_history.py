"""What happened to a campaign follows from its record and its report."""

from typing import Any

import pytest

from factories import NOW_S, a_campaign, a_chunk, a_new_campaign, a_result
from wxlive.domain.campaigns import Campaign, CampaignState, HoldKind, PastHold
from wxlive.domain.chunks import RESULT_OVERDUE_S, Chunk, ChunkState
from wxlive.domain.history import Happening, Incident, happenings
from wxlive.domain.reports import Report, report

QUOTA = PastHold(HoldKind.QUOTA, "used up", NOW_S + 10, NOW_S + 20)
PAUSE = PastHold(HoldKind.OPERATOR, "Paused by the operator", NOW_S + 20, NOW_S + 30)
STARTED = Happening(Incident.STARTED, NOW_S)


def incidents(campaign: Campaign, found: Report | None = None) -> list[tuple[str, int]]:
    return [(each.incident.value, each.at) for each in happenings(campaign, found)]


def reported(campaign: Campaign, *chunks: Chunk, results: int = 0, now_s: int = 0) -> Report:
    """Report, by default as long as no result is overdue."""
    every = [a_result(f"m-{number}") for number in range(1, results + 1)]
    return report(campaign, chunks, every, now_s)


def test_a_campaign_begins_with_its_start() -> None:
    assert happenings(a_new_campaign(), None) == [STARTED]


def test_a_hold_is_told_with_its_kind_and_reason() -> None:
    facts: dict[str, Any] = {
        "hold_kind": HoldKind.ROOM,
        "reason": "not live",
        "held_since": NOW_S + 5,
    }
    held = a_campaign(state=CampaignState.WAITING_LIVE, **facts)

    found = Happening(Incident.HELD, NOW_S + 5, "not live", HoldKind.ROOM)
    assert happenings(held, None) == [STARTED, found]


def test_a_hold_that_has_ended_is_told_with_its_end() -> None:
    assert happenings(a_campaign(past_holds=(QUOTA,)), None) == [
        STARTED,
        Happening(Incident.HELD, NOW_S + 10, "used up", HoldKind.QUOTA),
        Happening(Incident.RESUMED, NOW_S + 20, "used up", HoldKind.QUOTA),
    ]


@pytest.mark.parametrize(
    ("kind", "name"), [(HoldKind.TRIAL, "trial_done"), (HoldKind.BRAKE, "braked")]
)
def test_a_trial_and_the_brake_have_names_of_their_own(kind: HoldKind, name: str) -> None:
    """A trial after which the campaign goes on by itself is a hold that ends at once."""
    at_once = PastHold(kind, "why", NOW_S + 10, NOW_S + 10)
    began, ended = happenings(a_campaign(past_holds=(at_once,)), None)[1:]
    assert began.name == f"{name}#{NOW_S + 10}#{kind.value}"
    assert ended == Happening(Incident.RESUMED, NOW_S + 10, "why", kind)


def test_a_hold_that_another_one_follows_at_once_was_not_resumed_from() -> None:
    sending = a_campaign(past_holds=(QUOTA, PAUSE))
    assert incidents(sending)[1:] == [
        ("held", NOW_S + 10),
        ("held", NOW_S + 20),
        ("resumed", NOW_S + 30),
    ]


def test_a_hold_over_another_one_was_not_resumed_from_either() -> None:
    facts: dict[str, Any] = {"hold_kind": HoldKind.OPERATOR, "held_since": NOW_S + 20}
    paused = a_campaign(state=CampaignState.PAUSED, past_holds=(QUOTA,), **facts)
    assert incidents(paused)[1:] == [("held", NOW_S + 10), ("held", NOW_S + 20)]


def test_a_hold_that_ends_with_its_campaign_was_not_resumed_from() -> None:
    ended = a_campaign(
        state=CampaignState.CANCELLED, past_holds=(QUOTA, PAUSE), ended_at=PAUSE.until
    )
    assert incidents(ended)[-2:] == [("held", NOW_S + 20), ("cancelled", NOW_S + 30)]


@pytest.mark.parametrize("state", [CampaignState.CANCELLED, CampaignState.FAILED])
def test_a_campaign_that_ended_is_told_with_its_reason(state: CampaignState) -> None:
    ended = a_campaign(state=state, reason="why", ended_at=NOW_S + 9)
    assert happenings(ended, None)[-1] == Happening(Incident(state.value), NOW_S + 9, "why")


def test_a_campaign_settles_with_its_last_result() -> None:
    campaign = a_campaign()
    accepted = a_chunk(1, ChunkState.ACCEPTED)
    assert incidents(campaign, reported(campaign, accepted)) == [("started", NOW_S)]
    settled = ("settled", NOW_S)
    assert incidents(campaign, reported(campaign, accepted, results=1))[-1] == settled


def test_a_campaign_settles_when_its_last_result_is_given_up() -> None:
    accepted = a_chunk(1, ChunkState.ACCEPTED, claimed_at=NOW_S)
    given_up_s = NOW_S + RESULT_OVERDUE_S
    found = reported(a_campaign(), accepted, now_s=given_up_s + 60)
    assert incidents(a_campaign(), found)[-1] == ("settled", given_up_s)


def test_a_campaign_whose_calls_are_all_unknown_settles_with_its_plan() -> None:
    campaign = a_campaign(planned_at=NOW_S + 5)
    found = reported(campaign, a_chunk(1, ChunkState.UNKNOWN))
    assert incidents(campaign, found)[-1] == ("settled", NOW_S + 5)


@pytest.mark.parametrize("chunks", [(), (a_chunk(1, ChunkState.REFUSED),)])
def test_a_campaign_that_notified_nobody_does_not_settle(chunks: tuple[Chunk, ...]) -> None:
    campaign = a_campaign(chunks=len(chunks))
    assert incidents(campaign, reported(campaign, *chunks)) == [("started", NOW_S)]


def test_a_happening_has_one_name_whenever_it_is_derived() -> None:
    campaign = a_campaign(past_holds=(QUOTA, PAUSE))
    found = reported(campaign, a_chunk(1, ChunkState.ACCEPTED), results=1)
    names = [each.name for each in happenings(campaign, found)]

    assert len(set(names)) == len(names)
    assert names == [each.name for each in happenings(campaign, found)]
