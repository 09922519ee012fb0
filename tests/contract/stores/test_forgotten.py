"""Who was forgotten is known by a pseudonym only, until they begin anew."""

from collections.abc import Callable
from typing import Any

import pytest

from factories import NOW_S, PSEUDONYM_KEY, a_follower, a_pseudonym_key
from support.backends import Tables
from wxlive.domain.followers import Status
from wxlive.domain.forgotten import Forgotten, pseudonym_of
from wxlive.errors import Misconfigured
from wxlive.stores.forgotten import ForgottenStore


@pytest.fixture
def store(tables: Tables) -> ForgottenStore:
    return ForgottenStore(tables.client, tables.state.name, a_pseudonym_key)


def test_somebody_is_forgotten_without_leaving_the_openid(
    store: ForgottenStore, tables: Tables
) -> None:
    pseudonym = store.add("o-1", NOW_S)

    assert pseudonym == pseudonym_of("o-1", PSEUDONYM_KEY)
    assert (store.forgotten_at("o-1"), store.forgotten_at("o-2")) == (NOW_S, 0)
    assert store.load().since == {pseudonym: NOW_S}
    assert "o-1" not in repr(tables.rows())
    store.add("o-1", NOW_S + 9)
    assert store.forgotten_at("o-1") == NOW_S + 9


@pytest.mark.parametrize(
    "fact",
    [
        {"subscribed_at": NOW_S - 1, "changed_at": NOW_S - 1},
        {"subscribed_at": NOW_S, "changed_at": NOW_S},
        {"status": Status.UNSUBSCRIBED, "subscribed_at": 0, "changed_at": NOW_S + 1},
    ],
)
def test_no_earlier_fact_and_no_departure_is_admitted(
    store: ForgottenStore, fact: dict[str, Any]
) -> None:
    store.add("o-1", NOW_S)

    assert not store.admits(a_follower("o-1", **fact))
    assert store.admits(a_follower("o-2", **fact))
    assert store.forgotten_at("o-1") == NOW_S


def test_a_later_subscription_is_admitted_and_ends_it(store: ForgottenStore) -> None:
    store.add("o-1", NOW_S)

    assert store.admits(a_follower("o-1", subscribed_at=NOW_S + 1, changed_at=NOW_S + 1))
    assert store.forgotten_at("o-1") == 0
    assert store.load().since == {}


def test_who_was_forgotten_again_has_not_begun_anew(store: ForgottenStore) -> None:
    store.add("o-1", NOW_S)
    store.add("o-1", NOW_S + 60)
    store.lift("o-1", NOW_S, NOW_S + 30)
    assert store.forgotten_at("o-1") == NOW_S + 60

    store.lift("o-1", NOW_S + 60, NOW_S + 90)
    assert store.forgotten_at("o-1") == 0
    store.add("o-1", NOW_S + 120)
    assert store.forgotten_at("o-1") == NOW_S + 120


def test_a_stack_that_has_forgotten_nobody_asks_for_no_key(tables: Tables) -> None:
    def key(needed: bool) -> str:  # noqa: FBT001 - as the store asks
        assert not needed
        return ""

    store = ForgottenStore(tables.client, tables.state.name, key)
    assert store.admits(a_follower("o-1"))
    assert store.load() == Forgotten()
    assert not store.is_anybody()


def test_a_process_that_knew_no_key_finds_who_was_forgotten(
    tables: Tables, store: ForgottenStore
) -> None:
    store.begin()
    store.add("o-1", NOW_S)
    keys = {False: "", True: PSEUDONYM_KEY}
    other = ForgottenStore(tables.client, tables.state.name, lambda needed: keys[needed])

    assert other.forgotten_at("o-1") == NOW_S
    assert other.is_anybody()
    assert store.load().since.keys() == {pseudonym_of("o-1", PSEUDONYM_KEY)}


def test_everybody_who_was_forgotten_is_read_from_all_pages(
    store: ForgottenStore, in_pages: Callable[[str, int], None]
) -> None:
    pseudonyms = {store.add(f"o-{n}", NOW_S) for n in range(3)}
    in_pages("Query", 1)
    assert store.load().since.keys() == pseudonyms


def test_a_key_that_was_made_just_now_is_found(tables: Tables, store: ForgottenStore) -> None:
    store.add("o-1", NOW_S)
    keys = {False: "", True: PSEUDONYM_KEY}
    other = ForgottenStore(tables.client, tables.state.name, lambda needed: keys[needed])

    assert other.load().forgotten_at("o-1") == NOW_S


def test_the_key_is_found_even_if_everybody_has_begun_anew(
    tables: Tables, store: ForgottenStore
) -> None:
    store.add("o-1", NOW_S)
    store.lift("o-1", NOW_S, NOW_S + 1)
    keys = {False: "", True: PSEUDONYM_KEY}
    other = ForgottenStore(tables.client, tables.state.name, lambda needed: keys[needed])

    assert other.load() == Forgotten({}, PSEUDONYM_KEY)


def test_without_the_key_nobody_knows_who_was_forgotten(
    tables: Tables, store: ForgottenStore
) -> None:
    without = ForgottenStore(tables.client, tables.state.name, lambda _needed: "")
    assert without.load().forgotten_at("o-1") == 0

    store.add("o-1", NOW_S)
    with pytest.raises(Misconfigured, match="no pseudonym_key"):
        without.load()
