"""Conditions, projections and key conditions, as DynamoDB evaluates them.

An expression is bound once to the names and values of its request, which finds out whatever is
wrong with it, and then evaluated for any number of items.
"""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path as FilePath
from typing import Any, Final, TypeAlias

from explore.aws import syntax
from explore.aws.documents import Getter, PathTree, Steps, getter, project, spelled
from explore.aws.outcomes import Rejected, invalid
from explore.aws.syntax import (
    And,
    Between,
    Call,
    Compare,
    Condition,
    Group,
    In,
    Not,
    Operand,
    Or,
    Path,
    ValueRef,
)
from explore.aws.values import (
    MISSING,
    TYPE_NAMES,
    Attributes,
    Value,
    equal,
    from_wire,
    type_of,
)

Test: TypeAlias = Callable[[Attributes], bool]

ORDERED = frozenset({"S", "N", "B"})
SETS = frozenset({"SS", "NS", "BS"})
_SIZED = frozenset({"S", "B", "M", "L"}) | SETS
_MAX_CHOICES = 100

_ALIAS = re.compile(r"#[A-Za-z0-9_]+", re.ASCII)
_VALUE = re.compile(r":[A-Za-z0-9_]+", re.ASCII)


@cache
def reserved_words() -> frozenset[str]:
    """Return the names that an expression must write as ``#aliases``, as moto lists them."""
    moto = find_spec("moto")
    assert moto is not None
    assert moto.origin is not None
    words = FilePath(moto.origin).parent / "dynamodb/parsing/reserved_keywords.txt"
    return frozenset(words.read_text(encoding="ascii").split())


# ---------------------------------------------------------------- bindings


class Bindings:
    """The names and values of one request, and which of them its expressions use."""

    def __init__(self, request: Mapping[str, Any]) -> None:
        """Read them.

        Raises:
            Rejected: they are malformed.
        """
        self._names = _checked(request, "ExpressionAttributeNames", _ALIAS)
        self._values: dict[str, Value] = {}
        for name, wire in _checked(request, "ExpressionAttributeValues", _VALUE).items():
            self._values[name] = _value(name, wire)
        self._unused = {*self._names, *self._values}

    def path(self, kind: str, path: Path) -> Steps:
        """Resolve the aliases of a path.

        Raises:
            Rejected: one is not defined, or a name is a reserved word.
        """
        return tuple(
            step if isinstance(step, int) else self._name(kind, step) for step in path.steps
        )

    def _name(self, kind: str, written: str) -> str:
        if not written.startswith("#"):
            if written.upper() in reserved_words():
                raise invalid(
                    f"Invalid {kind}: Attribute name is a reserved keyword; reserved keyword: "
                    f"{written}"
                )
            return written
        if written not in self._names:
            raise invalid(
                f"Invalid {kind}: An expression attribute name used in the document path is not "
                f"defined; attribute name: {written}"
            )
        self._unused.discard(written)
        return str(self._names[written])

    def value(self, kind: str, ref: ValueRef) -> Value:
        """Resolve a value.

        Raises:
            Rejected: it is not defined.
        """
        if ref.name not in self._values:
            raise invalid(
                f"Invalid {kind}: An expression attribute value used in expression is not "
                f"defined; attribute value: {ref.name}"
            )
        self._unused.discard(ref.name)
        return self._values[ref.name]

    def finish(self, *expressions: str | None) -> None:
        """Check that the request's expressions, all bound by now, use every name and value.

        Raises:
            Rejected: one is left over.
        """
        if not self._unused:
            return
        left = min(self._unused)
        which = "Names" if left.startswith("#") else "Values"
        if not any(expressions):
            raise invalid(
                f"ExpressionAttribute{which} can only be specified when using expressions"
            )
        raise invalid(
            f"Value provided in ExpressionAttribute{which} unused in expressions: keys: {{{left}}}"
        )


def _checked(request: Mapping[str, Any], field: str, key: re.Pattern[str]) -> Mapping[str, Any]:
    given: Mapping[str, Any] | None = request.get(field)
    if given is None:
        return {}
    if not given:
        raise invalid(f"{field} must not be empty")
    for name in given:
        if not key.fullmatch(name):
            raise invalid(f'{field} contains invalid key: Syntax error; key: "{name}"')
    return given


def _value(name: str, wire: Mapping[str, Any]) -> Value:
    try:
        return from_wire(wire)
    except Rejected as rejected:
        raise invalid(
            "ExpressionAttributeValues contains invalid value: "
            f"{rejected.error.message} for key {name}"
        ) from None


# ---------------------------------------------------------------- operands


