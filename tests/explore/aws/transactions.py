"""Transactions: several writes, all or nothing."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from explore.aws.outcomes import NOTHING, Answer, AwsError, Rejected, invalid
from explore.aws.store import Item, Seen, Tables, digest
from explore.aws.values import to_json
from explore.aws.writes import (
    Effect,
    Prepared,
    Request,
    Schemas,
    Write,
    WrongKeyType,
    prepare_check,
    prepare_delete,
    prepare_put,
    prepare_update,
)

_MAX_ACTIONS, _MAX_BYTES, _MAX_TOKEN = 100, 4 * 1024 * 1024, 36

_ACTIONS: Mapping[str, Callable[[Schemas, Request], Write]] = {
    "Put": prepare_put,
    "Delete": prepare_delete,
    "Update": prepare_update,
    "ConditionCheck": prepare_check,
}


def prepare_transaction(schemas: Schemas, request: Request) -> Prepared:
    """Prepare a TransactWriteItems.

    Raises:
        Rejected: DynamoDB refuses it.
    """
    actions = request["TransactItems"]
    token = request.get("ClientRequestToken")
    _check_transaction(actions, token)
    writes: list[Write] = []
    for number, action in enumerate(actions):
        ((name, content),) = action.items()
        try:
            writes.append(_ACTIONS[name](schemas, content))
        except WrongKeyType as wrong:
            causes = [wrong.error if each == number else None for each in range(len(actions))]
            raise Rejected(_cancelled(causes)) from None
    if len({write.key for write in writes}) < len(writes):
        raise invalid("Transaction request cannot include multiple operations on one item")
    made_of = digest(to_json(actions)) if token is not None else 0
    return _Transaction(writes, token, made_of)


def _check_transaction(actions: Sequence[Request], token: str | None) -> None:
    if not 1 <= len(actions) <= _MAX_ACTIONS:
        raise invalid(
            f"1 validation error detected: Value at 'transactItems' failed to satisfy constraint: "
            f"Member must have length between 1 and {_MAX_ACTIONS} (TransactItems)"
        )
    if token is not None and not 1 <= len(token) <= _MAX_TOKEN:
        raise invalid(
            f"1 validation error detected: Value '{token}' at 'clientRequestToken' failed to "
            f"satisfy constraint: Member must have length between 1 and {_MAX_TOKEN}"
        )
    if len(to_json(actions)) > _MAX_BYTES:
        raise invalid("Transaction payload size cannot exceed 4 MB")


class _Transaction:
    """Several writes, all or nothing."""

    def __init__(self, writes: Sequence[Write], token: str | None, made_of: int) -> None:
        self._writes = tuple(writes)
        self._token = token
        self._made_of = made_of
        self._known: dict[tuple[Item | None, ...], list[Effect] | AwsError] = {}

    def __call__(self, tables: Tables) -> tuple[Tables, Answer | AwsError]:
        if self._token is not None and (seen := tables.tokens.get(self._token)) is not None:
            return tables, self._repeated(seen)
        get, items = tables.layout.index.get, tables.items
        positions = [get(write.key) for write in self._writes]
        olds = tuple([None if at is None else items[at] for at in positions])
        effects = self._known.get(olds)
        if effects is None:
            effects = self._known[olds] = self._effects(olds)
        if isinstance(effects, AwsError):
            return tables, effects
        for write, old, effect in zip(self._writes, olds, effects, strict=True):
            if effect.new is not old:
                tables = tables.replaced(write.key, old, effect.new)
        if self._token is not None:
            tables = tables.with_token(self._token, Seen(self._made_of, NOTHING))
        return tables, NOTHING

    def _effects(self, olds: Sequence[Item | None]) -> list[Effect] | AwsError:
        effects = [write.effect(old) for write, old in zip(self._writes, olds, strict=True)]
        errors = [
            effect.outcome if isinstance(effect.outcome, AwsError) else None for effect in effects
        ]
        return _cancelled(errors) if any(errors) else effects

    def _repeated(self, seen: Seen) -> Answer | AwsError:
        if seen.request == self._made_of:
            return seen.answer
        return AwsError(
            "IdempotentParameterMismatchException",
            "Your request parameters do not match the parameters of the request that was made "
            "with this client token",
        )


_REASONS = {
    "ConditionalCheckFailedException": "ConditionalCheckFailed",
    "ValidationException": "ValidationError",
    "TransactionConflictException": "TransactionConflict",
    "ThrottlingException": "ThrottlingError",
    "ProvisionedThroughputExceededException": "ProvisionedThroughputExceeded",
}


def _cancelled(causes: Sequence[AwsError | None]) -> AwsError:
    return cancelled(
        [
            ("None", "", None)
            if cause is None
            else (_REASONS[cause.code], cause.message, dict(cause.details).get("Item"))
            for cause in causes
        ]
    )


def cancelled(reasons: Sequence[tuple[str, str, Item | None]]) -> AwsError:
    """Return the error of a transaction; each action has a code, a message and maybe an item."""
    codes = ", ".join(code for code, _, _ in reasons)
    described = []
    for code, message, item in reasons:
        fields: dict[str, Any] = {"Code": code}
        if message:
            fields["Message"] = message
        if item is not None:
            fields["Item"] = item
        described.append(Answer.of(**fields))
    return AwsError(
        "TransactionCanceledException",
        f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]",
        details=(("CancellationReasons", tuple(described)),),
    )
