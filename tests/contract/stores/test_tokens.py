"""The shared token: an older one never overwrites a newer one."""

from itertools import permutations

import pytest
from botocore.exceptions import ClientError

from factories import NOW_S
from support.backends import Tables
from wxlive.stores.tokens import TokenStore
from wxlive.wechat.access_token import AccessToken

OLD = AccessToken("t-old", fetched_at=NOW_S, expires_at=NOW_S + 290)
NEW = AccessToken("t-new", fetched_at=NOW_S + 5, expires_at=NOW_S + 7205)
NEWEST = AccessToken("t-newest", fetched_at=NOW_S + 6900, expires_at=NOW_S + 14_100)


@pytest.fixture
def store(tables: Tables) -> TokenStore:
    return TokenStore(tables.state, "wx-1")


def test_no_token_is_shared_at_first(store: TokenStore) -> None:
    assert store.load() is None


def test_a_shared_token_is_read_back(store: TokenStore) -> None:
    store.save(OLD)
    assert store.load() == OLD


def test_a_token_of_512_characters_fits(store: TokenStore) -> None:
    long = AccessToken("t" * 512, fetched_at=NOW_S, expires_at=NOW_S + 7200)
    store.save(long)
    assert store.load() == long


@pytest.mark.parametrize("order", list(permutations([OLD, NEW, NEWEST])))
def test_whatever_the_order_of_writers_the_newest_stays(
    store: TokenStore, order: tuple[AccessToken, ...]
) -> None:
    for token in order:
        store.save(token)
    assert store.load() == NEWEST


def test_within_one_second_the_one_that_lives_longer_stays(store: TokenStore) -> None:
    brief = AccessToken("t-brief", fetched_at=NEW.fetched_at, expires_at=NEW.expires_at - 1)
    store.save(NEW)
    store.save(brief)
    assert store.load() == NEW


def test_a_token_with_an_impossible_life_does_not_stay_for_ever(store: TokenStore) -> None:
    store.save(AccessToken("t-wrong", fetched_at=NOW_S, expires_at=NOW_S + 10**9))
    store.save(NEW)
    assert store.load() == NEW


def test_each_appid_has_its_own_token(store: TokenStore, tables: Tables) -> None:
    store.save(OLD)
    assert TokenStore(tables.state, "wx-2").load() is None


def test_a_failure_of_dynamodb_is_no_lost_race(tables: Tables) -> None:
    with pytest.raises(ClientError, match="ValidationException"):
        TokenStore(tables.followers, "wx-1").save(OLD)