@dataclass(frozen=True, slots=True)
class Bound:
    """An operand: what reads it, and what is known of it before any item is read."""

    get: Getter
    constant: Value = MISSING
    steps: Steps | None = None

    @property
    def kind(self) -> str:
        """The type of a constant, "" for anything else."""
        return type_of(self.constant)


class ConditionBinder:
    """Binds conditions of one kind."""

    def __init__(self, kind: str, bindings: Bindings) -> None:
        self._kind: Final = kind
        self._bindings = bindings
        self.names: set[str] = set()
        """The attributes that are mentioned."""

    def bind(self, condition: Condition) -> Test:  # noqa: PLR0911 - one case a kind
        """Return what tests an item.

        Raises:
            Rejected: DynamoDB refuses the condition whatever the item is.
        """
        match condition:
            case Group(inner):
                return self.bind(inner)
            case Not(inner):
                wanted = self.bind(inner)
                return lambda item: not wanted(item)
            case And(left, right):
                one, other = self.bind(left), self.bind(right)
                return lambda item: one(item) and other(item)
            case Or(left, right):
                one, other = self.bind(left), self.bind(right)
                return lambda item: one(item) or other(item)
            case Compare():
                return self._compare(condition)
            case Between():
                return self._between(condition)
            case In():
                return self._in(condition)
            case Call():
                return self._function(condition)

    # --------------------------------------------------------- comparisons

    def _compare(self, condition: Compare) -> Test:
        symbol = condition.comparator
        left, right = self.operand(condition.left), self.operand(condition.right)
        self._distinct(symbol, left, right)
        one, other = left.get, right.get
        if symbol == "=":
            return lambda item: equal(one(item), other(item))
        if symbol == "<>":
            return lambda item: not equal(one(item), other(item))
        self._of_types(symbol, ORDERED, left, right)
        holds = _ORDERS[symbol]
        return lambda item: _ordered(holds, one(item), other(item))

    def _between(self, condition: Between) -> Test:
        operand, low, high = map(self.operand, (condition.operand, condition.low, condition.high))
        self._distinct("BETWEEN", operand, low, high)
        self._of_types("BETWEEN", ORDERED, operand, low, high)
        if low.kind and high.kind:
            if low.kind != high.kind:
                raise self._invalid(
                    "The BETWEEN operator requires same data type for lower and upper bounds; "
                    f"lower bound operand: {low.constant!r}, upper bound operand: {high.constant!r}"
                )
            if low.constant > high.constant:
                raise self._invalid(
                    "The BETWEEN operator requires upper bound to be greater than or equal to "
                    f"lower bound; lower bound operand: {low.constant!r}, upper bound operand: "
                    f"{high.constant!r}"
                )

        def test(item: Attributes) -> bool:
            value = operand.get(item)
            return _ordered(operator.le, low.get(item), value) and _ordered(
                operator.le, value, high.get(item)
            )

        return test

    def _in(self, condition: In) -> Test:
        operand = self.operand(condition.operand)
        choices = [self.operand(choice) for choice in condition.choices]
        self._distinct("IN", operand, *choices)
        if len(choices) + 1 > _MAX_CHOICES:
            raise self._invalid(
                "The IN operator is provided with too many operands; number of operands: "
                f"{len(choices) + 1}"
            )

        def test(item: Attributes) -> bool:
            value = operand.get(item)
            return any(equal(value, choice.get(item)) for choice in choices)

        return test

    # ----------------------------------------------------------- functions

    def _function(self, call: Call) -> Test:
        name = call.function
        if name not in _CONDITION_ARITY:
            raise self._wrong_function(name)
        self._arity(call, _CONDITION_ARITY[name])
        first, *others = map(self.operand, call.operands)
        get = first.get
        if name == "attribute_exists":
            self._needs_path(name, first)
            return lambda item: get(item) is not MISSING
        if name == "attribute_not_exists":
            self._needs_path(name, first)
            return lambda item: get(item) is MISSING
        if name == "attribute_type":
            return self._attribute_type(first, others[0])
        self._distinct(name, first, others[0])
        other = others[0].get
        if name == "begins_with":
            self._of_types(name, frozenset({"S", "B"}), first, others[0])
            return lambda item: _begins_with(get(item), other(item))
        self._of_types(name, _SIZED - {"M"}, first)
        return lambda item: _contains(get(item), other(item))

    def _attribute_type(self, operand: Bound, wanted: Bound) -> Test:
        self._of_types("attribute_type", frozenset({"S"}), wanted)
        if not wanted.kind:
            raise self._invalid(
                "Operator or function requires a constant; operator or function: attribute_type"
            )
        if wanted.constant not in TYPE_NAMES:
            raise self._invalid(
                f"Invalid attribute type name found; type: {wanted.constant}, valid types: "
                f"{{{','.join(sorted(TYPE_NAMES))}}}"
            )
        return lambda item: type_of(operand.get(item)) == wanted.constant

    def operand(self, operand: Operand) -> Bound:
        """Bind one operand.

        Raises:
            Rejected: it is not defined, or no operand of a condition.
        """
        if isinstance(operand, ValueRef):
            constant = self._bindings.value(self._kind, operand)
            return Bound(lambda _: constant, constant=constant)
        if isinstance(operand, Path):
            steps = self._bindings.path(self._kind, operand)
            self.names.add(str(steps[0]))
            return Bound(getter(steps), steps=steps)
        if operand.function != "size":
            raise self._wrong_function(operand.function)
        self._arity(operand, 1)
        if isinstance(operand.operands[0], Call):
            raise self._wrong_function("size")
        measured = self.operand(operand.operands[0])
        self._of_types("size", _SIZED, measured)
        return Bound(lambda item: _size(measured.get(item)))

    # -------------------------------------------------------------- checks

    def _of_types(self, function: str, allowed: frozenset[str], *operands: Bound) -> None:
        for operand in operands:
            if operand.kind and operand.kind not in allowed:
                raise self._invalid(
                    "Incorrect operand type for operator or function; operator or function: "
                    f"{function}, operand type: {operand.kind}"
                )

    def _distinct(self, function: str, first: Bound, *others: Bound) -> None:
        if first.steps is not None and any(first.steps == other.steps for other in others):
            raise self._invalid(
                "The first operand must be distinct from the remaining operands for this "
                f"operator or function; operator: {function}, first operand: "
                f"{spelled(first.steps)}"
            )

    def _needs_path(self, function: str, operand: Bound) -> None:
        if operand.steps is None:
            raise self._invalid(
                f"Operator or function requires a document path; operator or function: {function}"
            )

    def _arity(self, call: Call, wanted: int) -> None:
        if len(call.operands) != wanted:
            raise self._invalid(
                "Incorrect number of operands for operator or function; operator or function: "
                f"{call.function}, number of operands: {len(call.operands)}"
            )

    def _wrong_function(self, name: str) -> Rejected:
        if name in {*_CONDITION_ARITY, "size", "if_not_exists", "list_append"}:
            return self._invalid(
                "The function is not allowed to be used this way in an expression; function: "
                f"{name}"
            )
        return self._invalid(f"Invalid function name; function: {name}")

    def _invalid(self, problem: str) -> Rejected:
        return invalid(f"Invalid {self._kind}: {problem}")


