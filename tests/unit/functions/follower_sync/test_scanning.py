"""A long scan keeps the lease and ends in time."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from factories import NOW_S
from wxlive.errors import Conflict
from wxlive_follower_sync.scanning import RENEW_AFTER_S, OutOfTime, scanning


@dataclass
class Worker:
    """The dependencies that a scan uses, and how often the lease was renewed."""

    time: float = NOW_S
    time_is_short: bool = False
    lease_is_lost: bool = False
    renewals: int = 0

    def has_time_for(self, seconds: float = 0) -> bool:
        return not self.time_is_short

    def now(self) -> float:
        return self.time

    def renew_lease(self) -> None:
        if self.lease_is_lost:
            raise Conflict("lost")
        self.renewals += 1

    def items(self, count: int, *, each_s: float) -> Iterator[int]:
        for number in range(count):
            self.time += each_s
            yield number


def scan(worker: Any, *, each_s: float, count: int = 5) -> list[int]:
    return list(scanning(worker.items(count, each_s=each_s), worker))


def test_a_short_scan_renews_nothing() -> None:
    worker = Worker(time_is_short=True, lease_is_lost=True)
    assert scan(worker, each_s=RENEW_AFTER_S / 5) == [0, 1, 2, 3, 4]
    assert worker.renewals == 0


def test_a_long_scan_renews_the_lease_from_time_to_time() -> None:
    worker = Worker()
    assert scan(worker, each_s=RENEW_AFTER_S / 2 + 1) == [0, 1, 2, 3, 4]
    assert worker.renewals == 2


def test_a_scan_ends_when_the_time_is_short() -> None:
    worker = Worker(time_is_short=True)
    with pytest.raises(OutOfTime):
        scan(worker, each_s=RENEW_AFTER_S + 1)
    assert worker.renewals == 0


def test_a_scan_ends_when_the_lease_is_lost() -> None:
    with pytest.raises(Conflict):
        scan(Worker(lease_is_lost=True), each_s=RENEW_AFTER_S + 1)
