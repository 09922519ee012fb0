"""Sync runs: one worker at a time, and no page lost or counted twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from factories import NOW_S, a_run
from support.backends import Tables
from support.table_faults import BUSY, LOST, Fault, Faults
from wxlive.domain.absence import ListedPage, Span
from wxlive.domain.sync_runs import LEASE_S, PAGES_KEPT_S, RUN_KEPT_S, RunState, SyncRun
from wxlive.errors import Conflict
from wxlive.stores.sync_runs import SyncRunStore

RUN = a_run().run


@pytest.fixture
def store(tables: Tables) -> SyncRunStore:
    return SyncRunStore(tables.state)


@pytest.fixture
def opened(store: SyncRunStore) -> SyncRun:
    """A run that ``me`` works on."""
    assert store.acquire("me", NOW_S)
    store.open(a_run())
    return a_run()


def save_page(
    store: SyncRunStore, run: SyncRun, digests: bytes, *, now_s: float = NOW_S
) -> SyncRun:
    after = replace(run, pages=run.pages + 1, listed=run.listed + 1, cursor=f"c-{run.pages + 1}")
    store.save_page(run, after, ListedPage(digests, Span(1, 2)), "me", now_s)
    return after


# ---------------------------------------------------------------- runs


def test_nothing_is_known_at_first(store: SyncRunStore) -> None:
    assert store.newest() is None
    assert store.get(RUN) is None
    assert list(store.pages(RUN)) == []
    assert store.holder_until() == 0


@pytest.mark.parametrize("cursor", [None, 0, 1606270612, "opaque"])
def test_a_run_is_read_back_whole(store: SyncRunStore, cursor: int | str | None) -> None:
    run = a_run(
        cursor=cursor,
        listed_all=True,
        pages=1,
        listed=2,
        added=3,
        changed=4,
        removed=5,
        calls=6,
        resume_at=7,
        reason="why",
    )
    store.open(run)
    assert store.get(RUN) == run


def test_a_run_is_opened_once(store: SyncRunStore, opened: SyncRun) -> None:
    with pytest.raises(Conflict, match=RUN):
        store.open(a_run(pages=9))
    assert store.get(RUN) == opened


def test_the_newest_is_the_one_opened_last(store: SyncRunStore) -> None:
    store.acquire("me", NOW_S)
    for run in ("20260923T1-a", "20260924T1-a", "20260922T1-a"):
        store.open(a_run(run))
    assert store.newest() == a_run("20260924T1-a")


# ---------------------------------------------------------------- the lease


def test_one_worker_holds_the_lease(store: SyncRunStore) -> None:
    assert store.acquire("me", NOW_S)
    assert not store.acquire("you", NOW_S)
    assert store.holder_until() == NOW_S + LEASE_S


def test_of_workers_at_once_one_takes_the_lease(store: SyncRunStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda i: store.acquire(f"w-{i}", NOW_S), range(16))) == 1


def test_its_holder_may_renew_the_lease(store: SyncRunStore) -> None:
    store.acquire("me", NOW_S)
    assert store.acquire("me", NOW_S + 50)
    assert store.holder_until() == NOW_S + 50 + LEASE_S


def test_a_lease_is_taken_over_when_it_has_ended_and_not_before(store: SyncRunStore) -> None:
    store.acquire("me", NOW_S)
    assert not store.acquire("you", NOW_S + LEASE_S)
    assert store.acquire("you", NOW_S + LEASE_S + 1)
    assert not store.acquire("me", NOW_S + LEASE_S + 1)


def test_a_lease_that_was_given_back_is_free(store: SyncRunStore) -> None:
    store.acquire("me", NOW_S)
    store.release("me")
    assert store.holder_until() == 0
    assert store.acquire("you", NOW_S)


def test_nobody_gives_back_the_lease_of_another(store: SyncRunStore) -> None:
    store.release("me")
    store.acquire("you", NOW_S)
    store.release("me")
    assert not store.acquire("me", NOW_S)


# ---------------------------------------------------------------- pages


def test_a_page_moves_the_run_on_and_renews_the_lease(store: SyncRunStore, opened: SyncRun) -> None:
    after = save_page(store, opened, b"12345678", now_s=NOW_S + 30)
    assert store.get(RUN) == after
    assert list(store.pages(RUN)) == [ListedPage(b"12345678", Span(1, 2))]
    assert store.holder_until() == NOW_S + 30 + LEASE_S


def test_pages_are_walked_in_order_also_when_one_brought_nobody_new(
    store: SyncRunStore, opened: SyncRun, in_pages: Callable[[str, int], None]
) -> None:
    digests = [bytes([i]) * 8 for i in range(11)]
    digests[4] = b""
    run = opened
    for each in digests:
        run = save_page(store, run, each)
    in_pages("Query", 3)
    assert [page.digests for page in store.pages(RUN)] == digests
    assert list(store.pages("another")) == []


def test_a_page_is_stored_once(store: SyncRunStore, opened: SyncRun, tables: Tables) -> None:
    save_page(store, opened, b"11111111")
    before = tables.rows()
    with pytest.raises(Conflict, match=RUN):
        save_page(store, replace(opened, listed=5), b"22222222")
    assert tables.rows() == before


def test_a_worker_that_lost_its_lease_stores_nothing(
    store: SyncRunStore, opened: SyncRun, tables: Tables
) -> None:
    assert store.acquire("you", NOW_S + LEASE_S + 1)
    before = tables.rows()
    with pytest.raises(Conflict):
        save_page(store, opened, b"11111111", now_s=NOW_S + LEASE_S + 2)
    with pytest.raises(Conflict):
        store.save(opened, replace(opened, state=RunState.DONE), "me", NOW_S + LEASE_S + 2)
    assert tables.rows() == before


def test_a_worker_without_a_lease_stores_nothing(store: SyncRunStore, opened: SyncRun) -> None:
    store.release("me")
    with pytest.raises(Conflict):
        save_page(store, opened, b"11111111")
    assert store.get(RUN) == opened
    assert store.holder_until() == 0


@pytest.mark.parametrize("state", [RunState.DONE, RunState.FAILED, RunState.GUARDED])
def test_a_run_that_has_ended_takes_no_page(
    store: SyncRunStore, opened: SyncRun, state: RunState
) -> None:
    ended = replace(opened, state=state)
    store.save(opened, ended, "me", NOW_S)
    with pytest.raises(Conflict):
        save_page(store, opened, b"11111111")
    assert store.get(RUN) == ended
    assert list(store.pages(RUN)) == []


def test_a_saved_state_is_read_back_and_renews_the_lease(
    store: SyncRunStore, opened: SyncRun
) -> None:
    waiting = replace(opened, resume_at=NOW_S + 999, reason="quota")
    store.save(opened, waiting, "me", NOW_S + 10)
    assert store.get(RUN) == waiting
    assert store.holder_until() == NOW_S + 10 + LEASE_S
    store.save(waiting, opened, "me", NOW_S + 20)
    assert store.get(RUN) == opened


def test_a_run_that_moved_on_meanwhile_is_not_overwritten(
    store: SyncRunStore, opened: SyncRun
) -> None:
    after = save_page(store, opened, b"11111111")
    with pytest.raises(Conflict):
        store.save(opened, replace(opened, state=RunState.FAILED), "me", NOW_S)
    assert store.get(RUN) == after


@pytest.mark.parametrize(
    "page",
    [
        ListedPage(b""),
        ListedPage(b"12345678", blind=True),
        ListedPage(b"12345678", Span(0, 2**40, rises=False), blind=True),
        ListedPage(b"12345678", Span(5, 5)),
    ],
)
def test_a_page_is_read_back_whole(store: SyncRunStore, opened: SyncRun, page: ListedPage) -> None:
    store.save_page(opened, replace(opened, pages=1), page, "me", NOW_S)
    assert list(store.pages(RUN)) == [page]


def test_a_page_of_version_0_1_proves_nothing(store: SyncRunStore, tables: Tables) -> None:
    for number, digests in enumerate((b"12345678", b"")):
        tables.state.put_item(
            Item={"pk": f"sync#{RUN}", "sk": f"page#{number:06d}", "digests": digests}
        )
    assert list(store.pages(RUN)) == [ListedPage(b"12345678", blind=True), ListedPage(b"")]


def test_runs_are_walked_from_the_newest(store: SyncRunStore) -> None:
    for run in ("20260923T1-a", "20260924T1-a", "20260922T1-a"):
        store.open(a_run(run))
    assert [run.run[:8] for run in store.newest_first()] == ["20260924", "20260923", "20260922"]


def test_an_open_run_is_abandoned_whoever_works_on_it(store: SyncRunStore, opened: SyncRun) -> None:
    store.abandon(RUN, "why")
    assert store.get(RUN) == replace(opened, state=RunState.FAILED, reason="why")
    with pytest.raises(Conflict):
        save_page(store, opened, b"11111111")
    store.abandon(RUN, "another why")
    assert store.get(RUN) == replace(opened, state=RunState.FAILED, reason="why")


def test_no_run_is_made_by_abandoning_it(store: SyncRunStore, tables: Tables) -> None:
    store.abandon(RUN, "why")
    assert tables.rows() == []


# ---------------------------------------------------------------- faults


@pytest.mark.parametrize("fault", [*LOST, *BUSY])
def test_a_write_is_made_once_whatever_becomes_of_its_answer(
    store: SyncRunStore, faults: Faults, fault: Fault
) -> None:
    faults.writes = [fault]
    assert store.acquire("me", NOW_S)
    faults.writes = [fault]
    store.open(a_run())
    faults.writes = [fault]
    after = save_page(store, a_run(), b"12345678")
    assert store.get(RUN) == after
    done = replace(after, state=RunState.DONE)
    faults.writes = [fault]
    store.save(after, done, "me", NOW_S)
    assert store.get(RUN) == done
    faults.writes = [fault]
    store.release("me")
    assert store.holder_until() == 0


def test_a_lease_that_can_not_be_released_expires(
    store: SyncRunStore, opened: SyncRun, faults: Faults
) -> None:
    faults.writes = [Fault.THROTTLED] * 99
    store.release("me")
    faults.clear()
    assert store.acquire("you", NOW_S + LEASE_S + 1)


def test_what_may_be_forgotten_expires(
    store: SyncRunStore, opened: SyncRun, tables: Tables
) -> None:
    save_page(store, opened, b"11111111", now_s=NOW_S + 1)
    assert {row["sk"]: row["expires_at"] for row in tables.rows()} == {
        "lease": NOW_S + 1 + LEASE_S,
        f"run#{RUN}": NOW_S + RUN_KEPT_S,
        "page#000001": NOW_S + 1 + PAGES_KEPT_S,
    }
