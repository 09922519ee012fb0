"""The shipped code as programs: with clients, clock and ids that go through a port.

What the code takes from a module (``uuid``, ``time.sleep``, thread pools) is put in its place
while a program runs. Thread pools run their work at once, in the order in which it is handed
in: so the planner's prefetching asks for the same pages, each when it would be handed to a thread.
The short pauses between the tries of a colliding write pass no time.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Self

from explore.engine.programs import (
    BEGIN,
    CLOCK,
    NEW_ID,
    NOTE,
    NOW,
    PUBLISH,
    REMAINING,
    RUNTIME,
    SLEEP,
    Port,
    Run,
)
from explore.stack.clients import client, state_table
from explore.stack.places import (
    APPID,
    DAY_OFFSET_HOURS,
    FOLLOWER_SYNC,
    FOLLOWERS_TABLE,
    PUSH_QUEUE_URL,
    PUSH_START,
    ROOM,
    Call,
    Notice,
)
from explore.stack.wechat import BASE, Session
from wxlive import prefetch
from wxlive.domain.events import FollowAction, FollowNotify, PushResult
from wxlive.domain.rooms import RoomStatus
from wxlive.ingest import EventIngestor
from wxlive.settings import Secrets
from wxlive.stores import dynamo, followers
from wxlive.stores.campaigns import CampaignStore
from wxlive.stores.commands import CommandStore
from wxlive.stores.days import DayStore
from wxlive.stores.except_lists import ExceptListStore
from wxlive.stores.followers import FollowerStore
from wxlive.stores.ledger import LedgerStore
from wxlive.stores.living import LivingStore
from wxlive.stores.muted import MutedStore
from wxlive.stores.pace import PaceStore
from wxlive.stores.push_queue import PushQueue
from wxlive.stores.quota import QuotaStore
from wxlive.stores.results import ResultStore
from wxlive.stores.rooms import RoomStore
from wxlive.stores.sync_runs import SyncRunStore
from wxlive.stores.tokens import TokenStore
from wxlive.wechat.access_token import AccessToken
from wxlive.wechat.apis import Api
from wxlive.wechat.client import WechatClient
from wxlive_follower_sync import dependencies as sync_dependencies
from wxlive_follower_sync import handler as sync
from wxlive_follower_sync import walk
from wxlive_live_watch import dependencies as watch_dependencies
from wxlive_live_watch import poll as watch
from wxlive_push_fanout import dependencies as fanout_dependencies
from wxlive_push_fanout import handler as fanout
from wxlive_push_start import dependencies as start_dependencies
from wxlive_push_start import handler as start

ORIGINS = ("wxlive.stores.",)
"""Requests are named after the stores' methods that make them."""

_SECRETS = Secrets(appid=APPID, secret="5" * 32, tokens=("t",), aes_keys=())


@dataclass(frozen=True, slots=True)
class Setting:
    """What a world sets for the shipped code: the parameters of the template that matter.

    ``warm_token`` is the token that a worker has when it starts, together with a connection;
    ``counts_metrics`` says whether the world remembers which metrics were counted.
    """

    chunk: int = 2
    interval_ms: int = 1000
    rate: int = 2
    daily_calls: int = 5000
    retry_busy: bool = False
    auto_push: bool = False
    room_wait_limit_s: int = 3600
    day_offset_hours: int = DAY_OFFSET_HOURS
    warm_token: AccessToken | None = None
    counts_metrics: bool = True
    guard_percent: int = 100
    clock_margin_s: int = 120


# ------------------------------------------------------------------ programs


def sender(body: str, setting: Setting) -> Run:
    """Process one message, as ``push_fanout``'s handler does."""

    def run(port: Port) -> str:
        deps = _fanout(port, setting)
        event = {"Records": [{"messageId": "m", "body": body, "eventSource": "aws:sqs"}]}
        _DEPS.set(deps)
        _unwrapped(fanout.lambda_handler)(event, None)
        return "done"

    return run


def push_start(payload: str, setting: Setting) -> Run:
    """Execute a command (start, plan, pause, …), as ``push_start``'s handler does."""

    def run(port: Port) -> str:
        deps = _start(port, setting)
        _DEPS.set(deps)
        answer = _unwrapped(start.lambda_handler)(json.loads(payload), None)
        return str(answer.get("refused") or answer.get("planning") or answer["state"])

    return run


