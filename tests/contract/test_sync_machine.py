"""Follow events and sync runs in any interleaving: the table ends as WeChat's list (I5).

A model of WeChat beside the real stores and the real run. People come and go; their events are
delivered late, repeatedly, in any order or never; the list is of any kind, lags, and its clock
differs from ours; runs are cut into turns, and turns are killed at any call. Nobody who is
subscribed is ever removed. After the last event and two complete runs the table is the list, but
for those whom the runs spare and say so; and whatever event comes in afterwards leaves it true.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from explore.aws.backend import MEMORY
from explore.stack.shipped import PoolAtOnce
from factories import NOW_S, a_pseudonym_key
from support.backends import LOCAL, Backend, Tables
from support.budget import budget
from support.doubles import SilentTelemetry
from support.steps import Killed
from wxlive import prefetch
from wxlive.domain.events import FollowAction, FollowNotify
from wxlive.domain.followers import Follower, ListedRow, Source, Status
from wxlive.domain.sync_runs import LEASE_S, RunState, SyncRun
from wxlive.stores import followers
from wxlive.stores.followers import FollowerStore
from wxlive.stores.forgotten import ForgottenStore
from wxlive.stores.quota import QuotaStore
from wxlive.stores.sync_runs import SyncRunStore
from wxlive.wechat.answers import ApiQuota, FollowerPage
from wxlive.wechat.apis import Api
from wxlive_follower_sync import pages, walk
from wxlive_follower_sync.dependencies import RESERVE_S, Dependencies
from wxlive_follower_sync.runs import open_run
from wxlive_follower_sync.walk import Turn, work
from wxlive_local.simulator import Cursor, End, ListShape, Order
from wxlive_local.simulator import Follower as Row
from wxlive_local.simulator.followers import FollowerList
from wxlive_local.simulator.list_shapes import page_of

PEOPLE = tuple("abcdefgh")
ROWS = 3
MARGIN_S = 120

SHAPES = [
    ListShape(),
    ListShape(order=Order.NEWEST_FIRST, end=End.ZERO),
    ListShape(order=Order.NONE, end=End.NO_CURSOR),
    ListShape(Cursor.TIES_REPEATED, end=End.SAME_CURSOR),
    ListShape(Cursor.TIES_LOST),
    ListShape(Cursor.TIES_LOST, Order.NEWEST_FIRST, End.NO_CURSOR),
    ListShape(Cursor.OFFSET, end=End.ZERO),
    ListShape(Cursor.OFFSET, Order.NEWEST_FIRST),
    ListShape(shrinking=True, end=End.SAME_CURSOR),
]


class ListedByWechat:
    """WeChat's list, a few rows a page. ``meanwhile`` runs just after the next page is read.

    A change shows in the list ``lag_s`` seconds after its event.
    """

    def __init__(self, shape: ListShape, now: Callable[[], float]) -> None:
        self.shape = shape
        self.now = now
        self.lag_s = 0
        self.rows = FollowerList()
        self.coming: list[FollowNotify] = []
        self.meanwhile: list[Callable[[], object]] = []

    def followers(self, cursor: Any, limit: int) -> FollowerPage:
        self._catch_up()
        shown, following = page_of(self.rows, self.shape, limit, cursor)
        if self.meanwhile:
            self.meanwhile.pop(0)()
        return FollowerPage(
            tuple(ListedRow(r.openid, r.subscribe_time, r.room_id, 101) for r in shown), following
        )

    def quota(self, _api: Api) -> ApiQuota:
        return ApiQuota(daily_limit=5000, used=0)

    def _catch_up(self) -> None:
        while self.coming and self.coming[0].time_s + self.lag_s <= self.now():
            event = self.coming.pop(0)
            if event.action is FollowAction.ADD_FOLLOW:
                self.rows.add(Row(event.openid, event.time_s, event.room_id, 101))
            else:
                self.rows.remove(event.openid)


class FollowersAndRuns(RuleBasedStateMachine):
    """One Mini Program. Given its tables and the kind of its list by the test."""

    tables: Tables
    shape: ClassVar[ListShape]

    def __init__(self) -> None:
        super().__init__()
        self.now_s = NOW_S
        self.skew_s = 0
        self.wechat = ListedByWechat(self.shape, lambda: self.now_s)
        self.subscribed: dict[str, FollowNotify] = {}
        self.followers = FollowerStore(self.tables.client, self.tables.followers.name)
        self.runs = SyncRunStore(self.tables.state)
        self.events: list[FollowNotify] = []
        self.turns = 0
        self.calls_to_live: int | None = None
        for client in self._clients():
            client.meta.events.register("before-call", self._count_down)

    @initialize(skew_s=st.integers(-MARGIN_S, MARGIN_S), lag_s=st.integers(0, MARGIN_S))
    def set_the_clocks(self, skew_s: int, lag_s: int) -> None:
        self.skew_s, self.wechat.lag_s = skew_s, lag_s

    @property
    def is_within_margin(self) -> bool:
        """Whether the list can't be older than its pages are dated."""
        return self.skew_s + self.wechat.lag_s <= MARGIN_S

    # ---------------------------------------------------------------- rules

    @rule(who=st.sampled_from(PEOPLE), room=st.integers(1, 2), wait_s=st.sampled_from([1, 2, 90]))
    def subscribe_or_leave(self, who: str, room: int, wait_s: int) -> None:
        self.now_s += wait_s
        self._change(who, room)

    @precondition(lambda self: self.events)
    @rule(data=st.data())
    def deliver(self, data: st.DataObject) -> None:
        event = data.draw(st.sampled_from(self.events))
        self.followers.apply(Follower.notified(event))

    @rule(stored=st.integers(0, 4), who=st.lists(st.sampled_from(PEOPLE), max_size=3))
    def take_a_turn(self, stored: int, who: list[str]) -> None:
        self.wechat.meanwhile = [partial(self._change, each, 1) for each in who]
        self._sync(pages=stored)
        self.wechat.meanwhile = []

    @rule(calls=st.integers(1, 30))
    def kill_a_turn(self, calls: int) -> None:
        self.calls_to_live = calls
        try:
            self._sync()
        except Killed:
            self.now_s += LEASE_S + 1

    @rule(data=st.data())
    def complete_two_runs(self, data: st.DataObject) -> None:
        self._finish()
        self.now_s += 3 * MARGIN_S  # the list has caught up, and no event is newer than the runs
        done = [self._complete_a_run() for _ in range(2)]
        if None in done:
            return
        self._assert_the_table_is_true(done[-1])
        if self.is_within_margin:
            for event in data.draw(st.permutations(self.events)) if self.events else ():
                self.followers.apply(Follower.notified(event))
            assert self._table() == set(self.subscribed), "every event is known"

    def teardown(self) -> None:
        for client in self._clients():
            client.meta.events.unregister("before-call", self._count_down)
        self.tables.empty()

    # ----------------------------------------------------------- what must hold

    def _complete_a_run(self) -> SyncRun | None:
        """Do a whole run; returns it, or None if the list can't be walked."""
        self.now_s += 1
        assert self._sync() is Turn.ENDED
        run = self.runs.newest()
        assert run is not None
        if run.state is RunState.FAILED:
            assert self.shape.cursor is Cursor.TIES_REPEATED, run.reason
            return None
        assert run.state is RunState.DONE
        return run

    def _assert_the_table_is_true(self, run: SyncRun | None) -> None:
        assert run is not None
        table, truth = self._table(), set(self.subscribed)
        unsure = run.spared + run.missing
        if self.shape.cursor is Cursor.TIES_LOST:  # who shares a border's second is spared too
            assert len(table - truth) <= unsure
        else:
            assert truth <= table
            assert len(table - truth) == unsure
        assert truth & self._removed() == set()

    def _nobody_who_is_subscribed_is_removed(self) -> None:
        if not self.is_within_margin:
            return
        for follower in self.followers.walk(Status.UNSUBSCRIBED):
            known = self.subscribed.get(follower.openid)
            if known is not None and follower.source is Source.SYNC:
                assert known.time_s >= follower.changed_at

    def _removed(self) -> set[str]:
        gone = self.followers.walk(Status.UNSUBSCRIBED)
        return {follower.openid for follower in gone if follower.source is Source.SYNC}

    # ------------------------------------------------------------ machinery

    def _change(self, who: str, room: int) -> None:
        if any((event.openid, event.time_s) == (who, self.now_s) for event in self.events):
            self.now_s += 1  # of two events of one person in one second nobody knows the order
        left = self.subscribed.pop(who, None)
        action = FollowAction.DEL_FOLLOW if left else FollowAction.ADD_FOLLOW
        event = FollowNotify(who, room, self.now_s, 101, action)
        if left is None:
            self.subscribed[who] = event
        self.events.append(event)
        self.wechat.coming.append(event)

    def _finish(self) -> None:
        run = self.runs.newest()
        while run is not None and run.state is RunState.OPEN:
            self._sync()
            run = self.runs.newest()

    def _sync(self, pages: int = 1000) -> Turn:
        """Do a turn of work; only here can anybody be removed, however the turn ends."""
        self.turns += 1
        deps = self._dependencies(pages)
        try:
            open_run(deps)
            return work(deps)
        finally:
            self.calls_to_live = None
            self._nobody_who_is_subscribed_is_removed()

    def _dependencies(self, pages: int) -> Dependencies:
        wechat: Any = self.wechat
        stored = _StoredPages(self.tables.state, pages)
        return Dependencies(
            wechat=wechat,
            followers=self.followers,
            runs=stored,
            forgotten=ForgottenStore(self.tables.client, self.tables.state.name, a_pseudonym_key),
            quota=QuotaStore(self.tables.state, Api.GET_FOLLOWERS, 1_000_000),
            telemetry=SilentTelemetry(),
            owner=f"{self.turns:04x}",
            day_offset_hours=8,
            guard_percent=100,
            clock_margin_s=MARGIN_S,
            now=lambda: self.now_s + self.skew_s,
            sleep=lambda _: None,
            remaining_s=lambda: RESERVE_S - 1.0 if stored.are_enough else 900.0,
            continue_later=lambda: None,
        )

    def _table(self) -> set[str]:
        return {follower.openid for follower in self.followers.walk(Status.SUBSCRIBED)}

    def _clients(self) -> tuple[Any, Any]:
        return self.tables.client, self.tables.state.meta.client

    def _count_down(self, **_: object) -> None:
        if self.calls_to_live is not None:
            self.calls_to_live -= 1
            if self.calls_to_live < 0:
                raise Killed


