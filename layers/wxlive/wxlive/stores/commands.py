"""The operator's commands that were executed, in the State table.

A command is stored in the transaction of its effect, so a repeated one is recognised.
"""

from typing import TYPE_CHECKING, Any

from wxlive.errors import Conflict
from wxlive.stores.dynamo import Item, attempt, get

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

_PK = "command"
_KEPT_S = 7 * 86_400
"""Longer than Lambda keeps an event, and than anybody retries a command by hand."""


class CommandStore:
    """Keeps the outcomes of commands by their ids."""

    def __init__(self, table: "Table") -> None:
        self._table = table

    def outcome(self, command: str) -> dict[str, Any] | None:
        """Return the outcome of a command, None if it was not executed."""
        item = get(self._table, _PK, command)
        return item["outcome"] if item else None

    def record(self, command: str, outcome: dict[str, Any], now_s: float) -> bool:
        """Store an outcome by itself; returns whether it is the first one of its command."""
        put = command_put(command, outcome, now_s)["Put"]
        try:
            attempt(f"command {command}", lambda: self._table.put_item(**put))
        except Conflict:
            return self.outcome(command) == outcome
        return True


def command_put(command: str, outcome: dict[str, Any], now_s: float) -> Item:
    """Return the write that stores an outcome, as a part of a transaction."""
    return {
        "Put": {
            "Item": {
                "pk": _PK,
                "sk": command,
                "outcome": outcome,
                "expires_at": int(now_s) + _KEPT_S,
            },
            "ConditionExpression": "attribute_not_exists(pk)",
        }
    }
