"""The ledger: a pseudonym takes an openid's place, in a chunk that is as it was read."""

import zlib
from typing import Any

import pytest

from factories import CAMPAIGN, NOW_S
from support.backends import Tables
from support.push_ledger import ACCEPTED, finish
from support.push_stores import PushStores
from wxlive.domain.campaigns import Campaign
from wxlive.errors import Conflict


def test_a_pseudonym_takes_the_place_of_an_openid(stores: PushStores, sending: Campaign) -> None:
    stores.claim()
    finish(stores, ACCEPTED)
    before = stores.chunk()

    assert stores.ledger.forget(CAMPAIGN, before, "o-2", "#p")

    assert stores.ledger.openids(CAMPAIGN, 1) == ["o-1", "#p", "o-3", "o-4"]
    assert stores.chunk() == before
    assert not stores.ledger.forget(CAMPAIGN, before, "o-2", "#p")
    assert not stores.ledger.forget(CAMPAIGN, before, "o-9", "#p")


def test_a_chunk_that_was_claimed_meanwhile_keeps_the_openid(
    stores: PushStores, sending: Campaign
) -> None:
    before = stores.chunk()
    stores.claim()

    with pytest.raises(Conflict):
        stores.ledger.forget(CAMPAIGN, before, "o-2", "#p")
    assert stores.ledger.openids(CAMPAIGN, 1) == ["o-1", "o-2", "o-3", "o-4"]


def test_a_queued_chunk_that_no_claim_follows_loses_the_openid(
    stores: PushStores, sending: Campaign
) -> None:
    assert stores.ledger.forget(CAMPAIGN, stores.chunk(2), "o-5", "#p")
    assert stores.ledger.openids(CAMPAIGN, 2) == ["#p"]


def test_openids_where_version_0_1_kept_them_are_replaced_as_well(
    stores: PushStores, sending: Campaign, tables: Tables
) -> None:
    tables.state.delete_item(Key={"pk": f"openids#{CAMPAIGN}#000001", "sk": "openids"})
    former: dict[str, Any] = {
        "pk": f"campaign#{CAMPAIGN}",
        "sk": "openids#000001",
        "expires_at": NOW_S,
    }
    tables.state.put_item(Item={**former, "openids": zlib.compress(b"o-1\no-2\no-3\no-4")})

    assert stores.ledger.forget(CAMPAIGN, stores.chunk(), "o-2", "#p")
    assert stores.ledger.openids(CAMPAIGN, 1) == ["o-1", "#p", "o-3", "o-4"]
