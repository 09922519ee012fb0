"""One turn of work on a sync run: pages, then the sweep, as far as the time goes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from wxlive.errors import (
    Conflict,
    OutcomeUnknown,
    QuotaUsedUp,
    RateLimited,
    RetryLater,
    WxliveError,
)
from wxlive.followers import Follower, ListedRow, Status
from wxlive.pace import day_ends_at, day_of, stamp_of
from wxlive.stores.followers import FollowerStore
from wxlive.stores.pace import QuotaStore
from wxlive.stores.sync_runs import SyncRunStore
from wxlive.sync_runs import Listing, RunState, SyncRun, sweep_is_safe
from wxlive.wechat import FollowerPage, WechatClient
from wxlive_follower_sync.pages import PAGE_LIMIT, Next, judge

TRIES_A_PAGE = 5
RESERVE_S = 120
"""Time kept back at the end of a turn: one page with all its time-outs and pauses fits into it."""

RENEW_AFTER_S = 30
"""How long a sweep scans before it renews its lease."""


class Turn(StrEnum):
    """How a turn of work ended."""

    ENDED = "ended"
    BUSY = "busy"
    OUT_OF_TIME = "out_of_time"
    WAITING = "waiting"
    LOST = "lost"


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


def open_run(parts: Parts) -> SyncRun:
    """Return the run that is open, or open a new one.

    Raises:
        Conflict: another worker holds the lease and has not opened its run yet.
    """
    known = parts.runs.newest()
    if known is not None and known.state is RunState.OPEN:
        return known
    if not parts.runs.acquire(parts.owner, parts.now()):
        raise Conflict("Another sync is just beginning; ask again in a moment")
    try:
        return _open_new(parts)
    finally:
        parts.runs.release(parts.owner)


def work(parts: Parts) -> Turn:
    """Work on the open run, or a new one, until it ends or this turn's time is up.

    Only one worker works at a time (lease). Killed at any point, the next turn goes on behind
    the last stored page.
    """
    if not parts.runs.acquire(parts.owner, parts.now()):
        return Turn.BUSY
    try:
        known = parts.runs.newest()
        run = known if known is not None and known.state is RunState.OPEN else _open_new(parts)
        if parts.now() < run.resume_at:
            return Turn.WAITING
        return _work_on(run, parts)
    except Conflict:
        return Turn.LOST
    finally:
        parts.runs.release(parts.owner)


def _open_new(parts: Parts) -> SyncRun:
    started_at = parts.now()
    run = SyncRun(
        run=f"{stamp_of(started_at, parts.day_offset_hours)}-{parts.owner[:4]}",
        state=RunState.OPEN,
        started_at=int(started_at),
    )
    parts.runs.open(run)
    return run


def _work_on(run: SyncRun, parts: Parts) -> Turn:
    listing = Listing()
    for digests in parts.runs.pages(run.run):
        listing.load(digests)
    idle_pages = 0
    while run.state is RunState.OPEN and not run.listed_all:
        if parts.remaining_s() < RESERVE_S:
            return Turn.OUT_OF_TIME
        before, known = run, len(listing)
        try:
            page, requested_at, calls = _fetch(run, parts)
        except QuotaUsedUp as error:
            _save(run, _until_tomorrow(run, error, parts), parts)
            return Turn.WAITING
        except WxliveError as error:
            _save(run, replace(run, state=RunState.FAILED, reason=str(error)), parts)
            return Turn.ENDED
        run = _merge(run, page.rows, requested_at, parts)
        digests = listing.add(row.openid for row in page.rows)
        fresh = len(listing) - known
        idle_pages = 0 if fresh else idle_pages + 1
        judgement = judge(page, asked=before.cursor, fresh=fresh, idle_pages=idle_pages)
        run = replace(
            run,
            cursor=judgement.cursor,
            listed_all=judgement.next is Next.END,
            state=RunState.FAILED if judgement.next is Next.DOUBT else RunState.OPEN,
            reason=judgement.why,
            pages=run.pages + 1,
            listed=len(listing),
            calls=run.calls + calls,
            resume_at=0,
        )
        parts.runs.save_page(before, run, digests, parts.owner, parts.now())
    if run.state is RunState.OPEN:
        _save(run, _sweep(run, listing, parts), parts)
    return Turn.ENDED


def _fetch(run: SyncRun, parts: Parts) -> tuple[FollowerPage, int, int]:
    """Fetch the next page; returns it, when it was asked for (Unix s) and the calls it took."""
    for attempt in range(1, TRIES_A_PAGE + 1):
        if attempt > 1:
            _renew_lease(parts)
        now = parts.now()
        parts.quota.take(day_of(now, parts.day_offset_hours), now)
        try:
            return parts.wechat.followers(run.cursor, PAGE_LIMIT), int(now), attempt
        except (RetryLater, OutcomeUnknown, RateLimited) as error:
            if attempt == TRIES_A_PAGE:
                raise
            parts.sleep(60 - now % 60 if isinstance(error, RateLimited) else 2 ** (attempt - 1))
    raise AssertionError("unreachable: the last attempt returns or raises")


def _merge(run: SyncRun, rows: Sequence[ListedRow], requested_at: int, parts: Parts) -> SyncRun:
    """Write what the page says and the table does not; unchanged followers cost no write."""
    newest = {row.openid: row for row in rows}
    known = parts.followers.get_all(newest)
    new, differing = [], []
    for openid, row in newest.items():
        if openid not in known:
            new.append(Follower.listed(row, requested_at))
        elif not known[openid].agrees_with(row):
            differing.append(Follower.listed(row, requested_at))
    inserted = sum(parts.followers.insert_all(new))
    won = [
        known[fact.openid].status
        for fact, was_stored in zip(differing, parts.followers.apply_all(differing), strict=True)
        if was_stored
    ]
    return replace(
        run,
        added=run.added + inserted + won.count(Status.UNSUBSCRIBED),
        changed=run.changed + won.count(Status.SUBSCRIBED),
    )


def _sweep(run: SyncRun, listing: Listing, parts: Parts) -> SyncRun:
    """Tombstone those whom no page listed and nothing newer vouches for, unless too many."""
    subscribed = 0
    absent: list[Follower] = []
    renewed_at = parts.now()
    for follower in parts.followers.walk(Status.SUBSCRIBED):
        if parts.now() - renewed_at > RENEW_AFTER_S:
            _renew_lease(parts)
            renewed_at = parts.now()
        subscribed += 1
        fact = Follower.unlisted(follower.openid, run.started_at)
        if follower.openid not in listing and fact.beats(follower):
            absent.append(fact)
    if not sweep_is_safe(len(absent), subscribed, parts.guard_percent):
        return replace(
            run,
            state=RunState.GUARDED,
            reason=f"The list lacks {len(absent)} of {subscribed} followers, more than "
            f"SweepGuardPercent ({parts.guard_percent} %) allows; nobody was removed. Compare "
            "with the console, then sync again",
        )
    removed = sum(parts.followers.apply_all(absent))
    return replace(run, state=RunState.DONE, removed=removed, reason=None)


def _renew_lease(parts: Parts) -> None:
    if not parts.runs.acquire(parts.owner, parts.now()):
        raise Conflict("Another worker has taken the run over")


def _until_tomorrow(run: SyncRun, error: QuotaUsedUp, parts: Parts) -> SyncRun:
    return replace(
        run,
        resume_at=day_ends_at(parts.now(), parts.day_offset_hours),
        reason=str(error),
    )


def _save(before: SyncRun, after: SyncRun, parts: Parts) -> None:
    parts.runs.save(before, after, parts.owner, parts.now())
