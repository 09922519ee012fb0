"""The operator's commands, as ``wxlive`` records them before they are carried out. State table."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from wxlive.domain.campaigns import CAMPAIGN_KEPT_S
from wxlive.domain.history import GivenCommand
from wxlive.stores.dynamo import attempt, query

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

_PK = "history"


class HistoryStore:
    """Keeps commands for as long as campaigns."""

    def __init__(self, table: "Table") -> None:
        self._table = table

    def add(self, given: GivenCommand) -> None:
        """Record a command; recorded again, it replaces itself."""
        item = {**_key(given), **asdict(given), "expires_at": given.at + CAMPAIGN_KEPT_S}
        attempt("the history", lambda: self._table.put_item(Item=item))

    def all(self) -> list[GivenCommand]:
        """Return the recorded commands, the earliest first."""
        return [_read(item) for item in query(self._table, _PK)]


def _key(given: GivenCommand) -> dict[str, str]:
    return {"pk": _PK, "sk": f"{given.at:010d}#{given.command}"}


def _read(item: Mapping[str, Any]) -> GivenCommand:
    return GivenCommand(
        **{name: item[name] for name in GivenCommand.__dataclass_fields__ if name in item}
    )
