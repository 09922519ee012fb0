"""What the shipped functions work with in a world: stores, clients, clock and ids, on a port."""

import json
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from explore.engine.memory import MEMORY
from explore.engine.programs import (
    CLOCK,
    NEW_ID,
    NOTE,
    NOW,
    PUBLISH,
    REMAINING,
    RUNTIME,
    SLEEP,
    Port,
)
from explore.stack.clients import client, state_table
from explore.stack.places import (
    APPID,
    DAY_OFFSET_HOURS,
    FOLLOWER_SYNC,
    FOLLOWERS_TABLE,
    PUSH_QUEUE_URL,
    PUSH_START,
)
from explore.stack.wechat import BASE, Session
from wxlive.domain.forgotten import Forgotten
from wxlive.ingest import EventIngestor
from wxlive.settings import Secrets
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
from wxlive.stores.recent_results import RecentResultStore
from wxlive.stores.results import ResultStore
from wxlive.stores.rooms import RoomStore
from wxlive.stores.sync_runs import SyncRunStore
from wxlive.stores.tokens import TokenStore
from wxlive.wechat.access_token import AccessToken
from wxlive.wechat.apis import Api
from wxlive.wechat.client import WechatClient
from wxlive_follower_sync import dependencies as sync_dependencies
from wxlive_live_watch import dependencies as watch_dependencies
from wxlive_push_fanout import dependencies as fanout_dependencies
from wxlive_push_start import dependencies as start_dependencies

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
    brake_percent: int = 0
    auto_push: bool = False
    room_wait_limit_s: int = 3600
    day_offset_hours: int = DAY_OFFSET_HOURS
    warm_token: AccessToken | None = None
    counts_metrics: bool = True
    guard_percent: int = 100
    clock_margin_s: int = 120


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


def for_sender(port: Port, setting: Setting) -> fanout_dependencies.Dependencies:
    """Build what the function works with for one message of the push queue."""
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
        recent_results=RecentResultStore(state),
        queue=PushQueue(client("sqs", _Fast(port)), PUSH_QUEUE_URL),
        telemetry=Telemetry(port, setting),  # type: ignore[arg-type]  # what of it is used
        rate=setting.rate,
        brake_percent=setting.brake_percent,
        retry_busy=setting.retry_busy,
        day_offset_hours=setting.day_offset_hours,
        now=lambda: now_s(port),
        sleep=lambda seconds: port(CLOCK, SLEEP, {"ms": round(seconds * 1000)}),
        remaining_s=lambda: port(RUNTIME, REMAINING, {}) / 1000,
        new_id=lambda: port(RUNTIME, NEW_ID, {}),
    )


class _NothingToAnnounce:
    """Announcements change nothing that a push reads, so their requests are left out."""

    def pending(self) -> list[Any]:
        return []

    def reopen(self, campaign: str, names: Sequence[str], created_at: int) -> None:
        """Keep nothing."""


class _NobodyForgotten:
    """Nobody is forgotten in these worlds, so the requests that would show it are left out."""

    def load(self) -> Forgotten:
        return Forgotten()


class _NothingToIndex:
    """Nothing that a push decides reads an index, so the requests for it are left out."""

    def pending(self) -> list[Any]:
        return []


def for_push_start(port: Port, setting: Setting) -> start_dependencies.Dependencies:
    """Build what the function works with for one command."""
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
        forgotten=_NobodyForgotten(),  # type: ignore[arg-type]  # what of it is used
        members=_NothingToIndex(),  # type: ignore[arg-type]  # what of it is used
        rooms=RoomStore(state),
        runs=SyncRunStore(state),
        quota=QuotaStore(state, Api.PUSH_MESSAGE, setting.daily_calls),
        queue=PushQueue(client("sqs", port), PUSH_QUEUE_URL),
        telemetry=Telemetry(port, setting),  # type: ignore[arg-type]  # what of it is used
        chunk=setting.chunk,
        interval_ms=setting.interval_ms,
        day_offset_hours=setting.day_offset_hours,
        brake_percent=setting.brake_percent,
        trial_followed_s=0,  # it only makes things faster
        now=lambda: now_s(port),
        sleep=lambda _seconds: None,
        remaining_s=lambda: port(RUNTIME, REMAINING, {}) / 1000,
        plan_later=lambda campaign: _invoke(port, {"action": "plan", "campaign": campaign}),
        new_id=lambda: port(RUNTIME, NEW_ID, {}),
    )


def for_live_watch(port: Port, setting: Setting) -> watch_dependencies.Dependencies:
    """Build what the function works with for one poll."""
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
        trial=None,
        room_wait_limit_s=setting.room_wait_limit_s,
        day_offset_hours=setting.day_offset_hours,
        now=lambda: now_s(port),
        sleep=lambda _seconds: None,
        run_s=int(now_s(port)),
        invoke_push_start=lambda payload: _invoke(port, payload),
        publish_live=lambda _room: None,
    )


def for_callback(port: Port, setting: Setting) -> EventIngestor:
    """Build what stores an authentic message."""
    return EventIngestor(
        followers=FollowerStore(client("dynamodb", port), FOLLOWERS_TABLE),
        results=lambda: ResultStore(state_table(port)),
        recent_results=lambda: (
            RecentResultStore(state_table(port)) if setting.brake_percent else None
        ),
        quarantine=SimpleNamespace(put=None),
        telemetry=Telemetry(port, setting),  # type: ignore[arg-type]  # what of it is used
    )


def for_follower_sync(port: Port, setting: Setting) -> sync_dependencies.Dependencies:
    """Build what the function works with for one turn of a sync."""
    state = state_table(port)
    return sync_dependencies.Dependencies(
        wechat=_wechat(port, state, setting),
        followers=FollowerStore(client("dynamodb", port), FOLLOWERS_TABLE),
        runs=SyncRunStore(state),
        forgotten=_NobodyForgotten(),  # type: ignore[arg-type]  # what of it is used
        quota=QuotaStore(state, Api.GET_FOLLOWERS, setting.daily_calls),
        telemetry=Telemetry(port, setting),  # type: ignore[arg-type]  # what of it is used
        owner=port(RUNTIME, NEW_ID, {}),
        day_offset_hours=setting.day_offset_hours,
        guard_percent=setting.guard_percent,
        clock_margin_s=setting.clock_margin_s,
        now=lambda: now_s(port),
        sleep=lambda seconds: port(CLOCK, SLEEP, {"ms": round(seconds * 1000)}),
        remaining_s=lambda: port(RUNTIME, REMAINING, {}) / 1000,
        continue_later=lambda: _invoke(port, {"action": "continue"}, FOLLOWER_SYNC),
    )


def _wechat(port: Port, state: Any, setting: Setting) -> WechatClient:
    client = WechatClient(
        BASE,
        _SECRETS,
        TokenStore(state, APPID),
        now=lambda: now_s(port),
        session=lambda: Session(port),  # type: ignore[arg-type,return-value]  # stands in
    )
    if setting.warm_token is not None:  # as an earlier invocation of the same process left it
        client._tokens._held = setting.warm_token
        client._session = Session(port)  # type: ignore[assignment]  # stands in
        client._last_used = now_s(port)
    memory = MEMORY.get()
    if memory is not None:
        memory.keep(lambda: _state_of(client))
    return client


def _state_of(client: WechatClient) -> Hashable:
    """Return all that calls change in a client."""
    tokens = client._tokens
    is_open = client._session is not None
    return tokens._held, tokens._refused, is_open, client._last_used, client.clock_ahead_s


def now_s(port: Port) -> float:
    """Return the time (Unix s)."""
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
