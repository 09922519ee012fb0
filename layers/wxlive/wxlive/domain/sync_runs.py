"""The record of one walk through WeChat's follower list.

``open → page* → sweep → done``. A run that meets doubt, or that the operator abandons, ends as
``failed``; one whose list lacks too many stops as ``guarded``. Neither removes anybody.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Self

RUN_KEPT_S = 90 * 86_400
PAGES_KEPT_S = 7 * 86_400
LEASE_S = 90
"""A worker that has not stored a page for so long has lost its run to the next one."""

SKIPPED_ROWS_ALLOWED = 10
"""So many rows may make no sense in a list of any length, and one row in a thousand of a longer."""

BREAKS_ALLOWED = 2
"""So many turns may break off at one page; the next one that does fails the run."""


class RunState(StrEnum):
    """The state of a run."""

    OPEN = "open"
    DONE = "done"
    FAILED = "failed"
    GUARDED = "guarded"


@dataclass(frozen=True, slots=True)
class SyncRun:
    """A run. Times are Unix seconds, where not named ``_ms``.

    ``cursor`` is WeChat's ``page_break`` for the next page, None before the first; ``listed_all``
    says that the last page was stored, and ``idle_pages`` how many pages in a row had no new
    openid. ``resume_at`` is set while the run waits for quota. ``turns`` counts the workers that
    worked on it, ``breaks`` those that broke off since it last made progress, ``worked_ms`` the
    time they spent on stored pages, ``updated_ms`` the time of the last one. ``calls`` are those to
    WeChat. ``expected`` is how many followers were known when it began, None if nobody has counted
    them yet.

    ``first_limit`` is the limit of its first page, ``absent_as_of`` the time of what it says by its
    silence, ``previous`` the complete run before it, ``command`` the operator's that opened it.
    ``trusted`` says that the operator vouches for the list, ``sweep_confirmed`` for what the guard
    named. ``sweeping`` says that the sweep has begun, and ``swept_to`` up to which openid, in the
    table's own order, it is done.

    ``missing`` followers were not listed for the first time, ``removed`` ones for the second time
    in a row, ``spared`` ones where the list may have skipped them.
    """

    run: str
    state: RunState
    started_at: int
    cursor: int | str | None = None
    listed_all: bool = False
    pages: int = 0
    listed: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0
    calls: int = 0
    resume_at: int = 0
    reason: str | None = None
    turns: int = 0
    breaks: int = 0
    idle_pages: int = 0
    expected: int | None = None
    worked_ms: int = 0
    updated_ms: int = 0
    sweep_confirmed: bool = False
    missing: int = 0
    spared: int = 0
    skipped_rows: int = 0
    first_limit: int = 0
    absent_as_of: int = 0
    previous: str = ""
    command: str = ""
    trusted: bool = False
    sweeping: bool = False
    swept_to: str | None = None

    def stored_at(self, now_s: float, *, idle: bool = False) -> Self:
        """Return the run with its clock moved on; ``idle`` time does not count as work."""
        now_ms = round(now_s * 1000)
        worked_ms = 0 if idle else now_ms - self.updated_ms
        return replace(self, worked_ms=self.worked_ms + worked_ms, updated_ms=now_ms)

    def summary(self) -> dict[str, Any]:
        """Return the JSON of ``wxlive sync``."""
        return {
            "run": self.run,
            "state": self.state.value,
            "listed": self.listed,
            "expected": self.expected or None,
            "added": self.added,
            "changed": self.changed,
            "missing": self.missing,
            "removed": self.removed,
            "spared": self.spared,
            "skipped_rows": self.skipped_rows,
            "calls": self.calls,
            "reason": self.reason,
            "resume_at": self.resume_at or None,
        }


def sweep_is_safe(absent: int, subscribed: int, guard_percent: int) -> bool:
    """Whether the list lacks no more than the guard's share of all subscribed followers."""
    return absent * 100 <= subscribed * guard_percent


def rows_make_sense(skipped: int, listed: int) -> bool:
    """Whether so few rows were skipped that the list may be believed."""
    return skipped <= SKIPPED_ROWS_ALLOWED or skipped * 1000 <= listed + skipped


def done_by(run: SyncRun, *, calls_left: int, calls_a_day: int, day_ends_at: int) -> int | None:
    """Return when an open run should be done (Unix s), at the pace it had so far.

    None where there is no basis: no follower was known before, or no page is stored yet.

    Args:
        run: the run.
        calls_left: what is left of today's budget.
        calls_a_day: the whole budget of a day.
        day_ends_at: when the budget is new again, Unix s.
    """
    if run.state is not RunState.OPEN or not run.pages or not run.expected:
        return None
    pages = -(-max(0, run.expected - run.listed) * run.pages // max(1, run.listed))
    page_s = run.worked_ms / run.pages / 1000
    if pages <= calls_left:
        return round(max(run.updated_ms / 1000, run.resume_at) + pages * page_s)
    days, last_day = divmod(pages - calls_left - 1, calls_a_day)
    return round(day_ends_at + days * 86_400 + (last_day + 1) * page_s)
