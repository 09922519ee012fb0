"""What was announced of a campaign is on record from its start until its end was announced."""

from factories import CAMPAIGN, NOW_S
from support.backends import Tables
from support.push_stores import PushStores
from wxlive.stores.announcements import Announced, AnnouncementStore


def test_a_campaign_is_pending_from_its_start_until_its_end_was_announced(
    stores: PushStores, tables: Tables
) -> None:
    store = AnnouncementStore(tables.state)
    assert store.pending() == []
    stores.open()
    assert store.pending() == [Announced(CAMPAIGN)]
    store.finish(CAMPAIGN)
    store.finish(CAMPAIGN)
    assert store.pending() == []


def test_what_was_announced_is_kept(stores: PushStores, tables: Tables) -> None:
    store = AnnouncementStore(tables.state)
    stores.open()
    store.save(Announced(CAMPAIGN), ["started#1"])
    assert store.pending() == [Announced(CAMPAIGN, ("started#1",))]


def test_of_two_who_announce_at_once_the_first_one_records(
    stores: PushStores, tables: Tables
) -> None:
    store = AnnouncementStore(tables.state)
    stores.open()
    store.save(Announced(CAMPAIGN), ["started#1", "held#2"])
    store.save(Announced(CAMPAIGN), ["started#1"])
    assert store.pending() == [Announced(CAMPAIGN, ("started#1", "held#2"))]


def test_a_campaign_whose_end_was_announced_does_not_come_back(
    stores: PushStores, tables: Tables
) -> None:
    store = AnnouncementStore(tables.state)
    stores.open()
    store.finish(CAMPAIGN)
    store.save(Announced(CAMPAIGN), ["started#1"])
    assert store.pending() == []


def test_a_campaign_that_goes_on_after_its_end_is_pending_again(
    stores: PushStores, tables: Tables
) -> None:
    store = AnnouncementStore(tables.state)
    stores.open()
    store.save(Announced(CAMPAIGN), ["started#1", "held#2"])
    store.reopen(CAMPAIGN, ["started#1"], NOW_S)
    assert store.pending() == [Announced(CAMPAIGN, ("started#1", "held#2"))]
    store.finish(CAMPAIGN)
    store.reopen(CAMPAIGN, ["started#1"], NOW_S)
    assert store.pending() == [Announced(CAMPAIGN, ("started#1",))]
