"""What a sync works with."""

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
from wxlive.domain.sync_runs import LEASE_S
from wxlive.errors import Conflict
from wxlive.stores.followers import FollowerStore
from wxlive.stores.forgotten import ForgottenStore
from wxlive.stores.quota import QuotaStore
from wxlive.stores.sync_runs import SyncRunStore
from wxlive.telemetry import Telemetry
from wxlive.wechat.apis import Api
from wxlive.wechat.client import WechatClient

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

RESERVE_S = 120
"""Time kept for the end of a turn. One step fits into it, whichever it is: a call to WeChat with a
new token and all its timeouts, a page merged into a slow table, a batch of a sweep."""


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What a sync works with. ``now`` is Unix seconds.

    What the list says is dated ``clock_margin_s`` earlier than our clock says. ``remaining_s``
    returns how long this turn may still run; ``continue_later`` has the open run continued in
    another invocation.
    """

    wechat: WechatClient
    followers: FollowerStore
    runs: SyncRunStore
    forgotten: ForgottenStore
    quota: QuotaStore
    telemetry: Telemetry
    owner: str
    day_offset_hours: int
    guard_percent: int
    clock_margin_s: int
    now: Callable[[], float]
    sleep: Callable[[float], None]
    remaining_s: Callable[[], float]
    continue_later: Callable[[], None]

    def has_time_for(self, seconds: float = 0) -> bool:
        """Whether this turn may begin another step, after so many seconds."""
        return self.remaining_s() - seconds >= RESERVE_S

    def take_lease(self) -> bool:
        """Take the lease. One that is taken is waited for once: its worker may have died."""
        if self.runs.acquire(self.owner, self.now()):
            return True
        wait_s = max(0, self.runs.holder_until() + 1 - self.now())
        if wait_s > LEASE_S + 1 or not self.has_time_for(wait_s):
            return False
        self.sleep(wait_s)
        return self.runs.acquire(self.owner, self.now())

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
        forgotten=forgotten_store(),
        quota=QuotaStore(state, Api.GET_FOLLOWERS, config.sync_budget_calls),
        telemetry=telemetry(),
        owner=uuid.uuid4().hex,
        day_offset_hours=config.day_offset_hours,
        guard_percent=config.sweep_guard_percent,
        clock_margin_s=config.clock_margin_s,
        now=time.time,
        sleep=time.sleep,
        remaining_s=lambda: context.get_remaining_time_in_millis() / 1000,
        continue_later=lambda: invoke_async(context.function_name, {"action": "continue"}),
    )
