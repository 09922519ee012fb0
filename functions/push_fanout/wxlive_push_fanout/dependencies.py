"""What push_fanout works with."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from wxlive import aws
from wxlive.bootstrap.process import secret_store, settings, state_table, telemetry
from wxlive.bootstrap.wechat import wechat_client
from wxlive.domain.pace import interval_ms
from wxlive.process_cache import once_per_process
from wxlive.settings import Secrets
from wxlive.stores.campaigns import CampaignStore
from wxlive.stores.ledger import LedgerStore
from wxlive.stores.pace import PaceStore
from wxlive.stores.push_queue import PushQueue
from wxlive.stores.quota import QuotaStore
from wxlive.stores.secrets import SecretStore
from wxlive.telemetry import Telemetry
from wxlive.wechat.apis import Api
from wxlive.wechat.client import WechatClient


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What a sender works with. ``now`` is Unix seconds, ``interval_ms`` the pace."""

    wechat: WechatClient
    campaigns: CampaignStore
    ledger: LedgerStore
    pace: PaceStore
    quota: QuotaStore
    queue: PushQueue
    telemetry: Telemetry
    interval_ms: int
    retry_busy: bool
    day_offset_hours: int
    now: Callable[[], float]
    sleep: Callable[[float], None]


def build_dependencies() -> Dependencies:
    """Return them, built anew only when the secret has changed: the connection stays warm."""
    return _build(_secrets().load())


@once_per_process
def _secrets() -> SecretStore:
    return secret_store()


@once_per_process
def _build(secrets: Secrets) -> Dependencies:
    config = settings()
    state = state_table()
    return Dependencies(
        wechat=wechat_client(secrets),
        campaigns=CampaignStore(state),
        ledger=LedgerStore(state),
        pace=PaceStore(state, Api.PUSH_MESSAGE),
        quota=QuotaStore(state, Api.PUSH_MESSAGE, config.daily_call_quota),
        queue=PushQueue(aws.sqs(), config.push_queue_url),
        telemetry=telemetry(),
        interval_ms=interval_ms(config.push_rate_per_second, config.chunk_openids),
        retry_busy=config.push_retry_busy,
        day_offset_hours=config.day_offset_hours,
        now=time.time,
        sleep=time.sleep,
    )