def live_watch(payload: str, setting: Setting) -> Run:
    """Poll once, as ``live_watch``'s handler does."""

    def run(port: Port) -> str:
        deps = _watch(port, setting)
        event = json.loads(payload)
        if "push" in event:
            watch.plan_push(int(event["push"]), int(event["at"]), deps)
        return str(watch.poll(deps).facts["recovery"])

    return run


def callback(call: Call, setting: Setting) -> Run:
    """Ingest the result of a push, as the callback does once the message is authentic."""

    def run(port: Port) -> str:
        state = state_table(port)
        counts = dict.fromkeys(
            ("openid_error", "relation_error", "user_recv_limit", "internal_error"), 0
        )
        now_s = _now_s(port)
        size = len(call.openids)
        result = PushResult(
            call.message_id, call.room_id, int(now_s), total=size, success=size, **counts
        )
        ingestor = EventIngestor(
            followers=FollowerStore(client("dynamodb", port), FOLLOWERS_TABLE),
            results=lambda: ResultStore(state),
            quarantine=SimpleNamespace(put=None),
            telemetry=Telemetry(port, setting),  # type: ignore[arg-type]  # what of it is used
        )
        ingestor._ingest_result(result, now_s)
        return "success"

    return run


def follower_sync(payload: str, setting: Setting) -> Run:
    """Execute a command or do a turn of a sync, as ``follower_sync``'s handler does."""

    def run(port: Port) -> str:
        _DEPS.set(_sync(port, setting))
        answer = _unwrapped(sync.lambda_handler)(json.loads(payload), None)
        return str(answer.get("refused") or answer.get("turn") or answer["state"])

    return run


def follow_callback(notice: Notice, setting: Setting) -> Run:
    """Ingest who subscribed or left, as the callback does once the message is authentic."""

    def run(port: Port) -> str:
        ingestor = EventIngestor(
            followers=FollowerStore(client("dynamodb", port), FOLLOWERS_TABLE),
            results=lambda: ResultStore(state_table(port)),
            quarantine=SimpleNamespace(put=None),
            telemetry=Telemetry(port, setting),  # type: ignore[arg-type]  # what of it is used
        )
        action = FollowAction.ADD_FOLLOW if notice.is_subscribed else FollowAction.DEL_FOLLOW
        live = RoomStatus.LIVE.value
        ingestor._ingest_follow(FollowNotify(notice.openid, ROOM, notice.time_s, live, action))
        return "success"

    return run


def operator(payloads: Sequence[str], setting: Setting) -> Run:
    """Give commands one after the other, each whenever the operator likes."""
    commands = [
        (json.loads(payload)["action"], push_start(payload, setting)) for payload in payloads
    ]

    def run(port: Port) -> str:
        answers = []
        for action, command in commands:
            port(RUNTIME, BEGIN, {})
            port(RUNTIME, NOTE, {"text": f"begun {action}"})
            try:
                answers.append(str(command(port)))
            except Exception as error:  # noqa: BLE001 - the operator sees that it failed
                answers.append(f"failed: {type(error).__name__}")
            port(RUNTIME, NOTE, {"text": f"{action} answered {answers[-1]}"})
        return ", ".join(answers)

    return run


# ------------------------------------------------------------- dependencies


FAST = "-fast"
"""Marks the services that a sender calls by clients that try once (``wxlive.aws.FAIL_FAST``)."""


class _Fast:
    """A port for clients that fail fast."""

    def __init__(self, port: Any) -> None:
        self._port = port

    def __call__(self, service: str, operation: str, request: Mapping[str, Any], /) -> Any:
        return self._port(f"{service}{FAST}", operation, request)

    def recorded(self, service: str, operation: str) -> Any:
        """Return the answer to the next call if it is recorded."""
        return self._port.recorded(f"{service}{FAST}", operation)


