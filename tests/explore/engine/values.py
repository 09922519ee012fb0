"""Values that can be compared, remembered and hashed: what states are made of."""

from collections.abc import Hashable
from decimal import Decimal
from enum import Enum
from hashlib import blake2b
from typing import Any, Generic, NamedTuple, TypeVar

T = TypeVar("T", bound=Hashable)


def frozen(value: object) -> Hashable:  # noqa: PLR0911 - one for each kind
    """Return a hashable form of plain data, equal for equal data and for nothing else.

    The keys of a dict are text. Python calls 1, 1.0, True and Decimal(1) equal; here they differ.

    Raises:
        TypeError: it is no plain data.
    """
    kind = type(value)
    if kind is str or kind is int or kind is bytes or value is None:
        return value
    if isinstance(value, dict):
        return ("{}", *((key, frozen(value[key])) for key in sorted(value)))
    if isinstance(value, list | tuple):
        return ("[]", *map(frozen, value))
    if isinstance(value, Enum):
        return ("enum", frozen(value.value))
    if isinstance(value, bool | float | Decimal):
        return (kind.__name__, str(value))
    if isinstance(value, set | frozenset):
        return ("set", *sorted(map(frozen, value), key=repr))
    if isinstance(value, str | int | bytes):
        return (kind.__name__, str(value))
    inner = getattr(value, "value", None)  # boto3's Binary
    if isinstance(inner, bytes):
        return ("binary", inner)
    raise TypeError(f"{kind.__name__} is no plain data: {value!r}")


def rounded_up(moment_ms: int, grain_ms: int) -> int:
    """Return the first multiple of a grain that is not before a moment."""
    return -(-moment_ms // grain_ms) * grain_ms


class Part(Generic[T]):
    """One value that states share. Two are equal only if they are the same object.

    ``key`` is a number of 128 bits that no other part has. The key of a state is the sum of the
    keys of its parts, so a step changes it by what the step changes.
    """

    __slots__ = ("key", "value")

    def __init__(self, value: T, key: int) -> None:
        self.value = value
        self.key = key

    def __repr__(self) -> str:
        return repr(self.value)


class Parts:
    """Keeps each value once. ``slot`` keeps equal values in different places apart."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, Hashable], Part[Any]] = {}

    def of(self, slot: str, value: T) -> Part[T]:
        """Return the part of a value."""
        found = self._known.get((slot, value))
        if found is None:
            digest = blake2b(f"{slot} {len(self._known)}".encode(), digest_size=16).digest()
            found = self._known[slot, value] = Part(value, int.from_bytes(digest))
        return found

    def __len__(self) -> int:
        return len(self._known)


class Budget(NamedTuple):
    """What may still go wrong in a history.

    ``faults`` counts calls that fail and actors that die, ``ticks`` moments at which time passes
    although somebody could do something, ``copies`` deliveries that are repeated.
    """

    faults: int = 0
    ticks: int = 0
    copies: int = 0

    def after(self, cost: str) -> "Budget | None":
        """Return what is left after one more of a kind, None if there is none left."""
        if not cost:
            return self
        left = getattr(self, cost)
        return self._replace(**{cost: left - 1}) if left else None
