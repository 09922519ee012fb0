"""A campaign and its chunks in any interleaving: nobody twice (I1), nobody forgotten.

The real planner, senders and operator's controls on the real stores, beside a model of WeChat
that accepts, refuses, loses answers and reports late, twice or never. Messages of the queue come
in any order and any number of times; whoever works is killed at any call to AWS or WeChat.
Whatever happened: nobody got two calls, every call was within the limits, and once everything
is done each of the audience is accounted for.
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

from wxlive.campaigns import CLAIM_STALE_S, CampaignState, ChunkState
from wxlive.errors import (
    BadOpenid,
    NotReached,
    OutcomeUnknown,
    QuotaUsedUp,
    RateLimited,
    Refused,
    RetryLater,
    RoomNotLive,
    RoomTaken,
    SystemBusy,
    WxliveError,
)
from wxlive.events import PushResult
from wxlive.followers import Follower, Source, Status
from wxlive.rooms import Room
from wxlive.stores.campaigns import CampaignStore
from wxlive.stores.followers import FollowerStore
from wxlive.stores.pace import PaceStore, QuotaStore
from wxlive.stores.rooms import RoomStore
from wxlive.stores.sync_runs import SyncRunStore
from wxlive.wechat import ApiQuota
from wxlive_push_fanout import send as fanout
from wxlive_push_start import start as starting
from wxlive_push_start.control import accept_unknown, cancel, pause, resume
from wxlive_push_start.plan import plan

if TYPE_CHECKING:
    from tests.contract.conftest import Backend, Tables

START_S = 1_790_000_000
ROOM, CHUNK, BAD = 7, 3, "bad"
PEOPLE = tuple(f"o{n}" for n in range(10))
QUOTA = 40

FATES: dict[str, WxliveError | None] = {
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
CARRIED_OUT = {"accepted", "lost after"}


PLANNER_LIVES = st.none() | st.integers(1, 25)
"""The calls after which a planner is killed, if it is."""

DELIVERIES = st.tuples(
    st.sampled_from(["accepted", "lost after"]) | st.sampled_from(sorted(FATES)),
    st.none() | st.integers(5, 9),
)
"""What WeChat does about a message's chunk, and the calls after which its worker is killed. Most
often what tempts to send again: the call was carried out and the answer lost."""


class Killed(BaseException):
    """The process ends here."""


class PushedByWechat:
    """What WeChat did. ``fates`` decide the next pushes; one bad openid spoils any call."""

    is_cold = False

    def __init__(self) -> None:
        self.fates: list[str] = []
        self.told: Counter[str] = Counter()
        self.sizes: list[int] = []
        self.results: list[PushResult] = []
        self.step: Callable[[], None] = lambda: None
        self.now: Callable[[], float] = lambda: START_S

    def push(self, room_id: int, openids: Sequence[str]) -> str:
        self.step()
        fate = self.fates.pop(0) if self.fates else "accepted"
        self.sizes.append(len(openids))
        if BAD in openids and fate in CARRIED_OUT:
            raise BadOpenid("40003", errcode=40003)
        message_id = f"m{len(self.sizes)}"
        if fate in CARRIED_OUT:
            self.told.update(openids)
            n = len(openids)
            self.results.append(PushResult(message_id, room_id, int(self.now()), n, n, 0, 0, 0, 0))
        self.step()
        error = FATES[fate]
        if error is not None:
            raise error
        return message_id

    def rooms(self, _start: int, _limit: int) -> tuple[Room, ...]:
        return (Room.from_answer({"roomid": ROOM, "live_status": 101}),)

    def quota(self, _path: str) -> ApiQuota:
        return ApiQuota(daily_limit=QUOTA, used=0)


class Bell:
    """The queue: a message may be taken again and again, and nothing is promised of the order."""

    def __init__(self) -> None:
        self.rings: list[tuple[str, int]] = []

    def ring(self, campaign: str, chunk: int, delay_s: int = 0) -> None:
        self.rings.append((campaign, chunk))


class OneCampaign(RuleBasedStateMachine):
    """A day of one room. Given its tables by the test."""

    tables: "Tables"

    def __init__(self) -> None:
        super().__init__()
        self.now_s = float(START_S)
        self.wechat, self.bell = PushedByWechat(), Bell()
        self.wechat.step, self.wechat.now = self._count_down, lambda: self.now_s
        self.followers = FollowerStore(self.tables.client, self.tables.followers.name)
        self.campaigns = CampaignStore(self.tables.state)
        self.campaign = ""
        self.people: set[str] = set()
        self.ending: Callable[..., object] = resume
        self.calls_to_live: int | None = None
        for client in self._clients():
            client.meta.events.register("before-call", self._count_down)

    @initialize(
        people=st.sets(st.sampled_from((*PEOPLE, BAD)), min_size=4),
        ending=st.sampled_from((resume, resume, resume, cancel)),
        calls=PLANNER_LIVES,
    )
    def begin(self, people: set[str], ending: Callable[..., object], calls: int | None) -> None:
        for openid in people:
            self.followers.apply(
                Follower(openid, Status.SUBSCRIBED, 9, 9, ROOM, 101, Source.CALLBACK)
            )
        self.people, self.ending = people, ending
        self.campaign = starting.start(ROOM, self._start_parts())["campaign"]
        self.plan_on(calls)

    # ---------------------------------------------------------------- rules

    @rule(calls=PLANNER_LIVES)
    def plan_on(self, calls: int | None) -> None:
        self._mortal(calls, lambda: plan(self.campaign, self._start_parts()))

    @precondition(lambda self: self.bell.rings)
    @rule(data=st.data(), deliveries=st.lists(DELIVERIES, min_size=2, max_size=5))
    def deliver(self, data: st.DataObject, deliveries: list[tuple[str, int | None]]) -> None:
        for fate, calls in deliveries:
            campaign, number = data.draw(st.sampled_from(self.bell.rings))
            self.wechat.fates = [fate]
            self._mortal(calls, partial(fanout.send, campaign, number, self._fanout_parts()))
        self.wechat.fates = []

    @precondition(lambda self: self.wechat.results)
    @rule(data=st.data())
    def report(self, data: st.DataObject) -> None:
        self.campaigns.add_result(data.draw(st.sampled_from(self.wechat.results)), self.now_s)

    @rule(control=st.sampled_from((pause, resume, resume, accept_unknown)))
    def control(self, control: Callable[..., object]) -> None:
        self._try(control)

    @rule()
    def time_passes(self) -> None:
        self.now_s += CLAIM_STALE_S + 1

    # ------------------------------------------------------------ what holds

    @invariant()
    def nobody_is_told_twice(self) -> None:
        assert max(self.wechat.told.values(), default=0) <= 1

    @invariant()
    def no_call_and_no_day_is_over_the_limit(self) -> None:
        assert max(self.wechat.sizes, default=0) <= CHUNK
        assert len(self.wechat.sizes) <= QUOTA

    @invariant()
    def nobody_is_planned_twice(self) -> None:
        planned = [openid for openids in self._in_chunks().values() for openid in openids]
        assert len(planned) == len(set(planned))

    def _everybody_is_accounted_for(self) -> None:
        told = self._report()
        if told.campaign.state is CampaignState.PAUSED:  # the quota was used up
            return
        assert told.nothing_left_to_send
        by_fate: dict[ChunkState, set[str]] = {state: set() for state in ChunkState}
        fates = {chunk.number: chunk.state for chunk in self.campaigns.chunks(self.campaign)}
        for number, openids in self._in_chunks().items():
            by_fate[fates[number]] |= set(openids)
        certain = by_fate[ChunkState.ACCEPTED]
        possible = certain | by_fate[ChunkState.UNKNOWN]
        assert set(self.wechat.told) <= possible, "whoever was told is in the report"
        if told.campaign.fully_planned:
            assert set().union(*by_fate.values()) == self.people
            assert sum(told.openids.values()) == told.campaign.audience == len(self.people)

    # ------------------------------------------------------------- machinery

    def teardown(self) -> None:
        try:
            if self.campaign:
                self._finish()
        finally:
            self._clear()

    def _finish(self) -> None:
        """Let everything be done that is still to do: every example ends here."""
        for _ in range(30):
            self.now_s += CLAIM_STALE_S + 1
            self._try(self.ending)
            plan(self.campaign, self._start_parts())
            for campaign, number in list(dict.fromkeys(self.bell.rings)):
                fanout.send(campaign, number, self._fanout_parts())
            if self._report().nothing_left_to_send:
                break
        for result in self.wechat.results:
            self.campaigns.add_result(result, self.now_s)
        self.nobody_is_told_twice()
        self.no_call_and_no_day_is_over_the_limit()
        self.nobody_is_planned_twice()
        self._everybody_is_accounted_for()

    def _clear(self) -> None:
        for client in self._clients():
            client.meta.events.unregister("before-call", self._count_down)
        self.tables.empty()

    def _mortal(self, calls: int | None, work: Callable[[], object]) -> None:
        self.calls_to_live = calls
        try:
            work()
        except Killed:
            pass
        finally:
            self.calls_to_live = None

    def _try(self, control: Callable[..., object]) -> None:
        with suppress(Refused):  # it makes no sense as things stand, which is an answer too
            control(self.campaign, self._start_parts())

    def _report(self) -> Any:
        campaign = self.campaigns.get(self.campaign)
        assert campaign is not None
        return self.campaigns.report(campaign, self.now_s)

    def _in_chunks(self) -> dict[int, list[str]]:
        chunks = self.campaigns.chunks(self.campaign) if self.campaign else ()
        return {
            chunk.number: self.campaigns.openids(self.campaign, chunk.number) for chunk in chunks
        }

    def _start_parts(self) -> starting.Parts:
        state = self.tables.state
        return starting.Parts(
            wechat=cast("Any", self.wechat),
            followers=self.followers,
            campaigns=self.campaigns,
            rooms=RoomStore(state),
            runs=SyncRunStore(state),
            quota=QuotaStore(state, "push_message", QUOTA),
            queue=cast("Any", self.bell),
            telemetry=cast("Any", Silent()),
            chunk=CHUNK,
            interval_ms=1,
            day_offset_hours=8,
            now=lambda: self.now_s,
            remaining_s=lambda: 900.0,
            plan_later=lambda _: None,
        )

    def _fanout_parts(self) -> fanout.Parts:
        state = self.tables.state
        return fanout.Parts(
            wechat=cast("Any", self.wechat),
            campaigns=self.campaigns,
            pace=PaceStore(state, "push_message"),
            quota=QuotaStore(state, "push_message", QUOTA),
            queue=cast("Any", self.bell),
            telemetry=cast("Any", Silent()),
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


class Silent:
    """Telemetry that nobody reads."""

    def count(self, *_: object) -> None: ...

    def problem(self, *_: object, **__: object) -> None: ...


@pytest.mark.usefixtures("_no_pauses")
def test_nobody_is_told_twice_and_nobody_is_forgotten(backend: "Backend", tables: "Tables") -> None:
    class Machine(OneCampaign):
        pass

    Machine.tables = tables
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=40 if backend.name == "moto" else 4,
            stateful_step_count=15,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.fixture
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wxlive.stores.dynamo.time.sleep", lambda _: None)
