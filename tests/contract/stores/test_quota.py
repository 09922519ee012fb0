"""The quota: any number of callers share one count of a day's calls."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from factories import DAY, NOW_S
from support.backends import Tables
from support.push_stores import PushStores
from support.table_faults import BUSY, LOST, Fault, Faults
from wxlive.domain.calendar import day_ends_at
from wxlive.errors import Conflict, QuotaUsedUp, StoreBusy
from wxlive.stores.quota import QuotaStore
from wxlive.wechat.answers import ApiQuota
from wxlive.wechat.apis import Api


@pytest.fixture
def quota(stores: PushStores) -> QuotaStore:
    """Three calls a day."""
    return stores.quota


def test_a_new_day_has_its_whole_quota(quota: QuotaStore) -> None:
    assert (quota.used(DAY), quota.left(DAY)) == (0, 3)


def test_calls_are_counted_up_to_the_limit_and_no_further(quota: QuotaStore) -> None:
    for left in (2, 1, 0):
        quota.consume(DAY, NOW_S, f"call {left}")
        assert quota.left(DAY) == left
    with pytest.raises(QuotaUsedUp, match=f"All calls of {DAY} to push"):
        quota.consume(DAY, NOW_S, "one more")
    assert quota.used(DAY) == 3


def test_days_and_apis_are_counted_apart(quota: QuotaStore, tables: Tables) -> None:
    other = QuotaStore(tables.state, Api.GET_FOLLOWERS, 3)
    quota.consume(DAY, NOW_S, "a call")
    assert quota.used("2026-11-23") == 0
    assert other.used(DAY) == 0


def test_calls_at_once_are_counted_each_and_never_beyond_the_limit(tables: Tables) -> None:
    quota = QuotaStore(tables.state, Api.PUSH_MESSAGE, 20)

    def consumed(number: int) -> bool:
        try:
            quota.consume(DAY, NOW_S, f"call {number}")
        except QuotaUsedUp:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(consumed, range(30))) == 20
    assert quota.used(DAY) == 20


def test_a_call_that_is_refunded_can_be_consumed_again(quota: QuotaStore) -> None:
    for call in ("a", "b", "c"):
        quota.consume(DAY, NOW_S, call)
    quota.refund(DAY, "c")
    assert (quota.used(DAY), quota.left(DAY)) == (2, 1)
    quota.consume(DAY, NOW_S, "d")


def test_seeding_raises_the_count_and_never_lowers_it(quota: QuotaStore) -> None:
    quota.seed(DAY, 2, NOW_S)
    assert quota.used(DAY) == 2
    quota.seed(DAY, 1, NOW_S)
    assert quota.used(DAY) == 2
    quota.consume(DAY, NOW_S, "a call")
    assert quota.left(DAY) == 0


def test_seeding_beyond_the_limit_leaves_nothing(quota: QuotaStore) -> None:
    quota.seed(DAY, 99, NOW_S)
    assert quota.left(DAY) == 0
    with pytest.raises(QuotaUsedUp):
        quota.consume(DAY, NOW_S, "a call")


# ---------------------------------------------------------------- what WeChat says


def learn(quota: QuotaStore, used: int, daily_limit: int, at_s: float = NOW_S) -> None:
    said = ApiQuota(daily_limit=daily_limit, used=used)
    quota.learn(said, asked_s=at_s, answered_s=at_s + 1, offset_hours=8)


def test_a_day_allows_no_more_calls_than_wechat_says(quota: QuotaStore) -> None:
    learn(quota, 0, 2)
    assert quota.left(DAY) == 2
    quota.consume(DAY, NOW_S, "a")
    quota.consume(DAY, NOW_S, "b")
    with pytest.raises(QuotaUsedUp):
        quota.consume(DAY, NOW_S, "c")
    assert (quota.used(DAY), quota.left(DAY)) == (2, 0)


def test_a_claim_takes_no_call_beyond_what_wechat_allows(
    stores: PushStores, sending: object
) -> None:
    learn(stores.quota, 1, 1)
    with pytest.raises(Conflict):
        stores.claim("one")
    learn(stores.quota, 1, 2)
    stores.claim("one")
    assert stores.quota.left(DAY) == 0


@pytest.mark.parametrize("daily_limit", [3, 5000, 0])
def test_a_day_allows_no_more_calls_than_the_template_says(
    quota: QuotaStore, daily_limit: int
) -> None:
    """A limit of none says nothing: WeChat answers so for an API without a limit."""
    learn(quota, 1, daily_limit)
    assert (quota.used(DAY), quota.left(DAY)) == (1, 2)


def test_what_wechat_says_last_is_what_a_day_allows(quota: QuotaStore) -> None:
    learn(quota, 0, 1)
    learn(quota, 0, 2)
    assert quota.left(DAY) == 2
    learn(quota, 0, 5000)
    assert quota.left(DAY) == 3


def test_a_day_is_low_by_what_wechat_allows(tables: Tables) -> None:
    quota = QuotaStore(tables.state, Api.PUSH_MESSAGE, 5000)
    learn(quota, 89, 100)
    assert not quota.is_low(DAY)
    learn(quota, 91, 100)
    assert quota.is_low(DAY)


def test_what_wechat_says_around_midnight_is_about_no_day(quota: QuotaStore) -> None:
    midnight_s = day_ends_at(NOW_S, 8)
    learn(quota, 3, 1, midnight_s - 0.5)
    quota.note_used_up(asked_s=midnight_s + 1, answered_s=midnight_s + 2, offset_hours=8)
    assert (quota.left(DAY), quota.left("2026-11-23")) == (3, 3)


def test_a_day_that_wechat_says_is_used_up_leaves_no_call(quota: QuotaStore) -> None:
    quota.note_used_up(asked_s=NOW_S, answered_s=NOW_S + 1, offset_hours=8)
    assert quota.left(DAY) == 0


@pytest.mark.parametrize("way", ["consume", "seed", "learn"])
def test_a_days_count_expires(quota: QuotaStore, tables: Tables, way: str) -> None:
    if way == "consume":
        quota.consume(DAY, NOW_S, "a call")
    elif way == "seed":
        quota.seed(DAY, 1, NOW_S)
    else:
        learn(quota, 0, 1, NOW_S - 1)
    (row,) = tables.state.scan()["Items"]
    assert row["expires_at"] == NOW_S + 7 * 86_400


@pytest.mark.parametrize("fault", BUSY)
def test_a_busy_table_is_no_used_up_quota(quota: QuotaStore, faults: Faults, fault: Fault) -> None:
    faults.writes = [fault, fault]
    quota.consume(DAY, NOW_S, "a call")
    faults.writes = [fault, fault]
    quota.refund(DAY, "a call")
    assert quota.used(DAY) == 0
    faults.writes = [fault] * 99
    with pytest.raises(StoreBusy):
        quota.consume(DAY, NOW_S, "a call")
    assert quota.used(DAY) == 0


@pytest.mark.parametrize("fault", LOST)
def test_a_call_is_counted_once_and_given_back_once_whatever_is_lost(
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
        QuotaStore(tables.followers, Api.PUSH_MESSAGE, 3).consume(DAY, NOW_S, "one")  # other keys
