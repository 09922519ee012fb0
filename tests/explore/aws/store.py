"""Tables in memory, as immutable values that share what they have in common."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

from explore.aws.outcomes import Answer
from explore.aws.values import (
    Attributes,
    Value,
    attributes_from_wire,
    attributes_to_wire,
    serialize,
    size_of_item,
)

Key: TypeAlias = tuple[str, Value, Value]
"""A table, a partition key, and a sort key or None."""

KEY_BITS = 128


def digest(text: str, bits: int = KEY_BITS) -> int:
    """Return a number that no other text has, for all that chance allows."""
    hashed = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=bits // 8)
    return int.from_bytes(hashed.digest())


@dataclass(frozen=True)
class Schema:
    """A table's name and the names and types of its partition key and sort key."""

    table: str
    hash_name: str
    hash_type: str = "S"
    range_name: str | None = None
    range_type: str = "S"

    @cached_property
    def key_types(self) -> Mapping[str, str]:
        """The types of the key attributes, the partition key first."""
        types = {self.hash_name: self.hash_type}
        if self.range_name is not None:
            types[self.range_name] = self.range_type
        return MappingProxyType(types)

    @cached_property
    def key_names(self) -> frozenset[str]:
        """The names of the key attributes."""
        return frozenset(self.key_types)

    def key_of(self, attributes: Attributes) -> Key:
        """Return the key of an item."""
        sort = None if self.range_name is None else attributes[self.range_name]
        return self.table, attributes[self.hash_name], sort

    def key_attributes(self, key: Key) -> Attributes:
        """Return the key as attributes."""
        return dict(zip(self.key_types, key[1:], strict=False))


class Item:
    """A stored item. Items with the same attributes in the same table are one object.

    Make them with ``Item.of`` only, and never change their attributes.
    """

    __slots__ = ("attributes", "key", "size", "table")
    _known: "dict[int, Item]" = {}  # noqa: RUF012 - shared on purpose: one object for each value

    table: str
    attributes: Attributes
    key: int
    size: int

    @classmethod
    def of(cls, table: str, attributes: Attributes) -> "Item":
        """Return the item of a table with these attributes."""
        ordered = _ordered(attributes)
        key = digest(f"{table} {ordered!r}")
        found = cls._known.get(key)
        if found is None:
            found = object.__new__(cls)
            found.table, found.attributes, found.key = table, ordered, key
            found.size = size_of_item(ordered)
            found = cls._known.setdefault(key, found)
        return found

    def wire(self) -> dict[str, Any]:
        """Return its attributes as boto3's client returns them."""
        return attributes_to_wire(self.attributes)

    def __repr__(self) -> str:
        return f"{self.table}{self.attributes}"

    def __reduce__(self) -> tuple[Any, ...]:
        return Item.of, (self.table, self.attributes)

    def __copy__(self) -> "Item":
        return self

    def __deepcopy__(self, memo: object) -> "Item":
        return self


def _ordered(value: Value) -> Any:
    """Order all maps by their names, so that equal values have one ``repr``."""
    if isinstance(value, dict):
        return {
            name: _ordered(inner) if isinstance(inner, dict | list) else inner
            for name, inner in sorted(value.items())
        }
    if isinstance(value, list):
        return [_ordered(inner) for inner in value]
    return value


class Layout:
    """Which keys there are, in order. Layouts of the same keys are one object."""

    __slots__ = ("_scans", "_spans", "_with", "_without", "index", "keys")
    _known: "dict[tuple[Key, ...], Layout]" = {}  # noqa: RUF012 - shared on purpose, see above

    keys: tuple[Key, ...]
    index: dict[Key, int]
    _with: "dict[Key, tuple[Layout, int]]"
    _without: "dict[Key, Layout]"
    _spans: dict[tuple[str, Value], slice]
    _scans: dict[tuple[str, int, int], tuple[int, ...]]

    @classmethod
    def of(cls, keys: tuple[Key, ...]) -> "Layout":
        """Return the layout of keys that are in order."""
        found = cls._known.get(keys)
        if found is None:
            found = object.__new__(cls)
            found.keys = keys
            found.index = {key: position for position, key in enumerate(keys)}
            found._with, found._without = {}, {}
            found._spans, found._scans = {}, {}
            found = cls._known.setdefault(keys, found)
        return found

    def with_key(self, key: Key) -> tuple["Layout", int]:
        """Return the layout with one more key, and its position there."""
        made = self._with.get(key)
        if made is None:
            position = bisect_left(self.keys, key)
            keys = (*self.keys[:position], key, *self.keys[position:])
            made = self._with[key] = (Layout.of(keys), position)
        return made

    def without_key(self, key: Key) -> "Layout":
        """Return the layout without one of its keys."""
        made = self._without.get(key)
        if made is None:
            made = self._without[key] = Layout.of(tuple(each for each in self.keys if each != key))
        return made

    def span(self, table: str, partition: Value) -> slice:
        """Return where the items of a partition are, in the order of their sort keys."""
        found = self._spans.get((table, partition))
        if found is None:
            inside = [
                position
                for position, key in enumerate(self.keys)
                if key[0] == table and key[1] == partition
            ]
            found = slice(inside[0], inside[-1] + 1) if inside else slice(0, 0)
            self._spans[table, partition] = found
        return found

    def scan(self, table: str, segment: int, segments: int) -> tuple[int, ...]:
        """Return where the items of a table's segment are, in the order in which a scan finds them.

        The order is that of the partition keys' hashes, each partition in the order of its sort
        keys, as on AWS.
        """
        found = self._scans.get((table, segment, segments))
        if found is None:
            inside = [
                (scan_position(key), position)
                for position, key in enumerate(self.keys)
                if key[0] == table and segment_of(key, segments) == segment
            ]
            found = tuple(position for _, position in sorted(inside))
            self._scans[table, segment, segments] = found
        return found


