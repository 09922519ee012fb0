"""A campaign's member index: kept in parts, found again, and known to be missing until whole."""

from collections.abc import Callable

from factories import CAMPAIGN, NOW_S
from support.backends import Tables
from support.push_stores import PushStores
from wxlive.digests import digest_of
from wxlive.domain.member_index import Part, PartBuilder
from wxlive.stores.member_indexes import MemberIndexStore, Unindexed


def members(*openids: str, chunk: int = 1) -> PartBuilder:
    builder = PartBuilder()
    for openid in openids:
        builder.add(digest_of(openid), chunk)
    return builder


def test_a_campaign_is_without_an_index_from_its_start(tables: Tables, stores: PushStores) -> None:
    store = MemberIndexStore(tables.state)
    stores.open()
    assert store.pending() == [Unindexed(CAMPAIGN)]
    store.keep_busy(CAMPAIGN, NOW_S + 9.5, NOW_S)
    assert store.pending() == [Unindexed(CAMPAIGN, NOW_S + 9)]
    store.finish(CAMPAIGN)
    store.finish(CAMPAIGN)
    assert store.pending() == []


def test_members_are_found_in_whichever_part_has_them(
    tables: Tables, in_pages: Callable[[str, int], None]
) -> None:
    store = MemberIndexStore(tables.state)
    store.save(CAMPAIGN, 1, 2, members("a", "b", chunk=2), NOW_S)
    store.save(CAMPAIGN, 3, 5, members("c", chunk=4), NOW_S)
    in_pages("Query", 1)
    parts = store.parts(CAMPAIGN)
    assert parts == [Part(1, 2, 0), Part(3, 5, 0)]
    found = {each: store.numbers(CAMPAIGN, parts, digest_of(each)) for each in "abcd"}
    assert found == {"a": [2], "b": [2], "c": [4], "d": []}


def test_two_builders_leave_an_index_that_is_whole(tables: Tables) -> None:
    store = MemberIndexStore(tables.state)
    store.save(CAMPAIGN, 1, 3, members("a", "b"), NOW_S)
    store.save(CAMPAIGN, 4, 5, members("d", chunk=5), NOW_S)
    store.save(CAMPAIGN, 1, 2, members("a"), NOW_S)
    assert store.parts(CAMPAIGN) == [Part(1, 2, 0)]
    store.save(CAMPAIGN, 3, 3, members("b", chunk=3), NOW_S)
    parts = store.parts(CAMPAIGN)
    assert parts[-1].last == 5
    assert store.numbers(CAMPAIGN, parts, digest_of("d")) == [5]


def test_a_member_is_removed(tables: Tables) -> None:
    store = MemberIndexStore(tables.state)
    part = store.save(CAMPAIGN, 1, 1, members("a", "b"), NOW_S)
    for openid in ("a", "a", "unknown"):
        store.remove(CAMPAIGN, [part], digest_of(openid))
    assert store.numbers(CAMPAIGN, [part], digest_of("a")) == []
    assert store.numbers(CAMPAIGN, [part], digest_of("b")) == [1]
