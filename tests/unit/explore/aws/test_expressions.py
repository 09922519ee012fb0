"""Expressions are evaluated as DynamoDB evaluates them."""

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moto.dynamodb.comparisons import get_filter_expression
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.dynamo_type import Item as MotoItem

from explore.aws import syntax
from explore.aws.expressions import Bindings, bind_condition, bind_projection
from explore.aws.outcomes import Rejected
from explore.aws.updates import Update
from explore.aws.values import (
    Attributes,
    NumberSet,
    StringSet,
    attributes_from_wire,
    equal,
    number,
    number_text,
    serialize,
)

if TYPE_CHECKING:
    from collections.abc import Callable

ITEM: Attributes = {
    "pk": "p",
    "n": 2,
    "s": "cat",
    "b": b"\x80",
    "yes": True,
    "nil": None,
    "tags": StringSet({"x", "y"}),
    "ns": NumberSet({1, 2}),
    "l": [1, "two", [3]],
    "m": {"x": 1, "deep": {"y": [5, 7]}},
    "state": "queued",
}


def bindings(names: dict[str, str] | None = None, **values: Any) -> Bindings:
    wire = {f":{name}": serialize(value) for name, value in values.items()}
    request = {"ExpressionAttributeNames": names, "ExpressionAttributeValues": wire or None}
    return Bindings(request)


def holds(text: str, item: Attributes = ITEM, names: Any = None, **values: Any) -> bool:
    test = bind_condition(syntax.CONDITION, text, bindings(names, **values))
    assert test is not None
    return test(item)


def bind_all(text: str, bound: Bindings) -> None:
    bind_condition(syntax.CONDITION, text, bound)
    bound.finish(text)


def updated(text: str, item: Attributes = ITEM, names: Any = None, **values: Any) -> Attributes:
    update = Update(text, bindings(names, **values), frozenset({"pk"}))
    return update.apply(item, exists=True)


# ---------------------------------------------------------------- conditions


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("n = :v", {"v": 2}),
        ("n <> :v", {"v": "2"}),
        ("n < :v", {"v": 3}),
        ("n >= :v AND n <= :v", {"v": 2}),
        ("s > :v", {"v": "Cat"}),
        ("b > :v", {"v": b"\x7f"}),
        ("gone <> :v", {"v": 1}),
        ("gone <> nowhere", {}),
        ("NOT gone = :v", {"v": 1}),
        ("n BETWEEN :a AND :b", {"a": 2, "b": 2}),
        ("m.x between gone and n or n between m.x and :b", {"b": 9}),
        ("s IN (:a, n, :b)", {"a": "dog", "b": "cat"}),
        ("attribute_exists(m.deep.y[1])", {}),
        ("attribute_not_exists(m.deep.y[2])", {}),
        ("attribute_exists(nil)", {}),
        ("attribute_type(tags, :t)", {"t": "SS"}),
        ("begins_with(s, :v)", {"v": "ca"}),
        ("contains(s, :v)", {"v": "at"}),
        ("contains(tags, :v)", {"v": "x"}),
        ("contains(l, :v)", {"v": [3]}),
        ("size(s) = :v", {"v": 3}),
        ("size(tags) < size(l)", {}),
        ("tags = :v", {"v": {"y", "x"}}),
        ("m = :v", {"v": {"deep": {"y": [5, 7]}, "x": 1}}),
        ("(n = :v OR s = :v) AND NOT (yes = :v)", {"v": 2}),
        ("n = :v OR n = :w AND s = :w", {"v": 2, "w": 3}),
        ("NOT n = :w AND n = :v", {"v": 2, "w": 3}),
    ],
)
def test_a_condition_holds(text: str, values: dict[str, Any]) -> None:
    assert holds(text, **values)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("gone = :v", {"v": 1}),
        ("gone = nowhere", {}),
        ("gone < :v", {"v": 1}),
        ("n < :v", {"v": "3"}),
        ("yes = :v", {"v": 1}),
        ("nil = gone", {}),
        ("l < n", {}),
        ("n IN (:v)", {"v": "2"}),
        ("contains(tags, :v)", {"v": 1}),
        ("size(n) = :v", {"v": 1}),
        ("begins_with(n, s)", {}),
        ("NOT (n = :v OR s = :v)", {"v": 2}),
    ],
)
def test_a_condition_does_not_hold(text: str, values: dict[str, Any]) -> None:
    assert not holds(text, **values)