def _fanout(port: Port, setting: Setting) -> fanout_dependencies.Dependencies:
    state = state_table(_Fast(port))
    return fanout_dependencies.Dependencies(
        wechat=_wechat(port, state, setting),
        campaigns=CampaignStore(state),
        ledger=LedgerStore(state),
        living=LivingStore(state),
        days=DayStore(state),
        rooms=RoomStore(state),
        pace=PaceStore(state, Api.PUSH_MESSAGE),
        quota=QuotaStore(state, Api.PUSH_MESSAGE, setting.daily_calls),
        queue=PushQueue(client("sqs", _Fast(port)), PUSH_QUEUE_URL),
        telemetry=Telemetry(port, setting),  # type: ignore[arg-type]  # what of it is used
        rate=setting.rate,
        retry_busy=setting.retry_busy,
        day_offset_hours=setting.day_offset_hours,
        now=lambda: _now_s(port),
        sleep=lambda seconds: port(CLOCK, SLEEP, {"ms": round(seconds * 1000)}),
        remaining_s=lambda: port(RUNTIME, REMAINING, {}) / 1000,
        new_id=lambda: port(RUNTIME, NEW_ID, {}),
    )


class _NothingToAnnounce:
    """Announcements change nothing that a push reads, so their requests are left out."""

    def pending(self) -> list[Any]:
        return []


def _start(port: Port, setting: Setting) -> start_dependencies.Dependencies:
    state = state_table(port)
    return start_dependencies.Dependencies(
        wechat=_wechat(port, state, setting),
        followers=FollowerStore(client("dynamodb", port), FOLLOWERS_TABLE),
        campaigns=CampaignStore(state),
        ledger=LedgerStore(state),
        results=ResultStore(state),
        living=LivingStore(state),
        days=DayStore(state),
        commands=CommandStore(state),
        announcements=_NothingToAnnounce(),  # type: ignore[arg-type]  # what of it is used
        events=None,  # type: ignore[arg-type]  # nothing is announced
        except_lists=ExceptListStore(state),
        muted=MutedStore(state),
        rooms=RoomStore(state),
        runs=SyncRunStore(state),
        quota=QuotaStore(state, Api.PUSH_MESSAGE, setting.daily_calls),
        queue=PushQueue(client("sqs", port), PUSH_QUEUE_URL),
        telemetry=Telemetry(port, setting),  # type: ignore[arg-type]  # what of it is used
        chunk=setting.chunk,
        interval_ms=setting.interval_ms,
        day_offset_hours=setting.day_offset_hours,
        now=lambda: _now_s(port),
        remaining_s=lambda: port(RUNTIME, REMAINING, {}) / 1000,
        plan_later=lambda campaign: _invoke(port, {"action": "plan", "campaign": campaign}),
        new_id=lambda: port(RUNTIME, NEW_ID, {}),
    )


def _watch(port: Port, setting: Setting) -> watch_dependencies.Dependencies:
    state = state_table(port)
    return watch_dependencies.Dependencies(
        wechat=_wechat(port, state, setting),
        rooms=RoomStore(state),
        campaigns=CampaignStore(state),
        living=LivingStore(state),
        commands=CommandStore(state),
        quota=QuotaStore(state, Api.GET_LIVE_INFO, 400),
        other_quotas=(QuotaStore(state, Api.PUSH_MESSAGE, setting.daily_calls),),
        telemetry=Telemetry(port, setting),  # type: ignore[arg-type]  # what of it is used
        auto_push=setting.auto_push,
        room_wait_limit_s=setting.room_wait_limit_s,
        day_offset_hours=setting.day_offset_hours,
        now=lambda: _now_s(port),
        sleep=lambda _seconds: None,
        run_s=int(_now_s(port)),
        invoke_push_start=lambda payload: _invoke(port, payload),
        publish_live=lambda _room: None,
    )


def _sync(port: Port, setting: Setting) -> sync_dependencies.Dependencies:
    state = state_table(port)
    return sync_dependencies.Dependencies(
        wechat=_wechat(port, state, setting),
        followers=FollowerStore(client("dynamodb", port), FOLLOWERS_TABLE),
        runs=SyncRunStore(state),
        quota=QuotaStore(state, Api.GET_FOLLOWERS, setting.daily_calls),
        telemetry=Telemetry(port, setting),  # type: ignore[arg-type]  # what of it is used
        owner=port(RUNTIME, NEW_ID, {}),
        day_offset_hours=setting.day_offset_hours,
        guard_percent=setting.guard_percent,
        clock_margin_s=setting.clock_margin_s,
        now=lambda: _now_s(port),
        sleep=lambda seconds: port(CLOCK, SLEEP, {"ms": round(seconds * 1000)}),
        remaining_s=lambda: port(RUNTIME, REMAINING, {}) / 1000,
        continue_later=lambda: _invoke(port, {"action": "continue"}, FOLLOWER_SYNC),
    )


