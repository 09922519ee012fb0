"""Follow events and sync runs in any interleaving: the table ends as WeChat's list (I5).

A model of WeChat beside the real stores and the real run. People come and go; their events are
delivered late, repeatedly, in any order or never; runs are cut into turns, and turns are killed
at any call. Whatever happened, after a complete run the table is the list, and stays it
whatever old event comes in afterwards.
"""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from wxlive.events import FollowAction, FollowNotify
from wxlive.followers import Follower, ListedRow, Source, Status
from wxlive.stores.followers import FollowerStore
from wxlive.stores.pace import QuotaStore
from wxlive.stores.sync_runs import SyncRunStore
from wxlive.sync_runs import LEASE_S, RunState
from wxlive.wechat import ApiQuota, FollowerPage
from wxlive_follower_sync.parts import RESERVE_S, Parts
from wxlive_follower_sync.walk import Turn, work

if TYPE_CHECKING:
    from tests.contract.conftest import Backend, Tables

START_S = 1_790_000_000
PEOPLE = tuple("abcdefgh")
ROWS = 2


class Killed(BaseException):
    """The worker's process ends here."""


class ListedByWechat:
    """WeChat's list, a few rows a page. ``meanwhile`` happens just after the next page."""

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

    def quota(self, _path: str) -> ApiQuota:
        return ApiQuota(daily_limit=5000, used=0)


class FollowersAndRuns(RuleBasedStateMachine):
    """One Mini Program. Given its tables by the test."""

    tables: "Tables"

    def __init__(self) -> None:
        super().__init__()
        self.now_s = START_S
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
        self.calls_to_live = None

    @rule(data=st.data())
    def complete_a_run(self, data: st.DataObject) -> None:
        self._finish()
        self.now_s += 1
        assert self._work() is Turn.ENDED
        assert self._table() == set(self.wechat.subscribed)
        for event in data.draw(st.permutations(self.events)) if self.events else ():
            self.followers.apply(Follower.notified(event))
        assert self._table() == set(self.wechat.subscribed), "old events change nothing"

    @invariant()
    def nobody_who_was_listed_is_swept(self) -> None:
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
        self.turns += 1
        left = iter([900.0] * pages)
        wechat: Any = self.wechat
        return work(
            Parts(
                wechat=wechat,
                followers=self.followers,
                runs=self.runs,
                quota=QuotaStore(self.tables.state, "get_wxa_followers", 1_000_000),
                owner=f"{self.turns:04x}",
                day_offset_hours=8,
                guard_percent=100,
                now=lambda: self.now_s,
                sleep=lambda _: None,
                remaining_s=lambda: next(left, RESERVE_S - 1),
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
def _inserts(backend: "Backend", monkeypatch: pytest.MonkeyPatch) -> None:
    """Without PartiQL, as in moto 5.2.5, new rows take the conditional way."""
    if backend.name == "moto":
        monkeypatch.setattr(FollowerStore, "insert_all", FollowerStore.apply_all)


@pytest.mark.usefixtures("_inserts")
def test_after_the_last_event_and_a_complete_run_the_table_is_the_list(
    backend: "Backend", tables: "Tables"
) -> None:
    class Machine(FollowersAndRuns):
        pass

    Machine.tables = tables
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=20 if backend.name == "moto" else 4,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
