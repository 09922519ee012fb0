"""The record of a run, the guard of its sweep, and when it should be done."""

from dataclasses import replace
from typing import Any

import pytest

from factories import NOW_S, a_run
from wxlive.domain.sync_runs import RunState, SyncRun, done_by, rows_make_sense, sweep_is_safe


def test_the_summary_has_the_fields_of_the_commands_json() -> None:
    run = a_run(
        "r-1",
        state=RunState.GUARDED,
        cursor="secret cursor",
        listed=9,
        added=1,
        changed=2,
        removed=3,
        calls=4,
        resume_at=6,
        reason="why",
        expected=10,
        missing=11,
        spared=12,
        skipped_rows=13,
    )
    assert run.summary() == {
        "run": "r-1",
        "state": "guarded",
        "listed": 9,
        "expected": 10,
        "added": 1,
        "changed": 2,
        "missing": 11,
        "removed": 3,
        "spared": 12,
        "skipped_rows": 13,
        "calls": 4,
        "reason": "why",
        "resume_at": 6,
    }


def test_a_run_that_waits_for_nothing_has_no_time_to_resume_at() -> None:
    assert a_run().summary()["resume_at"] is None


@pytest.mark.parametrize("expected", [None, 0])
def test_a_run_that_knew_nobody_expects_no_number(expected: int | None) -> None:
    assert a_run(expected=expected).summary()["expected"] is None


@pytest.mark.parametrize(
    ("removals", "subscribed", "percent", "safe"),
    [
        (0, 0, 20, True),
        (0, 100, 0, True),
        (1, 100, 0, False),
        (20, 100, 20, True),
        (21, 100, 20, False),
        (2, 9, 20, False),
        (100, 100, 100, True),
        (1, 1, 20, False),
    ],
)
def test_a_sweep_stays_within_its_share(
    removals: int, subscribed: int, percent: int, *, safe: bool
) -> None:
    assert sweep_is_safe(removals, subscribed, percent) is safe


@pytest.mark.parametrize(
    ("skipped", "listed", "believed"),
    [(0, 0, True), (10, 0, True), (11, 0, False), (11, 10_988, False), (11, 10_989, True)],
)
def test_rows_are_believed_unless_more_than_ten_and_one_in_a_thousand_make_no_sense(
    skipped: int, listed: int, *, believed: bool
) -> None:
    assert rows_make_sense(skipped, listed) is believed


MIDNIGHT = NOW_S + 4_000


def under_way(**changes: Any) -> SyncRun:
    """A run with 2 of 6 pages listed, half a second each."""
    usual = a_run(
        started_at=NOW_S - 1,
        pages=2,
        listed=4000,
        expected=12_000,
        worked_ms=1000,
        updated_ms=NOW_S * 1000,
    )
    return replace(usual, **changes)


@pytest.mark.parametrize(
    ("run", "calls_left", "done"),
    [
        (under_way(), 4, NOW_S + 2),
        (under_way(resume_at=NOW_S + 1_000), 4, NOW_S + 1_002),
        (under_way(listed=12_500), 0, NOW_S),
        (under_way(), 3, MIDNIGHT),
        (under_way(), 0, MIDNIGHT + 2),
        (under_way(expected=2_000_000), 500, MIDNIGHT + 498 / 2),
        (under_way(expected=4_000_000), 500, MIDNIGHT + 86_400 + 498 / 2),
    ],
    ids=["today", "when it resumes", "more than expected", "a page too many", "all of it tomorrow",
         "tomorrow", "the day after"],
)  # fmt: skip
def test_a_run_is_done_when_its_pages_and_the_days_budgets_say_so(
    run: SyncRun, calls_left: int, done: float
) -> None:
    found = done_by(run, calls_left=calls_left, calls_a_day=1000, day_ends_at=MIDNIGHT)
    assert found == pytest.approx(done, abs=1)


@pytest.mark.parametrize(
    "run",
    [under_way(expected=0), under_way(pages=0, listed=0), under_way(state=RunState.DONE)],
    ids=["nobody was known", "no page yet", "done"],
)
def test_without_a_pace_to_go_by_there_is_no_forecast(run: SyncRun) -> None:
    assert done_by(run, calls_left=9, calls_a_day=9, day_ends_at=MIDNIGHT) is None


def test_only_the_time_between_pages_is_work() -> None:
    run = under_way(worked_ms=0, updated_ms=0)
    run = run.stored_at(100.0, idle=True).stored_at(100.25).stored_at(101.0)
    run = run.stored_at(9_000.0, idle=True).stored_at(9_000.5)
    assert (run.worked_ms, run.updated_ms) == (1_500, 9_000_500)
