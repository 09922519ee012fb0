"""What push_fanout works with."""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from wxlive import aws
from wxlive.bootstrap.process import secret_store, settings, state_table, telemetry
from wxlive.bootstrap.wechat import wechat_client
from wxlive.process_cache import once_per_process
from wxlive.settings import Secrets
from wxlive.stores.campaigns import CampaignStore
from wxlive.stores.days import DayStore
from wxlive.stores.ledger import LedgerStore
from wxlive.stores.living import LivingStore
from wxlive.stores.pace import PaceStore
from wxlive.stores.push_queue import PushQueue
from wxlive.stores.quota import QuotaStore
from wxlive.stores.recent_results import RecentResultStore
from wxlive.stores.rooms import RoomStore
from wxlive.stores.secrets import SecretStore
from wxlive.stores.tokens import TokenStore
from wxlive.telemetry import Telemetry
from wxlive.wechat.apis import Api
from wxlive.wechat.client import WechatClient

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What a sender works with. ``now`` is Unix seconds, ``rate`` openids a second.

    ``brake_percent`` is the share of openids not notified at which a campaign holds itself, 0 for
    none.

    ``remaining_s`` returns how long this invocation may still run; ``new_id`` makes a name for a
    claim or a hold.
    """

    wechat: WechatClient
    campaigns: CampaignStore
    ledger: LedgerStore
    living: LivingStore
    days: DayStore
    rooms: RoomStore
    pace: PaceStore
    quota: QuotaStore
    recent_results: RecentResultStore
    queue: PushQueue
    telemetry: Telemetry
    rate: int
    brake_percent: int
    retry_busy: bool
    day_offset_hours: int
    now: Callable[[], float]
    sleep: Callable[[float], None]
    remaining_s: Callable[[], float]
    new_id: Callable[[], str]


def build_dependencies(context: "LambdaContext") -> Dependencies:
    """Return them, built anew only when the secret has changed: the connection stays warm."""
    return replace(
        _build(_secrets().load()),
        remaining_s=lambda: context.get_remaining_time_in_millis() / 1000,
    )


@once_per_process
def _secrets() -> SecretStore:
    return secret_store()


@once_per_process
def _build(secrets: Secrets) -> Dependencies:
    config = settings()
    state = state_table(aws.FAIL_FAST)
    return Dependencies(
        wechat=wechat_client(secrets, TokenStore(state, secrets.appid)),
        campaigns=CampaignStore(state),
        ledger=LedgerStore(state),
        living=LivingStore(state),
        days=DayStore(state),
        rooms=RoomStore(state),
        pace=PaceStore(state, Api.PUSH_MESSAGE),
        quota=QuotaStore(state, Api.PUSH_MESSAGE, config.daily_call_quota),
        recent_results=RecentResultStore(state),
        queue=PushQueue(aws.sqs(aws.FAIL_FAST), config.push_queue_url),
        telemetry=telemetry(),
        brake_percent=config.brake_percent,
        rate=config.push_rate_per_second,
        retry_busy=config.push_retry_busy,
        day_offset_hours=config.day_offset_hours,
        now=time.time,
        sleep=time.sleep,
        remaining_s=lambda: 0.0,
        new_id=lambda: uuid.uuid4().hex,
    )
