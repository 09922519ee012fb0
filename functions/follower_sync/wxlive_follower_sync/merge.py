"""Merging what WeChat answered into the table and the run."""

from collections.abc import Sequence
from dataclasses import replace

from wxlive.errors import QuotaUsedUp, WxliveError
from wxlive.followers import Follower, ListedRow
from wxlive.pace import day_ends_at
from wxlive.sync_runs import RunState, SyncRun
from wxlive.wechat import FollowerPage
from wxlive_follower_sync.fetch import Fetched
from wxlive_follower_sync.pages import Next, judge
from wxlive_follower_sync.parts import Parts
from wxlive_follower_sync.roll import Answer, Roll


def take_in(run: SyncRun, fetched: Fetched, roll: Roll, parts: Parts) -> SyncRun:
    """Write what the page says and the table does not, then the page's marker.

    Returns:
        The run as it stands after it; it waits, or has failed, where no page came.

    Raises:
        Conflict: the lease was lost.
    """
    spent = replace(run, calls=run.calls + fetched.calls)
    if isinstance(fetched.answer, QuotaUsedUp):
        tomorrow = day_ends_at(parts.now(), parts.day_offset_hours)
        return save(run, replace(spent, resume_at=tomorrow, reason=str(fetched.answer)), parts)
    if isinstance(fetched.answer, WxliveError):
        return save(run, replace(spent, state=RunState.FAILED, reason=str(fetched.answer)), parts)
    rows = list({row.openid: row for row in fetched.answer.rows}.values())
    listed = roll.listed
    answers, digests = roll.answer_all(rows)
    merged = _merge(spent, rows, answers, fetched.requested_at, parts)
    after = _moved_on(merged, fetched.answer, fetched.asked, roll.listed - listed)
    after = replace(after, listed=roll.listed).stored_at(parts.now())
    parts.runs.save_page(run, after, digests, parts.owner, parts.now())
    return after


def save(before: SyncRun, after: SyncRun, parts: Parts) -> SyncRun:
    """Store a run's new state and return it.

    Raises:
        Conflict: the lease was lost.
    """
    parts.runs.save(before, after, parts.owner, parts.now())
    return after


def _merge(
    run: SyncRun,
    rows: Sequence[ListedRow],
    answers: Sequence[Answer],
    requested_at: int,
    parts: Parts,
) -> SyncRun:
    facts: dict[Answer, list[Follower]] = {answer: [] for answer in Answer}
    for row, answer in zip(rows, answers, strict=True):
        if answer is not Answer.UNCHANGED:
            facts[answer].append(Follower.listed(row, requested_at))
    new = sum(parts.followers.insert_all(facts[Answer.NEW]))
    returned = sum(parts.followers.apply_all(facts[Answer.RETURNED]))
    changed = sum(parts.followers.apply_all(facts[Answer.CHANGED]))
    return replace(
        run,
        added=run.added + new + returned + len(facts[Answer.WRITTEN]),
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
