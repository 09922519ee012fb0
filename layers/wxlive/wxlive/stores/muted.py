"""Who is never notified, whatever WeChat's list says, in the State table.

A record of its own for each: syncs and callbacks replace a follower's record, and touch no other.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from wxlive.stores.dynamo import attempt, get, plain, query

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

_PK = "muted"


class MutedStore:
    """Keeps who is muted, and since when (Unix s)."""

    def __init__(self, table: "Table") -> None:
        self._table = table

    def mute(self, openid: str, now_s: float) -> int:
        """Mute a follower; returns since when that is so, the first time if repeated."""
        answer = attempt(
            "who is muted",
            lambda: self._table.update_item(
                Key=_key(openid),
                UpdateExpression="SET muted_at = if_not_exists(muted_at, :now)",
                ExpressionAttributeValues={":now": int(now_s)},
                ReturnValues="ALL_NEW",
            ),
        )
        since: int = plain(answer["Attributes"])["muted_at"]
        return since

    def unmute(self, openid: str) -> None:
        """Let a follower be notified again."""
        attempt("who is muted", lambda: self._table.delete_item(Key=_key(openid)))

    def since(self, openid: str) -> int:
        """Return since when a follower is muted, 0 if not."""
        item = get(self._table, _PK, openid)
        return item["muted_at"] if item else 0

    def openids(self) -> Iterator[str]:
        """Walk everybody who is muted: some 25 of them a read unit."""
        return (item["sk"] for item in query(self._table, _PK))


def _key(openid: str) -> dict[str, str]:
    return {"pk": _PK, "sk": openid}
