"""Syncs of millions of followers on a virtual clock.

The real turns work on a WeChat and on tables that pass time as large ones do, and hold one row for
each page of 2000. Fetching and merging pass time side by side, as their two threads do.
"""

from collections import deque
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from factories import NOW_S
from support.doubles import SilentTelemetry
from support.memory_followers import MemoryForgotten
from support.memory_stores import MemoryQuota
from wxlive.domain.absence import ListedPage
from wxlive.domain.followers import Follower, ListedRow, Status
from wxlive.domain.sync_runs import RunState, SyncRun
from wxlive.stores.followers import FollowerStore
from wxlive.stores.sync_runs import SyncRunStore
from wxlive.wechat.answers import ApiQuota, FollowerPage
from wxlive.wechat.apis import Api
from wxlive_follower_sync.commands import execute
from wxlive_follower_sync.dependencies import Dependencies

ROWS_A_PAGE = 2000
TURN_S = 900
PAGE_S = 0.2
READ_S = 25e-6
STORE_S = 0.01

T = TypeVar("T")


@dataclass
class TwoThreads:
    """The time of the thread that merges and of the one that fetches, Unix s."""

    merging_s: float = NOW_S
    fetching_s: float = NOW_S
    is_fetching: bool = False

    def now(self) -> float:
        return self.fetching_s if self.is_fetching else self.merging_s

    def sleep(self, seconds: float) -> None:
        if self.is_fetching:
            self.fetching_s += seconds
        else:
            self.merging_s += seconds

    @contextmanager
    def prefetch(self, source: Generator[T], depth: int) -> Iterator[Iterator[T]]:
        """Stand in for ``wxlive.prefetch.prefetch``."""
        if self.is_fetching:  # a thread of the fetching thread: it takes no time of its own
            yield source
            return
        self.fetching_s = self.merging_s
        try:
            yield self._taken(source, depth)
        finally:
            source.close()

    def _taken(self, source: Generator[T], depth: int) -> Iterator[T]:
        ready: deque[tuple[T, float]] = deque()
        has_ended = False
        while True:
            while not has_ended and len(ready) < depth:
                if ready and self.fetching_s >= self.merging_s:
                    break
                self.is_fetching = True
                try:
                    item = next(source)
                except StopIteration:
                    has_ended = True
                else:
                    ready.append((item, self.fetching_s))
                finally:
                    self.is_fetching = False
            if not ready:
                return
            was_full = len(ready) == depth
            item, ready_s = ready.popleft()
            self.merging_s = max(self.merging_s, ready_s)
            if was_full:
                self.fetching_s = max(self.fetching_s, self.merging_s)
            yield item


class VirtualFollowers(FollowerStore):
    """A Followers table that takes so many writes a second."""

    def __init__(self, time: TwoThreads, writes_per_second: int) -> None:
        self.rows: dict[str, Follower] = {}
        self._time = time
        self._write_s = ROWS_A_PAGE / writes_per_second
        self._slower: tuple[int, float] | None = None

    def slow_down_after(self, *, pages: int, writes_per_second: int) -> None:
        """Take fewer writes a second once so many pages are written."""
        self._slower = pages, ROWS_A_PAGE / writes_per_second

    def walk(self, status: Status | None = None, after: str | None = None) -> Iterator[Follower]:
        for openid in sorted(self.rows):
            if after is None or openid > after:
                self._time.sleep(ROWS_A_PAGE * READ_S)
                yield self.rows[openid]

    def insert_all(self, facts: Sequence[Follower]) -> list[bool]:
        return self._write(facts)

    def apply_all(self, facts: Sequence[Follower]) -> list[bool]:
        return self._write(facts)

    def exchange_all(self, changes: Sequence[tuple[Follower, Follower]]) -> list[bool]:
        return self._write([after for _, after in changes])

    def _write(self, facts: Sequence[Follower]) -> list[bool]:
        self._time.sleep(len(facts) * self._write_s)
        if self._slower is not None:
            pages, write_s = self._slower
            self._slower = (pages - len(facts), write_s)
            self._write_s = write_s if pages <= len(facts) else self._write_s
        self.rows |= {fact.openid: fact for fact in facts}
        return [True] * len(facts)


