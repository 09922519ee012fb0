"""Pace and quota: any number of senders share one next free slot and one count a day."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from wxlive.errors import Conflict, QuotaUsedUp
from wxlive.pace import Slot, TooFar
from wxlive.stores.pace import PaceStore, QuotaStore

if TYPE_CHECKING:
    from tests.contract.conftest import Backend, Collisions, Tables

NOW_MS = 1_790_000_000_000
NOW = NOW_MS // 1000
DAY = "2026-09-22"
WEEK_S = 7 * 86_400
API = "/wxa/business/push_message"


def reserve(store: PaceStore, *, now_ms: int = NOW_MS, max_wait_ms: int = 12_000) -> Slot | TooFar:
    return store.reserve(now_ms=now_ms, interval_ms=1040, max_wait_ms=max_wait_ms)


@pytest.fixture
def pace(tables: "Tables") -> PaceStore:
    return PaceStore(tables.state, API)


@pytest.fixture
def quota(tables: "Tables") -> QuotaStore:
    return QuotaStore(tables.state, API, 3)


def test_the_first_sender_may_send_now(pace: PaceStore) -> None:
    assert reserve(pace) == Slot(at_ms=NOW_MS, next_free_ms=NOW_MS + 1040)


def test_senders_take_slots_one_interval_apart(pace: PaceStore, tables: "Tables") -> None:
    other = PaceStore(tables.state, API)
    slots = [reserve(pace), reserve(other), reserve(pace)]
    starts = [slot.at_ms for slot in slots if isinstance(slot, Slot)]
    assert starts == [NOW_MS, NOW_MS + 1040, NOW_MS + 2080]


def test_a_slot_that_went_by_unused_gives_no_burst(pace: PaceStore) -> None:
    reserve(pace)
    later = NOW_MS + 60_000
    assert reserve(pace, now_ms=later) == Slot(at_ms=later, next_free_ms=later + 1040)
    assert reserve(pace, now_ms=later) == Slot(at_ms=later + 1040, next_free_ms=later + 2080)


def test_a_slot_too_far_away_is_not_taken(pace: PaceStore) -> None:
    reserve(pace)
    assert reserve(pace, max_wait_ms=1039) == TooFar(wait_ms=1040)
    assert reserve(pace, max_wait_ms=1040) == Slot(at_ms=NOW_MS + 1040, next_free_ms=NOW_MS + 2080)


def test_each_api_has_a_pace_of_its_own(pace: PaceStore, tables: "Tables") -> None:
    reserve(pace)
    slot = reserve(PaceStore(tables.state, "/another"))
    assert slot == Slot(at_ms=NOW_MS, next_free_ms=NOW_MS + 1040)


def test_many_senders_at_once_never_share_a_slot(pace: PaceStore) -> None:
    with ThreadPoolExecutor(6) as pool:
        slots = list(pool.map(lambda _: reserve(pace, max_wait_ms=10**6), range(30)))
    starts = sorted(slot.at_ms for slot in slots if isinstance(slot, Slot))
    assert starts == [NOW_MS + 1040 * i for i in range(30)]


@dataclass
class Rival:
    """Another sender that is quicker, so many times: it reads and writes before each write."""

    store: PaceStore
    quicker: int

    def __call__(self, **_: object) -> None:
        if self.quicker:
            self.quicker -= 1
            reserve(self.store, max_wait_ms=10**9)


def overtaken(tables: "Tables", backend: "Backend", times: int) -> Rival:
    table = backend.dynamodb().Table(tables.state.name)
    rival = Rival(PaceStore(table, API), times)
    tables.state.meta.client.meta.events.register("before-call.dynamodb.PutItem", rival)
    return rival


@pytest.mark.parametrize("times", [1, 2, 7])
def test_a_sender_that_was_overtaken_takes_the_slot_behind(
    pace: PaceStore, tables: "Tables", backend: "Backend", times: int
) -> None:
    overtaken(tables, backend, times)
    slot = reserve(pace)
    assert isinstance(slot, Slot)
    assert slot.at_ms == NOW_MS + times * 1040


def test_a_sender_that_is_always_overtaken_gives_up(
    pace: PaceStore, tables: "Tables", backend: "Backend"
) -> None:
    rival = overtaken(tables, backend, 1000)
    with pytest.raises(Conflict, match="try again"):
        reserve(pace, max_wait_ms=10**9)
    assert rival.quicker == 1000 - 50


def test_a_failure_of_dynamodb_is_no_lost_race(tables: "Tables") -> None:
    wrong = tables.followers  # other keys: every request is malformed
    with pytest.raises(ClientError, match="ValidationException"):
        reserve(PaceStore(wrong, API))
    with pytest.raises(ClientError, match="ValidationException"):
        QuotaStore(wrong, API, 3).take(DAY, NOW)


# ---------------------------------------------------------------- quota


def test_a_new_day_has_its_whole_quota(quota: QuotaStore) -> None:
    assert (quota.used(DAY), quota.left(DAY)) == (0, 3)


def test_calls_are_counted_up_to_the_limit_and_no_further(quota: QuotaStore) -> None:
    for left in (2, 1, 0):
        quota.take(DAY, NOW)
        assert quota.left(DAY) == left
    with pytest.raises(QuotaUsedUp, match=f"All 3 calls of {DAY}"):
        quota.take(DAY, NOW)
    assert quota.used(DAY) == 3


def test_days_and_apis_are_counted_apart(quota: QuotaStore, tables: "Tables") -> None:
    other = QuotaStore(tables.state, "/another", 3)
    quota.take(DAY, NOW)
    assert quota.used("2026-09-23") == 0
    assert other.used(DAY) == 0


def test_calls_at_once_are_counted_each_and_never_beyond_the_limit(tables: "Tables") -> None:
    quota = QuotaStore(tables.state, API, 20)

    def taken(_: int) -> bool:
        try:
            quota.take(DAY, NOW)
        except QuotaUsedUp:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(taken, range(30))) == 20
    assert quota.used(DAY) == 20


def test_a_call_that_is_given_back_may_be_taken_again(quota: QuotaStore) -> None:
    for _ in range(3):
        quota.take(DAY, NOW)
    quota.give_back(DAY)
    assert (quota.used(DAY), quota.left(DAY)) == (2, 1)
    quota.take(DAY, NOW)


def test_seeding_raises_the_count_and_never_lowers_it(quota: QuotaStore) -> None:
    quota.seed(DAY, 2, NOW)
    assert quota.used(DAY) == 2
    quota.seed(DAY, 1, NOW)
    assert quota.used(DAY) == 2
    quota.take(DAY, NOW)
    assert quota.left(DAY) == 0


def test_seeding_beyond_the_limit_leaves_nothing(quota: QuotaStore) -> None:
    quota.seed(DAY, 99, NOW)
    assert quota.left(DAY) == 0
    with pytest.raises(QuotaUsedUp):
        quota.take(DAY, NOW)


@pytest.mark.parametrize("way", ["take", "seed"])
def test_a_days_count_expires(quota: QuotaStore, tables: "Tables", way: str) -> None:
    if way == "take":
        quota.take(DAY, NOW)
    else:
        quota.seed(DAY, 1, NOW)
    (row,) = tables.state.scan()["Items"]
    assert row["expires_at"] == NOW + WEEK_S


def test_a_count_that_collides_with_a_claim_is_no_used_up_quota(
    quota: QuotaStore, collisions: "Collisions"
) -> None:
    collisions.left = 2
    quota.take(DAY, NOW)
    collisions.left = 2
    quota.seed(DAY, 2, NOW)
    assert quota.used(DAY) == 2
