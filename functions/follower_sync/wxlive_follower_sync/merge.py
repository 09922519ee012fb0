"""Merging what WeChat answered into the table and the run."""

from collections.abc import Sequence
from dataclasses import replace

from wxlive.domain.calendar import day_ends_at
from wxlive.domain.followers import Follower, ListedRow
from wxlive.domain.sync_runs import RunState, SyncRun
from wxlive.errors import QuotaUsedUp, WxliveError
from wxlive.wechat.answers import FollowerPage
from wxlive_follower_sync.dependencies import Dependencies
from wxlive_follower_sync.fetch import Fetched
from wxlive_follower_sync.follower_index import Comparison, FollowerIndex
from wxlive_follower_sync.pages import Next, judge


def merge_page(run: SyncRun, fetched: Fetched, index: FollowerIndex, deps: Dependencies) -> SyncRun:
    """Write what differs between the page and the table, then the page's marker.

    Returns:
        The run after the page; it waits, or has failed, if there was no page.

    Raises:
        Conflict: the lease was lost.
    """
    spent = replace(run, calls=run.calls + fetched.calls)
    if isinstance(fetched.answer, QuotaUsedUp):
        tomorrow = day_ends_at(deps.now(), deps.day_offset_hours)
        return save(run, replace(spent, resume_at=tomorrow, reason=str(fetched.answer)), deps)
    if isinstance(fetched.answer, WxliveError):
        return save(run, replace(spent, state=RunState.FAILED, reason=str(fetched.answer)), deps)
    rows = list({row.openid: row for row in fetched.answer.rows}.values())
    listed = index.listed
    answers, digests = index.compare_page(rows)
    merged = _merge(spent, rows, answers, fetched.requested_at, deps)
    after = _moved_on(merged, fetched.answer, fetched.asked, index.listed - listed)
    after = replace(after, listed=index.listed).stored_at(deps.now())
    deps.runs.save_page(run, after, digests, deps.owner, deps.now())
    return after


def save(before: SyncRun, after: SyncRun, deps: Dependencies) -> SyncRun:
    """Store a run's new state and return it.

    Raises:
        Conflict: the lease was lost.
    """
    deps.runs.save(before, after, deps.owner, deps.now())
    return after


def _merge(
    run: SyncRun,
    rows: Sequence[ListedRow],
    answers: Sequence[Comparison],
    requested_at: int,
    deps: Dependencies,
) -> SyncRun:
    facts: dict[Comparison, list[Follower]] = {answer: [] for answer in Comparison}
    for row, answer in zip(rows, answers, strict=True):
        if answer is not Comparison.UNCHANGED:
            facts[answer].append(Follower.listed(row, requested_at))
    new = sum(deps.followers.insert_all(facts[Comparison.NEW]))
    returned = sum(deps.followers.apply_all(facts[Comparison.RETURNED]))
    changed = sum(deps.followers.apply_all(facts[Comparison.CHANGED]))
    return replace(
        run,
        added=run.added + new + returned + len(facts[Comparison.WRITTEN]),
        changed=run.changed + changed,
    )


def _moved_on(run: SyncRun, page: FollowerPage, asked: int | str | None, fresh: int) -> SyncRun:
    idle_pages = 0 if fresh else run.idle_pages + 1
    judgement = judge(page, asked=asked, fresh=fresh, idle_pages=idle_pages)
    return replace(
        run,
        cursor=judgement.cursor,
        listed_all=judgement.next is Next.END,
        state=RunState.FAILED if judgement.next is Next.DOUBT else RunState.OPEN,
        reason=judgement.why,
        idle_pages=idle_pages,
        pages=run.pages + 1,
    )
