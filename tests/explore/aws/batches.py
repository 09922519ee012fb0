"""Batches: several writes in one call, each by itself."""

import re

from explore.aws.outcomes import NOTHING, Answer, AwsError, Rejected, invalid
from explore.aws.store import Item, Tables
from explore.aws.writes import (
    Effect,
    Prepared,
    Request,
    Schemas,
    Write,
    item_from_wire,
    prepare_delete,
    prepare_put,
    schema_of,
)

_MAX_STATEMENTS, _MAX_BATCH = 25, 25

_INSERT = re.compile(
    r"""\s*INSERT\s+INTO\s+"(?P<table>[^"]+)"\s+VALUE\s+\{(?P<fields>[^{}]*)\}\s*""", re.IGNORECASE
)
_FIELD = re.compile(r"\s*'(?P<name>[^']+)'\s*:\s*\?\s*")


def prepare_inserts(schemas: Schemas, request: Request) -> Prepared:
    """Prepare a BatchExecuteStatement of ``INSERT INTO "table" VALUE {'name': ?, ...}``.

    Each statement is carried out or refused by itself.

    Raises:
        NotImplementedError: a statement is something else.
        Rejected: DynamoDB refuses the batch.
    """
    statements = request["Statements"]
    if not 1 <= len(statements) <= _MAX_STATEMENTS:
        raise invalid(
            "1 validation error detected: Value at 'statements' failed to satisfy constraint: "
            f"Member must have length between 1 and {_MAX_STATEMENTS}"
        )
    writes = [_prepare_insert(schemas, statement) for statement in statements]
    if len({write.key for write in writes}) < len(writes):
        raise invalid("Provided list of item keys contains duplicates")

    def execute(tables: Tables) -> tuple[Tables, Answer | AwsError]:
        responses = []
        for write in writes:
            tables, outcome = write(tables)
            if isinstance(outcome, AwsError):
                error = Answer.of(Code="DuplicateItem", Message=outcome.message)
                responses.append(Answer.of(TableName=write.table, Error=error))
            else:
                responses.append(Answer.of(TableName=write.table))
        return tables, Answer.of(Responses=tuple(responses))

    return execute


def _prepare_insert(schemas: Schemas, statement: Request) -> Write:
    found = _INSERT.fullmatch(statement["Statement"])
    if found is None:
        raise NotImplementedError(f"PartiQL other than our INSERT: {statement['Statement']}")
    names = []
    for field in found["fields"].split(","):
        name = _FIELD.fullmatch(field)
        if name is None:
            raise NotImplementedError(f"PartiQL other than our INSERT: {statement['Statement']}")
        names.append(name["name"])
    values = statement["Parameters"]
    if len(values) != len(names):
        raise invalid("Number of parameters in request and statement don't match.")
    schema = schema_of(schemas, {"TableName": found["table"]})
    item = item_from_wire(schema, dict(zip(names, values, strict=True)))

    def compute(old: Item | None) -> Effect:
        if old is not None:
            raise Rejected(
                AwsError("DuplicateItemException", "Duplicate primary key exists in table")
            )
        return Effect(item, NOTHING)

    return Write(schema.table, schema.key_of(item.attributes), compute)


def prepare_batch(schemas: Schemas, request: Request) -> Prepared:
    """Prepare a BatchWriteItem, as boto3's ``batch_writer`` sends it.

    Raises:
        Rejected: DynamoDB refuses it.
    """
    writes: list[Write] = []
    for table, requests in request["RequestItems"].items():
        for each in requests:
            ((kind, content),) = each.items()
            prepare = {"PutRequest": prepare_put, "DeleteRequest": prepare_delete}[kind]
            writes.append(prepare(schemas, {"TableName": table, **content}))
    if not 1 <= len(writes) <= _MAX_BATCH:
        raise invalid(
            "1 validation error detected: Value at 'requestItems' failed to satisfy constraint: "
            f"Member must have length between 1 and {_MAX_BATCH}"
        )
    if len({write.key for write in writes}) < len(writes):
        raise invalid("Provided list of item keys contains duplicates")

    def execute(tables: Tables) -> tuple[Tables, Answer | AwsError]:
        for write in writes:
            tables, _ = write(tables)
        return tables, Answer.of(UnprocessedItems=Answer.of())

    return execute
