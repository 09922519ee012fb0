"""Commands: each is recorded once, together with its effect, and changes nothing a second time."""

from collections.abc import Callable
from typing import Any

import pytest

from factories import CAMPAIGN, NOW_S
from support.backends import Tables
from support.push_stores import LATER, PushStores
from wxlive.domain.campaigns import UNENDED, Campaign, CampaignState, Hold, HoldKind
from wxlive.errors import Conflict

HOLD = Hold(HoldKind.OPERATOR, "h-1", "paused", NOW_S)
Command = Callable[[PushStores, str], Any]


def pause(stores: PushStores, command: str) -> bool:
    return stores.campaigns.hold(
        CAMPAIGN, CampaignState.PAUSED, HOLD, out_of=UNENDED, command=command
    )


def resume(stores: PushStores, command: str) -> bool:
    hold_id = stores.campaign().hold_id
    return stores.campaigns.resume(CAMPAIGN, hold_id, LATER, command=command)


def cancel(stores: PushStores, command: str) -> bool:
    return stores.campaigns.end(CAMPAIGN, CampaignState.CANCELLED, "no", LATER, command=command)


def test_a_command_that_was_never_executed_has_no_outcome(stores: PushStores) -> None:
    assert stores.commands.outcome("c-1") is None


def test_an_outcome_is_recorded_once(stores: PushStores) -> None:
    assert stores.commands.record("c-1", {"refused": "no room"}, NOW_S)
    assert stores.commands.outcome("c-1") == {"refused": "no room"}
    assert stores.commands.record("c-1", {"refused": "no room"}, LATER), "it is this one"
    assert not stores.commands.record("c-1", {"campaign": CAMPAIGN}, LATER)
    assert stores.commands.outcome("c-1") == {"refused": "no room"}
    assert stores.commands.outcome("c-2") is None


def test_an_outcome_expires(stores: PushStores, tables: Tables) -> None:
    stores.commands.record("c-1", {}, NOW_S + 0.9)
    (row,) = tables.rows()
    assert row["expires_at"] == NOW_S + 7 * 86_400


def test_a_start_is_recorded_with_its_campaign(stores: PushStores) -> None:
    stores.open(command="c-1")
    assert stores.commands.outcome("c-1") == {"campaign": CAMPAIGN}


def test_a_start_that_was_executed_before_opens_nothing(stores: PushStores, tables: Tables) -> None:
    stores.open(command="c-1")
    stores.campaigns.end(CAMPAIGN, CampaignState.CANCELLED, "no", NOW_S)
    before = tables.rows()
    with pytest.raises(Conflict):
        stores.open("later-8", before=stores.lives(), command="c-1")
    assert tables.rows() == before


@pytest.mark.parametrize(
    ("command", "state"),
    [
        (pause, CampaignState.PAUSED),
        (resume, CampaignState.SENDING),
        (cancel, CampaignState.CANCELLED),
    ],
)
def test_a_command_is_recorded_with_its_effect(
    stores: PushStores, sending: Campaign, command: Command, state: CampaignState
) -> None:
    assert command(stores, "c-1")
    assert stores.campaign().state is state
    assert stores.commands.outcome("c-1") == {"campaign": CAMPAIGN}


@pytest.mark.parametrize("command", [pause, resume, cancel])
def test_a_command_that_has_no_effect_is_not_recorded(
    stores: PushStores, sending: Campaign, tables: Tables, command: Command
) -> None:
    stores.campaigns.end(CAMPAIGN, CampaignState.FAILED, "over", NOW_S)
    before = tables.rows()
    assert not command(stores, "c-1")
    assert tables.rows() == before


@pytest.mark.parametrize("late", [pause, resume, cancel])
@pytest.mark.parametrize("meanwhile", [pause, resume])
def test_a_command_that_comes_late_or_twice_changes_nothing(
    stores: PushStores, sending: Campaign, tables: Tables, meanwhile: Command, late: Command
) -> None:
    stores.commands.record("c-1", {"campaign": CAMPAIGN}, NOW_S)  # executed, and undone since
    meanwhile(stores, "c-2")
    before = tables.rows()
    late(stores, "c-1")
    assert tables.rows() == before
