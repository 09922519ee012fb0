"""The writes of one item.

What a write makes of an item depends on the item alone. So a prepared write remembers it for each
item that it has met, and carrying it out again costs a few look-ups.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol, TypeAlias

from explore.aws import syntax
from explore.aws.expressions import Bindings, bind_condition
from explore.aws.outcomes import NOTHING, Answer, AwsError, Rejected, invalid
from explore.aws.store import Item, Key, Schema, Tables
from explore.aws.updates import Update
from explore.aws.values import (
    Attributes,
    attributes_from_wire,
    size_of,
    size_of_item,
    type_of,
)

Request: TypeAlias = Mapping[str, Any]
Schemas: TypeAlias = Mapping[str, Schema]

MAX_ITEM_BYTES = 400 * 1024
_MAX_KEY_BYTES = {"hash": 2048, "range": 1024}

FAILED = "The conditional request failed"


class Prepared(Protocol):
    """A request that was checked and bound, ready to be carried out on any tables."""

    def __call__(self, tables: Tables, /) -> tuple[Tables, Answer | AwsError]:
        """Carry it out."""
        ...


class Effect(NamedTuple):
    """What a write makes of an item: the new item, None if it is gone, and the answer."""

    new: Item | None
    outcome: Answer | AwsError


Compute: TypeAlias = Callable[[Item | None], Effect]


class Write:
    """A write of one item."""

    __slots__ = ("_compute", "_known", "key", "table")

    def __init__(self, table: str, key: Key, compute: Compute) -> None:
        self.table = table
        self.key: Final = key
        self._compute = compute
        self._known: dict[Item | None, Effect] = {}

    def effect(self, old: Item | None) -> Effect:
        """Return what it makes of an item; an item that is refused stays."""
        found = self._known.get(old)
        if found is None:
            try:
                found = self._compute(old)
            except Rejected as rejected:
                found = Effect(old, rejected.error)
            self._known[old] = found
        return found

    def __call__(self, tables: Tables) -> tuple[Tables, Answer | AwsError]:
        """Carry it out."""
        position = tables.layout.index.get(self.key)
        old = None if position is None else tables.items[position]
        new, outcome = self.effect(old)
        if new is not old:
            tables = tables.replaced(self.key, old, new)
        return tables, outcome


# ------------------------------------------------------------------- items


def schema_of(schemas: Schemas, request: Request) -> Schema:
    """Return the schema of a request's table.

    Raises:
        Rejected: there is no such table.
    """
    schema = schemas.get(request["TableName"])
    if schema is None:
        raise Rejected(
            AwsError("ResourceNotFoundException", "Requested resource not found", details=())
        )
    return schema


def key_from_wire(schema: Schema, wire: Mapping[str, Any]) -> Key:
    """Read the key of a request.

    Raises:
        Rejected: it is none of the table's.
    """
    attributes = attributes_from_wire(wire)
    fits = attributes.keys() == schema.key_names and all(
        type_of(attributes[name]) == kind for name, kind in schema.key_types.items()
    )
    if not fits:
        raise invalid("The provided key element does not match the schema")
    _check_key(schema, attributes)
    return schema.key_of(attributes)


def item_from_wire(schema: Schema, wire: Mapping[str, Any]) -> Item:
    """Read an item that is put.

    Raises:
        Rejected: it has no key of the table's, or is too large.
    """
    attributes = attributes_from_wire(wire)
    for name, kind in schema.key_types.items():
        if name not in attributes:
            raise invalid(
                f"One or more parameter values were invalid: Missing the key {name} in the item"
            )
        if type_of(attributes[name]) != kind:
            raise WrongKeyType(name, kind, type_of(attributes[name]))
    _check_key(schema, attributes)
    if size_of_item(attributes) > MAX_ITEM_BYTES:
        raise invalid("Item size has exceeded the maximum allowed size")
    return Item.of(schema.table, attributes)


class WrongKeyType(Rejected):
    """A key attribute has another type than the table's. In a transaction this cancels it."""

    def __init__(self, name: str, expected: str, actual: str) -> None:
        error = invalid(
            f"One or more parameter values were invalid: Type mismatch for key {name} expected: "
            f"{expected} actual: {actual}"
        ).error
        super().__init__(error)


def _check_key(schema: Schema, attributes: Attributes) -> None:
    for (name, kind), role in zip(schema.key_types.items(), ("hash", "range"), strict=False):
        value = attributes[name]
        if kind != "N" and not value:
            raise invalid(
                "One or more parameter values are not valid. The AttributeValue for a key "
                f"attribute cannot contain an empty {'string' if kind == 'S' else 'binary'} "
                f"value. Key: {name}"
            )
        if size_of(value) > _MAX_KEY_BYTES[role]:
            raise invalid(
                f"One or more parameter values were invalid: Size of {role}key has exceeded the "
                f"maximum size limit of {_MAX_KEY_BYTES[role]} bytes"
            )


# ----------------------------------------------------------- single writes


