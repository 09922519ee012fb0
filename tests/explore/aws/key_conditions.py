"""Key conditions: what a query reads of one partition."""

from collections.abc import Mapping
from dataclasses import dataclass

from explore.aws import syntax
from explore.aws.expressions import Bindings, ConditionBinder, Test
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
    Or,
    Path,
    ValueRef,
)
from explore.aws.values import MISSING, Value, type_of


@dataclass(frozen=True, slots=True)
class KeyCondition:
    """The partition that a query reads, and a test of its items' sort keys."""

    partition: Value
    test: Test | None


def bind_key_condition(text: str, bindings: Bindings, key_types: Mapping[str, str]) -> KeyCondition:
    """Bind a query's key condition.

    Args:
        text: the condition.
        bindings: the names and values of the request.
        key_types: the types of the partition key and of the sort key, if any, in this order.

    Raises:
        Rejected: it is refused.
    """
    binder = _KeyConditionBinder(bindings, key_types)
    return binder.bind_keys(syntax.parse_condition(syntax.KEY_CONDITION, text))


class _KeyConditionBinder(ConditionBinder):
    def __init__(self, bindings: Bindings, key_types: Mapping[str, str]) -> None:
        super().__init__(syntax.KEY_CONDITION, bindings)
        self._key_types = key_types
        self._hash_name, *more = key_types
        self._range_name = more[0] if more else None

    def bind_keys(self, condition: Condition) -> KeyCondition:
        partition: Value = MISSING
        test: Test | None = None
        for part in _conjuncts(condition):
            name, symbol, values = self._key_of(part)
            if name == self._hash_name and symbol == "=" and partition is MISSING:
                partition = values[0]
            elif name == self._range_name and test is None:
                test = self.bind(part)
            elif name == self._range_name or (name == self._hash_name and symbol == "="):
                raise invalid(
                    "Invalid KeyConditionExpression: KeyConditionExpressions must only contain "
                    "one condition per key"
                )
            elif name == self._hash_name:
                raise invalid("Query key condition not supported")
            else:
                missed = self._hash_name if partition is MISSING else self._range_name
                raise invalid(f"Query condition missed key schema element: {missed}")
            if any(type_of(value) != self._key_types[name] for value in values):
                raise invalid(
                    "One or more parameter values were invalid: Condition parameter type does "
                    "not match schema type"
                )
        if partition is MISSING:
            raise invalid(f"Query condition missed key schema element: {self._hash_name}")
        return KeyCondition(partition, test)

    def _key_of(self, part: Condition) -> tuple[str, str, list[Value]]:
        """Return what a part of the condition is about: attribute, operator, values."""
        refs: tuple[ValueRef, ...]
        match part:
            case Compare("<>"):
                raise self._unsupported("<>")
            case Compare(symbol, Path() as path, ValueRef() as ref):
                refs = (ref,)
            case Compare(symbol, ValueRef() as ref, Path() as path):
                refs = (ref,)
            case Between(Path() as path, ValueRef() as low, ValueRef() as high):
                symbol, refs = "BETWEEN", (low, high)
            case Call("begins_with" as symbol, (Path() as path, ValueRef() as ref)):
                refs = (ref,)
            case Or() | Not() | In():
                raise self._unsupported(type(part).__name__.upper())
            case Call(function) if function != "begins_with":
                self.bind(part)
                raise self._unsupported(function)
            case _:
                raise invalid("Query key condition not supported")
        steps = self._bindings.path(self._kind, path)
        if len(steps) > 1:
            raise invalid(
                "Invalid KeyConditionExpression: KeyConditionExpressions cannot have conditions "
                "on nested attributes"
            )
        return str(steps[0]), symbol, [self._bindings.value(self._kind, ref) for ref in refs]

    def _unsupported(self, what: str) -> Rejected:
        return invalid(f"Invalid operator used in KeyConditionExpression: {what}")


def _conjuncts(condition: Condition) -> list[Condition]:
    if isinstance(condition, Group):
        return _conjuncts(condition.condition)
    if isinstance(condition, And):
        return _conjuncts(condition.left) + _conjuncts(condition.right)
    return [condition]
