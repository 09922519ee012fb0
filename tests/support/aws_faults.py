"""How AWS fails, as actions for ``Steps.before`` and ``Steps.after``."""

from typing import Any

from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError

FOR_LONG = 10**6
"""So many times that only ``Steps.heal`` ends it."""


def throttled() -> None:
    """Refuse a call, to be run before it: the table takes no more for now."""
    raise _refusal("ThrottlingException")


def collided() -> None:
    """Refuse a transaction, to be run before it: another one is at work on the same item."""
    raise _refusal(
        "TransactionCanceledException",
        CancellationReasons=[{"Code": "None"}, {"Code": "TransactionConflict"}],
    )


def unreachable() -> None:
    """Fail a call, to be run before it: no connection can be opened."""
    raise ConnectTimeoutError(endpoint_url="https://dynamodb.test")


def denied() -> None:
    """Refuse a call for good, to be run before it."""
    raise _refusal("AccessDeniedException")


def answer_lost() -> None:
    """Lose the answer of a call, to be run after it: it was carried out."""
    raise ReadTimeoutError(endpoint_url="https://dynamodb.test")


def _refusal(code: str, **more: Any) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": "as the test wants"}, **more}
    return ClientError(response, "AnyOperation")