_CONDITION_ARITY = {
    "attribute_exists": 1,
    "attribute_not_exists": 1,
    "attribute_type": 2,
    "begins_with": 2,
    "contains": 2,
}
_ORDERS: Mapping[str, Callable[[Value, Value], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def _ordered(holds: Callable[[Value, Value], bool], one: Value, other: Value) -> bool:
    kind = type_of(one)
    return kind in ORDERED and kind == type_of(other) and holds(one, other)


def _begins_with(value: Value, prefix: Value) -> bool:
    kind = type_of(value)
    return kind in {"S", "B"} and kind == type_of(prefix) and value.startswith(prefix)


def _contains(value: Value, part: Value) -> bool:
    kind, part_kind = type_of(value), type_of(part)
    if kind in {"S", "B"}:
        return kind == part_kind and part in value
    if kind in SETS:
        return kind == part_kind + "S" and part in value
    return kind == "L" and any(equal(member, part) for member in value)


def _size(value: Value) -> Value:
    kind = type_of(value)
    if kind == "S" and not value.isascii():
        raise NotImplementedError("AWS does not document the unit of the size of such a string")
    return len(value) if kind in _SIZED else MISSING


# ---------------------------------------------------------------- requests


def bind_condition(
    kind: str, text: str | None, bindings: Bindings, *, forbidden: frozenset[str] = frozenset()
) -> Test | None:
    """Bind a condition or filter of a request, None if there is none.

    Raises:
        Rejected: it is refused, for instance because it names an attribute that is forbidden.
    """
    if text is None:
        return None
    binder = ConditionBinder(kind, bindings)
    test = binder.bind(syntax.parse_condition(kind, text))
    if refused := forbidden & binder.names:
        raise invalid(
            "Filter Expression can only contain non-primary key attributes: Primary key "
            f"attribute: {min(refused)}"
        )
    return test


def bind_projection(
    text: str | None, bindings: Bindings
) -> Callable[[Attributes], Attributes] | None:
    """Bind a projection of a request, None if there is none.

    Raises:
        Rejected: it is refused.
    """
    if text is None:
        return None
    paths = [bindings.path(syntax.PROJECTION, path) for path in syntax.parse_projection(text)]
    tree = PathTree(syntax.PROJECTION)
    for steps in paths:
        tree.add(steps, True)
    return lambda attributes: project(attributes, tree)
