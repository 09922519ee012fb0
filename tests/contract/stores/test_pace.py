"""The pace: any number of senders share one next free slot."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from botocore.exceptions import ClientError

from factories import NOW_S
from support.backends import Backend, Tables
from wxlive.domain.pace import Slot, TooFar
from wxlive.errors import Conflict
from wxlive.stores.pace import PaceStore
from wxlive.wechat.apis import Api

NOW_MS = NOW_S * 1000


def reserve(store: PaceStore, *, now_ms: int = NOW_MS, max_wait_ms: int = 12_000) -> Slot | TooFar:
    return store.reserve(now_ms=now_ms, interval_ms=1040, max_wait_ms=max_wait_ms)


@pytest.fixture
def pace(tables: Tables) -> PaceStore:
    return PaceStore(tables.state, Api.PUSH_MESSAGE)


def test_the_first_sender_may_send_now(pace: PaceStore) -> None:
    assert reserve(pace) == Slot(at_ms=NOW_MS, next_free_ms=NOW_MS + 1040)


def test_senders_take_slots_one_interval_apart(pace: PaceStore, tables: Tables) -> None:
    other = PaceStore(tables.state, Api.PUSH_MESSAGE)
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


def test_each_api_has_a_pace_of_its_own(pace: PaceStore, tables: Tables) -> None:
    reserve(pace)
    slot = reserve(PaceStore(tables.state, Api.GET_FOLLOWERS))
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


def overtaken(tables: Tables, backend: Backend, times: int) -> Rival:
    table = backend.dynamodb().Table(tables.state.name)
    rival = Rival(PaceStore(table, Api.PUSH_MESSAGE), times)
    tables.state.meta.client.meta.events.register("before-call.dynamodb.PutItem", rival)
    return rival


@pytest.mark.parametrize("times", [1, 2, 7])
def test_a_sender_that_was_overtaken_takes_the_slot_behind(
    pace: PaceStore, tables: Tables, backend: Backend, times: int
) -> None:
    overtaken(tables, backend, times)
    slot = reserve(pace)
    assert isinstance(slot, Slot)
    assert slot.at_ms == NOW_MS + times * 1040


def test_a_sender_that_is_always_overtaken_gives_up(
    pace: PaceStore, tables: Tables, backend: Backend
) -> None:
    rival = overtaken(tables, backend, 1000)
    with pytest.raises(Conflict, match="try again"):
        reserve(pace, max_wait_ms=10**9)
    assert rival.quicker == 1000 - 50


def test_a_failure_of_dynamodb_is_no_lost_race(tables: Tables) -> None:
    with pytest.raises(ClientError, match="ValidationException"):
        reserve(PaceStore(tables.followers, Api.PUSH_MESSAGE))  # other keys: a malformed request
