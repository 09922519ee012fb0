"""The quota: any number of callers share one count of a day's calls."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from factories import DAY, NOW_S
from support.backends import Tables
from support.push_stores import PushStores
from support.table_faults import BUSY, LOST, Fault, Faults
from wxlive.errors import QuotaUsedUp, StoreBusy
from wxlive.stores.quota import QuotaStore
from wxlive.wechat.apis import Api


@pytest.fixture
def quota(stores: PushStores) -> QuotaStore:
    """Three calls a day."""
    return stores.quota


def test_a_new_day_has_its_whole_quota(quota: QuotaStore) -> None:
    assert (quota.used(DAY), quota.left(DAY)) == (0, 3)


def test_calls_are_counted_up_to_the_limit_and_no_further(quota: QuotaStore) -> None:
    for left in (2, 1, 0):
        quota.consume(DAY, NOW_S)
        assert quota.left(DAY) == left
    with pytest.raises(QuotaUsedUp, match=f"All 3 calls of {DAY}"):
        quota.consume(DAY, NOW_S)
    assert quota.used(DAY) == 3


def test_days_and_apis_are_counted_apart(quota: QuotaStore, tables: Tables) -> None:
    other = QuotaStore(tables.state, Api.GET_FOLLOWERS, 3)
    quota.consume(DAY, NOW_S)
    assert quota.used("2026-11-23") == 0
    assert other.used(DAY) == 0


def test_calls_at_once_are_counted_each_and_never_beyond_the_limit(tables: Tables) -> None:
    quota = QuotaStore(tables.state, Api.PUSH_MESSAGE, 20)

    def consumed(_: int) -> bool:
        try:
            quota.consume(DAY, NOW_S)
        except QuotaUsedUp:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(consumed, range(30))) == 20
    assert quota.used(DAY) == 20


def test_a_call_that_is_refunded_can_be_consumed_again(quota: QuotaStore) -> None:
    for _ in range(3):
        quota.consume(DAY, NOW_S)
    quota.refund(DAY)
    assert (quota.used(DAY), quota.left(DAY)) == (2, 1)
    quota.consume(DAY, NOW_S)


def test_seeding_raises_the_count_and_never_lowers_it(quota: QuotaStore) -> None:
    quota.seed(DAY, 2, NOW_S)
    assert quota.used(DAY) == 2
    quota.seed(DAY, 1, NOW_S)
    assert quota.used(DAY) == 2
    quota.consume(DAY, NOW_S)
    assert quota.left(DAY) == 0


def test_seeding_beyond_the_limit_leaves_nothing(quota: QuotaStore) -> None:
    quota.seed(DAY, 99, NOW_S)
    assert quota.left(DAY) == 0
    with pytest.raises(QuotaUsedUp):
        quota.consume(DAY, NOW_S)


@pytest.mark.parametrize("way", ["consume", "seed"])
def test_a_days_count_expires(quota: QuotaStore, tables: Tables, way: str) -> None:
    if way == "consume":
        quota.consume(DAY, NOW_S)
    else:
        quota.seed(DAY, 1, NOW_S)
    (row,) = tables.state.scan()["Items"]
    assert row["expires_at"] == NOW_S + 7 * 86_400


@pytest.mark.parametrize("fault", BUSY)
def test_a_busy_table_is_no_used_up_quota(quota: QuotaStore, faults: Faults, fault: Fault) -> None:
    faults.writes = [fault, fault]
    quota.consume(DAY, NOW_S)
    faults.writes = [fault, fault]
    quota.refund(DAY)
    assert quota.used(DAY) == 0
    faults.writes = [fault] * 99
    with pytest.raises(StoreBusy):
        quota.consume(DAY, NOW_S)
    assert quota.used(DAY) == 0


@pytest.mark.parametrize("fault", LOST)
def test_a_call_whose_count_was_lost_is_counted_twice_rather_than_not(
    quota: QuotaStore, faults: Faults, fault: Fault
) -> None:
    faults.writes = [fault]
    quota.consume(DAY, NOW_S)
    assert quota.used(DAY) == 2


@pytest.mark.parametrize("fault", LOST)
def test_a_named_call_is_counted_once_and_given_back_once_whatever_is_lost(
    quota: QuotaStore, faults: Faults, fault: Fault
) -> None:
    for used, call in ((1, "a"), (2, "b"), (3, "c")):
        faults.writes = [fault]
        quota.consume(DAY, NOW_S, call)
        assert quota.used(DAY) == used
    faults.writes = [fault]
    with pytest.raises(QuotaUsedUp):
        quota.consume(DAY, NOW_S, "d")
    for used, call in ((2, "c"), (1, "b")):
        faults.writes = [fault]
        quota.refund(DAY, call)
        assert quota.used(DAY) == used


def test_a_claim_consumes_and_refunds_a_call_once_whatever_is_lost(
    stores: PushStores, sending: object, faults: Faults
) -> None:
    for fault in LOST:
        faults.writes = [fault]
        stores.claim(fault.value)
        assert stores.quota.used(DAY) == 1
        faults.writes = [fault]
        assert stores.unclaim(fault.value)
        assert stores.quota.used(DAY) == 0


def test_a_failure_of_dynamodb_is_no_used_up_quota(tables: Tables) -> None:
    with pytest.raises(ClientError, match="ValidationException"):
        QuotaStore(tables.followers, Api.PUSH_MESSAGE, 3).consume(DAY, NOW_S)  # other keys
