"""Which room has which of WeChat's days. Claims and takeovers: see the ledger and the living."""

import pytest

from factories import CAMPAIGN, DAY, ROOM
from support.backends import Tables
from support.push_stores import PushStores
from wxlive.domain.campaigns import Campaign


def test_a_day_is_nobodys_until_a_call_is_claimed_in_it(
    stores: PushStores, sending: Campaign
) -> None:
    assert stores.days.holder(DAY) is None
    stores.claim()
    assert stores.days.holder(DAY) == (ROOM, CAMPAIGN)
    assert stores.days.holder("2026-11-23") is None


@pytest.mark.parametrize("campaign", [CAMPAIGN, "20261122T080000-7"])
def test_a_day_of_version_0_1_is_the_room_s_of_its_campaign(
    stores: PushStores, tables: Tables, campaign: str
) -> None:
    tables.state.put_item(Item={"pk": "day", "sk": DAY, "campaign": campaign, "expires_at": 1})
    assert stores.days.holder(DAY) == (int(campaign.split("-")[1]), campaign)
