"""Ten million followers, the most that WeChat lists or pushes in a day, in virtual time.

The real decisions of a push (``virtual_push``) and of a sync (pages, budget, roll): what do they
add up to? The floors are WeChat's limits: 2000 openids a call and a second, 2000 rows a page.
A page takes 0.2 s.
"""

import math
import multiprocessing
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace

from measuring import Measurement, peak_mb, seconds
from virtual_push import CHUNK, DAILY_CALLS, EVENING_S, OFFSET_HOURS, RATE, Night

from wxlive.errors import NotReached, OutcomeUnknown, WxliveError
from wxlive.followers import ListedRow
from wxlive.pace import day_ends_at, day_of
from wxlive.sync_runs import RunState, SyncRun, done_by
from wxlive.wechat import FollowerPage
from wxlive_follower_sync.digests import DIGEST_BYTES
from wxlive_follower_sync.pages import PAGE_LIMIT, Next, judge
from wxlive_follower_sync.roll import Roll

FOLLOWERS, SYNC_DAILY_CALLS, PAGE_S = 10_000_000, 4500, 0.2
NOT_REACHED_EVERY, LOST_EVERY = 100, 1000
ROWS_COMPARED = 100_000


def measure() -> list[Measurement]:
    """Calls, minutes, days and memory."""
    smooth, rough = Night(FOLLOWERS), Night(FOLLOWERS, _mishap)
    return [
        Measurement(
            name="ten million, push calls",
            what=f"{smooth.told()}; quota left {DAILY_CALLS - smooth.calls.total()}",
            unit="calls",
            floors=[math.ceil(FOLLOWERS / CHUNK)],
            figures=[smooth.calls.total()],
        ),
        Measurement(
            name="ten million, push minutes",
            what=f"forecast {smooth.expected.minutes} minutes",
            unit="min",
            floors=[FOLLOWERS / RATE / 60],
            figures=[smooth.minutes],
        ),
        Measurement(
            name="ten million, push calls, rough night",
            what=f"1 call in {NOT_REACHED_EVERY} does not arrive, 1 in {LOST_EVERY} is lost on the "
            f"way; {rough.told()}",
            unit="calls",
            floors=[math.ceil(FOLLOWERS / CHUNK)],
            figures=[rough.calls.total()],
        ),
        _synced(),
        _remembered(),
    ]


def _mishap(call: int) -> WxliveError | None:
    if call % LOST_EVERY == 0:
        return OutcomeUnknown("the connection broke")
    return NotReached("no connection was made") if call % NOT_REACHED_EVERY == 0 else None


def _synced() -> Measurement:
    """Walk the list page by page, within the sync's budget of calls a day."""
    run = SyncRun("virtual", RunState.OPEN, EVENING_S, expected=FOLLOWERS)
    calls, now_s, promised = Counter[str](), float(EVENING_S), None
    run = run.stored_at(now_s, idle=True)
    while not run.listed_all:
        if calls[day_of(now_s, OFFSET_HOURS)] == SYNC_DAILY_CALLS:
            tomorrow = day_ends_at(now_s, OFFSET_HOURS)
            promised = done_by(
                run, calls_left=0, calls_a_day=SYNC_DAILY_CALLS, day_ends_at=tomorrow
            )
            now_s = float(tomorrow)
            run = run.stored_at(now_s, idle=True)
        calls[day_of(now_s, OFFSET_HOURS)] += 1
        now_s += PAGE_S
        run = _listed(run).stored_at(now_s)
    return Measurement(
        name="ten million, days of a sync",
        what=f"{run.listed:,} listed, calls by day {dict(calls)}; done after "
        f"{(now_s - EVENING_S) / 3600:.2f} hours; on the first evening the operator was told "
        f"{((promised or 0) - EVENING_S) / 3600:.2f}",
        unit="days",
        floors=[math.ceil(FOLLOWERS / PAGE_LIMIT / SYNC_DAILY_CALLS)],
        figures=[len(calls)],
    )


def _listed(run: SyncRun) -> SyncRun:
    """Take in the next page, as WeChat gives it."""
    left = FOLLOWERS - run.listed
    rows = (ListedRow("o", EVENING_S, 1, 101),) * min(left, PAGE_LIMIT)
    page = FollowerPage(rows, run.pages + 1 if left > PAGE_LIMIT else 0)
    judgement = judge(page, asked=run.cursor, fresh=len(rows), idle_pages=0)
    return replace(
        run,
        cursor=judgement.cursor,
        listed_all=judgement.next is Next.END,
        pages=run.pages + 1,
        listed=run.listed + len(rows),
    )


def _remembered() -> Measurement:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        work_mb, row_us = pool.submit(_call_roll).result()
    return Measurement(
        name="ten million, roll of a sync",
        what=f"memory at its peak, while it grows; floor: the digests alone; a row is compared in "
        f"{row_us:.1f} µs, so all take {row_us * FOLLOWERS / 60e6:.1f} minutes",
        unit="MB",
        floors=[DIGEST_BYTES * FOLLOWERS / 2**20],
        figures=[work_mb],
    )


def _call_roll() -> tuple[float, float]:
    """Make a roll that has room for all; returns its memory in MB and the µs of comparing a row.

    Some rows are real. Entering the rest would take minutes and not a byte more.
    """
    bare_mb = peak_mb()
    roll = Roll(SyncRun("virtual", RunState.OPEN, EVENING_S))
    rows = [ListedRow(f"o{number:027d}", EVENING_S, 1, 101) for number in range(ROWS_COMPARED)]
    taken_s = seconds(lambda: roll.answer_all(rows))
    table = roll._table  # noqa: SLF001 - to let it grow
    while len(table.marks) * 3 < FOLLOWERS * 4:
        table._grow()  # noqa: SLF001 - as it does when it is full
    return peak_mb() - bare_mb, 1e6 * taken_s / ROWS_COMPARED
