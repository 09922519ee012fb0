"""A list of exceptions is stored in parts, and named after what it holds."""

import pytest

from factories import NOW_S
from support.backends import Tables
from wxlive.digests import digest_of
from wxlive.stores import except_lists
from wxlive.stores.except_lists import ExceptListStore

DIGESTS = sorted(digest_of(f"o{number}") for number in range(5))


@pytest.fixture
def store(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> ExceptListStore:
    """Return a store whose items hold two digests each."""
    monkeypatch.setattr(except_lists, "_PART_BYTES", 16)
    return ExceptListStore(tables.state)


def test_a_list_is_read_as_it_was_stored(store: ExceptListStore) -> None:
    name = store.save(DIGESTS, NOW_S)

    assert list(store.digests(name) or ()) == DIGESTS


def test_the_same_openids_are_the_same_list(store: ExceptListStore) -> None:
    names = [store.save(each, NOW_S) for each in (DIGESTS, DIGESTS[::-1], DIGESTS + DIGESTS[:2])]

    assert len(set(names)) == 1
    assert store.save(DIGESTS[1:], NOW_S) != names[0]


def test_a_list_that_was_never_stored_is_not_there(store: ExceptListStore) -> None:
    assert store.digests("0" * 32) is None


@pytest.mark.parametrize("gone", ["part#001", "part#002", "whole"])
def test_a_list_that_lacks_an_item_is_not_taken_for_whole(
    store: ExceptListStore, tables: Tables, gone: str
) -> None:
    name = store.save(DIGESTS, NOW_S)
    tables.state.delete_item(Key={"pk": f"except#{name}", "sk": gone})

    assert store.digests(name) is None


def test_who_is_taken_off_a_list_is_gone_and_the_list_is_whole(
    tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(except_lists, "_PART_BYTES", 8 * 3)
    store = ExceptListStore(tables.state)
    listed = [digest_of(f"o{n}") for n in range(7)]
    name = store.save(listed, NOW_S)

    for gone in listed[:6]:
        assert store.remove(name, gone)
        assert not store.remove(name, gone)
        assert store.has(name, gone) is False
    assert list(store.digests(name) or ()) == listed[6:]
    assert store.has(name, listed[6]) is True
    assert not store.remove("unknown", listed[6])
