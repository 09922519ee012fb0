"""Fault rules of the simulator: which calls they apply to, which are malformed."""

from typing import Any

import pytest

from wxlive_local.simulator.faults import (
    CALLBACK_FOLLOW,
    CALLBACK_RESULT,
    Fault,
    FaultRule,
    FaultRules,
)
from wxlive_local.simulator.quota import FOLLOWERS, PUSH

PATHS = (PUSH, FOLLOWERS)


def test_a_rule_skips_some_calls_and_then_applies_a_number_of_times() -> None:
    faults = FaultRules([FaultRule(PUSH, Fault.ERRCODE, times=2, skip=1)])
    applied = [faults.take(PUSH) is not None for _ in range(5)]
    assert applied == [False, True, True, False, False]
    assert faults.pending == ()


def test_rules_of_a_path_apply_one_after_the_other_and_to_no_other_path() -> None:
    faults = FaultRules()
    faults.add(FaultRule(PUSH, Fault.GARBAGE), FaultRule(PUSH, Fault.HTTP_500))
    assert faults.take(FOLLOWERS) is None
    kinds = [rule.kind for rule in (faults.take(PUSH), faults.take(PUSH)) if rule]
    assert kinds == [Fault.GARBAGE, Fault.HTTP_500]


def test_cleared_rules_do_not_apply() -> None:
    faults = FaultRules([FaultRule(PUSH, Fault.GARBAGE)])
    faults.clear()
    assert faults.take(PUSH) is None


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (PUSH, Fault.LATE),
        (CALLBACK_FOLLOW, Fault.ERRCODE),
        (CALLBACK_FOLLOW, Fault.EARLY),
        (CALLBACK_RESULT, Fault.DROP_AFTER),
    ],
)
def test_a_fault_must_apply_to_its_path(path: str, kind: Fault) -> None:
    with pytest.raises(ValueError, match=r"a result|does not apply"):
        FaultRule(path, kind)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({"path": PUSH, "kind": "errcode", "typo": 1}, "typo"),
        ({"path": "/nowhere", "kind": "errcode"}, "path is one of"),
        ({"path": PUSH, "kind": "explode"}, "kind is one of"),
        ({"path": PUSH, "kind": "errcode", "times": "2"}, "whole numbers"),
        ({"path": PUSH, "kind": "errcode", "times": 0}, "at least 1"),
        ({"path": PUSH, "kind": "delay_after", "seconds": "1"}, "seconds"),
    ],
)
def test_a_malformed_rule_is_refused_with_a_message(raw: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        FaultRule.from_json(raw, PATHS)


def test_a_rule_is_read_from_json() -> None:
    raw = {"path": PUSH, "kind": "http_500", "times": 3, "skip": 1, "processed": True}
    assert FaultRule.from_json(raw, PATHS) == FaultRule(
        PUSH, Fault.HTTP_500, times=3, skip=1, processed=True
    )
