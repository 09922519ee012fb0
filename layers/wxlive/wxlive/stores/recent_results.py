"""The results of a room that came last, in the State table: what the brake looks at.

Results are kept by their ``message_id``, so whoever asks for the last ones would have to read all.
"""

from dataclasses import asdict
from typing import TYPE_CHECKING

from wxlive.domain.events import PushResult
from wxlive.stores.dynamo import query
from wxlive.stores.results import read_result

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

_KEPT_S = 86_400


class RecentResultStore:
    """Keeps results for a day, in the order in which they came."""

    def __init__(self, table: "Table") -> None:
        self._table = table

    def add(self, result: PushResult) -> None:
        """Store a result as ``ResultStore`` has it; a repetition writes the same again."""
        item = {
            "pk": _pk(result.room_id),
            "sk": f"{result.received_at:010d}#{result.message_id}",
            **asdict(result),
            "expires_at": result.received_at + _KEPT_S,
        }
        self._table.put_item(Item=item)

    def newest(self, room_id: int, limit: int) -> list[PushResult]:
        """Return the results of a room that came last, the newest first."""
        items = query(self._table, _pk(room_id), newest_first=True, limit=limit)
        return [read_result(item) for item in items]


def _pk(room_id: int) -> str:
    return f"recent#{room_id}"
