"""Merging what WeChat answered into the table and the run."""

from collections.abc import Sequence
from dataclasses import replace

from wxlive.domain.calendar import calls_resume_at
from wxlive.domain.followers import Follower, ListedRow, Mark, mark_of
from wxlive.domain.forgotten import Forgotten, begins_anew
from wxlive.domain.sync_runs import RunState, SyncRun
from wxlive.errors import QuotaUsedUp, WxliveError
from wxlive.telemetry import Metric, short
from wxlive.wechat.answers import FollowerPage
from wxlive_follower_sync.dependencies import Dependencies
from wxlive_follower_sync.fetch import Fetched
from wxlive_follower_sync.follower_index import Comparison, FollowerIndex
from wxlive_follower_sync.pages import Next, judge

_METRICS = {
    RunState.DONE: Metric.SYNC_DONE,
    RunState.FAILED: Metric.SYNC_FAILED,
    RunState.GUARDED: Metric.SYNC_GUARDED,
}

NOBODY = Forgotten()

SKIPPED_ROWS_LOGGED = 10
"""The most rows of a page that are logged."""


def merge_page(
    run: SyncRun,
    fetched: Fetched,
    index: FollowerIndex,
    deps: Dependencies,
    forgotten: Forgotten = NOBODY,
) -> SyncRun:
    """Write what differs between the page and the table, then the page's marker.

    Nothing is written of who was ``forgotten``, not even that the page has listed them.

    Returns:
        The run after the page; it waits, or has failed, if there was no page.

    Raises:
        Conflict: the lease was lost.
    """
    page = fetched.answer
    if isinstance(page, QuotaUsedUp):
        resume_at = calls_resume_at(fetched.requested_at, deps.day_offset_hours)
        return save(run, replace(run, resume_at=resume_at, reason=str(page)), deps)
    if isinstance(page, WxliveError):
        return save(run, replace(run, state=RunState.FAILED, reason=str(page)), deps)
    page = replace(page, rows=tuple({row.openid: row for row in page.rows}.values()))
    listed = index.listed
    known = _without_forgotten(page, index, forgotten, deps)
    answers, kept = index.compare_page(known)
    merged = _merge(run, known.rows, answers, fetched.requested_at, deps)
    fresh = index.listed - listed
    idle_pages = 0 if fresh else run.idle_pages + 1
    judgement = judge(
        page, asked=fetched.asked, limit=fetched.limit, fresh=fresh, idle_pages=idle_pages
    )
    kept = replace(kept, blind=kept.blind or judgement.may_be_stuck)
    index.coverage.add(kept)
    after = replace(
        merged,
        cursor=judgement.cursor,
        listed=index.listed,
        listed_all=judgement.next is Next.END,
        state=RunState.FAILED if judgement.next is Next.DOUBT else RunState.OPEN,
        reason=judgement.why,
        idle_pages=idle_pages,
        pages=run.pages + 1,
        skipped_rows=run.skipped_rows + len(page.skipped),
        breaks=0,
    ).stored_at(deps.now())
    _count_end(after, deps)
    deps.runs.save_page(run, after, kept, deps.owner, deps.now())
    _log_skipped(page, deps)
    return after


def _without_forgotten(
    page: FollowerPage, index: FollowerIndex, forgotten: Forgotten, deps: Dependencies
) -> FollowerPage:
    """Leave out whoever was forgotten and has not subscribed since. The index has none of them."""
    if not forgotten.since:
        return page
    rows = (row for row in page.rows if index.knows(row.openid) or _begins(row, forgotten, deps))
    return replace(page, rows=tuple(rows))


def _begins(row: ListedRow, forgotten: Forgotten, deps: Dependencies) -> bool:
    """Whether a row is about somebody who was never forgotten, or has begun anew."""
    forgotten_at = forgotten.forgotten_at(row.openid)
    if not forgotten_at:
        return True
    if not begins_anew(row.subscribed_at, forgotten_at):
        return False
    deps.forgotten.lift(row.openid, forgotten_at, row.subscribed_at)
    return True


def save(before: SyncRun, after: SyncRun, deps: Dependencies) -> SyncRun:
    """Store a run's new state and return it.

    Raises:
        Conflict: the lease was lost.
    """
    _count_end(after, deps)
    deps.runs.save(before, after, deps.owner, deps.now())
    return after


def _count_end(run: SyncRun, deps: Dependencies) -> None:
    """Count how a run ends, before that is stored: whoever is killed in between counts again."""
    if run.state in _METRICS:
        deps.telemetry.count(_METRICS[run.state])
        deps.telemetry.count(Metric.SYNC_CALLS, run.calls)
        deps.telemetry.publish()


def _merge(
    run: SyncRun,
    rows: Sequence[ListedRow],
    answers: Sequence[Comparison],
    requested_at: int,
    deps: Dependencies,
) -> SyncRun:
    as_of = requested_at - deps.clock_margin_s
    marks = {Comparison.CHANGED: mark_of(Mark.CHANGED, run.run)}
    added = mark_of(Mark.ADDED, run.run)
    facts: dict[Comparison, list[Follower]] = {answer: [] for answer in Comparison}
    for row, answer in zip(rows, answers, strict=True):
        if answer is not Comparison.UNCHANGED:
            facts[answer].append(Follower.listed(row, as_of, marks.get(answer, added)))
    new = sum(deps.followers.insert_all(facts[Comparison.NEW]))
    returned = sum(deps.followers.apply_all(facts[Comparison.RETURNED]))
    changed = sum(deps.followers.apply_all(facts[Comparison.CHANGED]))
    return replace(
        run,
        added=run.added + new + returned + len(facts[Comparison.WAS_ADDED]),
        changed=run.changed + changed + len(facts[Comparison.WAS_CHANGED]),
    )


def _log_skipped(page: FollowerPage, deps: Dependencies) -> None:
    for row in page.skipped[:SKIPPED_ROWS_LOGGED]:
        openid = short(row.openid) if row.openid else None
        deps.telemetry.logger.warning("row skipped", extra={"follower": openid, "why": row.why})
