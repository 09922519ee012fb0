"""Follow events and sync runs in any interleaving: the table ends as WeChat's list (I5).

A model of WeChat beside the real stores and the real run. People come and go; their events are
delivered late, repeatedly, in any order or never; runs are cut into turns, and turns are killed
at any call. Whatever happened, after a complete run the table is the list, and stays it
whatever old event comes in afterwards.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    precondition,
    rule,
    run_state_machine_as_test,
)

from explore.aws.backend import MEMORY
from factories import NOW_S
from support.backends import LOCAL, MOTO, Backend, Tables
from support.budget import budget
from support.doubles import SilentTelemetry
from support.steps import Killed
from wxlive.domain.events import FollowAction, FollowNotify
from wxlive.domain.followers import Follower, ListedRow, Source, Status
from wxlive.domain.sync_runs import LEASE_S, RunState
from wxlive.stores.followers import FollowerStore
from wxlive.stores.quota import QuotaStore
from wxlive.stores.sync_runs import SyncRunStore
from wxlive.wechat.answers import ApiQuota, FollowerPage
from wxlive.wechat.apis import Api
from wxlive_follower_sync import walk
from wxlive_follower_sync.dependencies import RESERVE_S, Dependencies
from wxlive_follower_sync.walk import Turn, work

PEOPLE = tuple("abcdefgh")
ROWS = 2


class ListedByWechat:
    """WeChat's list, a few rows a page. ``meanwhile`` runs just after the next page is read."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self.subscribed: dict[str, FollowNotify] = {}
        self.meanwhile: list[Callable[[], object]] = []

    def followers(self, cursor: Any, _limit: int) -> FollowerPage:
        place = (self.now(), "")
        rows = sorted(self.subscribed.values(), key=lambda event: (event.time_s, event.openid))
        if cursor is not None:
            time_s, openid = cursor.split(" ")
            place = (int(time_s), openid)
            rows = [event for event in rows if (event.time_s, event.openid) > place]
        shown = rows[:ROWS]
        if self.meanwhile:
            self.meanwhile.pop(0)()
        last = f"{shown[-1].time_s} {shown[-1].openid}" if shown else None
        return FollowerPage(
            tuple(ListedRow(e.openid, e.time_s, e.room_id, e.room_status) for e in shown), last
        )

    def quota(self, _api: Api) -> ApiQuota:
        return ApiQuota(daily_limit=5000, used=0)


