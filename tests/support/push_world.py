"""A push's functions on real stores, beside models of WeChat and SQS: one call at a time."""

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from factories import NOW_S, a_pseudonym_key, a_result, a_room
from support.backends import Tables
from support.doubles import EventBridgeClient, SilentTelemetry
from support.push_stores import PushStores
from wxlive.domain.calendar import day_of
from wxlive.domain.pace import interval_ms
from wxlive.domain.reports import Report
from wxlive.errors import (
    BadOpenid,
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
from wxlive.stores.announcements import AnnouncementStore, EventBus
from wxlive.stores.except_lists import ExceptListStore
from wxlive.stores.followers import FollowerStore
from wxlive.stores.forgotten import ForgottenStore
from wxlive.stores.member_indexes import MemberIndexStore
from wxlive.stores.muted import MutedStore
from wxlive.stores.push_queue import PushQueue
from wxlive.stores.quota import QuotaStore
from wxlive.stores.recent_results import RecentResultStore
from wxlive.stores.reports import read_report
from wxlive.stores.sync_runs import SyncRunStore
from wxlive.wechat.answers import ApiQuota, RoomPage
from wxlive.wechat.apis import Api
from wxlive_push_fanout import dependencies as push_fanout
from wxlive_push_fanout.handler import process
from wxlive_push_start import dependencies as push_start
from wxlive_push_start.commands import execute

if TYPE_CHECKING:
    from wxlive.domain.events import PushResult
    from wxlive.domain.rooms import Room

CHUNK, RATE = 3, 6
"""Openids in a call, and in a second."""

DAY_OFFSET_HOURS = 8
INVOCATION_S = 60

BAD = "bad"
"""An openid for which WeChat refuses the whole call (40003)."""

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
_PROCESSED = {"accepted", "lost after"}
_CLOSED = {"not reached", "token refused", "lost before", "lost after"}
"""After these the client has no token or no connection."""


class PushModel:
    """WeChat as senders see it. ``answers`` decide the next pushes, which are accepted otherwise.

    ``calls`` are when each call came (Unix s) and its openids' number, ``called`` and ``notified``
    who was in how many calls, and in how many that were processed.
    """

    def __init__(self, now: Callable[[], float], quota: int) -> None:
        self._now = now
        self._quota = quota
        self.step: Callable[[], None] = lambda: None
        self.allow: Callable[[], None] = lambda: None
        self.rooms_listed: tuple[Room, ...] = (a_room(),)
        self.answers: list[str] = []
        self.ready = False
        self.called: Counter[str] = Counter()
        self.notified: Counter[str] = Counter()
        self.calls: list[tuple[float, int]] = []
        self.results: list[PushResult] = []

    def is_ready(self, _for_s: float) -> bool:
        return self.ready

    def reconnect(self) -> None:
        assert self.ready

    def push(self, room_id: int, openids: Sequence[str]) -> str:
        self.step()
        self.allow()
        assert self.ready
        answer = self.answers.pop(0) if self.answers else "accepted"
        self.ready = answer not in _CLOSED
        if answer != "not reached":
            self.calls.append((self._now(), len(openids)))
            self.called.update(openids)
        if BAD in openids and answer in _PROCESSED:
            raise BadOpenid("40003", errcode=40003)
        message_id = f"m{len(self.calls)}"
        if answer in _PROCESSED:
            self.notified.update(openids)
            facts: dict[str, Any] = {"total": len(openids), "time_s": int(self._now())}
            self.results.append(a_result(message_id, room_id=room_id, **facts))
        self.step()
        error = ANSWERS[answer]
        if error is not None:
            raise error
        return message_id

    def rooms(self, _start: int, _limit: int) -> RoomPage:
        return RoomPage(self.rooms_listed)

    def quota(self, _api: Api) -> ApiQuota:
        self.ready = True
        today = day_of(self._now(), DAY_OFFSET_HOURS)
        used = sum(day_of(at_s, DAY_OFFSET_HOURS) == today for at_s, _ in self.calls)
        return ApiQuota(daily_limit=self._quota, used=used)


class EndlessSqs:
    """SQS, whose messages may be delivered again and again, and in any order."""

    def __init__(self) -> None:
        self.step: Callable[[], None] = lambda: None
        self.bodies: list[str] = []

    def send_message(self, *, MessageBody: str, **_: object) -> None:  # noqa: N803 - SQS's name
        self.step()
        self.bodies.append(MessageBody)

    def send_message_batch(
        self,
        *,
        Entries: Sequence[Mapping[str, str]],  # noqa: N803 - SQS's name
        **_: object,
    ) -> dict[str, Any]:
        self.step()
        self.bodies += [entry["MessageBody"] for entry in Entries]
        return {}


class _QuietTelemetry(SilentTelemetry):
    def __init__(self) -> None:
        quiet: Any = logging.getLogger("a push that nobody watches")
        quiet.disabled = True
        self.logger = quiet


class PushWorld:
    """Time, WeChat, SQS and the stores. ``quota`` calls are allowed a day.

    ``planned_later`` are the campaigns that a function had planned in another invocation.
    """

    def __init__(self, tables: Tables, *, quota: int = 5000, now_s: float = NOW_S) -> None:
        self.tables = tables
        self.now_s = float(now_s)
        self.stores = PushStores.on(tables.state)
        self.followers = FollowerStore(tables.client, tables.followers.name)
        self.quota = QuotaStore(tables.state, Api.PUSH_MESSAGE, quota)
        self.wechat = PushModel(lambda: self.now_s, quota)
        self.sqs = EndlessSqs()
        self.planned_later: list[str] = []
        self._ends_at = self.now_s
        self._ids = 0

    def new_id(self) -> str:
        """Return an id that no other command, claim or hold has."""
        self._ids += 1
        return f"id-{self._ids}"

    # ----------------------------------------------------------------- work

    def execute(self, action: str, **facts: Any) -> dict[str, Any]:
        """Execute a command: the operator's if ``facts`` name one, else the machine's."""
        return execute({"action": action, **facts}, self.start_deps())

    def deliver(self, body: str) -> None:
        """Process a message in an invocation of its own."""
        before, self._ends_at = self._ends_at, self.now_s + INVOCATION_S
        try:
            process(body, self.fanout_deps())
        finally:
            self._ends_at = before

    def deliver_all(self) -> None:
        """Process every message that is in the queue, once."""
        bodies, self.sqs.bodies = self.sqs.bodies, []
        for body in bodies:
            self.deliver(body)

    def report(self, campaign: str) -> Report:
        """Return the report as of now."""
        stores = self.stores
        return read_report(
            stores.campaign(campaign), stores.campaigns, stores.ledger, stores.results, self.now_s
        )

    # --------------------------------------------------------- dependencies

    def start_deps(self) -> push_start.Dependencies:
        stores = self.stores
        return push_start.Dependencies(
            wechat=cast("Any", self.wechat),
            followers=self.followers,
            campaigns=stores.campaigns,
            ledger=stores.ledger,
            results=stores.results,
            living=stores.living,
            days=stores.days,
            commands=stores.commands,
            announcements=AnnouncementStore(self.tables.state),
            events=EventBus(cast("Any", EventBridgeClient()), "wxlive"),
            except_lists=ExceptListStore(self.tables.state),
            muted=MutedStore(self.tables.state),
            forgotten=ForgottenStore(self.tables.client, self.tables.state.name, a_pseudonym_key),
            members=MemberIndexStore(self.tables.state),
            rooms=stores.rooms,
            runs=SyncRunStore(self.tables.state),
            quota=self.quota,
            queue=PushQueue(cast("Any", self.sqs), "push"),
            telemetry=_QuietTelemetry(),
            chunk=CHUNK,
            interval_ms=interval_ms(RATE, CHUNK),
            day_offset_hours=DAY_OFFSET_HOURS,
            brake_percent=50,
            trial_followed_s=0,
            now=lambda: self.now_s,
            sleep=self._sleep,
            remaining_s=lambda: 900.0,
            plan_later=self.planned_later.append,
            new_id=self.new_id,
        )

    def fanout_deps(self) -> push_fanout.Dependencies:
        stores = self.stores
        return push_fanout.Dependencies(
            wechat=cast("Any", self.wechat),
            campaigns=stores.campaigns,
            ledger=stores.ledger,
            living=stores.living,
            days=stores.days,
            rooms=stores.rooms,
            pace=stores.pace,
            quota=self.quota,
            recent_results=RecentResultStore(self.tables.state),
            queue=PushQueue(cast("Any", self.sqs), "push"),
            telemetry=_QuietTelemetry(),
            rate=RATE,
            brake_percent=50,
            retry_busy=False,
            day_offset_hours=DAY_OFFSET_HOURS,
            now=lambda: self.now_s,
            sleep=self._sleep,
            remaining_s=lambda: self._ends_at - self.now_s,
            new_id=self.new_id,
        )

    def _sleep(self, seconds: float) -> None:
        self.now_s += seconds