class VirtualRuns(SyncRunStore):
    """Runs and their pages. One worker works, so its lease needs no proof."""

    def __init__(self, time: TwoThreads) -> None:
        self.rows: dict[str, SyncRun] = {}
        self.stored: dict[str, list[ListedPage]] = {}
        self._time = time

    def newest(self) -> SyncRun | None:
        return next(self.newest_first(), None)

    def newest_first(self) -> Iterator[SyncRun]:
        return (self.rows[run] for run in sorted(self.rows, reverse=True))

    def open(self, run: SyncRun) -> None:
        self.rows[run.run] = run

    def acquire(self, owner: str, now_s: float) -> bool:
        return True

    def release(self, owner: str) -> None: ...

    def save_page(
        self, before: SyncRun, after: SyncRun, page: ListedPage, owner: str, now_s: float
    ) -> None:
        self.stored.setdefault(before.run, []).append(page)
        self.save(before, after, owner, now_s)

    def save(self, before: SyncRun, after: SyncRun, owner: str, now_s: float) -> None:
        self._time.sleep(STORE_S)
        self.rows[after.run] = after

    def pages(self, run: str) -> Iterator[ListedPage]:
        return iter(self.stored.get(run, []))


@dataclass
class VirtualWechat:
    """WeChat's list, a page for each row."""

    time: TwoThreads
    openids: Sequence[str]
    calls: int = 0

    def followers(self, cursor: int | None, _limit: int) -> FollowerPage:
        self.time.sleep(PAGE_S)
        self.calls += 1
        at = cursor or 0
        rows = tuple(
            ListedRow(openid, 1_000_000_000 + 10 * int(openid[1:]), 1, 101)
            for openid in self.openids[at : at + 1]
        )
        return FollowerPage(rows, at + 1 if at + 1 < len(self.openids) else 0)

    def quota(self, _api: Api) -> ApiQuota:
        return ApiQuota(daily_limit=5000, used=0)


@dataclass
class VirtualSync:
    """Syncs one after the other. ``late_s`` lists how long before its end each turn was over."""

    followers: int
    writes_per_second: int
    daily_calls: int = 4500
    time: TwoThreads = field(default_factory=TwoThreads)
    spare_s: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        openids = [f"o{number:05d}" for number in range(self.followers // ROWS_A_PAGE)]
        self.wechat = VirtualWechat(self.time, openids)
        self.table = VirtualFollowers(self.time, self.writes_per_second)
        self.runs = VirtualRuns(self.time)
        self._quota = MemoryQuota(self.daily_calls)
        self._invoked: list[Mapping[str, Any]] = []

    def run(self) -> SyncRun:
        """Do a whole run, turn after turn, and return it as it ended."""
        self.time.merging_s += 60
        self._invoke({"action": "start"})
        for _ in range(200):
            run = self.runs.newest()
            assert run is not None
            if run.state is not RunState.OPEN:
                self._invoked.clear()
                return run
            if not self._invoked:  # the schedule
                self.time.merging_s = max(self.time.merging_s, run.resume_at) + 900
                self._invoked.append({"action": "continue"})
            self._invoke(self._invoked.pop(0))
        raise AssertionError("the run makes no end")

    def _invoke(self, event: Mapping[str, Any]) -> None:
        ends_s = self.time.merging_s + TURN_S
        wechat: Any = self.wechat
        execute(
            event,
            Dependencies(
                wechat=wechat,
                followers=self.table,
                runs=self.runs,
                forgotten=MemoryForgotten(),
                quota=self._quota,
                telemetry=SilentTelemetry(),
                owner="virtual",
                day_offset_hours=8,
                guard_percent=20,
                clock_margin_s=120,
                now=self.time.now,
                sleep=self.time.sleep,
                remaining_s=lambda: ends_s - self.time.now(),
                continue_later=lambda: self._invoked.append({"action": "continue"}),
            ),
        )
        self.spare_s.append(ends_s - max(self.time.merging_s, self.time.fetching_s))
