"""Long scans that keep the lease and end in time."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

from wxlive_follower_sync.dependencies import Dependencies

T = TypeVar("T")

RENEW_AFTER_S = 30
"""How long a scan runs before it renews the lease."""


class OutOfTime(Exception):
    """The turn ends before the scan does."""


def scanning(items: Iterable[T], deps: Dependencies) -> Iterator[T]:
    """Yield the items of a long scan, and renew the lease from time to time.

    Raises:
        OutOfTime: this turn must end.
        Conflict: the lease was lost.
    """
    renewed_at = deps.now()
    for item in items:
        if deps.now() - renewed_at > RENEW_AFTER_S:
            if not deps.has_time_for():
                raise OutOfTime
            deps.renew_lease()
            renewed_at = deps.now()
        yield item