class _StoredPages(SyncRunStore):
    """A store of runs that says when a turn has stored so many pages."""

    def __init__(self, table: Any, pages: int) -> None:
        super().__init__(table)
        self._pages_left = pages

    @property
    def are_enough(self) -> bool:
        return self._pages_left <= 0

    def save_page(self, *args: Any, **kwargs: Any) -> None:
        super().save_page(*args, **kwargs)
        self._pages_left -= 1


@pytest.fixture
def _no_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do the work of threads when it is handed in, so that an example can be repeated."""
    for module in (prefetch, followers):
        monkeypatch.setattr(module, "ThreadPoolExecutor", PoolAtOnce)


@pytest.fixture
def _few_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prefetch more pages than the list has, and not 256: each costs time to ask for."""
    monkeypatch.setattr(walk, "PREFETCHED_PAGES", len(PEOPLE))
    monkeypatch.setattr(pages, "PAGE_LIMIT", ROWS)


def _run(shape: ListShape, tables: Tables, examples: settings) -> None:
    class Machine(FollowersAndRuns):
        pass

    Machine.tables, Machine.shape = tables, shape
    run_state_machine_as_test(
        Machine,
        settings=settings(
            examples, stateful_step_count=25, suppress_health_check=list(HealthCheck)
        ),
    )


@pytest.mark.slow
@pytest.mark.timeout(1800)  # of the thorough profile
@pytest.mark.usefixtures("_few_pages", "_no_threads")
@pytest.mark.parametrize("backend", [MEMORY], indirect=True)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_after_the_last_event_and_two_complete_runs_the_table_is_the_list(
    shape: ListShape, backend: Backend, tables: Tables
) -> None:
    _run(shape, tables, budget(fast=3, thorough=100))


@pytest.mark.slow
@pytest.mark.timeout(1800)  # of the thorough profile
@pytest.mark.usefixtures("_few_pages", "_no_threads")
@pytest.mark.parametrize("backend", [LOCAL], indirect=True)
def test_so_it_is_on_the_tables_of_the_local_aws(backend: Backend, tables: Tables) -> None:
    _run(ListShape(), tables, budget(fast=1, thorough=20))
