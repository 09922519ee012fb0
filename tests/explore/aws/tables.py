"""DynamoDB in memory: a pure function of the tables and a request.

The service as it is: conditions and updates are evaluated from their real strings, transactions are
all or nothing, malformed requests are refused. Two things are left out. Reads are always
consistent, as ours ask for. And nothing takes time: collisions, throttling and lost answers are
added around it (``explore.aws.fates``); tokens of transactions never expire.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from explore.aws.batches import prepare_batch, prepare_inserts
from explore.aws.outcomes import Answer, AwsError, Rejected
from explore.aws.reads import prepare_get, prepare_query, prepare_scan
from explore.aws.store import Schema, Tables
from explore.aws.transactions import prepare_transaction
from explore.aws.values import to_json
from explore.aws.writes import Prepared, prepare_delete, prepare_put, prepare_update

_OPERATIONS: Final[Mapping[str, Callable[[Mapping[str, Schema], Mapping[str, Any]], Prepared]]] = {
    "GetItem": prepare_get,
    "PutItem": prepare_put,
    "UpdateItem": prepare_update,
    "DeleteItem": prepare_delete,
    "Query": prepare_query,
    "Scan": prepare_scan,
    "BatchExecuteStatement": prepare_inserts,
    "BatchWriteItem": prepare_batch,
    "TransactWriteItems": prepare_transaction,
}

_KEPT = 10_000


def prepare(schemas: Mapping[str, Schema], operation: str, request: Mapping[str, Any]) -> Prepared:
    """Check a request once, to carry it out on many tables.

    Worth keeping: a prepared request remembers what it makes of each item, so that carrying it out
    again takes a microsecond or two.

    Args:
        schemas: the tables there are (``Tables.schemas``).
        operation: as AWS spells it, for instance ``UpdateItem``.
        request: as boto3's client takes it (``{"S": "text"}``); not to be changed afterwards.

    Returns:
        What takes tables and returns the tables afterwards and the answer or error.

    Raises:
        NotImplementedError: the operation, or something in the request, is left out here.
    """
    if operation not in _OPERATIONS:
        raise NotImplementedError(f"{operation} of DynamoDB")
    try:
        return _OPERATIONS[operation](schemas, request)
    except Rejected as rejected:
        error = rejected.error
        return lambda tables: (tables, error)


def execute(
    tables: Tables, operation: str, request: Mapping[str, Any]
) -> tuple[Tables, Answer | AwsError]:
    """Carry out one request. It is prepared when it is met for the first time.

    Returns:
        The tables afterwards, the same object if nothing changed, and the answer or error.
    """
    key = operation, to_json(request)
    prepared: Prepared | None = tables.prepared.get(key)
    if prepared is None:
        if len(tables.prepared) > _KEPT:
            tables.prepared.clear()
        prepared = tables.prepared[key] = prepare(tables.schemas, operation, request)
    return prepared(tables)


__all__ = ["Answer", "AwsError", "Prepared", "Schema", "Tables", "execute", "prepare"]