def prepare_put(schemas: Schemas, request: Request) -> Write:
    """Prepare a PutItem, or the Put of a transaction.

    Raises:
        Rejected: DynamoDB refuses it.
    """
    schema = schema_of(schemas, request)
    bindings = Bindings(request)
    guard = _guard(request, bindings)
    answer = _returning(request, ("NONE", "ALL_OLD"))
    bindings.finish(request.get("ConditionExpression"))
    item = item_from_wire(schema, request["Item"])
    key = schema.key_of(item.attributes)

    def compute(old: Item | None) -> Effect:
        guard(old)
        return Effect(item, answer(old, item, None))

    return Write(schema.table, key, compute)


def prepare_delete(schemas: Schemas, request: Request) -> Write:
    """Prepare a DeleteItem, or the Delete of a transaction.

    Raises:
        Rejected: DynamoDB refuses it.
    """
    schema = schema_of(schemas, request)
    bindings = Bindings(request)
    guard = _guard(request, bindings)
    answer = _returning(request, ("NONE", "ALL_OLD"))
    bindings.finish(request.get("ConditionExpression"))
    key = key_from_wire(schema, request["Key"])

    def compute(old: Item | None) -> Effect:
        guard(old)
        return Effect(None, answer(old, None, None))

    return Write(schema.table, key, compute)


def prepare_update(schemas: Schemas, request: Request) -> Write:
    """Prepare an UpdateItem, or the Update of a transaction.

    Raises:
        Rejected: DynamoDB refuses it.
    """
    if request.get("AttributeUpdates") is not None or request.get("Expected") is not None:
        raise NotImplementedError("Legacy parameters of UpdateItem; use expressions")
    schema = schema_of(schemas, request)
    bindings = Bindings(request)
    text = request.get("UpdateExpression")
    update = None if text is None else Update(text, bindings, schema.key_names)
    guard = _guard(request, bindings)
    answer = _returning(request, ("NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW"))
    bindings.finish(text, request.get("ConditionExpression"))
    key = key_from_wire(schema, request["Key"])

    def compute(old: Item | None) -> Effect:
        guard(old)
        before = schema.key_attributes(key) if old is None else old.attributes
        after = before if update is None else update.apply(before, exists=old is not None)
        if old is None and update is not None and not update.creates:
            return Effect(None, answer(None, None, update))
        new = Item.of(schema.table, after)
        if new.size > MAX_ITEM_BYTES:
            raise invalid("Item size to update has exceeded the maximum allowed size")
        return Effect(new, answer(old, new, update))

    return Write(schema.table, key, compute)


def prepare_check(schemas: Schemas, request: Request) -> Write:
    """Prepare the ConditionCheck of a transaction.

    Raises:
        Rejected: DynamoDB refuses it.
    """
    schema = schema_of(schemas, request)
    if request.get("ConditionExpression") is None:
        raise invalid(
            "1 validation error detected: Value null at 'conditionExpression' failed to satisfy "
            "constraint: Member must not be null. The parameter ConditionExpression is required"
        )
    bindings = Bindings(request)
    guard = _guard(request, bindings)
    bindings.finish(request["ConditionExpression"])

    def compute(old: Item | None) -> Effect:
        guard(old)
        return Effect(old, NOTHING)

    return Write(schema.table, key_from_wire(schema, request["Key"]), compute)


def _guard(request: Request, bindings: Bindings) -> Callable[[Item | None], None]:
    """Return what raises ``Rejected`` for an item that the condition does not hold for."""
    test = bind_condition(syntax.CONDITION, request.get("ConditionExpression"), bindings)
    shows = _choice(request, "ReturnValuesOnConditionCheckFailure", ("NONE", "ALL_OLD"))

    def check(old: Item | None) -> None:
        if test is None or test({} if old is None else old.attributes):
            return
        shown = old is not None and shows == "ALL_OLD"
        details = (("Item", old),) if shown else ()
        raise Rejected(AwsError("ConditionalCheckFailedException", FAILED, details=details))

    return check


def _returning(
    request: Request, allowed: Sequence[str]
) -> Callable[[Item | None, Item | None, Update | None], Answer]:
    """Return what makes the answer, from the old item, the new item and the update."""
    wanted = _choice(request, "ReturnValues", allowed)

    def answer(old: Item | None, new: Item | None, update: Update | None) -> Answer:
        shown = {"ALL_OLD": old, "UPDATED_OLD": old, "ALL_NEW": new, "UPDATED_NEW": new}.get(wanted)
        if shown is None:
            return NOTHING
        if not wanted.startswith("UPDATED"):
            return Answer.of(Attributes=shown)
        touched = update.touched(shown.attributes) if update is not None else {}
        return Answer.of(Attributes=Item.of(shown.table, touched)) if touched else NOTHING

    return answer


def _choice(request: Request, field: str, allowed: Sequence[str]) -> str:
    chosen = str(request.get(field, "NONE"))
    if chosen not in allowed:
        name = field[0].lower() + field[1:]
        raise invalid(
            f"1 validation error detected: Value '{chosen}' at '{name}' failed to satisfy "
            f"constraint: Member must satisfy enum value set: [{', '.join(allowed)}] ({field})"
        )
    return chosen
