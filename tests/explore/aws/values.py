"""DynamoDB's values as Python values, and their four forms.

========  ==================  ===========================================
type      here                remark
========  ==================  ===========================================
S         ``str``
N         ``int, Decimal``    ``int`` if there is no fraction
B         ``bytes``
BOOL      ``bool``
NULL      ``None``
M         ``dict``            never changed once it is stored
L         ``list``            never changed once it is stored
SS NS BS  ``StringSet`` etc.
========  ==================  ===========================================

``wire`` is what boto3's client takes and returns, ``resource`` what its resource returns, ``json``
what is sent.
"""

import base64
import json
import re
from collections.abc import Callable, Mapping
from decimal import Context, Decimal, Inexact
from typing import Any, TypeAlias, TypeGuard

from boto3.dynamodb.types import DYNAMODB_CONTEXT, Binary, TypeSerializer

from explore.aws.outcomes import invalid

Value: TypeAlias = Any
Attributes: TypeAlias = dict[str, Value]

MAX_DIGITS = 38
_MAX_EXPONENT, _MIN_EXPONENT = 125, -130
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


class _Set(frozenset[Any]):
    """A set of DynamoDB; its ``repr`` does not depend on how it came about."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"{type(self).__name__}{sorted(self)}"


class StringSet(_Set):
    __slots__ = ()


class NumberSet(_Set):
    __slots__ = ()


class BinarySet(_Set):
    __slots__ = ()


class Missing:
    """What a path leads to where nothing is."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "MISSING"


MISSING = Missing()

_TYPES: Mapping[type, str] = {
    str: "S",
    int: "N",
    Decimal: "N",
    bytes: "B",
    bool: "BOOL",
    type(None): "NULL",
    dict: "M",
    list: "L",
    StringSet: "SS",
    NumberSet: "NS",
    BinarySet: "BS",
    Missing: "",
}
TYPE_NAMES = frozenset(_TYPES.values()) - {""}


def type_of(value: Value) -> str:
    """Return DynamoDB's name of a value's type, "" for nothing."""
    return _TYPES[type(value)]


def is_number(value: Value) -> TypeGuard[int | Decimal]:
    """Whether a value is a number; Python's bools are none."""
    return type(value) is int or type(value) is Decimal


def equal(one: Value, other: Value) -> bool:
    """Whether two values are equal for DynamoDB. Nothing equals nothing."""
    kind = type_of(one)
    if not kind or kind != type_of(other):
        return False
    if kind == "M":
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    if kind == "L":
        return len(one) == len(other) and all(map(equal, one, other))
    return bool(one == other)


# ---------------------------------------------------------------- numbers


def number(text: str) -> int | Decimal:
    """Read a number as DynamoDB keeps it.

    Raises:
        Rejected: it is none, or too long, too large or too small.
    """
    if len(text) <= MAX_DIGITS and text.isascii() and text.isdigit():
        return int(text)
    if not _NUMBER.fullmatch(text):
        raise invalid(f"The parameter cannot be converted to a numeric value: {text}")
    return normal(Decimal(text))


def normal(value: Decimal) -> int | Decimal:
    """Return a number within DynamoDB's limits, an ``int`` if it has no fraction.

    Raises:
        Rejected: it is beyond them.
    """
    if not value:
        return 0
    if value.adjusted() > _MAX_EXPONENT:
        raise invalid(
            "Number overflow. Attempting to store a number with magnitude larger than "
            "supported range"
        )
    if value.adjusted() < _MIN_EXPONENT:
        raise invalid(
            "Number underflow. Attempting to store a number with magnitude smaller than "
            "supported range"
        )
    stripped = value.normalize(_WIDE)
    if len(stripped.as_tuple().digits) > MAX_DIGITS:
        raise invalid("Attempting to store more than 38 significant digits in a Number")
    whole = stripped.to_integral_value()
    return int(whole) if whole == stripped else stripped


_WIDE = Context(prec=1000, Emax=100_000, Emin=-100_000)
_EXACT = Context(prec=MAX_DIGITS, Emax=_MAX_EXPONENT, Emin=_MIN_EXPONENT, traps=[Inexact])


def add(one: int | Decimal, other: int | Decimal) -> int | Decimal:
    """Add two numbers.

    Raises:
        Rejected: the sum is beyond the limits, or needs too many digits.
    """
    try:
        return normal(_EXACT.add(Decimal(one), Decimal(other)))
    except Inexact:
        raise invalid(
            "Number overflow. Attempting to store a number with magnitude larger than "
            "supported range"
        ) from None


def subtract(one: int | Decimal, other: int | Decimal) -> int | Decimal:
    """Subtract the second number from the first.

    Raises:
        Rejected: as for ``add``.
    """
    return add(one, Decimal(other).copy_negate())


def number_text(value: int | Decimal) -> str:
    """Write a number as DynamoDB answers it."""
    return str(value) if type(value) is int else format(value, "f")


# ------------------------------------------------------------------- wire


def from_wire(wire: Mapping[str, Any]) -> Value:
    """Read a value of a request.

    Raises:
        Rejected: DynamoDB refuses it.
    """
    if len(wire) != 1:
        raise invalid(
            "Supplied AttributeValue has more than one datatypes set, must contain exactly one "
            "of the supported datatypes"
            if wire
            else "Supplied AttributeValue is empty, must contain exactly one of the supported "
            "datatypes"
        )
    ((kind, content),) = wire.items()
    return _READERS[kind](content)


