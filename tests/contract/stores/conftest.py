"""The stores of a campaign, and a campaign that is sending."""

from dataclasses import replace

import pytest

from factories import CAMPAIGN, NOW_S, a_new_campaign
from support.backends import Tables
from wxlive.domain.campaigns import Campaign, CampaignState
from wxlive.stores.campaigns import CampaignStore
from wxlive.stores.ledger import LedgerStore
from wxlive.stores.quota import QuotaStore
from wxlive.stores.results import ResultStore
from wxlive.wechat.apis import Api


@pytest.fixture
def campaigns(tables: Tables) -> CampaignStore:
    return CampaignStore(tables.state)


@pytest.fixture
def ledger(tables: Tables) -> LedgerStore:
    return LedgerStore(tables.state)


@pytest.fixture
def results(tables: Tables) -> ResultStore:
    return ResultStore(tables.state)


@pytest.fixture
def quota(tables: Tables) -> QuotaStore:
    """Three calls a day."""
    return QuotaStore(tables.state, Api.PUSH_MESSAGE, 3)


@pytest.fixture
def sending(campaigns: CampaignStore) -> Campaign:
    """A campaign that is sending, with two chunks: of two openids and of one."""
    opened = a_new_campaign()
    campaigns.open(opened)
    planned = campaigns.add_chunk(opened, ["o-1", "o-2"], NOW_S)
    planned = campaigns.add_chunk(planned, ["o-3"], NOW_S)
    campaigns.move(CAMPAIGN, CampaignState.SENDING, out_of=[CampaignState.PLANNED])
    return replace(planned, state=CampaignState.SENDING)
