"""Who is muted stays so, until somebody ends it."""

from collections.abc import Callable

from factories import NOW_S, a_follower
from support.backends import Tables
from wxlive.stores.followers import FollowerStore
from wxlive.stores.muted import MutedStore


def test_a_follower_is_muted_at_the_first_time(tables: Tables) -> None:
    store = MutedStore(tables.state)
    assert store.since("a") == 0
    assert store.mute("a", NOW_S) == NOW_S
    assert store.mute("a", NOW_S + 9) == NOW_S
    assert store.since("a") == NOW_S


def test_a_follower_is_muted_until_unmuted(tables: Tables) -> None:
    store = MutedStore(tables.state)
    store.mute("a", NOW_S)
    store.mute("b", NOW_S)
    store.unmute("a")
    store.unmute("a")
    assert (store.since("a"), list(store.openids())) == (0, ["b"])


def test_everybody_who_is_muted_is_read_from_all_pages(
    tables: Tables, in_pages: Callable[[str, int], None]
) -> None:
    store = MutedStore(tables.state)
    for openid in ("a", "b", "c"):
        store.mute(openid, NOW_S)
    in_pages("Query", 1)
    assert list(store.openids()) == ["a", "b", "c"]


def test_no_fact_about_a_follower_ends_it(tables: Tables) -> None:
    store, followers = MutedStore(tables.state), FollowerStore(tables.client, tables.followers.name)
    store.mute("a", NOW_S)
    followers.apply(a_follower("a"))
    assert store.since("a") == NOW_S