def attributes_from_wire(wire: Mapping[str, Any]) -> Attributes:
    """Read the attributes of an item, in the order of their names."""
    return {name: from_wire(wire[name]) for name in sorted(wire)}


def _read_bytes(content: Any) -> bytes:
    return base64.b64decode(content) if isinstance(content, str) else bytes(content)


def _read_null(content: Any) -> None:
    if content is not True:
        raise invalid(
            "One or more parameter values were invalid: Null attribute value types must have "
            "the value of true"
        )


def _set_reader(made: type[_Set], read: Callable[[Any], Value], what: str) -> Callable[[Any], Any]:
    def read_set(content: Any) -> Any:
        members = [read(each) for each in content]
        if not members:
            raise invalid(
                f"One or more parameter values were invalid: An {what} set  may not be empty"
            )
        found = made(members)
        if len(found) != len(members):
            raise invalid(
                f"One or more parameter values were invalid: Input collection {members} contains "
                "duplicates."
            )
        return found

    return read_set


_READERS: Mapping[str, Callable[[Any], Value]] = {
    "S": str,
    "N": number,
    "B": _read_bytes,
    "BOOL": bool,
    "NULL": _read_null,
    "M": attributes_from_wire,
    "L": lambda content: [from_wire(each) for each in content],
    "SS": _set_reader(StringSet, str, "string"),
    "NS": _set_reader(NumberSet, number, "number"),
    "BS": _set_reader(BinarySet, _read_bytes, "binary"),
}


def to_wire(value: Value) -> dict[str, Any]:
    """Write a value as boto3's client returns it."""
    kind = type_of(value)
    return {kind: _WRITERS[kind](value)}


def attributes_to_wire(attributes: Attributes) -> dict[str, Any]:
    """Write the attributes of an item as boto3's client returns them."""
    return {name: to_wire(value) for name, value in attributes.items()}


def _same(value: Value) -> Value:
    return value


_WRITERS: Mapping[str, Callable[[Any], Any]] = {
    "S": _same,
    "N": number_text,
    "B": _same,
    "BOOL": _same,
    "NULL": lambda _: True,
    "M": attributes_to_wire,
    "L": lambda value: [to_wire(each) for each in value],
    "SS": sorted,
    "NS": lambda value: [number_text(each) for each in sorted(value)],
    "BS": sorted,
}


# --------------------------------------------------------------- resource


def to_resource(value: Value) -> Any:
    """Write a value as boto3's resource returns it: numbers as Decimal, bytes as Binary."""
    return _RESOURCE_WRITERS[type_of(value)](value)


def attributes_to_resource(attributes: Attributes) -> dict[str, Any]:
    """Write the attributes of an item as boto3's resource returns them."""
    return {name: to_resource(value) for name, value in attributes.items()}


def _decimal(value: int | Decimal) -> Decimal:
    return DYNAMODB_CONTEXT.create_decimal(number_text(value))


_RESOURCE_WRITERS: Mapping[str, Callable[[Any], Any]] = {
    "S": _same,
    "N": _decimal,
    "B": Binary,
    "BOOL": _same,
    "NULL": _same,
    "M": attributes_to_resource,
    "L": lambda value: [to_resource(each) for each in value],
    "SS": set,
    "NS": lambda value: set(map(_decimal, value)),
    "BS": lambda value: set(map(Binary, value)),
}

_SERIALIZER = TypeSerializer()


def serialize(value: Any) -> dict[str, Any]:
    """Turn what a program gives boto3's resource into its wire form.

    Raises:
        TypeError: boto3 refuses it, for instance a float.
    """
    kind = type(value)
    if kind is str:
        return {"S": value}
    if kind is int:
        return {"N": str(value)}
    if kind is dict:
        return {"M": {key: serialize(inner) for key, inner in value.items()}}
    if kind is list:
        return {"L": [serialize(inner) for inner in value]}
    wire: Any = _SERIALIZER.serialize(value)
    return dict(wire)


# ------------------------------------------------------------------- json


def to_json(wire: Any) -> str:
    """Write what boto3's client takes or returns as it is sent: bytes in Base64."""
    return json.dumps(wire, default=_base64)


def _base64(value: Any) -> str:
    if isinstance(value, bytes | bytearray):
        return base64.b64encode(value).decode()
    raise TypeError(f"{type(value).__name__} is never sent")


# ------------------------------------------------------------------- size


def size_of(value: Value) -> int:
    """Return about how many bytes a value takes of an item's 400 KB, as AWS documents it."""
    return _SIZES[type_of(value)](value)


def _size_of_text(value: str) -> int:
    return len(value) if value.isascii() else len(value.encode("utf-8", "surrogatepass"))


def _size_of_number(value: int | Decimal) -> int:
    return (len(number_text(value).strip("-0.")) + 1) // 2 + 1


_SIZES: Mapping[str, Callable[[Any], int]] = {
    "S": _size_of_text,
    "N": _size_of_number,
    "B": len,
    "BOOL": lambda _: 1,
    "NULL": lambda _: 1,
    "M": lambda value: 3 + len(value) + size_of_item(value),
    "L": lambda value: 3 + sum(1 + size_of(member) for member in value),
    "SS": lambda value: sum(map(_size_of_text, value)),
    "NS": lambda value: sum(map(_size_of_number, value)),
    "BS": lambda value: sum(map(len, value)),
}


def size_of_item(attributes: Attributes) -> int:
    """Return about how many bytes an item takes."""
    return sum(_size_of_text(name) + size_of(value) for name, value in attributes.items())
