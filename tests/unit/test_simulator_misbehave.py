"""The simulator's rules of misbehaviour: which calls they meet, which make no sense."""

from typing import Any

import pytest

from wxlive_local.simulator.misbehave import (
    CALLBACK_FOLLOW,
    CALLBACK_RESULT,
    Kind,
    Misbehaviour,
    Rule,
)
from wxlive_local.simulator.quota import FOLLOWERS, PUSH

PATHS = (PUSH, FOLLOWERS)


def test_a_rule_lets_some_pass_then_applies_so_many_times() -> None:
    misbehaviour = Misbehaviour([Rule(PUSH, Kind.ERRCODE, times=2, skip=1)])
    met = [misbehaviour.take(PUSH) is not None for _ in range(5)]
    assert met == [False, True, True, False, False]
    assert misbehaviour.pending == ()


def test_rules_of_one_path_wait_for_each_other_and_leave_others_alone() -> None:
    misbehaviour = Misbehaviour()
    misbehaviour.add(Rule(PUSH, Kind.GARBAGE), Rule(PUSH, Kind.HTTP_500))
    assert misbehaviour.take(FOLLOWERS) is None
    kinds = [rule.kind for rule in (misbehaviour.take(PUSH), misbehaviour.take(PUSH)) if rule]
    assert kinds == [Kind.GARBAGE, Kind.HTTP_500]


def test_cleared_rules_meet_nothing() -> None:
    misbehaviour = Misbehaviour([Rule(PUSH, Kind.GARBAGE)])
    misbehaviour.clear()
    assert misbehaviour.take(PUSH) is None


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (PUSH, Kind.LATE),
        (CALLBACK_FOLLOW, Kind.ERRCODE),
        (CALLBACK_FOLLOW, Kind.EARLY),
        (CALLBACK_RESULT, Kind.DROP_AFTER),
    ],
)
def test_a_rule_must_fit_its_path(path: str, kind: Kind) -> None:
    with pytest.raises(ValueError, match=r"a result|does not apply"):
        Rule(path, kind)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({"path": PUSH, "kind": "errcode", "typo": 1}, "typo"),
        ({"path": "/nowhere", "kind": "errcode"}, "path is one of"),
        ({"path": PUSH, "kind": "explode"}, "kind is one of"),
        ({"path": PUSH, "kind": "errcode", "times": "2"}, "whole numbers"),
        ({"path": PUSH, "kind": "errcode", "times": 0}, "at least 1"),
        ({"path": PUSH, "kind": "delay_after", "seconds": "1"}, "seconds"),
    ],
)
def test_a_senseless_rule_is_refused_in_words(raw: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Rule.from_json(raw, PATHS)


def test_a_rule_reads_from_json() -> None:
    raw = {"path": PUSH, "kind": "http_500", "times": 3, "skip": 1, "processed": True}
    assert Rule.from_json(raw, PATHS) == Rule(PUSH, Kind.HTTP_500, times=3, skip=1, processed=True)
