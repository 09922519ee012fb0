"""The pace: any number of senders share one log of the calls of the last second."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from botocore.exceptions import ClientError

from factories import NOW_S
from support.backends import Backend, Tables
from support.push_stores import PushStores
from support.table_faults import BUSY, LOST, Fault, Faults
from wxlive.domain.pace import MIDNIGHT_MARGIN_MS, Call, Pace, Slot, TooFar
from wxlive.errors import Conflict, StoreBusy
from wxlive.stores.pace import PaceStore
from wxlive.wechat.apis import Api

NOW_MS = NOW_S * 1000
INTERVAL_MS = 1045
FOR_EVER_MS = 10**9


def reserve(
    store: PaceStore,
    *,
    openids: int = 2000,
    now_ms: int = NOW_MS,
    max_wait_ms: int = 12_000,
    midnights_ms: tuple[int, ...] = (),
) -> Slot | TooFar:
    return store.reserve(
        openids=openids,
        rate=2000,
        now_ms=now_ms,
        max_wait_ms=max_wait_ms,
        midnights_ms=midnights_ms,
    )


def time_of(slot: Slot | TooFar) -> int:
    """Return when a slot is, in milliseconds from now."""
    assert isinstance(slot, Slot)
    return slot.at_ms - NOW_MS


@pytest.fixture
def pace(stores: PushStores) -> PaceStore:
    return stores.pace


def test_the_first_sender_may_send_now(pace: PaceStore) -> None:
    shared = Pace(NOW_MS + INTERVAL_MS, (Call(NOW_MS, 2000),))
    assert reserve(pace) == Slot(NOW_MS, shared)


def test_senders_take_slots_one_interval_apart(pace: PaceStore, tables: Tables) -> None:
    other = PaceStore(tables.state, Api.PUSH_MESSAGE)
    slots = [reserve(pace), reserve(other), reserve(pace)]
    assert list(map(time_of, slots)) == [0, INTERVAL_MS, 2 * INTERVAL_MS]


def test_senders_of_smaller_chunks_share_a_second(pace: PaceStore) -> None:
    slots = [reserve(pace, openids=500) for _ in range(6)]
    assert list(map(time_of, slots)) == [0, 262, 524, 786, 1048, 1310]


def test_the_size_of_the_calls_before_counts_whoever_made_them(
    pace: PaceStore, tables: Tables
) -> None:
    """So smaller chunks can follow larger ones in one campaign."""
    reserve(pace)
    small = [time_of(reserve(PaceStore(tables.state, Api.PUSH_MESSAGE), openids=500))]
    small += [time_of(reserve(pace, openids=500)) for _ in range(2)]
    assert small == [INTERVAL_MS, INTERVAL_MS + 262, INTERVAL_MS + 524]
    large = time_of(reserve(pace))
    assert large == small[-1] + INTERVAL_MS


def test_a_slot_that_went_by_unused_gives_no_burst(pace: PaceStore) -> None:
    reserve(pace)
    later = NOW_MS + 60_000
    assert time_of(reserve(pace, now_ms=later)) == 60_000
    assert time_of(reserve(pace, now_ms=later)) == 60_000 + INTERVAL_MS


def test_a_slot_too_far_away_is_not_taken(pace: PaceStore) -> None:
    reserve(pace)
    assert reserve(pace, max_wait_ms=INTERVAL_MS - 1) == TooFar(wait_ms=INTERVAL_MS)
    assert time_of(reserve(pace, max_wait_ms=INTERVAL_MS)) == INTERVAL_MS


def test_no_slot_is_close_to_midnight(pace: PaceStore) -> None:
    midnight_ms = NOW_MS + 500
    first = reserve(pace, midnights_ms=(midnight_ms,))
    assert time_of(first) == 500 + MIDNIGHT_MARGIN_MS
    assert time_of(reserve(pace, midnights_ms=(midnight_ms,))) == time_of(first) + INTERVAL_MS


def test_each_api_has_a_pace_of_its_own(pace: PaceStore, tables: Tables) -> None:
    reserve(pace)
    assert time_of(reserve(PaceStore(tables.state, Api.GET_FOLLOWERS))) == 0


def test_calls_that_are_long_past_are_forgotten(pace: PaceStore, tables: Tables) -> None:
    for number in range(20):
        reserve(pace, openids=1000, now_ms=NOW_MS + 1000 * number)
    (row,) = tables.rows()
    assert len(row["recent"]) <= 2


def test_a_pace_of_version_0_1_is_kept_to(pace: PaceStore, tables: Tables) -> None:
    key = {"pk": "pace", "sk": "push_message"}
    tables.state.put_item(Item={**key, "next_free_ms": NOW_MS + 700})
    assert time_of(reserve(pace)) == 700
    assert time_of(reserve(pace)) == 700 + INTERVAL_MS


def test_many_senders_at_once_never_share_a_slot(pace: PaceStore) -> None:
    with ThreadPoolExecutor(6) as pool:
        slots = list(pool.map(lambda _: reserve(pace, max_wait_ms=10**6), range(30)))
    assert sorted(map(time_of, slots)) == [INTERVAL_MS * i for i in range(30)]


# ------------------------------------------------------------------ overtaken


@dataclass
class Rival:
    """Another sender that is quicker, so many times: it reads and writes before each write."""

    store: PaceStore
    quicker: int

    def __call__(self, **_: object) -> None:
        if self.quicker:
            self.quicker -= 1
            reserve(self.store, max_wait_ms=FOR_EVER_MS)


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
    assert time_of(reserve(pace)) == times * INTERVAL_MS


def test_a_sender_that_is_always_overtaken_gives_up(
    pace: PaceStore, tables: Tables, backend: Backend
) -> None:
    rival = overtaken(tables, backend, 1000)
    with pytest.raises(Conflict, match="try again"):
        reserve(pace, max_wait_ms=FOR_EVER_MS)
    assert rival.quicker == 1000 - 50


# --------------------------------------------------------------------- faults


@pytest.mark.parametrize("fault", LOST)
def test_a_slot_whose_answer_was_lost_stays_unused(
    pace: PaceStore, faults: Faults, fault: Fault
) -> None:
    faults.writes = [fault]
    slots = [reserve(pace), reserve(pace)]
    assert list(map(time_of, slots)) == [INTERVAL_MS, 2 * INTERVAL_MS]


@pytest.mark.parametrize("fault", BUSY)
def test_a_slot_is_reserved_once_the_table_is_not_busy(
    pace: PaceStore, faults: Faults, fault: Fault
) -> None:
    faults.reads, faults.writes = [fault], [fault, fault]
    assert time_of(reserve(pace)) == 0
    faults.writes = [fault] * 99
    with pytest.raises(StoreBusy, match="the pace"):
        reserve(pace)


def test_a_failure_of_dynamodb_is_no_lost_race(tables: Tables) -> None:
    with pytest.raises(ClientError, match="ValidationException"):
        reserve(PaceStore(tables.followers, Api.PUSH_MESSAGE))  # other keys: a malformed request
