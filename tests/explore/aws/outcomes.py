"""What a call of AWS can come to: an answer, an error of the service, or no answer at all.

All three are values: immutable, hashable, cheap to compare. So whoever remembers what an actor has
seen can use them as keys.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeAlias

Fields: TypeAlias = tuple[tuple[str, Any], ...]
"""Names and values: plain values, stored items, tuples (lists on the wire) or answers (objects)."""


class Answer:
    """A successful answer. Equal answers are one object: compare them by identity.

    Make them with ``Answer.of`` only.
    """

    __slots__ = ("fields",)
    _known: "dict[Fields, Answer]" = {}  # noqa: RUF012 - shared on purpose: one object for each value

    fields: Fields

    @classmethod
    def of(cls, **fields: Any) -> "Answer":
        """Return the answer with these fields; their values are hashable."""
        key = tuple(fields.items())
        found = cls._known.get(key)
        if found is None:
            found = object.__new__(cls)
            found.fields = key
            found = cls._known.setdefault(key, found)
        return found

    def body(self, of_item: Callable[[Any], Any]) -> dict[str, Any]:
        """Return a new dict of it; ``of_item`` renders each stored item."""
        return {name: render(value, of_item) for name, value in self.fields}

    def __repr__(self) -> str:
        return f"Answer({', '.join(f'{name}={value!r}' for name, value in self.fields)})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _answer_of, (self.fields,)

    def __copy__(self) -> "Answer":
        return self

    def __deepcopy__(self, memo: object) -> "Answer":
        return self


def render(value: Any, of_item: Callable[[Any], Any]) -> Any:
    """Return a field's value as plain data: tuples become lists, answers become dicts."""
    if value is None or isinstance(value, str | int | bytes):
        return value
    if isinstance(value, tuple):
        return [render(each, of_item) for each in value]
    if isinstance(value, Answer):
        return value.body(of_item)
    return of_item(value)


def _answer_of(fields: Fields) -> Answer:
    return Answer.of(**dict(fields))


NOTHING = Answer.of()
"""The answer to a write that asks for no values."""


@dataclass(frozen=True, slots=True)
class AwsError:
    """An error that the service answers. ``details`` are what it carries beside its message."""

    code: str
    message: str
    status: int = 400
    details: Fields = ()


class Unreachable(Enum):
    """Why a client got no answer. Only after ``REFUSED`` the request was surely not carried out."""

    TIMED_OUT = "read timeout"
    REFUSED = "no connection"
    CLOSED = "connection closed"


Outcome: TypeAlias = Answer | AwsError | Unreachable


class Rejected(Exception):
    """Raised inside the tables: a request, or what it would do to an item, is refused."""

    def __init__(self, error: AwsError) -> None:
        super().__init__(error.code, error.message)
        self.error = error


def invalid(message: str) -> Rejected:
    """Return what is raised for a request that DynamoDB refuses."""
    return Rejected(AwsError("ValidationException", message))
