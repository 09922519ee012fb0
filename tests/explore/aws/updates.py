"""Update expressions, as DynamoDB carries them out."""

from collections.abc import Callable
from typing import Any

from explore.aws import syntax
from explore.aws.documents import Getter, PathTree, getter, project
from explore.aws.expressions import Bindings
from explore.aws.outcomes import Rejected, invalid
from explore.aws.syntax import Action, Arithmetic, Call, Operand, Path, ValueRef
from explore.aws.values import MISSING, Attributes, Value, add, is_number, subtract, type_of

_SETS = frozenset({"SS", "NS", "BS"})
_SPELLED_TYPES = {
    "S": "STRING",
    "N": "NUMBER",
    "B": "BINARY",
    "BOOL": "BOOLEAN",
    "NULL": "NULL",
    "M": "MAP",
    "L": "LIST",
}

Leaf = Callable[[Attributes, Value], Value]
"""Makes the new value of an attribute, from the old item and the old value."""


class Update:
    """A bound update expression."""

    def __init__(self, text: str, bindings: Bindings, keys: frozenset[str]) -> None:
        """Bind it.

        Raises:
            Rejected: DynamoDB refuses it whatever the item is.
        """
        self._bindings = bindings
        self._tree = PathTree(syntax.UPDATE)
        actions = syntax.parse_update(text)
        for action in actions:
            steps = bindings.path(syntax.UPDATE, action.path)
            self._tree.add(steps, self._leaf(action))
            if steps[0] in keys:
                raise invalid(
                    f"One or more parameter values were invalid: Cannot update attribute "
                    f"{steps[0]}. This attribute is part of the key"
                )
        self.creates = any(action.section in {"SET", "ADD"} for action in actions)
        """Whether it makes an item where none is."""
        self._only_removes = all(action.section == "REMOVE" for action in actions)

    def apply(self, old: Attributes, *, exists: bool) -> Attributes:
        """Return the attributes after the update.

        Raises:
            Rejected: it can't be carried out on this item.
        """
        if not exists and self._only_removes:
            return old
        changed: Attributes = _edited(old, self._tree, old)
        return changed

    def touched(self, attributes: Attributes) -> Attributes:
        """Return the parts of an item that the update names."""
        parts: Attributes = project(attributes, self._tree)
        return parts

    # -------------------------------------------------------------- actions

    def _leaf(self, action: Action) -> Leaf:
        if action.value is None:
            return lambda _old, _value: MISSING
        if action.section == "SET":
            get = self._operand(action.value)
            return lambda old, _value: get(old)
        assert isinstance(action.value, ValueRef)
        constant = self._bindings.value(syntax.UPDATE, action.value)
        if type_of(constant) not in _SETS and not (action.section == "ADD" and is_number(constant)):
            raise self._invalid(
                "Incorrect operand type for operator or function; operator: "
                f"{action.section}, operand type: {_SPELLED_TYPES[type_of(constant)]}"
            )
        combine = _added if action.section == "ADD" else _deleted
        return lambda _old, value: combine(value, constant)

    def _operand(self, operand: Operand | Arithmetic) -> Getter:
        if isinstance(operand, ValueRef):
            constant = self._bindings.value(syntax.UPDATE, operand)
            return lambda _: constant
        if isinstance(operand, Path):
            return _existing(getter(self._bindings.path(syntax.UPDATE, operand)))
        if isinstance(operand, Arithmetic):
            return self._arithmetic(operand)
        if operand.function == "if_not_exists":
            return self._if_not_exists(operand)
        if operand.function == "list_append":
            return self._list_append(operand)
        if operand.function in _CONDITION_FUNCTIONS:
            raise self._misplaced(operand.function)
        raise self._invalid(f"Invalid function name; function: {operand.function}")

    def _arithmetic(self, operand: Arithmetic) -> Getter:
        left, right = self._operand(operand.left), self._operand(operand.right)
        self._of_type("N", operand.operator, operand.left, operand.right)
        combine = add if operand.operator == "+" else subtract

        def compute(old: Attributes) -> Value:
            one, other = left(old), right(old)
            if not is_number(one) or not is_number(other):
                raise _wrong_type()
            return combine(one, other)

        return compute

    def _if_not_exists(self, call: Call) -> Getter:
        self._arity(call)
        path, otherwise = call.operands
        default = self._operand(otherwise)
        if not isinstance(path, Path):
            raise self._invalid(
                "Operator or function requires a document path; operator or function: if_not_exists"
            )
        get = getter(self._bindings.path(syntax.UPDATE, path))

        def choose(old: Attributes) -> Value:
            value = get(old)
            return default(old) if value is MISSING else value

        return choose

    def _list_append(self, call: Call) -> Getter:
        self._arity(call)
        for operand in call.operands:
            if isinstance(operand, Call) and operand.function == "list_append":
                raise self._misplaced("list_append")
        left, right = map(self._operand, call.operands)
        self._of_type("L", "list_append", *call.operands)

        def join(old: Attributes) -> Value:
            one, other = left(old), right(old)
            if type_of(one) != "L" or type_of(other) != "L":
                raise _wrong_type()
            return one + other

        return join

    # --------------------------------------------------------------- checks

    def _of_type(self, wanted: str, function: str, *operands: Operand) -> None:
        for operand in operands:
            if isinstance(operand, ValueRef):
                kind = type_of(self._bindings.value(syntax.UPDATE, operand))
                if kind != wanted:
                    raise self._invalid(
                        "Incorrect operand type for operator or function; operator or function: "
                        f"{function}, operand type: {kind}"
                    )

    def _arity(self, call: Call) -> None:
        if len(call.operands) != 2:
            raise self._invalid(
                "Incorrect number of operands for operator or function; operator or function: "
                f"{call.function}, number of operands: {len(call.operands)}"
            )

    def _misplaced(self, function: str) -> Rejected:
        return self._invalid(
            f"The function is not allowed to be used this way in an expression; function: "
            f"{function}"
        )

    def _invalid(self, problem: str) -> Rejected:
        return invalid(f"Invalid UpdateExpression: {problem}")


