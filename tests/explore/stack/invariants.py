"""What must hold in every world of the push."""

from collections.abc import Iterable

from explore.engine.search import Invariants, StateTest, StepTest
from explore.stack.end_invariants import (
    a_plan_is_carried_out,
    a_room_is_pushed_once,
    message_ids_are_kept,
    nobody_is_lost,
    the_report_is_true,
    what_stands_is_counted,
)
from explore.stack.places import TABLES, WECHAT
from explore.stack.step_invariants import (
    a_pause_holds,
    at_the_pace,
    calls_are_counted,
    claims_are_in_time,
    claims_are_lawful,
    its_results_hold_it,
    moves_are_legal,
    nobody_oftener_than_decided,
    nobody_twice,
    not_at_midnight,
    nothing_beyond_the_trial,
    openids_of_the_ledger,
    unknown_is_honest,
    within_the_quota,
)


def usual(
    *,
    rate: int,
    daily_calls: int,
    audience: Iterable[str],
    with_decisions: bool = False,
    brake_percent: int = 0,
) -> Invariants:
    """Return what must hold in every world.

    Args:
        rate: most openids in a second.
        daily_calls: most pushes in a day.
        audience: who is to be told.
        with_decisions: whether a human decides about unknown chunks, which may be told again then.
        brake_percent: the share of openids at which a campaign holds itself, 0 if it does not.
    """
    steps: list[tuple[str, StepTest]] = [
        ("openids-of-the-ledger", openids_of_the_ledger),
        ("at-the-pace", at_the_pace(rate)),
        ("not-at-midnight", not_at_midnight),
        ("calls-are-counted", calls_are_counted),
        ("within-the-quota", within_the_quota(daily_calls)),
        ("claims-are-lawful", claims_are_lawful),
        ("claims-are-in-time", claims_are_in_time),
        ("unknown-is-honest", unknown_is_honest),
        ("moves-are-legal", moves_are_legal(with_decisions=with_decisions)),
        ("a-pause-holds", a_pause_holds),
        ("nothing-beyond-the-trial", nothing_beyond_the_trial),
        ("its-results-hold-it", its_results_hold_it(brake_percent)),
    ]
    nobody_again = nobody_oftener_than_decided if with_decisions else nobody_twice
    steps.insert(0, ("nobody-twice", nobody_again))
    ends: list[tuple[str, StateTest]] = [
        ("nobody-is-lost", nobody_is_lost(audience)),
        ("a-room-is-pushed-once", a_room_is_pushed_once),
        ("a-plan-is-carried-out", a_plan_is_carried_out),
        ("the-report-is-true", the_report_is_true),
        ("message-ids-are-kept", message_ids_are_kept),
        ("what-stands-is-counted", what_stands_is_counted),
    ]
    return Invariants((), tuple(steps), tuple(ends), (TABLES, WECHAT))
