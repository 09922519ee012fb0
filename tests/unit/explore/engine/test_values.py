"""Values: equal only if they are the same data."""

from decimal import Decimal
from enum import StrEnum
from itertools import combinations
from types import SimpleNamespace

import pytest

from explore.engine.values import Budget, Parts, frozen


class Word(StrEnum):
    YES = "yes"


DIFFERENT = [
    None, True, False, 0, 1, 1.0, Decimal(1), "1", b"1", [1], {"a": 1}, {"a": True}, {"a": [1]},
    [], {}, {1}, [[1]], "yes", "", [None], {"a": None},
]  # fmt: skip


def test_different_data_stays_different() -> None:
    for one, other in combinations(map(frozen, DIFFERENT), 2):
        assert one != other


def test_equal_data_is_equal_in_whatever_order_it_came_about() -> None:
    assert frozen({"a": 1, "b": [2, {"c": 3}]}) == frozen({"b": [2, {"c": 3}], "a": 1})
    assert hash(frozen({"a": [1]})) == hash(frozen({"a": [1]}))
    assert frozen({1, 2}) == frozen({2, 1})


def test_an_enum_is_no_text() -> None:
    assert frozen(Word.YES) != frozen("yes")


def test_whatever_is_no_plain_data_is_refused() -> None:
    with pytest.raises(TypeError, match="SimpleNamespace is no plain data"):
        frozen(SimpleNamespace())


def test_parts_are_one_for_equal_values_in_one_slot() -> None:
    parts = Parts()

    assert parts.of("a", (1, 2)) is parts.of("a", (1, 2))
    assert parts.of("a", 1) is not parts.of("b", 1)
    keys = {parts.of(slot, number).key for slot in "ab" for number in range(100)}
    assert len(keys) == 200
    assert all(key.bit_length() <= 128 for key in keys)


def test_a_budget_is_spent_kind_by_kind() -> None:
    budget = Budget(faults=1, ticks=0, copies=2)

    assert budget.after("") == budget
    assert budget.after("faults") == Budget(0, 0, 2)
    assert budget.after("ticks") is None
