"""A campaign and its chunks in any interleaving: nobody is notified twice, nobody is forgotten.

The real planner, senders and operator's controls on the real stores, beside a model of WeChat
that accepts, refuses, loses answers and reports late, twice or never. Messages of the queue are
delivered in any order and any number of times; planners and senders are killed at any call to AWS
or WeChat. Whatever happened: no openid got two calls, every call was within the limits, and once
everything is done each follower of the audience is accounted for.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from factories import NOW_S, ROOM, a_follower, a_result, a_room
from support.backends import LOCAL, MOTO, Backend, Tables
from support.budget import budget
from support.doubles import SilentTelemetry
from support.steps import Killed
from wxlive.domain.campaigns import CampaignState
from wxlive.domain.chunks import CLAIM_STALE_S, ChunkState
from wxlive.domain.reports import Report, report
from wxlive.domain.rooms import Room
from wxlive.errors import (
    BadOpenid,
    InvalidCommand,
    NotReached,
    OutcomeUnknown,
    QuotaUsedUp,
    RateLimited,
    RetryLater,
    RoomNotLive,
    RoomTaken,
    SystemBusy,
    WxliveError,
)
from wxlive.stores.campaigns import CampaignStore
from wxlive.stores.followers import FollowerStore
from wxlive.stores.ledger import LedgerStore
from wxlive.stores.pace import PaceStore
from wxlive.stores.quota import QuotaStore
from wxlive.stores.results import ResultStore
from wxlive.stores.rooms import RoomStore
from wxlive.stores.sync_runs import SyncRunStore
from wxlive.wechat.answers import ApiQuota
from wxlive.wechat.apis import Api
from wxlive_push_fanout import dependencies as push_fanout
from wxlive_push_fanout.send import send
from wxlive_push_start import dependencies as push_start
from wxlive_push_start.control import accept_unknown, cancel, pause, resume
from wxlive_push_start.plan import plan
from wxlive_push_start.start import start

if TYPE_CHECKING:
    from wxlive.domain.events import PushResult

CHUNK, BAD = 3, "bad"
PEOPLE = tuple(f"o{n}" for n in range(10))
QUOTA = 40

ANSWERS: dict[str, WxliveError | None] = {
    "accepted": None,
    "busy": SystemBusy("-1", errcode=-1),
    "not reached": NotReached("no connection"),
    "token refused": RetryLater("another token"),
    "rate limited": RateLimited("45011", errcode=45011),
    "quota": QuotaUsedUp("45009", errcode=45009),
    "not live": RoomNotLive("9410006", errcode=9410006),
    "taken": RoomTaken("9410005", errcode=9410005),
    "lost before": OutcomeUnknown("lost"),
    "lost after": OutcomeUnknown("lost"),
}
PROCESSED = {"accepted", "lost after"}


PLANNER_LIVES = st.none() | st.integers(1, 25)
"""The calls after which a planner is killed, if it is."""

DELIVERIES = st.tuples(
    st.sampled_from(["accepted", "lost after"]) | st.sampled_from(sorted(ANSWERS)),
    st.none() | st.integers(5, 9),
)
"""How WeChat answers the push of a message's chunk, and the calls after which its sender is killed.
Most often what tempts to send again: the call was processed and the answer lost."""


class PushModel:
    """WeChat as senders see it. ``answers`` decide the next pushes; a bad openid spoils any."""

    is_cold = False

    def __init__(self) -> None:
        self.answers: list[str] = []
        self.notified: Counter[str] = Counter()
        self.sizes: list[int] = []
        self.results: list[PushResult] = []
        self.step: Callable[[], None] = lambda: None
        self.now: Callable[[], float] = lambda: NOW_S

    def push(self, room_id: int, openids: Sequence[str]) -> str:
        self.step()
        answer = self.answers.pop(0) if self.answers else "accepted"
        self.sizes.append(len(openids))
        if BAD in openids and answer in PROCESSED:
            raise BadOpenid("40003", errcode=40003)
        message_id = f"m{len(self.sizes)}"
        if answer in PROCESSED:
            self.notified.update(openids)
            facts: dict[str, Any] = {"total": len(openids), "time_s": int(self.now())}
            self.results.append(a_result(message_id, room_id=room_id, **facts))
        self.step()
        error = ANSWERS[answer]
        if error is not None:
            raise error
        return message_id

    def rooms(self, _start: int, _limit: int) -> tuple[Room, ...]:
        return (a_room(ROOM),)

    def quota(self, _api: Api) -> ApiQuota:
        return ApiQuota(daily_limit=QUOTA, used=0)


class EndlessQueue:
    """The queue: a message may be delivered again and again, and in any order."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, int]] = []

    def enqueue(self, campaign: str, chunk: int, delay_s: int = 0) -> None:
        self.messages.append((campaign, chunk))


