"""``wxlive sync``: what it asks of follower_sync, what it waits for, how it exits."""

from typing import Any

import pytest

from factories import DAY, NOW_S, a_run
from support.cli import Operator, interrupt
from wxlive.domain.calendar import day_ends_at
from wxlive.domain.sync_runs import LEASE_S, RunState
from wxlive_cli import sync

KEYS = {"run", "state", "listed", "added", "changed", "missing", "removed", "skipped_rows", "calls"}
HALFWAY: dict[str, Any] = {
    "pages": 2,
    "listed": 4000,
    "expected": 12_000,
    "worked_ms": 1000,
    "updated_ms": NOW_S * 1000,
}


def open_run(operator: Operator, **changes: Any) -> None:
    run = a_run("r1", **changes)
    operator.runs.rows["r1"] = run
    operator.functions.answer = run.summary()


def end_run(operator: Operator, **changes: Any) -> None:
    operator.runs.rows["r1"] = a_run("r1", **{"state": RunState.DONE, **changes})


def test_a_sync_returns_at_once_with_its_run(operator: Operator) -> None:
    open_run(operator)

    facts = operator.json("sync")

    assert facts.keys() >= KEYS
    assert (facts["run"], facts["state"], facts["listed"]) == ("r1", "open", 0)
    [(function, payload)] = operator.functions.invoked
    assert function == "wxlive-follower-sync"
    assert payload == {"action": "start", "trust_list": False, "command": payload["command"]}


def test_each_start_has_an_id_of_its_own(operator: Operator) -> None:
    open_run(operator)

    operator.json("sync")
    operator.json("sync")

    [(_, first), (_, second)] = operator.functions.invoked
    assert first["command"] != second["command"]


def test_the_operator_may_vouch_for_the_list(operator: Operator) -> None:
    open_run(operator)

    operator.json("sync", "--trust-list")

    [(_, payload)] = operator.functions.invoked
    assert payload["trust_list"] is True


def test_a_run_is_abandoned(operator: Operator) -> None:
    open_run(operator)
    operator.functions.answer = a_run("r1", state=RunState.FAILED, reason="Abandoned").summary()

    facts = operator.json("sync", "--abandon", "r1")

    assert (facts["state"], facts["reason"]) == ("failed", "Abandoned")
    payload = {"action": "abandon", "run": "r1"}
    assert operator.functions.invoked == [("wxlive-follower-sync", payload)]


def test_two_intents_at_once_are_refused(operator: Operator) -> None:
    assert "one of --confirm-sweep" in operator.refusal("sync", "--abandon", "r", "--trust-list")
    assert operator.functions.invoked == []


def test_a_sync_that_goes_on_says_so(operator: Operator) -> None:
    open_run(operator)
    operator.clock.meanwhile = [interrupt]

    at_once, interrupted = operator.run("sync"), operator.run("sync", "--wait")

    assert (at_once.exit_code, interrupted.exit_code) == (0, 130)
    for result in (at_once, interrupted):
        assert "The sync r1 goes on: `wxlive sync --wait`" in result.stderr


@pytest.mark.parametrize(
    ("state", "code"), [(RunState.DONE, 0), (RunState.FAILED, 1), (RunState.GUARDED, 1)]
)
def test_a_waiting_sync_returns_when_the_run_has_ended(
    operator: Operator, state: RunState, code: int
) -> None:
    open_run(operator)
    counts = {"listed": 9, "added": 4, "changed": 3, "removed": 2, "calls": 5}
    operator.clock.meanwhile = [
        lambda: None,
        lambda: end_run(operator, state=state, **counts),
    ]

    facts = operator.json("sync", "--wait", code=code)

    assert (facts["state"], facts["run"]) == (state.value, "r1")
    assert counts.items() <= facts.items()


def test_a_waiting_sync_does_not_wait_for_tomorrows_quota(operator: Operator) -> None:
    open_run(operator, resume_at=NOW_S + 9999, reason="used up")

    facts = operator.json("sync", "--wait", code=1)

    assert (facts["state"], facts["resume_at"]) == ("open", NOW_S + 9999)
    assert operator.clock.now_s - NOW_S <= 2


def test_a_waiting_sync_returns_after_the_timeout_with_1(operator: Operator) -> None:
    open_run(operator)

    assert operator.json("sync", "--wait", "--timeout", "5", code=1)["state"] == "open"
    assert 5 <= operator.clock.now_s - NOW_S <= 7


@pytest.mark.parametrize("lease", ["expired", "none"])
def test_a_waiting_sync_replaces_a_worker_that_has_died(operator: Operator, lease: str) -> None:
    open_run(operator)
    if lease == "expired":
        operator.runs.lease_ends_at = NOW_S - 1
    polls = int(sync.REVIVE_AFTER_S / sync.POLL_S) + 1
    operator.clock.meanwhile = [*[lambda: None] * polls, lambda: end_run(operator)]

    assert operator.json("sync", "--wait")["state"] == "done"
    assert operator.functions.invoked_async == [("wxlive-follower-sync", {"action": "continue"})]


def test_a_waiting_sync_leaves_a_living_worker_alone(operator: Operator) -> None:
    open_run(operator)
    operator.runs.lease_ends_at = NOW_S + LEASE_S

    operator.json("sync", "--wait", "--timeout", "20", code=1)

    assert operator.functions.invoked_async == []


def test_a_sync_shows_its_progress_and_when_it_should_end(operator: Operator) -> None:
    open_run(operator, **HALFWAY)

    facts = operator.json("sync")

    assert (facts["listed"], facts["expected"], facts["done_at"]) == (4000, 12_000, NOW_S + 2)


def test_a_sync_whose_budget_ends_today_is_expected_to_end_tomorrow(
    operator: Operator,
) -> None:
    operator.sync_budget.calls[DAY] = 4499
    open_run(operator, **HALFWAY)

    done_at = operator.json("sync")["done_at"]

    assert done_at == pytest.approx(day_ends_at(NOW_S, 8) + 2, abs=1)


def test_progress_is_described_in_a_line() -> None:
    run = a_run(pages=2, listed=4000)
    assert sync.describe_progress(run, None, 8) == "4,000 listed, 2 pages"
    more_than_expected = a_run(pages=2, listed=4000, expected=200)
    assert sync.describe_progress(more_than_expected, NOW_S, 8) == "4,000 listed, 2 pages"
    line = sync.describe_progress(a_run(**HALFWAY), NOW_S, 8)
    assert line == (
        "4,000 of about 12,000 listed, 2 pages, estimated end 2026-11-22 19:30:00 UTC+8"
    )


def test_a_guarded_run_is_confirmed_and_followed(operator: Operator) -> None:
    open_run(operator)
    operator.clock.meanwhile = [lambda: end_run(operator, removed=7)]

    facts = operator.json("sync", "--confirm-sweep", "r1", "--wait")

    payload = {"action": "confirm_sweep", "run": "r1"}
    assert operator.functions.invoked == [("wxlive-follower-sync", payload)]
    assert (facts["state"], facts["removed"]) == ("done", 7)


def test_a_sync_whose_run_is_missing_is_refused(operator: Operator) -> None:
    operator.functions.answer = {"run": "r1", "state": "open"}

    assert "There is no run r1 in the State table" in operator.refusal("sync", "--wait")