class FollowersAndRuns(RuleBasedStateMachine):
    """One Mini Program. Given its tables by the test."""

    tables: Tables

    def __init__(self) -> None:
        super().__init__()
        self.now_s = NOW_S
        self.wechat = ListedByWechat(lambda: self.now_s)
        self.followers = FollowerStore(self.tables.client, self.tables.followers.name)
        self.runs = SyncRunStore(self.tables.state)
        self.events: list[FollowNotify] = []
        self.turns = 0
        self.calls_to_live: int | None = None
        for client in self._clients():
            client.meta.events.register("before-call", self._count_down)

    # ---------------------------------------------------------------- rules

    @rule(who=st.sampled_from(PEOPLE), room=st.integers(1, 2), wait_s=st.integers(1, 3))
    def subscribe_or_leave(self, who: str, room: int, wait_s: int) -> None:
        self.now_s += wait_s
        self._change(who, room)

    @precondition(lambda self: self.events)
    @rule(data=st.data())
    def deliver(self, data: st.DataObject) -> None:
        event = data.draw(st.sampled_from(self.events))
        self.followers.apply(Follower.notified(event))

    @rule(pages=st.integers(0, 4), who=st.lists(st.sampled_from(PEOPLE), max_size=3))
    def take_a_turn(self, pages: int, who: list[str]) -> None:
        self.wechat.meanwhile = [partial(self._change, each, 1) for each in who]
        self._work(pages=pages)
        self.wechat.meanwhile = []

    @rule(calls=st.integers(1, 30))
    def kill_a_turn(self, calls: int) -> None:
        self.calls_to_live = calls
        try:
            self._work()
        except Killed:
            self.now_s += LEASE_S + 1

    @rule(data=st.data())
    def complete_a_run(self, data: st.DataObject) -> None:
        self._finish()
        self.now_s += 1
        assert self._work() is Turn.ENDED
        assert self._table() == set(self.wechat.subscribed)
        for event in data.draw(st.permutations(self.events)) if self.events else ():
            self.followers.apply(Follower.notified(event))
        assert self._table() == set(self.wechat.subscribed), "old events change nothing"

    def _nobody_who_was_listed_is_swept(self) -> None:
        for follower in self.followers.walk(Status.UNSUBSCRIBED):
            known = self.wechat.subscribed.get(follower.openid)
            if known is not None and follower.source is Source.SYNC:
                assert known.time_s >= follower.changed_at

    def teardown(self) -> None:
        for client in self._clients():
            client.meta.events.unregister("before-call", self._count_down)
        self.tables.empty()

    # ------------------------------------------------------------ machinery

    def _change(self, who: str, room: int) -> None:
        if any((event.openid, event.time_s) == (who, self.now_s) for event in self.events):
            self.now_s += 1  # of two events of one person in one second nobody knows the order
        left = self.wechat.subscribed.pop(who, None)
        action = FollowAction.DEL_FOLLOW if left else FollowAction.ADD_FOLLOW
        event = FollowNotify(who, room, self.now_s, 101, action)
        if left is None:
            self.wechat.subscribed[who] = event
        self.events.append(event)

    def _finish(self) -> None:
        run = self.runs.newest()
        while run is not None and run.state is RunState.OPEN:
            self._work()
            run = self.runs.newest()

    def _work(self, pages: int = 1000) -> Turn:
        """Do a turn of work; only here can anybody be swept, however the turn ends."""
        try:
            return self._do_work(pages)
        finally:
            self.calls_to_live = None
            self._nobody_who_was_listed_is_swept()

    def _do_work(self, pages: int) -> Turn:
        self.turns += 1
        left = iter([900.0] * pages)
        wechat: Any = self.wechat
        return work(
            Dependencies(
                wechat=wechat,
                followers=self.followers,
                runs=self.runs,
                quota=QuotaStore(self.tables.state, Api.GET_FOLLOWERS, 1_000_000),
                telemetry=SilentTelemetry(),
                owner=f"{self.turns:04x}",
                day_offset_hours=8,
                guard_percent=100,
                now=lambda: self.now_s,
                sleep=lambda _: None,
                remaining_s=lambda: next(left, RESERVE_S - 1),
                continue_later=lambda: None,
            )
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


@pytest.fixture
def _inserts(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without PartiQL, as in moto 5.2.5, new rows are written by conditional puts."""
    if backend.name == MOTO:
        monkeypatch.setattr(FollowerStore, "insert_all", FollowerStore.apply_all)


@pytest.fixture
def _few_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prefetch more pages than the list has, and not 256: each costs time to ask for."""
    monkeypatch.setattr(walk, "PREFETCHED_PAGES", len(PEOPLE))


@pytest.mark.slow
@pytest.mark.timeout(1800)  # of the thorough profile
@pytest.mark.usefixtures("_inserts", "_few_pages")
def test_after_the_last_event_and_a_complete_run_the_table_is_the_list(
    backend: Backend, tables: Tables
) -> None:
    class Machine(FollowersAndRuns):
        pass

    Machine.tables = tables
    examples = {
        MEMORY: budget(fast=10, thorough=200),
        MOTO: budget(fast=2, thorough=50),
        LOCAL: budget(fast=2, thorough=20),
    }
    run_state_machine_as_test(
        Machine,
        settings=settings(
            examples[backend.name],
            stateful_step_count=25,
            suppress_health_check=list(HealthCheck),
        ),
    )