_CONDITION_FUNCTIONS = frozenset(
    {
        "attribute_exists",
        "attribute_not_exists",
        "attribute_type",
        "begins_with",
        "contains",
        "size",
    }
)


def _existing(get: Getter) -> Getter:
    def read(old: Attributes) -> Value:
        value = get(old)
        if value is MISSING:
            raise invalid(
                "The provided expression refers to an attribute that does not exist in the item"
            )
        return value

    return read


def _wrong_type() -> Rejected:
    return invalid("An operand in the update expression has an incorrect data type")


def _added(value: Value, more: Value) -> Value:
    if value is MISSING:
        return more
    if is_number(value) and is_number(more):
        return add(value, more)
    if type_of(value) not in _SETS or type(value) is not type(more):
        raise _wrong_type()
    return type(value)(value | more)


def _deleted(value: Value, less: Value) -> Value:
    if value is MISSING:
        return MISSING
    if type(value) is not type(less):
        raise _wrong_type()
    return type(value)(value - less) or MISSING


# ---------------------------------------------------------------- documents


def _edited(value: Value, tree: PathTree, old: Attributes) -> Value:
    """Return a copy of a map or list with the leaves of the tree carried out."""
    by_name = isinstance(next(iter(tree.branches)), str)
    if by_name and isinstance(value, dict):
        return _edited_map(value, tree, old)
    if not by_name and isinstance(value, list):
        return _edited_list(value, tree, old)
    raise invalid("The document path provided in the update expression is invalid for update")


def _child(value: Value, node: PathTree, old: Attributes) -> Value:
    return node.leaf(old, value) if node.leaf is not None else _edited(value, node, old)


def _edited_map(value: dict[str, Value], tree: PathTree, old: Attributes) -> dict[str, Value]:
    edited: dict[Any, Value] = dict(value)
    for name, node in tree.branches.items():
        made = _child(edited.get(name, MISSING), node, old)
        if made is MISSING:
            edited.pop(name, None)
        else:
            edited[name] = made
    return edited


def _edited_list(value: list[Value], tree: PathTree, old: Attributes) -> list[Value]:
    """Positions are those before the update; what lies beyond the end is appended in order."""
    edited = list(value)
    for position in sorted(step for step in tree.branches if isinstance(step, int)):
        inside = position < len(value)
        made = _child(value[position] if inside else MISSING, tree.branches[position], old)
        if inside:
            edited[position] = made
        elif made is not MISSING:
            edited.append(made)
    return [member for member in edited if member is not MISSING]