def test_names_may_stand_for_reserved_words_and_unusual_names() -> None:
    assert holds("#s = :v", names={"#s": "state"}, v="queued")
    assert holds("#o = :v", {"a.b": 1}, names={"#o": "a.b"}, v=1)
    assert holds("#m.#x = :v", names={"#m": "m", "#x": "x"}, v=1)


@pytest.mark.parametrize(
    ("text", "values", "problem"),
    [
        ("state = :v", {"v": 1}, "reserved keyword: state"),
        ("m.Value = :v", {"v": 1}, "reserved keyword: Value"),
        ("n = :v", {"v": 1, "w": 1}, "unused in expressions: keys: {:w}"),
        ("n = :v", {}, "attribute value: :v"),
        ("#n = :v", {"v": 1}, "attribute name: #n"),
        ("", {"v": 1}, "can not be empty"),
        ("n", {}, "Syntax error"),
        ("n = ", {}, 'Syntax error; token: "<EOF>"'),
        ("n == :v", {"v": 1}, "Syntax error"),
        ("n = :v AND", {"v": 1}, "Syntax error"),
        ("n = :v)", {"v": 1}, "Syntax error"),
        ("((n = :v))", {"v": 1}, "redundant parentheses"),
        ("n IN ()", {}, "Syntax error"),
        ("n ! :v", {"v": 1}, "Syntax error"),
        ("n = n", {}, "must be distinct"),
        ("n < :v", {"v": [1]}, "operand type: L"),
        ("n BETWEEN :a AND :b", {"a": 2, "b": 1}, "upper bound"),
        ("n BETWEEN :a AND :b", {"a": 1, "b": "2"}, "same data type"),
        ("attribute_exists(:v)", {"v": 1}, "requires a document path"),
        ("attribute_exists(n) = :v", {"v": 1}, "not allowed to be used this way"),
        ("size(n)", {}, "not allowed to be used this way"),
        ("begins_with(s)", {}, "number of operands: 1"),
        ("begins_with(s, :v)", {"v": 1}, "operand type: N"),
        ("attribute_type(s, :v)", {"v": "DOG"}, "type: DOG"),
        ("attribute_type(s, n)", {}, "requires a constant"),
        ("dog(n)", {}, "Invalid function name; function: dog"),
        ("CONTAINS(s, :v)", {"v": "a"}, "Invalid function name"),
    ],
)
def test_a_condition_is_refused(text: str, values: dict[str, Any], problem: str) -> None:
    with pytest.raises(Rejected) as caught:
        bind_all(text, bindings(**values))
    assert problem in caught.value.error.message
    assert caught.value.error.code == "ValidationException"


NUMBERS = st.integers(-2, 2)
WORDS = st.sampled_from(["", "a", "ab", "b"])
SMALL_ITEMS = st.fixed_dictionaries(
    {},
    optional={
        "a": NUMBERS,
        "b": NUMBERS,
        "s": WORDS,
        "t": st.sets(st.sampled_from("ab"), min_size=1),
        "m": st.fixed_dictionaries({}, optional={"x": NUMBERS}),
        "l": st.lists(NUMBERS, max_size=2),
    },
)


