"""The stores of a push, and a campaign that is sending."""

import pytest

from support.backends import Tables
from support.push_stores import PushStores
from wxlive.domain.campaigns import Campaign


@pytest.fixture
def stores(tables: Tables) -> PushStores:
    return PushStores.on(tables.state)


@pytest.fixture
def sending(stores: PushStores) -> Campaign:
    """A campaign that is sending, with two chunks: of four openids and of one."""
    return stores.start_sending()
