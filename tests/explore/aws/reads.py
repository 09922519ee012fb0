"""The reads: of one item, of a partition, of a table. All are consistent."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from explore.aws import syntax
from explore.aws.expressions import (
    Bindings,
    Test,
    bind_condition,
    bind_projection,
)
from explore.aws.key_conditions import bind_key_condition
from explore.aws.outcomes import NOTHING, Answer, AwsError, Rejected, invalid
from explore.aws.store import Item, Key, Schema, Tables, scan_position, segment_of
from explore.aws.values import Value
from explore.aws.writes import Prepared, Request, Schemas, key_from_wire, schema_of

PAGE_BYTES = 1024 * 1024
_MAX_SEGMENTS = 1_000_000

Render = Callable[[Item], Item]


def prepare_get(schemas: Schemas, request: Request) -> Prepared:
    """Prepare a GetItem.

    Raises:
        Rejected: DynamoDB refuses it.
    """
    schema = schema_of(schemas, request)
    bindings = Bindings(request)
    render = _render(request, bindings)
    bindings.finish(request.get("ProjectionExpression"))
    key = key_from_wire(schema, request["Key"])
    known: dict[Item, Answer] = {}

    def execute(tables: Tables) -> tuple[Tables, Answer | AwsError]:
        position = tables.layout.index.get(key)
        if position is None:
            return tables, NOTHING
        item = tables.items[position]
        answer = known.get(item)
        if answer is None:
            answer = known[item] = Answer.of(Item=render(item))
        return tables, answer

    return execute


def _render(request: Request, bindings: Bindings) -> Render:
    if request.get("AttributesToGet") is not None:
        raise NotImplementedError("Legacy parameter AttributesToGet; use a ProjectionExpression")
    projection = bind_projection(request.get("ProjectionExpression"), bindings)
    if projection is None:
        return lambda item: item
    return lambda item: Item.of(item.table, projection(item.attributes))


class _Page(NamedTuple):
    """What query and scan have in common."""

    schema: Schema
    limit: int | None
    test: Test | None
    render: Render
    counts: bool

    def answer(self, items: Iterator[Item]) -> Answer:
        """Return one page: up to the limit, or a megabyte, of items before the filter."""
        found: list[Item] = []
        scanned = size = 0
        last: Item | None = None
        for item in items:
            scanned += 1
            size += item.size
            if self.test is None or self.test(item.attributes):
                found.append(item)
            if scanned == self.limit or size > PAGE_BYTES:
                last = item
                break
        fields: dict[str, Any] = {}
        if not self.counts:
            fields["Items"] = tuple(map(self.render, found))
        fields |= {"Count": len(found), "ScannedCount": scanned}
        if last is not None:
            fields["LastEvaluatedKey"] = self._key_item(last)
        return Answer.of(**fields)

    def _key_item(self, item: Item) -> Item:
        table = self.schema.table
        key = self.schema.key_attributes(self.schema.key_of(item.attributes))
        return Item.of(table, key)


def _page(schema: Schema, request: Request, bindings: Bindings, keys: frozenset[str]) -> _Page:
    for legacy in ("QueryFilter", "ScanFilter", "KeyConditions", "ConditionalOperator"):
        if request.get(legacy) is not None:
            raise NotImplementedError(f"Legacy parameter {legacy}; use an expression")
    if request.get("IndexName") is not None:
        raise NotImplementedError("None of our tables has an index")
    limit = request.get("Limit")
    if limit is not None and not 1 <= limit < 2**31:
        raise invalid(
            f"1 validation error detected: Value '{limit}' at 'limit' failed to satisfy "
            "constraint: Member must have value greater than or equal to 1 (Limit)"
        )
    select = request.get("Select")
    if select not in {None, "ALL_ATTRIBUTES", "COUNT", "SPECIFIC_ATTRIBUTES"}:
        raise invalid(
            f"1 validation error detected: Value '{select}' at 'select' failed to satisfy "
            "constraint: Member must satisfy enum value set"
        )
    projected = request.get("ProjectionExpression") is not None
    if projected and select not in {None, "SPECIFIC_ATTRIBUTES"}:
        raise invalid(f"Cannot specify the ProjectionExpression when choosing to get {select}")
    if select == "SPECIFIC_ATTRIBUTES" and not projected:
        raise invalid("Must specify the AttributesToGet or ProjectionExpression")
    test = bind_condition(syntax.FILTER, request.get("FilterExpression"), bindings, forbidden=keys)
    render = _render(request, bindings)
    bindings.finish(
        *(request.get(kind) for kind in (syntax.KEY_CONDITION, syntax.FILTER, syntax.PROJECTION))
    )
    return _Page(schema, limit, test, render, select == "COUNT")


def _start_of(schema: Schema, request: Request) -> Key | None:
    start = request.get("ExclusiveStartKey")
    if start is None:
        return None
    try:
        return key_from_wire(schema, start)
    except Rejected:
        raise invalid(
            "The provided starting key is invalid: The provided key element does not match the "
            "schema"
        ) from None


def _query_start(schema: Schema, request: Request, partition: Value) -> Key | None:
    start = _start_of(schema, request)
    if start is None:
        return None
    if start[1] != partition:
        raise invalid(
            "The provided starting key is outside query boundaries based on provided conditions"
        )
    if start[2] is None:
        raise invalid(
            "The provided starting key is invalid: ExclusiveStartKey of a table without sort keys"
        )
    return start


def prepare_query(schemas: Schemas, request: Request) -> Prepared:
    """Prepare a Query.

    Raises:
        Rejected: DynamoDB refuses it.
    """
    schema = schema_of(schemas, request)
    bindings = Bindings(request)
    text = request.get("KeyConditionExpression")
    if text is None:
        raise invalid(
            "Either the KeyConditions or KeyConditionExpression parameter must be specified in "
            "the request."
        )
    keys = bind_key_condition(text, bindings, schema.key_types)
    page = _page(schema, request, bindings, schema.key_names)
    start = _query_start(schema, request, keys.partition)
    forward = request.get("ScanIndexForward", True)
    known: dict[tuple[Item, ...], Answer] = {}

    def chosen(items: Sequence[Item]) -> Iterator[Item]:
        for item in items if forward else reversed(items):
            if start is not None:
                _, _, sort = schema.key_of(item.attributes)
                if not (sort > start[2] if forward else sort < start[2]):
                    continue
            if keys.test is None or keys.test(item.attributes):
                yield item

    def execute(tables: Tables) -> tuple[Tables, Answer | AwsError]:
        items = tables.items[tables.layout.span(schema.table, keys.partition)]
        answer = known.get(items)
        if answer is None:
            answer = known[items] = page.answer(chosen(items))
        return tables, answer

    return execute


def prepare_scan(schemas: Schemas, request: Request) -> Prepared:
    """Prepare a Scan, or one segment of a parallel one.

    Raises:
        Rejected: DynamoDB refuses it.
    """
    schema = schema_of(schemas, request)
    bindings = Bindings(request)
    page = _page(schema, request, bindings, frozenset())
    segment, segments = _segments(request)
    start = _start_of(schema, request)
    if start is not None and segment_of(start, segments) != segment:
        raise invalid(
            "The provided Exclusive start key does not map to the provided Segment and "
            "TotalSegments values."
        )
    known: dict[tuple[Item, ...], Answer] = {}

    def chosen(items: Sequence[Item]) -> Iterator[Item]:
        for item in items:
            key = schema.key_of(item.attributes)
            if start is None or scan_position(key) > scan_position(start):
                yield item

    def execute(tables: Tables) -> tuple[Tables, Answer | AwsError]:
        positions = tables.layout.scan(schema.table, segment, segments)
        items = tuple([tables.items[position] for position in positions])
        answer = known.get(items)
        if answer is None:
            answer = known[items] = page.answer(chosen(items))
        return tables, answer

    return execute


def _segments(request: Mapping[str, Any]) -> tuple[int, int]:
    segment, segments = request.get("Segment"), request.get("TotalSegments")
    if segment is None and segments is None:
        return 0, 1
    if segment is None:
        raise invalid(
            "The Segment parameter is required but was not present in the request when "
            "TotalSegments parameter is present"
        )
    if segments is None:
        raise invalid(
            "The TotalSegments parameter is required but was not present in the request when "
            "Segment parameter is present"
        )
    if not 1 <= segments <= _MAX_SEGMENTS or not 0 <= segment < segments:
        raise invalid(
            "The Segment parameter is zero-based and must be less than parameter TotalSegments: "
            f"Segment: {segment} is not less than TotalSegments: {segments}"
        )
    return segment, segments
