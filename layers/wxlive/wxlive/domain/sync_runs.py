"""The record of one walk through WeChat's follower list.

``open → page* → sweep → done``. A run that meets doubt ends as ``failed``; one whose sweep would
remove too many stops as ``guarded``. Neither removes anybody.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Self

RUN_KEPT_S = 90 * 86_400
PAGES_KEPT_S = 7 * 86_400
LEASE_S = 90
"""A worker that has not stored a page for so long has lost its run to the next one."""


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
    worked on it, ``worked_ms`` the time they spent on stored pages, ``updated_ms`` the time of the
    last one. ``expected`` is how many followers were known when it began.
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
    idle_pages: int = 0
    expected: int = 0
    worked_ms: int = 0
    updated_ms: int = 0
    sweep_confirmed: bool = False

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
            "removed": self.removed,
            "calls": self.calls,
            "reason": self.reason,
            "resume_at": self.resume_at or None,
        }


def sweep_is_safe(removals: int, subscribed: int, guard_percent: int) -> bool:
    """Whether a sweep stays within the guard's share of all subscribed followers."""
    return removals * 100 <= subscribed * guard_percent


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
