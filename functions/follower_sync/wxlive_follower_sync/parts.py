"""What a sync works with, and what it asks of its time and its lease."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from wxlive.errors import Conflict
from wxlive.stores.followers import FollowerStore
from wxlive.stores.pace import QuotaStore
from wxlive.stores.sync_runs import SyncRunStore
from wxlive.wechat import WechatClient

T = TypeVar("T")

RESERVE_S = 120
"""Time kept back at the end of a turn: one page with all its time-outs and pauses fits into it."""

RENEW_AFTER_S = 30
"""How long a scan goes on before it renews the lease."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a sync works with. ``remaining_s`` tells how long this turn may still go on."""

    wechat: WechatClient
    followers: FollowerStore
    runs: SyncRunStore
    quota: QuotaStore
    owner: str
    day_offset_hours: int
    guard_percent: int
    now: Callable[[], float]
    sleep: Callable[[float], None]
    remaining_s: Callable[[], float]

    @property
    def time_is_short(self) -> bool:
        """Whether this turn must come to its end."""
        return self.remaining_s() < RESERVE_S

    def renew_lease(self) -> None:
        """Keep the run.

        Raises:
            Conflict: another worker has taken it over.
        """
        if not self.runs.acquire(self.owner, self.now()):
            raise Conflict("Another worker has taken the run over")


class OutOfTime(Exception):
    """The turn ends before the scan does."""


def scanning(items: Iterable[T], parts: Parts) -> Iterator[T]:
    """Pass a long scan on, renewing the lease on the way.

    Raises:
        OutOfTime: this turn must come to its end.
        Conflict: the lease was lost.
    """
    renewed_at = parts.now()
    for item in items:
        if parts.now() - renewed_at > RENEW_AFTER_S:
            if parts.time_is_short:
                raise OutOfTime
            parts.renew_lease()
            renewed_at = parts.now()
        yield item