@st.composite
def conditions(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """Conditions about which moto is right: no comparison of types, nor of two missing things."""
    values: dict[str, Any] = {}

    def constant(kind: st.SearchStrategy[Any]) -> str:
        values[f":v{len(values)}"] = draw(kind)
        return f":v{len(values) - 1}"

    def simple() -> str:
        path = draw(st.sampled_from(["a", "b", "m.x", "l[0]", "l[1]"]))
        comparator = draw(st.sampled_from(["=", "<>", "<", "<=", ">", ">="]))
        spell: Callable[[], str] = draw(
            st.sampled_from(
                [
                    lambda: f"{path} {comparator} {constant(NUMBERS)}",
                    lambda: f"s {comparator} {constant(WORDS)}",
                    lambda: f"{path} IN ({constant(NUMBERS)}, {constant(NUMBERS)})",
                    lambda: f"attribute_exists({path})",
                    lambda: f"attribute_not_exists({path})",
                    lambda: f"attribute_type({path}, {constant(st.sampled_from('NS'))})",
                    lambda: f"begins_with(s, {constant(WORDS)})",
                    lambda: f"contains(t, {constant(st.sampled_from('abc'))})",
                ]
            )
        )
        return spell()

    def compound(depth: int) -> str:
        kind = draw(st.sampled_from(["AND", "OR", "NOT", "", ""])) if depth else ""
        if kind == "NOT":
            return f"NOT {simple()}"
        return f"({compound(depth - 1)} {kind} {compound(depth - 1)})" if kind else simple()

    return compound(2), values


@pytest.mark.moto
@settings(max_examples=300, deadline=None)
@given(item=SMALL_ITEMS, condition=conditions())
def test_a_condition_holds_where_moto_says_so(
    item: dict[str, Any], condition: tuple[str, dict[str, Any]]
) -> None:
    text, values = condition
    wire = {name: serialize(value) for name, value in item.items()}
    wire_values = {name: serialize(value) for name, value in values.items()}
    test = bind_condition(
        syntax.CONDITION, text, Bindings({"ExpressionAttributeValues": wire_values or None})
    )
    assert test is not None

    expected = get_filter_expression(text, {}, wire_values).expr(
        MotoItem(DynamoType({"S": "key"}), None, wire)
    )

    assert test(attributes_from_wire(wire)) is bool(expected)


# ------------------------------------------------------------------- updates


@pytest.mark.parametrize(
    ("text", "values", "changed"),
    [
        ("SET n = :v", {"v": 5}, {"n": 5}),
        ("set n = n + :v, k = :v - n", {"v": 5}, {"n": 7, "k": 3}),
        ("SET k = if_not_exists(k, :v)", {"v": 5}, {"k": 5}),
        ("SET n = if_not_exists(n, :v) + :v", {"v": 5}, {"n": 7}),
        ("SET l = list_append(l, :v)", {"v": [9]}, {"l": [1, "two", [3], 9]}),
        ("SET l = list_append(if_not_exists(gone, :v), :v)", {"v": [9]}, {"l": [9, 9]}),
        ("SET s = n, n = s", {}, {"s": 2, "n": "cat"}),
        ("SET m.x = :v", {"v": 5}, {"m": {"x": 5, "deep": {"y": [5, 7]}}}),
        ("SET m.deep.y[0] = m.x", {}, {"m": {"x": 1, "deep": {"y": [1, 7]}}}),
        ("SET l[9] = :v, l[5] = :w", {"v": "z", "w": "y"}, {"l": [1, "two", [3], "y", "z"]}),
        ("REMOVE l[0] SET l[1] = :v", {"v": 0}, {"l": [0, [3]]}),
        ("ADD n :v", {"v": -3}, {"n": -1}),
        ("ADD k :v", {"v": 3}, {"k": 3}),
        ("ADD tags :v", {"v": {"z"}}, {"tags": StringSet({"x", "y", "z"})}),
        ("ADD m.x :v", {"v": 1}, {"m": {"x": 2, "deep": {"y": [5, 7]}}}),
        ("DELETE tags :v", {"v": {"x", "q"}}, {"tags": StringSet({"y"})}),
        ("DELETE gone :v", {"v": {"x"}}, {}),
        ("REMOVE gone, l[7]", {}, {}),
        (
            "SET n = :v REMOVE gone ADD k :v DELETE tags :w",
            {"v": 1, "w": {"x", "q"}},
            {"n": 1, "k": 1, "tags": StringSet({"y"})},
        ),
    ],
)
def test_an_update_changes_what_it_names(
    text: str, values: dict[str, Any], changed: dict[str, Any]
) -> None:
    before = repr(ITEM)
    assert updated(text, **values) == ITEM | changed
    assert repr(ITEM) == before, "the old item is left alone"


@pytest.mark.parametrize("text", ["REMOVE n", "DELETE tags :v"])
def test_an_update_removes_attributes(text: str) -> None:
    values: dict[str, Any] = {"v": {"x", "y"}} if ":v" in text else {}
    assert updated(text, **values).keys() == ITEM.keys() - {"n" if "n" in text.split() else "tags"}


@pytest.mark.parametrize(
    ("text", "values", "problem"),
    [
        ("", {}, "can not be empty"),
        ("HELLO n = :v", {"v": 1}, "Syntax error"),
        ("SET n :v", {"v": 1}, "Syntax error"),
        ("SET n = :v SET s = :v", {"v": 1}, 'The "SET" section can only be used once'),
        ("SET n = :v REMOVE n", {"v": 1}, "overlap"),
        ("SET m.x = :v, m = :v", {"v": 1}, "overlap"),
        ("SET m.x = :v, m[0] = :v", {"v": 1}, "conflict"),
        ("SET pk = :v", {"v": 1}, "part of the key"),
        ("SET state = :v", {"v": 1}, "reserved keyword"),
        ("SET n = :v + :v + :v", {"v": 1}, "Syntax error"),
        ("SET n = n + :v", {"v": "1"}, "operand type: S"),
        ("SET n = s + :v", {"v": 1}, "incorrect data type"),
        ("SET n = gone", {}, "does not exist in the item"),
        ("SET n = gone + :v", {"v": 1}, "does not exist in the item"),
        ("SET gone.x = :v", {"v": 1}, "invalid for update"),
        ("SET s.x = :v", {"v": 1}, "invalid for update"),
        ("REMOVE gone.x", {}, "invalid for update"),
        ("SET l = list_append(n, :v)", {"v": [1]}, "incorrect data type"),
        ("SET l = list_append(list_append(l, l), l)", {}, "not allowed to be used this way"),
        ("SET n = if_not_exists(:v, :v)", {"v": 1}, "requires a document path"),
        ("SET n = size(s)", {}, "not allowed to be used this way"),
        ("SET n = f(s)", {}, "Invalid function name"),
        ("ADD n :v", {"v": "1"}, "operand type: STRING"),
        ("ADD s :v", {"v": 1}, "incorrect data type"),
        ("ADD tags :v", {"v": {1}}, "incorrect data type"),
        ("DELETE n :v", {"v": 1}, "operand type: NUMBER"),
    ],
)
def test_an_update_is_refused(text: str, values: dict[str, Any], problem: str) -> None:
    with pytest.raises(Rejected) as caught:
        updated(text, **values)
    assert problem in caught.value.error.message
    assert caught.value.error.code == "ValidationException"


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"SS": []}, "may not be empty"),
        ({"NS": ["1", "1.0"]}, "contains duplicates"),
        ({"N": "dog"}, "numeric value"),
        ({"S": "a", "N": "1"}, "more than one datatypes"),
        ({}, "is empty"),
    ],
)
def test_a_value_is_refused(value: dict[str, Any], problem: str) -> None:
    with pytest.raises(Rejected, match=problem):
        Bindings({"ExpressionAttributeValues": {":v": value}})


