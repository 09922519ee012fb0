"""What push_start works with."""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wxlive import aws
from wxlive.bootstrap.process import (
    forgotten_store,
    invoke_async,
    secret_store,
    settings,
    state_table,
    telemetry,
)
from wxlive.bootstrap.wechat import wechat_client
from wxlive.domain.pace import interval_ms
from wxlive.domain.trials import RESULT_AWAITED_S
from wxlive.stores.announcements import AnnouncementStore, EventBus
from wxlive.stores.campaigns import CampaignStore
from wxlive.stores.commands import CommandStore
from wxlive.stores.days import DayStore
from wxlive.stores.except_lists import ExceptListStore
from wxlive.stores.followers import FollowerStore
from wxlive.stores.forgotten import ForgottenStore
from wxlive.stores.ledger import LedgerStore
from wxlive.stores.living import LivingStore
from wxlive.stores.member_indexes import MemberIndexStore
from wxlive.stores.muted import MutedStore
from wxlive.stores.push_queue import PushQueue
from wxlive.stores.quota import QuotaStore
from wxlive.stores.results import ResultStore
from wxlive.stores.rooms import RoomStore
from wxlive.stores.sync_runs import SyncRunStore
from wxlive.telemetry import Telemetry
from wxlive.wechat.apis import Api
from wxlive.wechat.client import WechatClient

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


FOLLOWED_S = RESULT_AWAITED_S + 30
"""A trial is followed from before its call until it is judged without its result."""


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What push_start works with. ``now`` is Unix seconds, ``chunk`` openids in a call.

    ``brake_percent`` is the share of openids not notified at which a campaign holds itself, 0 for
    none; a trial is followed for ``trial_followed_s``.

    ``remaining_s`` returns how long this invocation may still run; ``plan_later`` has a campaign
    planned in another one; ``new_id`` makes a name for a command, a hold or a step of planning.
    """

    wechat: WechatClient
    followers: FollowerStore
    campaigns: CampaignStore
    ledger: LedgerStore
    results: ResultStore
    living: LivingStore
    days: DayStore
    commands: CommandStore
    announcements: AnnouncementStore
    events: EventBus
    except_lists: ExceptListStore
    muted: MutedStore
    forgotten: ForgottenStore
    members: MemberIndexStore
    rooms: RoomStore
    runs: SyncRunStore
    quota: QuotaStore
    queue: PushQueue
    telemetry: Telemetry
    chunk: int
    interval_ms: int
    day_offset_hours: int
    brake_percent: int
    trial_followed_s: int
    now: Callable[[], float]
    sleep: Callable[[float], None]
    remaining_s: Callable[[], float]
    plan_later: Callable[[str], None]
    new_id: Callable[[], str]


def build_dependencies(context: "LambdaContext") -> Dependencies:
    """Build them for one invocation."""
    config = settings()
    state = state_table()
    return Dependencies(
        wechat=wechat_client(secret_store().load()),
        followers=FollowerStore(aws.dynamodb_client(), config.followers_table),
        campaigns=CampaignStore(state),
        ledger=LedgerStore(state),
        results=ResultStore(state),
        living=LivingStore(state),
        days=DayStore(state),
        commands=CommandStore(state),
        announcements=AnnouncementStore(state),
        events=EventBus(aws.events(), config.stack_name),
        except_lists=ExceptListStore(state),
        muted=MutedStore(state),
        forgotten=forgotten_store(),
        members=MemberIndexStore(state),
        rooms=RoomStore(state),
        runs=SyncRunStore(state),
        quota=QuotaStore(state, Api.PUSH_MESSAGE, config.daily_call_quota),
        queue=PushQueue(aws.sqs(), config.push_queue_url),
        telemetry=telemetry(),
        chunk=config.chunk_openids,
        interval_ms=interval_ms(config.push_rate_per_second, config.chunk_openids),
        day_offset_hours=config.day_offset_hours,
        brake_percent=config.brake_percent,
        trial_followed_s=FOLLOWED_S,
        now=time.time,
        sleep=time.sleep,
        remaining_s=lambda: context.get_remaining_time_in_millis() / 1000,
        plan_later=lambda campaign: invoke_async(
            context.function_name, {"action": "plan", "campaign": campaign}
        ),
        new_id=lambda: uuid.uuid4().hex,
    )
