"""DynamoDB in memory as a service of worlds: the shipped requests, and what may become of them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from explore.aws.fates import Retries
from explore.aws.store import Key
from explore.aws.tables import Prepared, Schema, Tables, prepare
from explore.engine.programs import Answer, Answers, Request
from explore.engine.world import Changes, Outcome
from explore.stack.aws_fates import USUAL_FATES, AwsFates, outcome_of
from explore.stack.places import FOLLOWERS_TABLE, STATE_TABLE, TABLES
from wxlive.aws import DEFAULT, ClientConfig

SCHEMAS = (
    Schema(STATE_TABLE, "pk", range_name="sk"),
    Schema(FOLLOWERS_TABLE, "openid"),
)

_READS = frozenset({"GetItem", "Query", "Scan"})


class Written(Exception):
    """An item was written whose reads were thought to be local."""


class LocalReads:
    """The reads of what is never written: nothing that others do changes their answers.

    ``written`` are the keys of items that are ever written, as far as is known. That is checked: a
    write of an item that a local read is of adds its key and raises ``Written``, and the search has
    to begin anew. ``private`` keys are those of items that one actor alone reads and writes.
    """

    def __init__(self, written: set[Key], private: frozenset[Key] = frozenset()) -> None:
        self._written = written
        self._private = private
        self._known: dict[Request, bool] = {}

    def __contains__(self, request: Request) -> bool:
        found = self._known.get(request)
        if found is None:
            is_read = request.operation in _READS
            found = is_read and not any(map(_reads(request), self._written))
            self._known[request] = found
        return found

    def write(self, keys: Iterable[Key]) -> None:
        """Learn that items are written.

        Raises:
            Written: a read was thought to be local that is of one of them.
        """
        new = set(keys) - self._written - self._private
        if not new:
            return
        self._written |= new
        for request, is_local in self._known.items():
            if is_local and any(map(_reads(request), new)):
                raise Written(new)


class DynamoDbService:
    """Carries out requests on the tables. Without ``local`` reads, each read takes its turn."""

    reads = (TABLES,)
    is_timed = False
    is_remembered = False

    def __init__(
        self,
        answers: Answers,
        fates: Sequence[str] = USUAL_FATES,
        local: LocalReads | None = None,
        *,
        config: ClientConfig = DEFAULT,
    ) -> None:
        self._fates = AwsFates("dynamodb", answers, fates, Retries.of(config))
        self._local = local
        self._prepared: dict[Request, Prepared] = {}

    def outcomes(
        self,
        request: Request,
        parts: Sequence[Tables],
        now_ms: int,
        *,
        attempt: int = 1,
        with_faults: bool = True,
    ) -> Sequence[Outcome]:
        tables = parts[0]
        execute = self._prepared.get(request)
        if execute is None:
            execute = self._prepared[request] = prepare(
                tables.schemas, request.operation, request.body
            )
        if not with_faults and attempt == 1:
            after, outcome = execute(tables)
            return (Outcome("", self._fates.answer(outcome), self._changes(tables, after)),)
        found = []
        seen: set[tuple[int, Answer | None]] = set()
        for result in self._fates.come_to(request, tables, execute, attempt=attempt):
            same = (result.state.key, result.answer)
            if result.fate and not (result.takes_ms or result.persists) and same in seen:
                continue  # an earlier fate comes to the same
            seen.add(same)
            found.append(outcome_of(result, self._changes(tables, result.state)))
        return found

    def _changes(self, before: Tables, after: Tables) -> Changes:
        if after is before:
            return ()
        if self._local is not None:
            self._local.write(changed_keys(before, after))
        return ((TABLES, after),)

    def is_local(self, request: Request) -> bool:
        return self._local is not None and request in self._local

    def is_punctual(self, request: Request) -> bool:
        return False

    def words(self, request: Request) -> str:
        return f"{request.origin or request.operation} ({_subject(request)})"


def changed_keys(before: Tables, after: Tables) -> Iterator[Key]:
    """Yield the keys of the items that differ."""
    if before.layout is after.layout:
        for key, old, new in zip(after.layout.keys, before.items, after.items, strict=True):
            if old is not new:
                yield key
        return
    for key in {*before.layout.keys, *after.layout.keys}:
        if before.get(key) is not after.get(key):
            yield key


def _reads(request: Request) -> Callable[[Key], bool]:
    """Return the test whether a request reads the item of a key."""
    body = request.body
    table = body["TableName"]
    if request.operation == "Scan":
        return lambda key: key[0] == table
    if request.operation == "GetItem":
        wanted = [_text(body["Key"][name]) for name in sorted(body["Key"])]
        return lambda key: key[0] == table and [part for part in key[1:] if part] == wanted
    partition = _text(body["ExpressionAttributeValues"][":pk"])
    return lambda key: key[0] == table and key[1] == partition


def _subject(request: Request) -> str:
    """Say which items a request is about."""
    body = request.body
    if request.operation == "TransactWriteItems":
        keys = (next(iter(action.values())) for action in body["TransactItems"])
        return ", ".join(_key(key.get("Key") or key["Item"]) for key in keys)
    if request.operation in {"Query", "Scan"}:
        values = body.get("ExpressionAttributeValues", {}).values()
        return f"{request.operation} {' '.join(_text(value) for value in values)}"
    if request.operation == "BatchExecuteStatement":
        return f"{request.operation} of {len(body['Statements'])}"
    return f"{request.operation} {_key(body.get('Key') or body['Item'])}"


def _key(wire: Mapping[str, Any]) -> str:
    return "/".join(_text(wire[name]) for name in ("pk", "sk", "openid") if name in wire)


def _text(wire: Mapping[str, Any]) -> str:
    return str(next(iter(wire.values())))