def test_an_update_shows_what_it_touched() -> None:
    update = Update("SET m.x = :v REMOVE l[1], gone", bindings(v=5), frozenset({"pk"}))
    assert update.touched(ITEM) == {"m": {"x": 1}, "l": ["two"]}


# --------------------------------------------------------------- projections


def test_a_projection_keeps_what_it_names_where_it_was() -> None:
    project = bind_projection("n, m.deep.y[1], l[0], l[2], gone", bindings())
    assert project is not None
    assert project(ITEM) == {"n": 2, "m": {"deep": {"y": [7]}}, "l": [1, [3]]}


@pytest.mark.parametrize("text", ["n, n", "m, m.x", "m[0], m.x", "n,", "a" + ".b" * 32])
def test_a_projection_is_refused(text: str) -> None:
    with pytest.raises(Rejected):
        bind_projection(text, bindings())


# ------------------------------------------------------------------- numbers


@pytest.mark.parametrize(
    ("text", "answered"),
    [("007", "7"), ("1.50", "1.5"), ("1e3", "1000"), ("-0", "0"), ("1E-3", "0.001"), ("+5", "5")],
)
def test_a_number_is_kept_by_its_value(text: str, answered: str) -> None:
    assert number_text(number(text)) == answered


@pytest.mark.parametrize("text", ["", "dog", " 1", "NaN", "Infinity", "1" * 39, "1e126", "1e-131"])
def test_a_number_beyond_the_limits_is_refused(text: str) -> None:
    with pytest.raises(Rejected):
        number(text)


def test_a_sum_keeps_38_digits_or_is_refused() -> None:
    assert updated("ADD n :v", {"n": 10**37}, v=1) == {"n": 10**37 + 1}
    with pytest.raises(Rejected, match="overflow"):
        updated("ADD n :v", {"n": 10**50}, v=1)


def test_numbers_bools_and_nothing_are_different_things() -> None:
    assert not equal(1, True)
    assert not equal([1], [True])
    assert not equal({"x": 0}, {"x": False})
    assert equal(NumberSet({1}), NumberSet({number("1.0")}))


def test_paths_have_steps() -> None:
    steps = bindings({"#x": "a.b"}).path(syntax.CONDITION, syntax.parse_projection("m.#x[3]")[0])
    assert steps == ("m", "a.b", 3)
