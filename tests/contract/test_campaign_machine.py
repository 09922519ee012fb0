"""A campaign in any interleaving: nobody is notified twice, nobody is forgotten, a hold holds.

The real planner, senders, schedule and operator's commands on the real stores, beside a model of
WeChat that accepts, refuses, loses answers and reports late, twice or never. Messages are delivered
in any order, any number of times or never; commands come again late; planners and senders are
killed at any call, meet a busy table or a lost answer, or somebody else acts between two of their
calls. Whatever happened: no openid gets two calls unless the operator said so, every call is within
the limits, and the schedule alone brings the campaign to its end, where every follower is accounted
for.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, TypeAlias

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

from explore.aws.backend import MEMORY
from factories import ROOM, a_follower
from support.backends import LOCAL, MOTO, Backend, Tables
from support.budget import budget
from support.push_world import ANSWERS, BAD, CHUNK, DAY_OFFSET_HOURS, RATE, PushWorld
from support.steps import Killed
from support.table_faults import BUSY, LOST, Fault
from wxlive.domain.calendar import day_ends_at, day_of
from wxlive.domain.campaigns import HELD, HoldKind
from wxlive.domain.chunks import CALL_DELAY_S, CLAIM_STALE_S, ChunkState
from wxlive.errors import InvalidCommand, WxliveError

PEOPLE = tuple(f"o{n}" for n in range(10))
QUOTA = 12
"""Few calls a day, so that a campaign may have to go on on the next one."""

MINUTE_S = 61

Trouble: TypeAlias = tuple[str, int]
"""What happens to whoever is at work, at which of its calls."""

TROUBLES = st.none() | st.tuples(
    st.sampled_from(["killed", "pause", "resume", "reconcile", "plan", "deliver"])
    | st.sampled_from([fault.name for fault in BUSY + LOST]),
    st.integers(1, 12),
)

DELIVERIES = st.tuples(
    st.sampled_from(["accepted", "lost after"]) | st.sampled_from(sorted(ANSWERS)), TROUBLES
)
"""How WeChat answers the push of a message's chunk, and what happens to its sender meanwhile.
Most often what tempts to send again: the call was processed and the answer lost."""


class OneCampaign(RuleBasedStateMachine):
    """A room's campaign. Given its tables by the test."""

    tables: Tables

    def __init__(self) -> None:
        super().__init__()
        self.world = PushWorld(self.tables, quota=QUOTA)
        self.wechat, self.sqs = self.world.wechat, self.world.sqs
        self.wechat.step = self.sqs.step = self._step
        self.wechat.allow = self._no_hold_is_ignored
        self.campaign = ""
        self.audience: set[str] = set()
        self.ending = "resume"
        self.acknowledged: list[dict[str, Any]] = []
        self.held_at: float | None = None
        self.resumes = 0
        self.may_be_notified_again: Counter[str] = Counter()
        self.deaths = 0
        self._calls_to_trouble: int | None = None
        self._trouble: Callable[[], None] = lambda: None
        self._state_client().meta.events.register("before-call", self._step)

    @initialize(
        audience=st.sets(st.sampled_from((*PEOPLE, BAD)), min_size=4),
        ending=st.sampled_from(("resume", "resume", "resume", "cancel")),
        trouble=TROUBLES,
    )
    def begin(self, audience: set[str], ending: str, trouble: Trouble | None) -> None:
        for openid in audience:
            self.world.followers.apply(a_follower(openid))
        self.audience, self.ending = audience, ending
        started = self._command("start", room_id=ROOM)
        assert started is not None
        self.campaign = started["campaign"]
        self.plan_further(trouble)

    # ---------------------------------------------------------------- rules

    @rule(trouble=TROUBLES)
    def plan_further(self, trouble: Trouble | None) -> None:
        self._work(self._plan, trouble)

    @precondition(lambda self: self.sqs.bodies)
    @rule(data=st.data(), deliveries=st.lists(DELIVERIES, min_size=2, max_size=5))
    def deliver(self, data: st.DataObject, deliveries: list[tuple[str, Trouble | None]]) -> None:
        for answer, trouble in deliveries:
            body = data.draw(st.sampled_from(self.sqs.bodies))
            self.wechat.answers = [answer]
            self._work(partial(self.world.deliver, body), trouble)
        self.wechat.answers = []

    @precondition(lambda self: self.sqs.bodies)
    @rule(data=st.data())
    def lose_messages(self, data: st.DataObject) -> None:
        kept = data.draw(st.integers(0, len(self.sqs.bodies) - 1))
        del self.sqs.bodies[kept:]

    @precondition(lambda self: self.wechat.results)
    @rule(data=st.data())
    def report(self, data: st.DataObject) -> None:
        result = data.draw(st.sampled_from(self.wechat.results))
        self.world.stores.results.add(result, self.world.now_s)

    @rule(
        action=st.sampled_from(("pause", "resume", "accept_unknown", "resend_unknown")),
        trouble=TROUBLES,
    )
    def control(self, action: str, trouble: Trouble | None) -> None:
        if action == "resume":
            self.held_at = None  # it may take effect although its answer is lost
            self.resumes += 1
        if action == "resend_unknown":
            self._expect_to_be_notified_again()
        self._work(lambda: self._command(action, campaign=self.campaign), trouble)

    @precondition(lambda self: self.acknowledged)
    @rule(data=st.data())
    def repeat_a_command(self, data: st.DataObject) -> None:
        event = data.draw(st.sampled_from(self.acknowledged))
        before = self.tables.rows()
        with suppress(InvalidCommand):
            self.world.execute(**event)
        assert self.tables.rows() == before, "one command, one effect"

    @rule(trouble=TROUBLES)
    def reconcile(self, trouble: Trouble | None) -> None:
        self._work(self._reconcile, trouble)

    @rule(seconds=st.sampled_from((1, CLAIM_STALE_S + 1, MINUTE_S, 310)))
    def time_passes(self, seconds: int) -> None:
        self.world.now_s += seconds

    @rule(seconds=st.sampled_from((20, 3, -1)))
    def midnight_comes(self, seconds: int) -> None:
        now_s = self.world.now_s
        self.world.now_s = max(now_s, day_ends_at(now_s, DAY_OFFSET_HOURS) - seconds)

    # ------------------------------------------------------------ what holds

    @invariant()
    def nobody_is_notified_twice(self) -> None:
        for openid, times in self.wechat.notified.items():
            assert times <= 1 + self.may_be_notified_again[openid], openid

    @invariant()
    def no_second_and_no_day_is_over_the_limit(self) -> None:
        calls = self.wechat.calls
        for begin_s, _ in calls:
            second = [size for at_s, size in calls if begin_s <= at_s < begin_s + 1]
            assert sum(second) <= RATE
        assert max((size for _, size in calls), default=0) <= CHUNK
        days = Counter(day_of(at_s, DAY_OFFSET_HOURS) for at_s, _ in calls)
        for day, made in days.items():
            counted = self.world.quota.used(day)
            assert made <= counted <= QUOTA, day
            assert self.deaths or counted == made, "a call that was not made is refunded"

    def _no_hold_is_ignored(self) -> None:
        """A call that was claimed before a hold was acknowledged begins soon or never."""
        assert self.held_at is None or self.world.now_s - self.held_at <= CALL_DELAY_S

    def _nobody_is_planned_twice(self, openids: Mapping[int, list[str]]) -> None:
        planned = [openid for chunk in openids.values() for openid in chunk]
        assert len(planned) == len(set(planned))

    def _everybody_is_accounted_for(self, openids: Mapping[int, list[str]]) -> None:
        seen = self.world.report(self.campaign)
        assert seen.nothing_left_to_send
        by_state: dict[ChunkState, set[str]] = {state: set() for state in ChunkState}
        for chunk in self.world.stores.ledger.chunks(self.campaign):
            left = chunk.as_left() if seen.campaign.is_ended else chunk
            by_state[left.state] |= set(openids[chunk.number])
        unknown = by_state[ChunkState.UNKNOWN]
        possible = by_state[ChunkState.ACCEPTED] | unknown | set(self.may_be_notified_again)
        assert set(self.wechat.notified) <= possible, "whoever was notified is in the report"
        assert self.deaths or unknown <= set(self.wechat.called), "unknown is a call that left"
        proven = seen.openids[ChunkState.ACCEPTED] - len(by_state[ChunkState.ACCEPTED])
        assert proven <= len(unknown & set(self.wechat.notified))
        if seen.campaign.fully_planned:
            assert set().union(*by_state.values()) == self.audience
            assert sum(seen.openids.values()) == seen.campaign.audience == len(self.audience)

    # ------------------------------------------------------------- machinery

    def teardown(self) -> None:
        try:
            if self.campaign:
                self._finish()
        finally:
            self._state_client().meta.events.unregister("before-call", self._step)
            self.tables.faults.clear()
            self.tables.empty()

    def _finish(self) -> None:
        """Let the schedules and the queue do what is still to do: every example ends here.

        No chunk is ever deleted, so what was planned twice at any time is seen here as well.
        """
        world = self.world
        for _ in range(40):
            world.now_s += MINUTE_S
            self._end_holds()
            self._reconcile()
            for _campaign in world.planned_later:
                self._plan()
            world.planned_later.clear()
            world.deliver_all()
            if world.stores.lives().finished:
                break
        for result in self.wechat.results:
            world.stores.results.add(result, world.now_s)
        ledger = world.stores.ledger
        openids = {
            chunk.number: ledger.openids(self.campaign, chunk.number) or []
            for chunk in ledger.chunks(self.campaign)
        }
        self.nobody_is_notified_twice()
        self.no_second_and_no_day_is_over_the_limit()
        self._nobody_is_planned_twice(openids)
        self._everybody_is_accounted_for(openids)

    def _end_holds(self) -> None:
        """Act as the operator, and as live_watch, who sees the room live."""
        if self.ending == "cancel":
            self._command("cancel", campaign=self.campaign)
        campaign = self.world.stores.campaign(self.campaign)
        if campaign.state not in HELD:
            return
        if campaign.hold_kind in {HoldKind.OPERATOR, HoldKind.DAY}:
            self._command("resume", campaign=self.campaign)
        if campaign.hold_kind is HoldKind.ROOM:
            self.world.execute("end_hold", campaign=self.campaign, hold=campaign.hold_id)
        self.world.now_s = max(self.world.now_s, campaign.resume_at)

    def _plan(self) -> None:
        self.world.execute("plan", campaign=self.campaign)

    def _reconcile(self) -> None:
        self.world.execute("reconcile")

    def _command(self, action: str, **facts: Any) -> dict[str, Any] | None:
        """Execute a new command of the operator's; returns its report, None if it was refused."""
        event = {"action": action, "command": self.world.new_id(), **facts}
        resumes = self.resumes
        try:
            report = self.world.execute(**event)
        except InvalidCommand:
            return None
        self.acknowledged.append(event)
        if action == "cancel" or (action == "pause" and self.resumes == resumes):
            self.held_at = self.world.now_s
        if action == "resume":
            self.held_at = None
        return report

    def _expect_to_be_notified_again(self) -> None:
        for chunk in self.world.report(self.campaign).unknown:
            openids = self.world.stores.ledger.openids(self.campaign, chunk.number)
            self.may_be_notified_again.update(openids or [])

    def _work(self, work: Callable[[], object], trouble: Trouble | None) -> None:
        """Do some work in which something may happen; what fails is repeated by nobody."""
        self._prepare(trouble)
        try:
            work()
        except Killed:
            self.deaths += 1
        except WxliveError:
            pass
        finally:
            self._calls_to_trouble = None
            self.tables.faults.clear()

    def _prepare(self, trouble: Trouble | None) -> None:
        if trouble is None:
            return
        kind, at = trouble
        if kind in Fault.__members__:
            fault = Fault[kind]
            times = 9 if fault in BUSY else 1
            self.tables.faults.writes = [*[None] * (at // 2), *[fault] * times]
        else:
            self._calls_to_trouble = at
            self._trouble = self._die if kind == "killed" else partial(self._act, kind)

    def _die(self) -> None:
        raise Killed

    def _act(self, kind: str) -> None:
        """Do something between two calls of whoever is at work."""
        self._calls_to_trouble = None
        match kind:
            case "plan":
                self._plan()
            case "reconcile":
                self._reconcile()
            case "deliver" if self.sqs.bodies:
                self.world.deliver(self.sqs.bodies[0])
            case "pause" | "resume":
                self.control(kind, None)

    def _step(self, **_: object) -> None:
        """Come before each call but the scans, which threads make."""
        if self._calls_to_trouble is None:
            return
        self._calls_to_trouble -= 1
        if self._calls_to_trouble <= 0:  # whoever was killed makes no other call
            self._trouble()

    def _state_client(self) -> Any:
        return self.tables.state.meta.client


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
    examples = {
        MEMORY: budget(fast=60, thorough=1000),
        MOTO: budget(fast=2, thorough=30),
        LOCAL: budget(fast=2, thorough=20),
    }
    run_state_machine_as_test(
        Machine,
        settings=settings(
            examples[backend.name],
            stateful_step_count=15,
            suppress_health_check=list(HealthCheck),
        ),
    )
