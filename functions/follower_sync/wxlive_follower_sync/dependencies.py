"""What a sync works with."""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wxlive import aws
from wxlive.bootstrap.process import invoke_async, secret_store, settings, state_table, telemetry
from wxlive.bootstrap.wechat import wechat_client
from wxlive.errors import Conflict
from wxlive.stores.followers import FollowerStore
from wxlive.stores.quota import QuotaStore
from wxlive.stores.sync_runs import SyncRunStore
from wxlive.telemetry import Telemetry
from wxlive.wechat.apis import Api
from wxlive.wechat.client import WechatClient

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

RESERVE_S = 120
"""Time kept for the end of a turn: one page with all its timeouts and pauses fits into it."""


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What a sync works with. ``now`` is Unix seconds.

    ``remaining_s`` returns how long this turn may still run; ``continue_later`` has the open run
    continued in another invocation.
    """

    wechat: WechatClient
    followers: FollowerStore
    runs: SyncRunStore
    quota: QuotaStore
    telemetry: Telemetry
    owner: str
    day_offset_hours: int
    guard_percent: int
    now: Callable[[], float]
    sleep: Callable[[float], None]
    remaining_s: Callable[[], float]
    continue_later: Callable[[], None]

    @property
    def time_is_short(self) -> bool:
        """Whether this turn must end."""
        return self.remaining_s() < RESERVE_S

    def renew_lease(self) -> None:
        """Keep the run.

        Raises:
            Conflict: another worker has taken it over.
        """
        if not self.runs.acquire(self.owner, self.now()):
            raise Conflict("Another worker has taken the run over")


def build_dependencies(context: "LambdaContext") -> Dependencies:
    """Build them for one invocation."""
    config = settings()
    state = state_table()
    return Dependencies(
        wechat=wechat_client(secret_store().load()),
        followers=FollowerStore(aws.dynamodb_client(aws.ADAPTIVE), config.followers_table),
        runs=SyncRunStore(state),
        quota=QuotaStore(state, Api.GET_FOLLOWERS, config.sync_budget_calls),
        telemetry=telemetry(),
        owner=uuid.uuid4().hex,
        day_offset_hours=config.day_offset_hours,
        guard_percent=config.sweep_guard_percent,
        now=time.time,
        sleep=time.sleep,
        remaining_s=lambda: context.get_remaining_time_in_millis() / 1000,
        continue_later=lambda: invoke_async(context.function_name, {"action": "work"}),
    )
