"""Ten million followers, the most that WeChat lists or pushes in a day, in virtual time.

What the real decisions of a push (``virtual_push``) and of a sync (pages, budget, follower index)
add up to. The floors are WeChat's limits: 2000 openids a call and a second, 2000 rows a page. A
page takes 0.2 s.
"""

import math
from collections import Counter
from dataclasses import replace

from bench_harness.measurement import Measurement
from bench_harness.processes import peak_mb, run_in_fresh_process, seconds
from bench_harness.virtual_push import (
    CHUNK,
    DAILY_CALLS,
    OFFSET_HOURS,
    RATE,
    STARTS_AT_S,
    VirtualPush,
)
from wxlive.digests import DIGEST_BYTES
from wxlive.domain.calendar import day_ends_at, day_of
from wxlive.domain.followers import ListedRow
from wxlive.domain.sync_runs import RunState, SyncRun, done_by
from wxlive.errors import NotReached, OutcomeUnknown, WxliveError
from wxlive.wechat.answers import FollowerPage
from wxlive_follower_sync.follower_index import FollowerIndex
from wxlive_follower_sync.pages import PAGE_LIMIT, Next, judge

FOLLOWERS, SYNC_DAILY_CALLS, PAGE_S = 10_000_000, 4500, 0.2
NOT_REACHED_EVERY, LOST_EVERY = 100, 1000
ROWS_COMPARED = 100_000


def measure() -> list[Measurement]:
    """Measure calls, minutes, days and memory."""
    return [*_push(), _push_with_failures(), _sync(), _follower_index()]


def _push() -> list[Measurement]:
    push = VirtualPush(FOLLOWERS)
    return [
        Measurement(
            name="ten million, push calls",
            what=f"{push.describe()}; quota left {DAILY_CALLS - push.calls.total()}",
            unit="calls",
            floors=[math.ceil(FOLLOWERS / CHUNK)],
            figures=[push.calls.total()],
        ),
        Measurement(
            name="ten million, push minutes",
            what=f"forecast {push.expected.minutes} minutes",
            unit="min",
            floors=[FOLLOWERS / RATE / 60],
            figures=[push.minutes],
        ),
    ]


def _push_with_failures() -> Measurement:
    push = VirtualPush(FOLLOWERS, _failure_of)
    return Measurement(
        name="ten million, push calls with failures",
        what=f"1 call in {NOT_REACHED_EVERY} does not reach WeChat, the answer to 1 in "
        f"{LOST_EVERY} is lost; {push.describe()}",
        unit="calls",
        floors=[math.ceil(FOLLOWERS / CHUNK)],
        figures=[push.calls.total()],
    )


def _failure_of(call: int) -> WxliveError | None:
    if call % LOST_EVERY == 0:
        return OutcomeUnknown("the connection broke")
    return NotReached("no connection was made") if call % NOT_REACHED_EVERY == 0 else None


def _sync() -> Measurement:
    """Walk the list page by page, within the sync's budget of calls a day."""
    calls, now_s, promised = Counter[str](), float(STARTS_AT_S), STARTS_AT_S
    run = SyncRun("virtual", RunState.OPEN, STARTS_AT_S, expected=FOLLOWERS)
    run = run.stored_at(now_s, idle=True)
    while not run.listed_all:
        if calls[day_of(now_s, OFFSET_HOURS)] == SYNC_DAILY_CALLS:
            tomorrow = day_ends_at(now_s, OFFSET_HOURS)
            promised = _done_by(run, tomorrow)
            now_s = float(tomorrow)
            run = run.stored_at(now_s, idle=True)
        calls[day_of(now_s, OFFSET_HOURS)] += 1
        now_s += PAGE_S
        run = _with_next_page(run).stored_at(now_s)
    return Measurement(
        name="ten million, days of a sync",
        what=f"{run.listed:,} listed, calls by day {dict(calls)}; done after "
        f"{(now_s - STARTS_AT_S) / 3600:.2f} hours; the forecast on the first day was "
        f"{(promised - STARTS_AT_S) / 3600:.2f}",
        unit="days",
        floors=[math.ceil(FOLLOWERS / PAGE_LIMIT / SYNC_DAILY_CALLS)],
        figures=[len(calls)],
    )


def _done_by(run: SyncRun, tomorrow: int) -> int:
    promised = done_by(run, calls_left=0, calls_a_day=SYNC_DAILY_CALLS, day_ends_at=tomorrow)
    return promised or STARTS_AT_S


def _with_next_page(run: SyncRun) -> SyncRun:
    """Return the run after the next page, as WeChat returns it."""
    left = FOLLOWERS - run.listed
    rows = (ListedRow("o", STARTS_AT_S, 1, 101),) * min(left, PAGE_LIMIT)
    page = FollowerPage(rows, run.pages + 1 if left > PAGE_LIMIT else 0)
    judgement = judge(page, asked=run.cursor, limit=PAGE_LIMIT, fresh=len(rows), idle_pages=0)
    return replace(
        run,
        cursor=judgement.cursor,
        listed_all=judgement.next is Next.END,
        pages=run.pages + 1,
        listed=run.listed + len(rows),
    )


def _follower_index() -> Measurement:
    index_mb, row_us = run_in_fresh_process(_fill_index)
    return Measurement(
        name="ten million, follower index",
        what=f"peak memory, while it grows; floor: the digests alone; a row is compared in "
        f"{row_us:.1f} µs, so all take {row_us * FOLLOWERS / 60e6:.1f} minutes",
        unit="MB",
        floors=[DIGEST_BYTES * FOLLOWERS / 2**20],
        figures=[index_mb],
    )


def _fill_index() -> tuple[float, float]:
    """Make an index with room for all; returns its memory (MB) and the µs of comparing a row.

    Some rows are real. Adding the rest would take minutes and no more memory.
    """
    before_mb = peak_mb()
    index = FollowerIndex(SyncRun("virtual", RunState.OPEN, STARTS_AT_S))
    rows = [ListedRow(f"o{number:027d}", STARTS_AT_S, 1, 101) for number in range(ROWS_COMPARED)]
    page = FollowerPage(tuple(rows), cursor=None)
    taken_s = seconds(lambda: index.compare_page(page))
    table = index._table  # noqa: SLF001 - to let it grow
    while len(table.marks) * 3 < FOLLOWERS * 4:
        table._grow()  # noqa: SLF001 - as it does when it is full
    return peak_mb() - before_mb, 1e6 * taken_s / ROWS_COMPARED