_HASH_BITS = 64


def scan_position(key: Key) -> tuple[Any, ...]:
    """Return where a scan finds a key, whether it is there or not."""
    return (_hash(key), repr(key[1]), key[2]) if key[2] is not None else (_hash(key), repr(key[1]))


def segment_of(key: Key, segments: int) -> int:
    """Return the segment of a parallel scan that a key is in."""
    return _hash(key) * segments >> _HASH_BITS


def _hash(key: Key) -> int:
    return digest(repr(key[1]), _HASH_BITS)


class Seen(NamedTuple):
    """A transaction that was carried out under its token, and what it answered."""

    request: int
    answer: Answer


class Tables:
    """All tables at one moment. A write makes new ones, which share all other items.

    ``key`` is a number of 128 bits that no other content has; equal tables have equal keys.
    """

    __slots__ = ("items", "key", "layout", "prepared", "schemas", "tokens")

    def __init__(
        self,
        schemas: Mapping[str, Schema],
        layout: Layout,
        items: tuple[Item, ...],
        key: int,
        tokens: Mapping[str, Seen],
        prepared: dict[tuple[str, str], Any],
    ) -> None:
        self.schemas = schemas
        self.layout = layout
        self.items = items
        self.key = key
        self.tokens = tokens
        self.prepared = prepared
        """Requests that were prepared for these schemas, shared with all that are made of these."""

    @classmethod
    def empty(cls, *schemas: Schema) -> "Tables":
        """Return these tables without any items."""
        named = MappingProxyType({schema.table: schema for schema in schemas})
        return cls(named, Layout.of(()), (), 0, MappingProxyType({}), {})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tables) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        return f"Tables({', '.join(map(repr, self.items))})"

    # --------------------------------------------------------------- reading

    def get(self, key: Key) -> Item | None:
        """Return one item."""
        position = self.layout.index.get(key)
        return None if position is None else self.items[position]

    def rows(self, table: str) -> Iterator[Attributes]:
        """Iterate over the attributes of a table's items, in the order of their keys."""
        return (item.attributes for item in self.items if item.table == table)

    # --------------------------------------------------------------- writing

    def replaced(self, key: Key, old: Item | None, new: Item | None) -> "Tables":
        """Return the tables with one item put, replaced or removed; ``old`` is what is there."""
        layout, items = self.layout, self.items
        if old is None:
            assert new is not None
            layout, position = layout.with_key(key)
            items = (*items[:position], new, *items[position:])
            changed = self.key ^ new.key
        else:
            position = layout.index[key]
            changed = self.key ^ old.key
            if new is None:
                layout = layout.without_key(key)
                items = items[:position] + items[position + 1 :]
            else:
                items = (*items[:position], new, *items[position + 1 :])
                changed ^= new.key
        return Tables(self.schemas, layout, items, changed, self.tokens, self.prepared)

    def with_token(self, token: str, seen: Seen) -> "Tables":
        """Return the tables, which know a transaction by its token from now on."""
        tokens = MappingProxyType({**self.tokens, token: seen})
        changed = self.key ^ digest(f"token {token} {seen.request}")
        return Tables(self.schemas, self.layout, self.items, changed, tokens, self.prepared)

    def put(self, table: str, *rows: Mapping[str, Any]) -> "Tables":
        """Return the tables with rows put as boto3's resource takes them: to build a world."""
        schema = self.schemas[table]
        tables = self
        for row in rows:
            wire = {name: serialize(value) for name, value in row.items()}
            item = Item.of(table, attributes_from_wire(wire))
            key = schema.key_of(item.attributes)
            tables = tables.replaced(key, tables.get(key), item)
        return tables

    def with_schemas(self, schemas: Sequence[Schema]) -> "Tables":
        """Return the tables with other schemas; items of removed tables are removed."""
        named = MappingProxyType({schema.table: schema for schema in schemas})
        tables = Tables(named, self.layout, self.items, self.key, self.tokens, {})
        for key in self.layout.keys:
            if key[0] not in named:
                tables = tables.replaced(key, tables.get(key), None)
        return tables