class OneCampaign(RuleBasedStateMachine):
    """A day of one room. Given its tables by the test."""

    tables: Tables

    def __init__(self) -> None:
        super().__init__()
        self.now_s = float(NOW_S)
        self.wechat, self.queue = PushModel(), EndlessQueue()
        self.wechat.step, self.wechat.now = self._count_down, lambda: self.now_s
        self.followers = FollowerStore(self.tables.client, self.tables.followers.name)
        self.campaigns = CampaignStore(self.tables.state)
        self.ledger = LedgerStore(self.tables.state)
        self.results = ResultStore(self.tables.state)
        self.campaign = ""
        self.audience: set[str] = set()
        self.ending: Callable[..., object] = resume
        self.calls_to_live: int | None = None
        for client in self._clients():
            client.meta.events.register("before-call", self._count_down)

    @initialize(
        audience=st.sets(st.sampled_from((*PEOPLE, BAD)), min_size=4),
        ending=st.sampled_from((resume, resume, resume, cancel)),
        calls=PLANNER_LIVES,
    )
    def begin(self, audience: set[str], ending: Callable[..., object], calls: int | None) -> None:
        for openid in audience:
            self.followers.apply(a_follower(openid))
        self.audience, self.ending = audience, ending
        self.campaign = start(ROOM, self._start_deps())["campaign"]
        self.plan_further(calls)

    # ---------------------------------------------------------------- rules

    @rule(calls=PLANNER_LIVES)
    def plan_further(self, calls: int | None) -> None:
        self._until_killed(calls, lambda: plan(self.campaign, self._start_deps()))

    @precondition(lambda self: self.queue.messages)
    @rule(data=st.data(), deliveries=st.lists(DELIVERIES, min_size=2, max_size=5))
    def deliver(self, data: st.DataObject, deliveries: list[tuple[str, int | None]]) -> None:
        for answer, calls in deliveries:
            campaign, number = data.draw(st.sampled_from(self.queue.messages))
            self.wechat.answers = [answer]
            self._until_killed(calls, partial(send, campaign, number, self._fanout_deps()))
        self.wechat.answers = []

    @precondition(lambda self: self.wechat.results)
    @rule(data=st.data())
    def report(self, data: st.DataObject) -> None:
        self.results.add(data.draw(st.sampled_from(self.wechat.results)), self.now_s)

    @rule(control=st.sampled_from((pause, resume, resume, accept_unknown)))
    def control(self, control: Callable[..., object]) -> None:
        self._try(control)

    @rule()
    def time_passes(self) -> None:
        self.now_s += CLAIM_STALE_S + 1

    # ------------------------------------------------------------ what holds

    @invariant()
    def nobody_is_notified_twice(self) -> None:
        assert max(self.wechat.notified.values(), default=0) <= 1

    @invariant()
    def no_call_and_no_day_is_over_the_limit(self) -> None:
        assert max(self.wechat.sizes, default=0) <= CHUNK
        assert len(self.wechat.sizes) <= QUOTA

    def _nobody_is_planned_twice(self) -> None:
        planned = [openid for openids in self._openids_by_chunk().values() for openid in openids]
        assert len(planned) == len(set(planned))

    def _everybody_is_accounted_for(self) -> None:
        seen = self._report()
        if seen.campaign.state is CampaignState.PAUSED:  # the quota was used up
            return
        assert seen.nothing_left_to_send
        states = {chunk.number: chunk.state for chunk in self.ledger.chunks(self.campaign)}
        by_state: dict[ChunkState, set[str]] = {state: set() for state in ChunkState}
        for number, openids in self._openids_by_chunk().items():
            by_state[states[number]] |= set(openids)
        possible = by_state[ChunkState.ACCEPTED] | by_state[ChunkState.UNKNOWN]
        assert set(self.wechat.notified) <= possible, "whoever was notified is in the report"
        if seen.campaign.fully_planned:
            assert set().union(*by_state.values()) == self.audience
            assert sum(seen.openids.values()) == seen.campaign.audience == len(self.audience)

    # ------------------------------------------------------------- machinery

    def teardown(self) -> None:
        try:
            if self.campaign:
                self._finish()
        finally:
            self._clear()

    def _finish(self) -> None:
        """Let everything be done that is still to do: every example ends here.

        No chunk is ever deleted, so what was planned twice at any time is seen here as well.
        """
        for _ in range(30):
            self.now_s += CLAIM_STALE_S + 1
            self._try(self.ending)
            plan(self.campaign, self._start_deps())
            for campaign, number in list(dict.fromkeys(self.queue.messages)):
                send(campaign, number, self._fanout_deps())
            if self._report().nothing_left_to_send:
                break
        for result in self.wechat.results:
            self.results.add(result, self.now_s)
        self.nobody_is_notified_twice()
        self.no_call_and_no_day_is_over_the_limit()
        self._nobody_is_planned_twice()
        self._everybody_is_accounted_for()

    def _clear(self) -> None:
        for client in self._clients():
            client.meta.events.unregister("before-call", self._count_down)
        self.tables.empty()

    def _until_killed(self, calls: int | None, work: Callable[[], object]) -> None:
        self.calls_to_live = calls
        try:
            work()
        except Killed:
            pass
        finally:
            self.calls_to_live = None

    def _try(self, control: Callable[..., object]) -> None:
        with suppress(InvalidCommand):  # it makes no sense as things stand, which is an answer too
            control(self.campaign, self._start_deps())

    def _report(self) -> Report:
        campaign = self.campaigns.get(self.campaign)
        assert campaign is not None
        chunks, results = self.ledger.chunks(self.campaign), self.results.of_room(ROOM)
        return report(campaign, chunks, results, self.now_s)

    def _openids_by_chunk(self) -> dict[int, list[str]]:
        return {
            chunk.number: self.ledger.openids(self.campaign, chunk.number)
            for chunk in self.ledger.chunks(self.campaign)
        }

    def _start_deps(self) -> push_start.Dependencies:
        state = self.tables.state
        return push_start.Dependencies(
            wechat=cast("Any", self.wechat),
            followers=self.followers,
            campaigns=self.campaigns,
            ledger=self.ledger,
            results=self.results,
            rooms=RoomStore(state),
            runs=SyncRunStore(state),
            quota=QuotaStore(state, Api.PUSH_MESSAGE, QUOTA),
            queue=cast("Any", self.queue),
            telemetry=SilentTelemetry(),
            chunk=CHUNK,
            interval_ms=1,
            day_offset_hours=8,
            now=lambda: self.now_s,
            remaining_s=lambda: 900.0,
            plan_later=lambda _: None,
        )

    def _fanout_deps(self) -> push_fanout.Dependencies:
        state = self.tables.state
        return push_fanout.Dependencies(
            wechat=cast("Any", self.wechat),
            campaigns=self.campaigns,
            ledger=self.ledger,
            pace=PaceStore(state, Api.PUSH_MESSAGE),
            quota=QuotaStore(state, Api.PUSH_MESSAGE, QUOTA),
            queue=cast("Any", self.queue),
            telemetry=SilentTelemetry(),
            interval_ms=1,
            retry_busy=False,
            day_offset_hours=8,
            now=lambda: self.now_s,
            sleep=self._sleep,
        )

    def _sleep(self, seconds: float) -> None:
        self.now_s += seconds

    def _clients(self) -> tuple[Any, Any]:
        return self.tables.client, self.tables.state.meta.client

    def _count_down(self, **_: object) -> None:
        if self.calls_to_live is not None:
            self.calls_to_live -= 1
            if self.calls_to_live < 0:
                raise Killed


@pytest.fixture
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wxlive.stores.dynamo.time.sleep", lambda _: None)


@pytest.mark.slow
@pytest.mark.timeout(1800)  # of the thorough profile
@pytest.mark.usefixtures("_no_pauses")
def test_nobody_is_notified_twice_and_nobody_is_forgotten(backend: Backend, tables: Tables) -> None:
    class Machine(OneCampaign):
        pass

    Machine.tables = tables
    examples = {MOTO: budget(fast=8, thorough=200), LOCAL: budget(fast=2, thorough=20)}
    run_state_machine_as_test(
        Machine,
        settings=settings(
            examples[backend.name],
            stateful_step_count=15,
            suppress_health_check=list(HealthCheck),
        ),
    )