def _wechat(port: Port, state: Any, setting: Setting) -> WechatClient:
    client = WechatClient(
        BASE,
        _SECRETS,
        TokenStore(state, APPID),
        now=lambda: _now_s(port),
        session=lambda: Session(port),  # type: ignore[arg-type,return-value]  # stands in
    )
    if setting.warm_token is not None:  # as an earlier invocation of the same process left it
        client._tokens._held = setting.warm_token
        client._session = Session(port)  # type: ignore[assignment]  # stands in
        client._last_used = _now_s(port)
    return client


def _now_s(port: Port) -> float:
    now_ms: int = port(CLOCK, NOW, {})
    return now_ms / 1000


def _invoke(port: Port, payload: Mapping[str, Any], function: str = PUSH_START) -> None:
    client("lambda", port).invoke(
        FunctionName=function, InvocationType="Event", Payload=json.dumps(dict(payload))
    )


class Telemetry:
    """Stands in for the shipped one: metrics are notes, kept when the invocation ends."""

    def __init__(self, port: Port, setting: Setting) -> None:
        self._port = port
        self._counts = setting.counts_metrics
        self.logger = SimpleNamespace(info=_log, warning=_log, error=_log, exception=_log)

    def count(self, metric: Any, value: int = 1) -> None:
        """Note that a metric was counted, not how often."""
        if self._counts:
            self._port(RUNTIME, NOTE, {"text": metric.value})

    def publish(self) -> None:
        """Have what was noted up to now kept, even if the invocation is killed."""
        self._port(RUNTIME, PUBLISH, {})

    def problem(self, message: str, error: Exception, **facts: Any) -> None:
        """Log nothing."""


def _log(*_: object, **__: object) -> None:
    """Log nothing."""


# ------------------------------------------------------------------ patches


class _PoolAtOnce:
    """Stands in for a thread pool: work is done when it is handed in."""

    def __init__(self, _workers: int) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def submit(self, work: Callable[..., Any], *args: Any) -> Future[Any]:
        """Do it; what it raises is raised by the future, but for interruptions."""
        future: Future[Any] = Future()
        try:
            future.set_result(work(*args))
        except Exception as error:  # noqa: BLE001 - the future's to raise
            future.set_exception(error)
        return future

    def map(self, work: Callable[..., Any], *args: Any) -> Iterator[Any]:
        """Do all of it."""
        return iter([work(*each) for each in zip(*args, strict=False)])

    def shutdown(self, **_: object) -> None:
        """Wait for nothing."""


_DEPS: ContextVar[Any] = ContextVar("dependencies")
"""Those of a run: each has a context of its own."""

_NO_PAUSES = SimpleNamespace(sleep=lambda _seconds: None, monotonic=lambda: 0.0)


@contextmanager
def in_place() -> Iterator[None]:
    """Put what belongs to a program's port in place of what the shipped modules use."""
    patches: tuple[tuple[Any, str, Any], ...] = (
        (dynamo, "time", _NO_PAUSES),
        (prefetch, "ThreadPoolExecutor", _PoolAtOnce),
        (followers, "ThreadPoolExecutor", _PoolAtOnce),
        (fanout, "build_dependencies", lambda _context: _DEPS.get()),
        (start, "build_dependencies", lambda _context: _DEPS.get()),
        (start, "telemetry", lambda: _DEPS.get().telemetry),
        (sync, "build_dependencies", lambda _context: _DEPS.get()),
        (sync, "telemetry", lambda: _DEPS.get().telemetry),
        (walk, "PREFETCHED_PAGES", 1),
    )
    with ExitStack() as stack:
        for module, name, new in patches:
            stack.callback(setattr, module, name, getattr(module, name))
            setattr(module, name, new)
        yield


def _unwrapped(handler: Any) -> Any:
    """Return a handler without the frame that logs and writes metrics."""
    return handler.__wrapped__
